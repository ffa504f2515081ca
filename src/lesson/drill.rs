//! Drill: cards made from the SMTP table, the commands of the course and the lessons' questions, scheduled by FSRS.
//!
//! A card knows its right answer, so the rating follows from it: right is Good, wrong is Again. The time is an argument.

use super::Question;
use crate::base::{Lang, Time};
use crate::codes::{Origin, Outcome, ROWS};
use chrono::{DateTime, Utc};
use rs_fsrs::{FSRS, Rating};
use std::collections::BTreeMap;

/// A card: what is asked and what is right.
#[derive(Clone, Debug)]
pub struct Card {
    /// Stable over versions and languages: `row:452:4.3.1`, `cmd:postqueue`.
    pub id: String,
    pub front: String,
    /// Shown as a, b, c…; empty when the answer is typed.
    pub choices: Vec<String>,
    /// Right answers: a letter, or the words.
    pub answers: Vec<String>,
    pub why: String,
}

impl Card {
    pub fn accepts(&self, given: &str) -> bool {
        let q = Question { text: String::new(), answers: self.answers.clone(), feedback: String::new() };
        q.accepts(&given.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

/// A task, the commands that do it, and one line about them.
type Task = (&'static str, &'static str, &'static str, &'static [&'static str], &'static str, &'static str);

#[rustfmt::skip]
const TASKS: &[Task] = &[
    ("queue", "Ver la cola de correo", "Show the mail queue", &["postqueue -p", "mailq", "sendmail -bp"],
        "mailq y sendmail -bp son la misma lista.", "mailq and sendmail -bp are the same list."),
    ("flush", "Intentar ahora todo lo que está en la cola", "Try all of the queue now", &["postqueue -f", "sendmail -q", "postfix flush"],
        "No repara nada: sólo evita esperar.", "It repairs nothing: it only saves the wait."),
    ("delete-all", "Vaciar toda la cola (¡pierde el correo de todos!)", "Empty the whole queue (loses everybody's mail!)", &["postsuper -d ALL"],
        "ALL va en mayúsculas para que no se escape.", "ALL is in capitals so that it does not slip out."),
    ("settings", "Ver sólo los parámetros de Postfix cambiados", "Show only the Postfix parameters that were set", &["postconf -n"],
        "postconf -d enseña los valores por defecto.", "postconf -d shows the defaults."),
    ("check", "Comprobar la configuración de Postfix", "Check the configuration of Postfix", &["postfix check"],
        "Casi ningún valor equivocado se ve así.", "Hardly any wrong value shows this way."),
    ("reload", "Que Postfix lea main.cf sin cortar el servicio", "Make Postfix read main.cf without an interruption", &["postfix reload", "systemctl reload postfix"],
        "Restart corta las conexiones; reload no.", "Restart cuts connections; reload does not."),
    ("aliases", "Reconstruir los alias tras editar /etc/aliases", "Rebuild the aliases after editing /etc/aliases", &["newaliases", "postalias /etc/aliases", "postalias hash:/etc/aliases", "sendmail -bi"],
        "Postfix responde con el .db, no con el texto.", "Postfix answers from the .db, not from the text."),
    ("doveconf", "Ver la configuración de Dovecot que no es la de fábrica", "Show the Dovecot settings that are not the defaults", &["doveconf -n"],
        "doveconf -a las enseña todas.", "doveconf -a shows them all."),
    ("quota", "Ver la cuota del usuario maria", "Show the quota of user maria", &["doveadm quota get -u maria"],
        "Las cifras son kilobytes.", "The figures are kilobytes."),
    ("who", "Ver quién está conectado a Dovecot", "Show who is connected to Dovecot", &["doveadm who"],
        "Cuenta las sesiones por usuario y servicio.", "It counts sessions by user and service."),
    ("dovereload", "Recargar la configuración de Dovecot", "Reload the configuration of Dovecot", &["doveadm reload", "systemctl reload dovecot"],
        "Si hay un error calla, y sigue con la de antes: míralo en el log.", "With a mistake it is silent and keeps the old one: see the log."),
    ("follow", "Seguir el log de correo en directo", "Follow the mail log as it grows", &["tail -f /var/log/mail.log", "tail -F /var/log/mail.log"],
        "Ctrl-C lo termina.", "Ctrl-C ends it."),
    ("ports", "Ver qué programas escuchan en qué puertos", "Show which programs listen on which ports", &["ss -tulpn", "netstat -tulpn", "ss -ltnp", "ss -tlnp"],
        "Sin :25 en la lista, nadie recibe correo.", "Without :25 in the list nobody receives mail."),
    ("unit", "Ver si los procesos de Postfix están en marcha con systemctl", "Tell with systemctl whether Postfix's processes run", &["systemctl status postfix@-", "systemctl is-active postfix@-"],
        "postfix.service es siempre active (exited).", "postfix.service is always active (exited)."),
    ("mx", "Preguntar al DNS el MX de ejemplo.com", "Ask the DNS for the MX of ejemplo.com", &["dig ejemplo.com MX", "dig MX ejemplo.com", "dig +short ejemplo.com MX", "host -t MX ejemplo.com", "dig +short MX ejemplo.com"],
        "Sin MX se usa la dirección A.", "Without an MX the address record is used."),
    ("smtp", "Hablar SMTP a mano con mail.ejemplo.com", "Speak SMTP by hand to mail.ejemplo.com", &["telnet mail.ejemplo.com 25", "nc mail.ejemplo.com 25"],
        "QUIT para salir.", "QUIT to leave."),
    ("starttls", "Probar STARTTLS en el puerto 587", "Try STARTTLS on port 587", &["openssl s_client -connect mail.ejemplo.com:587 -starttls smtp", "openssl s_client -starttls smtp -connect mail.ejemplo.com:587"],
        "En Debian hay que activar submission en master.cf.", "On Debian submission must be enabled in master.cf."),
    ("imaps", "Ver el certificado de IMAPS", "See the certificate of IMAPS", &["openssl s_client -connect mail.ejemplo.com:993"],
        "993 es TLS desde el primer byte: sin -starttls.", "993 is TLS from the first byte: no -starttls."),
];

/// All cards of a language, in a fixed order.
pub fn cards(lang: Lang) -> Vec<Card> {
    let mut out = Vec::new();
    let outcomes: Vec<String> = Outcome::ALL.iter().map(|o| o.text().get(lang).to_owned()).collect();
    let letter = |o: Outcome| {
        let i = Outcome::ALL.iter().position(|x| *x == o).unwrap_or(0);
        ((b'a' + i as u8) as char).to_string()
    };
    for r in ROWS.iter().filter(|r| !r.is_class()) {
        let code = r.key;
        let fate = |what: &str| {
            lang.pick(
                format!("El servidor contesta «{what}». ¿Qué pasa con el mensaje?"),
                format!("The server answers \"{what}\". What happens to the message?"),
            )
        };
        if r.code().is_some_and(|c| c >= 400) {
            let stage = r.stages.first().map_or("", |s| s.id());
            let tag = if r.origin == Origin::Added { format!("{code}:{stage}") } else { code.to_owned() };
            out.push(Card {
                id: format!("fate:{tag}"),
                front: fate(&format!("{code} {}", r.meaning.get(lang))),
                choices: outcomes.clone(),
                answers: vec![letter(r.action_id.outcome())],
                why: r.line(lang),
            });
        }
        for e in r.enhanced.iter().filter(|_| r.code().is_some_and(|c| c >= 400)) {
            out.push(Card {
                id: format!("enhanced:{code}:{}", e.code),
                front: lang.pick(
                    format!("{code} y … : «{}». ¿Qué código ampliado (x.y.z)?", e.text.get(lang)),
                    format!("{code} and … : \"{}\". Which enhanced code (x.y.z)?", e.text.get(lang)),
                ),
                choices: Vec::new(),
                answers: vec![e.code.to_owned()],
                why: format!("{code} {} · {}", e.code, e.text.get(lang)),
            });
        }
    }
    for (id, es, en, answers, why_es, why_en) in TASKS {
        out.push(Card {
            id: format!("cmd:{id}"),
            front: lang.pick(format!("¿Qué orden? {es}"), format!("Which command? {en}")),
            choices: Vec::new(),
            answers: answers.iter().map(|a| (*a).to_owned()).collect(),
            why: format!("{} · {}", answers[0], lang.pick(why_es, why_en)),
        });
    }
    for l in super::all(lang).unwrap_or_default() {
        let questions = l.screens.iter().flatten().filter_map(|p| match p {
            super::Part::Question(q) => Some(q),
            _ => None,
        });
        for (n, q) in questions.enumerate() {
            out.push(Card {
                id: format!("lesson:{}:{n}", l.head.id),
                front: q.text.clone(),
                choices: Vec::new(),
                answers: q.answers.clone(),
                why: q.feedback.clone(),
            });
        }
    }
    out
}

/// What is known of each card that was ever answered.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Deck {
    cards: BTreeMap<String, rs_fsrs::Card>,
}

fn date(now: Time) -> DateTime<Utc> {
    DateTime::from_timestamp(now.secs(), 0).unwrap_or_default()
}

impl Deck {
    /// The ids to ask now: what the learner got wrong in labs, what is due (longest first), then up to `new` unseen ones.
    pub fn due(&self, all: &[Card], now: Time, new: usize, weak: &[String]) -> Vec<String> {
        let now = date(now);
        let touches = |c: &Card| weak.iter().any(|w| c.id.split(':').any(|part| part == w));
        let mut due: Vec<(&rs_fsrs::Card, &str)> = Vec::new();
        let (mut first, mut fresh) = (Vec::new(), Vec::new());
        for c in all {
            match self.cards.get(&c.id) {
                Some(s) if s.due <= now => due.push((s, &c.id)),
                Some(_) => {}
                None if touches(c) => first.push(c.id.clone()),
                None => fresh.push(c.id.clone()),
            }
        }
        due.sort_by_key(|(s, id)| (s.due, id.to_string()));
        fresh.truncate(new.saturating_sub(first.len()));
        first.into_iter().chain(due.into_iter().map(|(_, id)| id.to_owned())).chain(fresh).collect()
    }
    /// Notes an answer; gives the number of days until the card comes again.
    pub fn answer(&mut self, id: &str, right: bool, now: Time) -> i64 {
        let now = date(now);
        let card =
            self.cards.get(id).cloned().unwrap_or(rs_fsrs::Card { due: now, last_review: now, ..Default::default() });
        let rating = if right { Rating::Good } else { Rating::Again };
        let next = FSRS::default().next(card, now, rating).card;
        let days = (next.due - now).num_days();
        self.cards.insert(id.to_owned(), next);
        days
    }
    pub fn seen(&self) -> usize {
        self.cards.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Span;
    use std::collections::BTreeSet;

    #[test]
    fn cards_have_unique_ids_and_the_same_in_both_languages() {
        let ids = |l| cards(l).into_iter().map(|c| c.id).collect::<Vec<_>>();
        let es = ids(Lang::Es);
        assert_eq!(es, ids(Lang::En));
        assert_eq!(es.len(), es.iter().collect::<BTreeSet<_>>().len());
        assert!(es.len() > 60);
    }

    #[test]
    fn what_was_wrong_comes_first_and_what_was_right_waits() {
        let all = cards(Lang::Es);
        let mut deck = Deck::default();
        let now = Time::from_civil(2026, 2, 6, 10, 0, 0);
        let weak = vec!["454".to_owned()];
        assert!(deck.due(&all, now, 5, &weak)[0].contains("454"));
        let id = all[0].id.clone();
        for _ in 0..3 {
            deck.answer(&id, true, now);
        }
        assert!(!deck.due(&all, now, 0, &[]).contains(&id));
        assert!(deck.due(&all, now + Span::days(400), 0, &[]).contains(&id));
        deck.answer(&id, false, now + Span::days(400));
        assert!(deck.due(&all, now + Span::days(401), 0, &[]).contains(&id));
    }

    #[test]
    fn answers_are_words_or_letters() {
        let all = cards(Lang::En);
        let of = |id: &str| all.iter().find(|c| c.id == id).unwrap();
        assert!(of("cmd:queue").accepts("postqueue  -p") && of("cmd:queue").accepts("mailq"));
        assert!(of("fate:552").accepts("c") && !of("fate:552").accepts("b"));
        assert!(of("enhanced:552:5.2.2").accepts("5.2.2"));
    }
}
