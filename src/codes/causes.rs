//! The catalogue of causes: one fixed list for the whole course, so that a lab's list gives nothing away.
//!
//! Grouped as the flow chart asks: is the service up, did it reach the server, a resource, an address, a filter, keys,
//! relay, nothing in the log. A table of rows.

use crate::base::{Lang, Text};

/// A box of the flow chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Service,
    Reach,
    Resource,
    Address,
    Refusal,
    Access,
    Relay,
    Silent,
    Healthy,
}

impl Group {
    pub const ALL: [Group; 9] = [
        Group::Service,
        Group::Reach,
        Group::Resource,
        Group::Address,
        Group::Refusal,
        Group::Access,
        Group::Relay,
        Group::Silent,
        Group::Healthy,
    ];
    pub fn text(self) -> Text {
        match self {
            Group::Service => Text::new("¿Está activo el servicio?", "Is the service up?"),
            Group::Reach => Text::new("¿Llegó al servidor?", "Did it reach the server?"),
            Group::Resource => Text::new("Recurso: disco, cuota, carga", "A resource: disk, quota, load"),
            Group::Address => Text::new("Direcciones y usuarios", "Addresses and users"),
            Group::Refusal => Text::new("Rechazo por filtros", "Refused by a filter"),
            Group::Access => Text::new("Claves y TLS", "Passwords and TLS"),
            Group::Relay => Text::new("Relay y abuso", "Relay and abuse"),
            Group::Silent => Text::new("Sin errores en el log", "No error in the log"),
            Group::Healthy => Text::new("Nada averiado", "Nothing broken"),
        }
    }
}

/// A cause that a diagnosis can name.
#[derive(Clone, Copy, Debug)]
pub struct Cause {
    /// What a lab and the flags write.
    pub id: &'static str,
    /// The number in the form; its tens digit is the group.
    pub number: u16,
    pub group: Group,
    pub text: Text,
    /// More words by which the search finds it, both languages.
    pub words: &'static str,
}

const fn c(
    number: u16,
    group: Group,
    id: &'static str,
    es: &'static str,
    en: &'static str,
    words: &'static str,
) -> Cause {
    Cause { id, number, group, text: Text::new(es, en), words }
}

use Group::{Access, Address, Healthy, Reach, Refusal, Relay, Resource, Service, Silent};

/// All causes, by number.
#[rustfmt::skip]
pub const CAUSES: &[Cause] = &[
    c(11, Service, "service-stopped", "Postfix está parado, sin ajuste erróneo", "Postfix is stopped, no setting is wrong", "parado stop inactive caido down"),
    c(12, Service, "broken-setting", "un ajuste erróneo impide que Postfix arranque", "a wrong setting keeps Postfix from starting", "main.cf fatal config arranque start ajuste"),
    c(13, Service, "daemon-dies", "Postfix corre, pero un proceso muere al arrancar (no hay saludo)", "Postfix runs, but a daemon dies at its start (no banner)", "throttling smtpd banner saludo master reload"),
    c(14, Service, "port-taken", "otro programa ocupa el puerto", "another program holds the port", "address already in use bind puerto 25"),
    c(15, Service, "service-not-enabled", "el servicio no está activado en master.cf", "the service is not enabled in master.cf", "587 submission smtps 465 master"),
    c(16, Service, "dovecot-down", "Dovecot está parado o no arranca", "Dovecot is stopped or does not start", "lmtp imap dovecot socket connection refused"),

    c(21, Reach, "firewall", "el cortafuegos corta el puerto", "the firewall blocks the port", "iptables nft drop timeout cortafuegos firewall"),
    c(22, Reach, "mx-wrong", "el MX o la dirección publicada en DNS está mal", "the MX or the address published in DNS is wrong", "dns mx a registro record"),
    c(23, Reach, "dns-fails", "no responde el servidor de nombres", "the name server does not answer", "dns servfail resolv.conf resolver"),
    c(24, Reach, "no-such-domain", "el dominio de destino no existe", "the destination domain does not exist", "nxdomain dominio host not found"),
    c(25, Reach, "remote-down", "el servidor de destino no acepta conexiones", "the destination server does not accept connections", "remoto remote timeout refused caido"),
    c(26, Reach, "route-wrong", "la ruta de salida está mal (relayhost, transport)", "the outgoing route is wrong (relayhost, transport)", "relayhost transport ruta"),
    c(27, Reach, "listens-nowhere", "Postfix escucha solo en otras direcciones (inet_interfaces)", "Postfix listens on other addresses only (inet_interfaces)", "inet_interfaces loopback-only localhost"),

    c(31, Resource, "over-quota", "buzón por encima de su cuota", "mailbox over its quota", "cuota quota lleno full 552 452"),
    c(32, Resource, "quota-limit-wrong", "límite de cuota mal configurado", "quota limit set wrong", "cuota quota limite limit"),
    c(33, Resource, "message-too-big", "mensaje mayor que el tamaño máximo", "message larger than the size limit", "size tamaño message_size_limit grande"),
    c(34, Resource, "disk-full", "disco lleno", "disk full", "df espacio space queue_minfree inodos inodes"),
    c(35, Resource, "permissions", "permisos o dueño erróneos (buzón, cola, socket)", "wrong permissions or owner (mailbox, queue, socket)", "permission denied chown chmod permisos"),
    c(36, Resource, "rate-limit", "límite de conexiones o de ritmo", "limit on connections or rate", "anvil too many carga load 421"),
    c(37, Resource, "limits-conflict", "límites de tamaño que se contradicen", "size limits that contradict each other", "mailbox_size_limit message_size_limit"),

    c(41, Address, "alias-missing", "falta el alias", "the alias is missing", "alias aliases 550 unknown user"),
    c(42, Address, "user-missing", "falta el usuario (cuenta borrada o no creada)", "the user is missing (account removed or never made)", "usuario user account passwd cuenta 550"),
    c(43, Address, "alias-mistyped", "el alias está mal escrito", "the alias is mistyped", "alias errata typo"),
    c(44, Address, "map-not-rebuilt", "tabla editada y no reconstruida (newaliases, postmap)", "table edited and not rebuilt (newaliases, postmap)", "newaliases postmap .db older tabla"),
    c(45, Address, "map-missing", "falta la tabla o no se puede leer", "the table is missing or cannot be read", "451 4.3.0 hash db lookup tabla"),
    c(46, Address, "domain-not-ours", "un dominio propio no figura entre los nuestros (mydestination)", "a domain of ours is not among ours (mydestination)", "mydestination dominio domain relay"),
    c(47, Address, "wrong-address", "el remitente escribió mal la dirección: nada que reparar", "the sender mistyped the address: nothing to repair", "remitente sender typo errata"),
    c(48, Address, "forward-wrong", "un reenvío erróneo o en bucle (.forward, alias)", "a wrong or looping forward (.forward, alias)", "forward bucle loop reenvio"),

    c(51, Refusal, "we-are-listed", "nuestra dirección está en una lista negra", "our address is on a blocklist", "rbl dnsbl lista blocklist blacklist"),
    c(52, Refusal, "client-listed", "el cliente está en una lista negra que consultamos", "the client is on a blocklist that we ask", "rbl zen reject_rbl_client lista"),
    c(53, Refusal, "restriction-wrong", "una restricción mal escrita o mal puesta", "a restriction that is mistyped or misplaced", "smtpd_recipient_restrictions restriction 451 4.3.5"),
    c(54, Refusal, "access-table", "una tabla de acceso lo rechaza", "an access table refuses it", "check_client_access access reject tabla"),
    c(55, Refusal, "content-check", "un filtro de contenido lo rechaza (header_checks, body_checks)", "a content check refuses it (header_checks, body_checks)", "header_checks body_checks milter contenido"),
    c(56, Refusal, "sender-not-owned", "el usuario escribe con un remitente que no es suyo", "the user writes with a sender that is not theirs", "553 login mismatch remitente"),
    c(57, Refusal, "greylisted", "lista gris: se acepta al reintentar", "greylisting: accepted when tried again", "greylist gris 450 policy"),
    c(58, Refusal, "remote-refuses", "el servidor de destino lo rechaza por su política", "the destination server refuses it by its policy", "remote policy remoto spam"),
    c(59, Refusal, "client-name", "el nombre o el DNS inverso del cliente es erróneo", "the client's name or reverse DNS is wrong", "ptr helo hostname reverse inverso"),

    c(61, Access, "wrong-password", "contraseña o usuario equivocados en el cliente", "wrong password or user name in the client", "535 auth password clave contraseña"),
    c(62, Access, "auth-broken", "la autenticación no está disponible (SASL, socket de Dovecot)", "authentication is not available (SASL, Dovecot's socket)", "sasl auth socket 454 503"),
    c(63, Access, "certificate-expired", "certificado caducado", "certificate expired", "tls cert caducado expired"),
    c(64, Access, "certificate-wrong", "certificado o clave que falta, no casa o es de otro nombre", "certificate or key missing, not matching or of another name", "tls key clave nombre mismatch"),
    c(65, Access, "tls-required", "se exige TLS y el cliente no lo usa", "TLS is required and the client does not use it", "530 starttls plaintext ssl"),

    c(71, Relay, "mynetworks-too-wide", "mynetworks demasiado amplio: relay abierto", "mynetworks too wide: open relay", "mynetworks open relay abierto 0.0.0.0/0"),
    c(72, Relay, "access-opens-relay", "una tabla de acceso da paso antes del rechazo: relay abierto", "an access table lets pass before the refusal: open relay", "access OK open relay abierto tabla"),
    c(73, Relay, "stolen-password", "contraseña robada: envían tras autenticarse", "stolen password: they relay after login", "sasl_username login robada stolen compromised"),
    c(74, Relay, "lan-machine", "un equipo de la red interna envía basura", "a machine of the internal network sends junk", "lan virus pc interno infected"),
    c(75, Relay, "client-not-trusted", "un cliente legítimo sin login ni en mynetworks: relay denegado", "a rightful client without login and not in mynetworks: relay denied", "relay access denied 454 554 mynetworks"),
    c(76, Relay, "backscatter", "aceptamos todo y devolvemos después a extraños", "we accept everything and return it later to strangers", "local_recipient_maps backscatter luser catch-all"),

    c(81, Silent, "filed-as-junk", "una regla lo movió a otra carpeta", "a rule moved it to another folder", "junk spam sieve carpeta folder filtro"),
    c(82, Silent, "still-queued", "sigue en la cola y se reintentará", "it is still in the queue and will be tried again", "deferred cola queue mailq"),
    c(83, Silent, "on-hold", "retenido en la cola (hold)", "put on hold in the queue", "hold retenido postsuper"),
    c(84, Silent, "never-sent", "el cliente nunca lo envió", "the client never sent it", "no aparece nunca borrador draft outbox"),
    c(85, Silent, "client-settings", "el programa de correo del usuario está mal configurado", "the user's mail program is set wrong", "cliente client port puerto thunderbird"),
    c(86, Silent, "reader-cannot-see", "está en el buzón, pero el lector no llega a él", "it is in the mailbox, but the reader cannot get at it", "imap mail_location buzon mailbox"),

    c(91, Healthy, "nothing-wrong", "aquí no hay nada averiado", "nothing is wrong here", "sano healthy nada nothing ok"),
];

/// A cause by id or by number.
pub fn cause(key: &str) -> Option<&'static Cause> {
    let number = key.parse::<u16>().ok();
    CAUSES.iter().find(|c| c.id == key || Some(c.number) == number)
}

/// Lower case without accents, for searching.
pub fn fold(s: &str) -> String {
    s.chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'á' => 'a',
            'é' => 'e',
            'í' => 'i',
            'ó' => 'o',
            'ú' | 'ü' => 'u',
            'ñ' => 'n',
            c => c,
        })
        .collect()
}

/// The causes that have every word of the query in their id, text (either language) or search words.
pub fn search(query: &str, lang: Lang) -> Vec<&'static Cause> {
    let query = fold(query);
    let want: Vec<&str> = query.split_whitespace().collect();
    let hit = |c: &&Cause, all: bool| {
        let mut hay = format!("{} {}", fold(c.text.get(lang)), c.id);
        if all {
            hay.push_str(&fold(&format!(" {} {} {}", c.text.es, c.text.en, c.words)));
        }
        want.iter().all(|w| hay.contains(w))
    };
    let plain: Vec<_> = CAUSES.iter().filter(|c| hit(c, false)).collect();
    let wide = CAUSES.iter().filter(|c| hit(c, true));
    let mut all = plain;
    for c in wide {
        if !all.iter().any(|x| x.id == c.id) {
            all.push(c);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_numbers_are_unique_and_grouped() {
        for (i, c) in CAUSES.iter().enumerate() {
            assert_eq!(usize::from(c.number / 10), 1 + c.group as usize, "{}", c.id);
            assert!(i == 0 || CAUSES[i - 1].number < c.number, "{}", c.id);
            assert_eq!(CAUSES.iter().filter(|o| o.id == c.id).count(), 1, "{}", c.id);
        }
    }

    #[test]
    fn search_finds_without_accents_and_in_both_languages() {
        let ids = |q: &str, l| search(q, l).iter().map(|c| c.id).collect::<Vec<_>>();
        assert_eq!(&ids("cuota", Lang::Es)[..2], ["over-quota", "quota-limit-wrong"]);
        assert_eq!(ids("TAMAÑO", Lang::Es)[0], "message-too-big");
        assert_eq!(ids("tamano maximo", Lang::Es), ["message-too-big"]);
        assert!(ids("quota", Lang::Es).contains(&"over-quota"));
        assert!(ids("zzz", Lang::En).is_empty());
        assert_eq!(cause("31").unwrap().id, "over-quota");
        assert_eq!(cause("over-quota").unwrap().number, 31);
    }
}
