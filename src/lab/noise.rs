//! Everybody else: other people's mail going its way, people who read theirs, passwords tried, strangers at the door, a
//! message that waits.
//!
//! Keyed by the lab's seed, so it is the same in the fault's world and in every rival's. Noise goes on to the last
//! minute: the line that matters is never the only one, nor the last.

use super::schema::{Lab, Noise};
use super::traffic::{Item, Letter};
use crate::base::{Chance, Span, Time};
use crate::internet::client::{Door, Mail};
use std::net::{IpAddr, Ipv4Addr};

/// Who writes from outside: address, the machine it comes from and its address.
const WRITERS: [(&str, &str, [u8; 4]); 8] = [
    ("laura@origen.com", "mail.origen.com", [203, 0, 113, 25]),
    ("pedidos@origen.com", "mail.origen.com", [203, 0, 113, 25]),
    ("oficina@cliente.ejemplo.com", "cliente.ejemplo.com", [192, 0, 2, 50]),
    ("taller@cliente.ejemplo.com", "cliente.ejemplo.com", [192, 0, 2, 50]),
    ("avisos@destino.com", "mail.destino.com", [198, 51, 100, 50]),
    ("ventas@destino.com", "mail.destino.com", [198, 51, 100, 50]),
    ("raul@origen.com", "mail.origen.com", [203, 0, 113, 25]),
    ("boletin@destino.com", "mail.destino.com", [198, 51, 100, 50]),
];

const SUBJECTS: [&str; 12] = [
    "Re: visita del jueves",
    "Lista de precios",
    "Horario de la semana",
    "Confirmacion",
    "Albaran",
    "Comida de equipo",
    "Re: Re: transporte",
    "Aviso de entrega",
    "Boletin",
    "Consulta",
    "Acta",
    "Fotos",
];

const PEOPLE: [&str; 3] = ["maria", "juan", "ana"];
const OUTSIDE: [&str; 5] =
    ["amigo@destino.com", "laura@origen.com", "soporte@destino.com", "pedidos@origen.com", "ventas@destino.com"];
/// Names that everybody tries; none is of a person here, so that a guess never looks like a part of the case.
const GUESSED: [(&str, &str); 6] = [
    ("admin", "admin123"),
    ("info", "info2024"),
    ("web", "123456"),
    ("test", "test"),
    ("scanner", "Password1"),
    ("root", "toor"),
];

/// The noise of a lab. `shifted` moves it a little: the null rival's.
pub(super) fn plan(lab: &Lab, shifted: bool) -> Vec<(Time, Item)> {
    let noise = &lab.noise;
    let mut p = Plan { chance: Chance::new(lab.seed), noise, shifted, out: Vec::new() };
    let hours = (lab.now - lab.start()).as_secs() / 3600;
    let n = match noise.level {
        0 => return p.out,
        1 => hours / 3,
        2 => hours * 2 / 3,
        _ => hours * 3,
    };
    for i in 0..n {
        let at = p.daytime(lab, i, n);
        p.mail(at, &format!("mail/{i}"));
    }
    // The last half hour is never silent.
    for (i, low, high) in [(0, 1_100, 1_600), (1, 420, 700), (2, 150, 260), (3, 25, 80)] {
        let key = format!("last/{i}");
        let at = lab.now - Span::secs(p.chance.between("noise-last", &key, low, high));
        p.mail(at, &key);
    }
    p.readers(lab, n * 3 / 4);
    if noise.guessing {
        p.visits(lab, "guess", 3 + noise.level, Plan::guess);
    }
    if noise.probing {
        p.visits(lab, "probe", 1 + noise.level, Plan::probe);
    }
    if noise.waiting {
        let at = lab.now - Span::secs(p.chance.between("noise", "waiting", 5_000, 9_000));
        p.outgoing(at, "waiting", "fabrica@lento.example");
    }
    p.out
}

struct Plan<'a> {
    chance: Chance,
    noise: &'a Noise,
    shifted: bool,
    out: Vec<(Time, Item)>,
}

impl Plan<'_> {
    fn pick<'t, T>(&self, what: &str, key: &str, list: &'t [T]) -> &'t T {
        let n = self.chance.between(what, key, 0, list.len() as i64 - 1);
        &list[n as usize % list.len()]
    }
    /// The `i`th of `n` instants over the past, few of them at night.
    fn daytime(&self, lab: &Lab, i: i64, n: i64) -> Time {
        let span = (lab.now - lab.start()).as_secs() - 1_800;
        let key = format!("{i}");
        let mut at = lab.start() + Span::secs(300 + span * i / n + self.chance.between("noise-at", &key, 0, span / n));
        let hour = at.civil().hour;
        if !(6..21).contains(&hour) && i % 4 != 0 {
            // Moved to the morning after, or to the evening before.
            let shift = if hour >= 21 { -Span::hours(5).0 } else { Span::hours(7).0 };
            at += Span(shift);
        }
        at.min(lab.now - Span::mins(31)).max(lab.start() + Span::mins(2))
    }
    fn at(&self, at: Time, key: &str) -> Time {
        let shift = if self.shifted { self.chance.between("noise-null", key, -9, 9) } else { 0 };
        at + Span::secs(shift)
    }
    fn post(&mut self, at: Time, mail: Mail) {
        let at = self.at(at, &mail.key);
        self.out.push((at, Item::Post(mail)));
    }
    fn letter(&self, at: Time, key: &str, from: &str, to: &str) -> Vec<u8> {
        let to = [to.to_owned()];
        let subject = self.pick("noise-subject", key, &SUBJECTS);
        let size = self.chance.between("noise-size", key, 700, 9_000) as u64;
        Letter { from, to: &to, subject, headers: &[], body: "Un saludo.", size }
            .write(at, self.chance.value("message-id", key))
    }
    /// One of the office's messages: two in three come in.
    fn mail(&mut self, at: Time, key: &str) {
        let key = format!("noise/{key}");
        if self.chance.between("noise-way", &key, 0, 2) == 0 {
            let to = *self.pick("noise-out", &key, &OUTSIDE);
            self.outgoing(at, &key, to);
            return;
        }
        let (from, helo, ip) = *self.pick("noise-from", &key, &WRITERS);
        let free = self.free();
        if free.is_empty() {
            return;
        }
        let to = format!("{}@ejemplo.com", self.pick("noise-to", &key, &free));
        let data = self.letter(at, &key, from, &to);
        let mail = Mail {
            key,
            client: IpAddr::from(ip),
            helo: helo.into(),
            door: Door::Smtp,
            login: None,
            sender: from.into(),
            recipients: vec![to],
            data,
            keeps: true,
        };
        self.post(at, mail);
    }
    /// Somebody in the office writes to the outside.
    fn outgoing(&mut self, at: Time, key: &str, to: &str) {
        let user = *self.pick("noise-user", key, &PEOPLE);
        let sender = format!("{user}@ejemplo.com");
        let data = self.letter(at, key, &sender, to);
        let submits = self.chance.between("noise-door", key, 0, 1) == 0;
        let mail = Mail {
            key: key.into(),
            client: Ipv4Addr::new(192, 168, 1, 50).into(),
            helo: "pc50.lan.ejemplo.com".into(),
            door: if submits { Door::Submission } else { Door::Smtp },
            login: submits.then(|| (user.to_owned(), format!("clave-{user}"))),
            sender,
            recipients: vec![to.to_owned()],
            data,
            keeps: false,
        };
        self.post(at, mail);
    }
    /// People look into their mailboxes, from the office or on the road; whoever else is silent, they are not.
    fn readers(&mut self, lab: &Lab, n: i64) {
        let free = self.free();
        if free.is_empty() {
            return;
        }
        let daytime = (0..n).map(|i| (format!("noise/read/{i}"), self.daytime(lab, i, n)));
        let mut visits: Vec<(String, Time)> = daytime.collect();
        for (i, low, high) in [(0, 900, 1_500), (1, 270, 600), (2, 12, 120)] {
            let key = format!("noise/read/last/{i}");
            let at = lab.now - Span::secs(self.chance.between("noise-last", &key, low, high));
            visits.push((key, at));
        }
        for (key, at) in visits {
            let user = (*self.pick("noise-reader", &key, &free)).to_owned();
            let away = self.chance.between("noise-away", &key, 0, 3) == 0;
            let client = IpAddr::from(if away { [192, 0, 2, 51] } else { [192, 168, 1, 50] });
            let password = format!("clave-{user}");
            self.out.push((self.at(at, &key), Item::Imap { client, user, password }));
        }
    }
    /// Whose mailboxes are nobody's business in the case.
    fn free(&self) -> Vec<&'static str> {
        PEOPLE.into_iter().filter(|p| !self.noise.spare.iter().any(|s| s == p)).collect()
    }
    fn visits(&mut self, lab: &Lab, what: &str, n: u32, f: fn(&mut Self, Time, &str)) {
        let span = (lab.now - lab.start()).as_secs();
        for i in 0..n {
            let key = format!("noise/{what}/{i}");
            let at = lab.start() + Span::secs(self.chance.between("noise-visit", &key, 600, span - 1_200));
            f(self, at, &key);
        }
    }
    /// A password is tried, at the door where passwords are taken.
    fn guess(&mut self, at: Time, key: &str) {
        let (user, password) = *self.pick("noise-guess", key, &GUESSED);
        let mail = Mail {
            key: key.into(),
            client: Ipv4Addr::new(203, 0, 113, 9).into(),
            helo: "ylmf-pc".into(),
            door: Door::Submission,
            login: Some((user.into(), password.into())),
            sender: format!("{user}@ejemplo.com"),
            recipients: vec!["prueba@destino.com".into()],
            data: b"Subject: x\n\nx\n".to_vec(),
            keeps: false,
        };
        self.post(at, mail);
    }
    /// A stranger tries a foreign domain or a name that many have.
    fn probe(&mut self, at: Time, key: &str) {
        let to = *self.pick("noise-probe", key, &["spameri@tiscali.example", "admin@ejemplo.com", "info@ejemplo.com"]);
        let mail = Mail {
            key: key.into(),
            client: Ipv4Addr::new(203, 0, 113, 7).into(),
            helo: "host7.ataque.example".into(),
            door: Door::Smtp,
            login: None,
            sender: "spameri@tiscali.example".into(),
            recipients: vec![to.into()],
            data: b"Subject: BC_192.0.2.10\n\nt_Smtp.LocalIP\n".to_vec(),
            keeps: false,
        };
        self.post(at, mail);
    }
}
