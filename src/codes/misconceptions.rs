//! What learners believe, by name, so that a class can be told what it believes. A table of rows.

use crate::base::{Lang, Text};

/// A belief that a wrong answer shows.
#[derive(Clone, Copy, Debug)]
pub struct Misconception {
    pub id: &'static str,
    /// The belief, in the words of one who holds it.
    pub belief: Text,
}

const fn m(id: &'static str, es: &'static str, en: &'static str) -> Misconception {
    Misconception { id, belief: Text::new(es, en) }
}

/// All of them, sorted by id.
#[rustfmt::skip]
pub const MISCONCEPTIONS: &[Misconception] = &[
    m("452-is-always-disk", "un 452 es siempre un disco lleno", "a 452 is always a full disk"),
    m("5xx-will-be-retried", "un 5xx se reintenta más tarde", "a 5xx is tried again later"),
    m("a-name-that-looks-right-is-right", "si el nombre se parece, está bien escrito", "a name that looks right is spelled right"),
    m("any-listener-is-postfix", "si el puerto está ocupado, es Postfix; si no arranca, es que otro lo ocupa", "who holds the port is Postfix; if it does not start, somebody else holds it"),
    m("comment-at-end-of-line", "detrás de un valor de main.cf se puede poner un comentario", "a comment may stand behind a value in main.cf"),
    m("editing-the-file-is-enough", "basta con editar el fichero de alias", "editing the alias file is enough"),
    m("every-5xx-makes-our-bounce", "todo 5xx produce un aviso de devolución nuestro", "every 5xx makes a notice of non-delivery of ours"),
    m("every-address-is-an-account", "toda dirección es una cuenta del sistema", "every address is an account of the system"),
    m("every-reject-is-relay", "todo rechazo es relay denegado", "every refusal is relaying denied"),
    m("expunge-all-is-deleted-mail", "expunge … all borra los mensajes ya eliminados", "expunge … all removes the mail already deleted"),
    m("full-mailbox-is-temporary", "un buzón lleno es un error temporal", "a full mailbox is an error for now"),
    m("full-means-disk", "«lleno» quiere decir disco lleno", "“full” means a full disk"),
    m("grep-error-finds-all", "grep -i error encuentra los problemas", "grep -i error finds the problems"),
    m("local-decides-who-exists", "quien dice que un usuario no existe es local", "it is local that says that a user does not exist"),
    m("mynetworks-is-never-wrong", "lo que envía basura es siempre un equipo de dentro", "what sends junk is always a machine inside"),
    m("mynetworks-opens-for-roaming-users", "para quien viaja se amplía mynetworks", "mynetworks is widened for those who travel"),
    m("no-answer-means-bounce", "si nadie contesta, el mensaje vuelve al remitente", "if nobody answers, the message goes back to the sender"),
    m("no-error-seen-means-none-came", "si el usuario no vio ningún error, no le llegó ninguno", "if the user saw no error, none came"),
    m("no-mail-means-firewall", "si no entra correo, es el cortafuegos", "if no mail comes in, it is the firewall"),
    m("not-arrived-means-in-our-queue", "si no ha llegado, está en nuestra cola", "if it has not arrived, it is in our queue"),
    m("not-found-is-lookup-failure", "no encontrar un usuario y no poder buscarlo es lo mismo", "not finding a user and not being able to look are the same"),
    m("pending-means-our-queue", "si el remitente lo ve pendiente, está en nuestra cola", "if the sender sees it pending, it is in our queue"),
    m("postqueue-f-repairs", "postqueue -f repara lo que no sale", "postqueue -f repairs what does not go out"),
    m("quota-exceeded-means-a-large-message", "«cuota superada» quiere decir que ese mensaje es demasiado grande", "“quota exceeded” means that this message is too large"),
    m("quota-exceeded-means-much-mail", "«cuota superada» quiere decir que el buzón tiene mucho", "“quota exceeded” means that the mailbox holds a lot"),
    m("relay-denied-is-always-554", "relay denegado es siempre 554", "relaying denied is always 554"),
    m("relay-is-only-mynetworks", "el relay solo lo abre mynetworks, o nunca", "only mynetworks opens relaying, or never does"),
    m("service-down-is-421", "un servicio caído contesta 421", "a service that is down answers 421"),
    m("spam-from-us-is-backscatter", "lo que otros reciben de nosotros son devoluciones", "what others get from us are returned messages"),
    m("spam-means-stolen-password", "si sale basura, han robado una contraseña", "if junk goes out, a password was stolen"),
    m("status-postfix-active-means-running", "si systemctl status postfix dice active, Postfix funciona", "if systemctl status postfix says active, Postfix runs"),
    m("the-signer-decides", "quien firma la línea del log es quien decide", "who signs the log line is who decides"),
    m("the-user-forgot", "si no llega, es que el usuario no lo envió", "if it does not arrive, the user did not send it"),
    m("unknown-user-is-the-senders-fault", "un usuario desconocido es una errata del remitente", "an unknown user is a slip of the sender's"),
    m("what-should-be-is-what-was", "lo que debería haber contestado es lo que contestó", "what should have been answered is what was answered"),
];

/// A misconception by its id.
pub fn misconception(id: &str) -> Option<&'static Misconception> {
    MISCONCEPTIONS.iter().find(|m| m.id == id)
}

impl Misconception {
    pub fn text(&self, lang: Lang) -> &'static str {
        self.belief.get(lang)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_and_unique() {
        assert!(MISCONCEPTIONS.windows(2).all(|w| w[0].id < w[1].id));
        assert_eq!(misconception("full-means-disk").unwrap().text(Lang::En), "“full” means a full disk");
    }
}
