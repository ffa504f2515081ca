//! What `lab man` says of the programs that the cases are solved with: one sentence in both languages, and lines to try.
//! The other programs have their summary from the registry. A table of rows, sorted.

use crate::base::Lang;

/// A program, what it is for, and lines that can be typed as they stand.
pub struct Entry {
    pub name: &'static str,
    es: &'static str,
    en: &'static str,
    pub lines: &'static [&'static str],
}

impl Entry {
    pub fn text(&self, lang: Lang) -> &'static str {
        lang.pick(self.es, self.en)
    }
}

/// What there is to say of a program.
pub fn find(name: &str) -> Option<&'static Entry> {
    ROWS.binary_search_by(|e| e.name.cmp(name)).ok().map(|i| &ROWS[i])
}

const fn row(name: &'static str, es: &'static str, en: &'static str, lines: &'static [&'static str]) -> Entry {
    Entry { name, es, en, lines }
}

const ROWS: &[Entry] = &[
    row(
        "df",
        "El espacio de cada disco; -i, los inodos.",
        "The space of each disk; -i, the inodes.",
        &["df -h", "df -i /var"],
    ),
    row("dig", "Pregunta al DNS.", "Asks the DNS.", &["dig +short mx destino.com", "dig -x 192.0.2.50"]),
    row(
        "doveadm",
        "Gobierna Dovecot: usuarios, cuotas, buzones, mensajes, quién está conectado.",
        "Governs Dovecot: users, quotas, mailboxes, messages, who is connected.",
        &["doveadm user '*'", "doveadm quota get -u maria", "doveadm mailbox list -u maria", "doveadm who"],
    ),
    row(
        "doveconf",
        "La configuración de Dovecot; -n, lo que difiere.",
        "Dovecot's configuration; -n, what differs.",
        &["doveconf -n"],
    ),
    row(
        "grep",
        "Las líneas que contienen algo: lo primero que se hace con un log.",
        "The lines that hold something: the first thing to do with a log.",
        &["grep reject: /var/log/mail.log", "grep -c status=deferred /var/log/mail.log"],
    ),
    row(
        "journalctl",
        "El diario de systemd: lo que dijo cada unidad, también cuando no arrancó.",
        "systemd's journal: what each unit said, also when it did not start.",
        &["journalctl -u 'postfix@-' -n 20", "journalctl -u dovecot -f"],
    ),
    row(
        "ls",
        "Ficheros, con dueño, permisos y tamaño con -l.",
        "Files, with owner, mode and size with -l.",
        &["ls -l /etc/aliases*"],
    ),
    row("mailq", "La cola: qué espera y por qué.", "The queue: what waits, and why.", &["mailq"]),
    row("nano", "Un editor: ^O guarda, ^X sale.", "An editor: ^O saves, ^X leaves.", &["nano /etc/postfix/main.cf"]),
    row(
        "newaliases",
        "Construye la tabla de /etc/aliases; sin ella el cambio no existe para Postfix.",
        "Builds the table of /etc/aliases; without it the change is not there for Postfix.",
        &["newaliases"],
    ),
    row(
        "openssl",
        "Habla TLS con un puerto, y enseña certificados.",
        "Speaks TLS with a port, and shows certificates.",
        &["openssl s_client -connect localhost:993", "openssl s_client -starttls smtp -connect localhost:25"],
    ),
    row(
        "postcat",
        "Un mensaje de la cola, con su sobre.",
        "A message of the queue, with its envelope.",
        &["postcat -q ID"],
    ),
    row(
        "postconf",
        "Los parámetros de Postfix; -n los que están en main.cf, -e cambia uno.",
        "Postfix's parameters; -n those of main.cf, -e changes one.",
        &["postconf -n", "postconf -e 'message_size_limit = 52428800'"],
    ),
    row(
        "postfix",
        "Arranca, para, recarga y revisa Postfix.",
        "Starts, stops, reloads and checks Postfix.",
        &["postfix check", "postfix reload", "postfix status"],
    ),
    row(
        "postmap",
        "Construye una tabla, o pregunta en ella con -q.",
        "Builds a table, or asks it with -q.",
        &["postmap -q maria hash:/etc/aliases"],
    ),
    row(
        "postqueue",
        "La cola de Postfix: -p la enseña, -f reintenta todo, -i uno.",
        "Postfix's queue: -p shows it, -f tries everything again, -i one.",
        &["postqueue -p", "postqueue -f", "postqueue -i ID"],
    ),
    row(
        "postsuper",
        "Borra (-d), retiene (-h), suelta (-H) o vuelve a encolar (-r) mensajes. Lo borrado no vuelve.",
        "Deletes (-d), holds (-h), releases (-H) or requeues (-r) messages. What is deleted is gone.",
        &["postsuper -h ID", "postsuper -d ID"],
    ),
    row("ps", "Los procesos.", "The processes.", &["ps aux"]),
    row(
        "sendmail",
        "Entrega un mensaje a Postfix; -bv pregunta qué sería de él sin enviarlo.",
        "Hands a message to Postfix; -bv asks what would become of it without sending it.",
        &["sendmail -bv maria@ejemplo.com"],
    ),
    row("ss", "Quién escucha en qué puerto.", "Who listens on which port.", &["ss -tulpn"]),
    row(
        "systemctl",
        "Las unidades de systemd. Los procesos de Postfix están en postfix@-.",
        "systemd's units. Postfix's processes are in postfix@-.",
        &["systemctl status postfix@-", "systemctl restart dovecot"],
    ),
    row(
        "tail",
        "El final de un fichero; -f lo sigue hasta ^C.",
        "The end of a file; -f follows it until ^C.",
        &["tail -f /var/log/mail.log"],
    ),
    row(
        "telnet",
        "Habla a mano con un puerto: SMTP en el 25, IMAP en el 143.",
        "Speaks with a port by hand: SMTP on 25, IMAP on 143.",
        &["telnet mail.ejemplo.com 25"],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::program;

    #[test]
    fn rows_are_sorted_and_of_programs_that_are_there() {
        assert!(ROWS.is_sorted_by(|a, b| a.name < b.name));
        for e in ROWS {
            for line in e.lines {
                assert_eq!(line.split(' ').next(), Some(e.name));
            }
            assert!(program(e.name).is_some() && find(e.name).is_some(), "{}", e.name);
        }
    }
}
