//! The SMTP table as data: reply codes, what the sender does, who says them here, and the catalogue of causes.
//!
//! The rows of the source table stand in [`table`] with its own words; rows marked `+` were added from what the real
//! programs say. A diagnosis is graded by a row: [`row_for`] gives the code's own row at that stage, else the row of its
//! first digit. Knows nothing of labs.

pub mod causes;
pub mod misconceptions;
pub mod render;
pub mod table;

pub use causes::{CAUSES, Cause, Group, cause};
pub use misconceptions::{MISCONCEPTIONS, Misconception, misconception};
pub use table::ROWS;

use crate::base::{Lang, Text};

/// Where a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The source table, its words as they stand.
    Seed,
    /// Added, marked `+`.
    Added,
}

/// The class of an answer, by its first digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Success,
    Intermediate,
    Temporary,
    Permanent,
    /// Nobody answered, or no reply code exists.
    NoReply,
}

impl Class {
    /// The class of a three-digit code.
    pub fn of(code: u16) -> Option<Class> {
        match code / 100 {
            2 => Some(Class::Success),
            3 => Some(Class::Intermediate),
            4 => Some(Class::Temporary),
            5 => Some(Class::Permanent),
            _ => None,
        }
    }
    pub fn text(self) -> Text {
        match self {
            Class::Success => Text::new("éxito", "success"),
            Class::Intermediate => Text::new("intermedio", "intermediate"),
            Class::Temporary => Text::new("temporal", "temporary"),
            Class::Permanent => Text::new("permanente", "permanent"),
            Class::NoReply => Text::new("sin respuesta", "no reply"),
        }
    }
    pub fn id(self) -> &'static str {
        match self {
            Class::Success => "success",
            Class::Intermediate => "intermediate",
            Class::Temporary => "temporary",
            Class::Permanent => "permanent",
            Class::NoReply => "no-reply",
        }
    }
}

/// When in a transaction a reply is given. With the code it is the key of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Connect,
    Greeting,
    Helo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    EndOfData,
    Vrfy,
    Quit,
    /// Any command.
    Any,
    /// Name look-up before a connection.
    Lookup,
    /// Final delivery by local(8) or virtual(8), which hold no SMTP dialogue.
    Delivery,
}

impl Stage {
    pub const ALL: [Stage; 14] = [
        Stage::Connect,
        Stage::Greeting,
        Stage::Helo,
        Stage::StartTls,
        Stage::Auth,
        Stage::Mail,
        Stage::Rcpt,
        Stage::Data,
        Stage::EndOfData,
        Stage::Vrfy,
        Stage::Quit,
        Stage::Any,
        Stage::Lookup,
        Stage::Delivery,
    ];
    pub fn id(self) -> &'static str {
        match self {
            Stage::Connect => "connect",
            Stage::Greeting => "greeting",
            Stage::Helo => "helo",
            Stage::StartTls => "starttls",
            Stage::Auth => "auth",
            Stage::Mail => "mail",
            Stage::Rcpt => "rcpt",
            Stage::Data => "data",
            Stage::EndOfData => "end-of-data",
            Stage::Vrfy => "vrfy",
            Stage::Quit => "quit",
            Stage::Any => "any",
            Stage::Lookup => "lookup",
            Stage::Delivery => "delivery",
        }
    }
    pub fn parse(id: &str) -> Option<Stage> {
        Stage::ALL.into_iter().find(|s| s.id() == id)
    }
    pub fn text(self) -> Text {
        match self {
            Stage::Connect => Text::new("conexión", "connection"),
            Stage::Greeting => Text::new("saludo", "greeting"),
            Stage::Helo => Text::same("HELO/EHLO"),
            Stage::StartTls => Text::same("STARTTLS"),
            Stage::Auth => Text::same("AUTH"),
            Stage::Mail => Text::same("MAIL FROM"),
            Stage::Rcpt => Text::same("RCPT TO"),
            Stage::Data => Text::same("DATA"),
            Stage::EndOfData => Text::new("fin de DATA", "end of DATA"),
            Stage::Vrfy => Text::same("VRFY"),
            Stage::Quit => Text::same("QUIT"),
            Stage::Any => Text::new("cualquier orden", "any command"),
            Stage::Lookup => Text::new("búsqueda del nombre", "name look-up"),
            Stage::Delivery => Text::new("entrega local", "local delivery"),
        }
    }
}

/// What the sender does, as an id: the source table's many words for one thing are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// 'Ninguna', 'Continuar', 'Terminar', 'Aceptar'.
    Continue,
    /// 'Enviar datos', 'Enviar mensaje'.
    Send,
    /// 'Encolar y reintentar', 'Reintentar después'.
    Retry,
    /// 'Reportar error'.
    Report,
    /// 'Generar bounce', 'Bounce al remitente'.
    Bounce,
    /// Correct the command or the password: there is no message to return.
    Correct,
}

impl Action {
    pub fn id(self) -> &'static str {
        match self {
            Action::Continue => "continue",
            Action::Send => "send",
            Action::Retry => "retry",
            Action::Report => "report",
            Action::Bounce => "bounce",
            Action::Correct => "correct",
        }
    }
    /// What becomes of the message when the sender does this.
    pub fn outcome(self) -> Outcome {
        match self {
            Action::Continue | Action::Send => Outcome::Delivered,
            Action::Retry => Outcome::Retried,
            Action::Bounce => Outcome::Returned,
            Action::Report | Action::Correct => Outcome::Nothing,
        }
    }
}

macro_rules! choices {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $v:ident = $id:literal $(| $alias:literal)*, $es:literal, $en:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $v),* }
        impl $name {
            /// In the order in which the form lists them.
            pub const ALL: &'static [$name] = &[$($name::$v),*];
            pub fn id(self) -> &'static str { match self { $($name::$v => $id),* } }
            /// Reads an id or another usual word for it.
            pub fn parse(s: &str) -> Option<$name> {
                match s { $($id $(| $alias)* => Some($name::$v),)* _ => None }
            }
            pub fn text(self) -> Text { match self { $($name::$v => Text::new($es, $en)),* } }
        }
    };
}

choices! {
    /// What happens to the message.
    Outcome {
        Delivered = "deliver" | "delivered" | "entregado" | "entrega" | "continue" | "none-needed",
            "entregado", "delivered";
        Retried = "retry" | "retried" | "queue" | "kept" | "deferred" | "defer" | "reintento" | "guardado",
            "guardado, se reintenta", "kept and retried";
        Returned = "bounce" | "returned" | "return" | "bounced" | "devuelto" | "rebote",
            "devuelto al remitente (bounce)", "returned to the sender (bounce)";
        Nothing = "nothing" | "report" | "correct" | "none" | "nada" | "corregir",
            "nada que devolver: corregir la orden o la clave", "nothing to return: correct the command or the password";
    }
}

choices! {
    /// Who has the message, or must act.
    Who {
        Us = "us" | "ours" | "nosotros" | "postfix",
            "nuestro Postfix", "our Postfix";
        Peer = "peer" | "client" | "sender" | "them" | "otro" | "cliente" | "remitente",
            "el servidor o cliente que conectó", "the server or client that connected";
        Nobody = "nobody" | "none" | "nadie",
            "nadie", "nobody";
    }
}

choices! {
    /// Who decided the verdict.
    Decider {
        Smtpd = "smtpd" | "postfix/smtpd", "smtpd (entrada)", "smtpd (incoming)";
        Qmgr = "qmgr" | "queue" | "cola" | "postfix/qmgr", "cola (qmgr)", "queue (qmgr)";
        Local = "local" | "postfix/local" | "virtual", "local", "local";
        Client = "client" | "smtp" | "lmtp" | "postfix/smtp" | "postfix/lmtp" | "cliente",
            "cliente smtp/lmtp", "smtp/lmtp client";
        Dovecot = "dovecot", "Dovecot", "Dovecot";
        Remote = "remote" | "remoto" | "other" | "otro", "otro servidor", "another server";
        Nobody = "nobody" | "none" | "nadie", "nadie: no hubo diálogo", "nobody: there was no dialogue";
    }
}

/// An enhanced status code (RFC 3463) and what it says here.
#[derive(Clone, Copy, Debug)]
pub struct Enhanced {
    pub code: &'static str,
    pub text: Text,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// `250`, `4xx`, or the word for an outcome without a reply: `refused`.
    pub key: &'static str,
    pub origin: Origin,
    pub class: Class,
    pub meaning: Text,
    pub description: Text,
    /// What the sender does, in the table's words.
    pub action: Text,
    pub action_id: Action,
    /// At which stages; two rows of one code differ in these.
    pub stages: &'static [Stage],
    /// Who says it on this host.
    pub said_by: Text,
    pub enhanced: &'static [Enhanced],
    /// Where the real programs differ from the source table.
    pub erratum: Option<Text>,
}

impl Row {
    /// The code, or `None` for a class row or an outcome without a reply.
    pub fn code(&self) -> Option<u16> {
        self.key.parse().ok()
    }
    pub fn is_class(&self) -> bool {
        self.key.ends_with("xx")
    }
    /// `552 Exceeded storage · Cuota de buzón excedida · Bounce al remitente`.
    pub fn line(&self, lang: Lang) -> String {
        let mark = if self.origin == Origin::Added { "+ " } else { "" };
        format!(
            "{mark}{} {} · {} · {}",
            self.key,
            self.meaning.get(lang),
            self.description.get(lang),
            self.action.get(lang)
        )
    }
}

/// All rows with this key (`250`, `2xx`, `refused`).
pub fn rows(key: &str) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |r| r.key == key)
}

/// The class row of a code.
pub fn class_row(code: u16) -> Option<&'static Row> {
    let key = match code / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => return None,
    };
    rows(key).next()
}

/// The row that grades a code at a stage: its own (the one of that stage if it has several), else its class row.
pub fn row_for(code: u16, stage: Option<Stage>) -> Option<&'static Row> {
    let key = code.to_string();
    let own: Vec<_> = rows(&key).collect();
    let staged = stage.and_then(|s| own.iter().find(|r| r.stages.contains(&s)));
    staged.or_else(|| own.first()).copied().or_else(|| class_row(code))
}

/// Whether a text names a row: a code, a class, or an outcome without a reply.
pub fn is_key(key: &str) -> bool {
    rows(key).next().is_some()
}

/// What the table says of an enhanced code, whichever row it stands in.
pub fn enhanced(code: &str) -> Vec<(&'static Row, &'static Enhanced)> {
    ROWS.iter().flat_map(|r| r.enhanced.iter().map(move |e| (r, e))).filter(|(_, e)| e.code == code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_table_is_complete() {
        let seed: Vec<_> = ROWS.iter().filter(|r| r.origin == Origin::Seed).map(|r| r.key).collect();
        assert_eq!(
            seed,
            [
                "2xx", "220", "221", "250", "251", "3xx", "354", "4xx", "421", "450", "451", "452", "5xx", "500",
                "501", "502", "550", "551", "552", "553", "554"
            ]
        );
        for key in [
            "235",
            "252",
            "334",
            "454",
            "503",
            "504",
            "530",
            "535",
            "555",
            "556",
            "refused",
            "timeout",
            "no-banner",
            "no-such-name",
            "dns-fails",
            "local",
        ] {
            assert!(rows(key).all(|r| r.origin == Origin::Added), "{key}");
            assert!(is_key(key), "{key}");
        }
    }

    #[test]
    fn every_text_is_there_and_every_key_is_unique_by_stage() {
        for (i, r) in ROWS.iter().enumerate() {
            for t in [r.meaning, r.description, r.action, r.said_by] {
                assert!(!t.es.is_empty() && !t.en.is_empty(), "{}", r.key);
            }
            assert!(!r.stages.is_empty(), "{}", r.key);
            if let Some(c) = r.code() {
                assert_eq!(Class::of(c), Some(r.class), "{}", r.key);
                for e in r.enhanced {
                    assert_eq!(e.code.as_bytes()[0], r.key.as_bytes()[0], "{} {}", r.key, e.code);
                }
            }
            for o in &ROWS[i + 1..] {
                assert!(
                    o.key != r.key || !o.stages.iter().any(|s| r.stages.contains(s)),
                    "{} twice at one stage",
                    r.key
                );
            }
        }
    }

    #[test]
    fn a_code_is_graded_by_its_row_else_by_its_class() {
        for (code, stage, key, action) in [
            (552, None, "552", "bounce"),
            (554, Some(Stage::Greeting), "554", "retry"),
            (554, Some(Stage::Rcpt), "554", "bounce"),
            (456, None, "4xx", "retry"),
            (571, None, "5xx", "bounce"),
            (250, None, "250", "continue"),
            (535, Some(Stage::Auth), "535", "correct"),
        ] {
            let r = row_for(code, stage).unwrap();
            assert_eq!((r.key, r.action_id.id()), (key, action), "{code}");
        }
        assert!(row_for(999, None).is_none());
    }

    #[test]
    fn choices_read_their_ids() {
        for o in Outcome::ALL {
            assert_eq!(Outcome::parse(o.id()), Some(*o));
        }
        for w in Who::ALL {
            assert_eq!(Who::parse(w.id()), Some(*w));
        }
        for d in Decider::ALL {
            assert_eq!(Decider::parse(d.id()), Some(*d));
        }
        assert_eq!(Decider::parse("lmtp"), Some(Decider::Client));
        assert_eq!(Outcome::parse("x"), None);
    }
}
