//! The word `lab`: its verbs in both languages, and what each does.

use super::desk::{Desk, Reader, Request};
use super::{form, manual, map, start};
use crate::command::io::Answer;
use crate::command::{self, Ctx, Running, Trainer};
use crate::grading::dossier::Taken;
use crate::grading::evidence::squash;
use crate::grading::{mailbox, outcome, text};
use crate::i18n::fill;
use crate::lab::schema::Rung;
use std::cell::RefCell;
use std::rc::Rc;

/// A verb of the word `lab`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Help,
    Hint,
    Mark,
    Diagnose,
    Check,
    Map,
    Undo,
    Fork,
    Back,
    Time,
    Man,
    Submit,
    Quit,
}

/// Every verb: its English name, other names, and whether it is there in an exam.
pub const VERBS: &[(Verb, &str, &[&str], bool)] = &[
    (Verb::Help, "help", &["ayuda", "--help", "-h"], true),
    (Verb::Hint, "hint", &["pista"], false),
    (Verb::Mark, "mark", &["marca", "marcar"], true),
    (Verb::Diagnose, "diagnose", &["diagnostico", "diagnóstico", "diagnosticar", "diagnosis"], true),
    (Verb::Check, "check", &["comprueba", "comprobar"], false),
    (Verb::Map, "map", &["mapa"], true),
    (Verb::Undo, "undo", &["deshacer", "deshaz"], false),
    (Verb::Fork, "fork", &["copia"], false),
    (Verb::Back, "back", &["volver", "vuelve"], false),
    (Verb::Time, "time", &["hora", "tiempo"], true),
    (Verb::Man, "man", &["manual"], true),
    (Verb::Submit, "submit", &["entregar", "entrega"], true),
    (Verb::Quit, "quit", &["salir", "exit"], true),
];

/// At most so many lines are taken back at once, and so many copies are open.
const MAX_UNDO: usize = 1000;
const MAX_FORKS: usize = 8;

fn verb(word: &str) -> Option<(Verb, bool)> {
    let word = word.to_lowercase();
    VERBS.iter().find(|(_, n, more, _)| *n == word || more.contains(&word.as_str())).map(|(v, _, _, exam)| (*v, *exam))
}

/// The word that completion offers behind `lab`.
pub fn words(exam: bool) -> Vec<&'static str> {
    VERBS.iter().filter(|(_, _, _, e)| *e || !exam).map(|(_, n, _, _)| *n).collect()
}

/// The trainer behind the word.
pub struct Coach {
    pub desk: Rc<RefCell<Desk>>,
}

/// The terminal is the trainer's while this lives; also when a Ctrl-C drops what runs.
pub struct Asking(Rc<RefCell<Desk>>);

impl Asking {
    pub fn new(desk: &Rc<RefCell<Desk>>) -> Asking {
        desk.borrow_mut().reader = Reader::Trainer;
        Asking(desk.clone())
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if let Ok(mut d) = self.0.try_borrow_mut() {
            d.reader = Reader::Host;
        }
    }
}

impl Trainer for Coach {
    fn run<'a>(&'a self, ctx: &'a mut Ctx) -> Running<'a> {
        Box::pin(async move {
            self.desk.borrow_mut().labs.push(Vec::new());
            self.verb(ctx).await
        })
    }
}

impl Coach {
    /// Says something in the trainer's voice.
    pub fn say(&self, ctx: &Ctx, words: impl AsRef<str>) {
        let words = words.as_ref().to_owned();
        ctx.out(&words);
        self.desk.borrow_mut().said.push(words);
    }
    /// Says a line.
    pub fn tell(&self, ctx: &Ctx, words: impl AsRef<str>) {
        self.say(ctx, format!("{}\n", words.as_ref()));
    }
    /// A question and what was typed; `None` at end of file.
    pub async fn ask(&self, ctx: &Ctx, question: &str) -> Option<String> {
        self.say(ctx, question);
        let _asking = Asking::new(&self.desk);
        match ctx.io.kernel.terminal().await {
            Answer::Line(l) => Some(l.trim_end_matches(['\n', '\r']).to_owned()),
            Answer::Eof | Answer::Saved(_) => None,
        }
    }
    async fn verb(&self, ctx: &mut Ctx) -> i32 {
        let args: Vec<String> = ctx.args.iter().skip(1).cloned().collect();
        let (exam, t) = {
            let d = self.desk.borrow();
            (d.exam(), d.t())
        };
        let Some(word) = args.first() else { return self.help(ctx) };
        let Some((verb, in_exam)) = verb(word) else {
            self.tell(ctx, fill(t.lab_unknown, &[&text::short(word, 40)]));
            let near = VERBS.iter().flat_map(|(_, n, more, _)| more.iter().copied().chain([*n]));
            if let Some(n) = crate::lab::diagnostic::nearest(word, near) {
                self.tell(ctx, fill(t.lab_did_you_mean, &[&n]));
            }
            return 2;
        };
        if exam && !in_exam {
            self.tell(ctx, fill(t.lab_not_in_exam, &[word]));
            return 1;
        }
        match verb {
            Verb::Help => self.help(ctx),
            Verb::Hint => self.hint(ctx).await,
            Verb::Mark => self.mark(ctx, &args[1..].join(" ")),
            Verb::Diagnose => form::diagnose(self, ctx, &args[1..]).await,
            Verb::Check => self.check(ctx),
            Verb::Map => {
                let picture = map::draw(&self.desk.borrow(), args.get(1).map(String::as_str));
                self.say(ctx, picture);
                0
            }
            Verb::Undo => {
                let asked = args.get(1).map_or("1", String::as_str);
                if asked == "0" || asked.is_empty() || !asked.chars().all(|c| c.is_ascii_digit()) {
                    self.tell(ctx, t.undo_what);
                    return 2;
                }
                self.request(Request::Undo(asked.parse().unwrap_or(MAX_UNDO).clamp(1, MAX_UNDO)))
            }
            Verb::Fork => {
                let open = self.desk.borrow().active.depth();
                if open >= MAX_FORKS {
                    self.tell(ctx, fill(t.fork_deep, &[&open]));
                    return 1;
                }
                self.request(Request::Fork)
            }
            Verb::Back => self.request(Request::Back),
            Verb::Time => self.time(ctx),
            Verb::Man => self.man(ctx, args.get(1)),
            Verb::Submit => {
                if self.desk.borrow().active.in_fork() {
                    self.tell(ctx, t.submit_in_fork);
                }
                self.request(Request::Submit)
            }
            Verb::Quit => {
                let case = self.desk.borrow().case();
                self.tell(ctx, fill(t.quit_saved, &[&case]));
                self.request(Request::Quit)
            }
        }
    }
    fn request(&self, r: Request) -> i32 {
        self.desk.borrow_mut().request = Some(r);
        0
    }
    fn help(&self, ctx: &Ctx) -> i32 {
        let words = {
            let d = self.desk.borrow();
            let help = if d.exam() { d.t().lab_help_exam } else { d.t().lab_help };
            format!("{help}\n\n{}", start::ticket(&d))
        };
        self.say(ctx, words);
        0
    }
    fn mark(&self, ctx: &Ctx, quote: &str) -> i32 {
        let t = self.desk.borrow().t();
        let quote = quote.trim();
        if quote.is_empty() {
            self.tell(ctx, t.mark_what);
            return 1;
        }
        if quote.chars().count() < crate::grading::diagnosis::MIN_QUOTE {
            self.tell(ctx, t.mark_short);
            return 1;
        }
        let found = self.desk.borrow().locate(quote, &pending(ctx));
        let Some((line, whole)) = found else {
            self.tell(ctx, t.mark_unseen);
            return 1;
        };
        self.desk.borrow_mut().marks.push((line, quote.to_owned()));
        self.tell(ctx, fill(t.mark_done, &[&line, &text::short(&squash(&whole), 160)]));
        0
    }
    fn time(&self, ctx: &Ctx) -> i32 {
        let words = {
            let d = self.desk.borrow();
            let now = ctx.io.world.borrow().now();
            let c = now.civil();
            let clock = format!("{:02}:{:02}:{:02}", c.hour, c.minute, c.second);
            let date = format!("{:02}/{:02}/{}", c.day, c.month, c.year);
            let played = (now - d.worlds.lab.now).as_secs() / 60;
            format!("{}\n{}\n", fill(d.t().time_now, &[&clock, &date]), fill(d.t().time_played, &[&played, &d.line]))
        };
        self.say(ctx, words);
        0
    }
    fn man(&self, ctx: &Ctx, name: Option<&String>) -> i32 {
        let t = self.desk.borrow().t();
        let Some(name) = name else {
            self.tell(ctx, t.man_what);
            return 1;
        };
        let Some(p) = command::program(name) else {
            self.tell(ctx, fill(t.man_none, &[&text::short(name, 40)]));
            return 1;
        };
        let known = manual::find(p.name);
        let what = known.map_or(p.summary, |e| e.text(self.desk.borrow().lang));
        self.tell(ctx, fill(t.man_see, &[&p.name, &what]));
        for line in known.map_or(&[][..], |e| e.lines) {
            self.say(ctx, text::block("     ", 5, line));
        }
        if known.is_none() && !p.words.is_empty() {
            self.say(ctx, text::block("   ", 3, &p.words.join(" ")));
        }
        0
    }
    /// How the repair stands, goal by goal; keeps as a count, so that nothing is given away.
    fn check(&self, ctx: &Ctx) -> i32 {
        let world = ctx.io.world.borrow().clone();
        let words = {
            let d = self.desk.borrow();
            let (t, lab) = (d.t(), &d.worlds.lab);
            let stored = mailbox::stored(&d.worlds.start());
            let mut out = String::new();
            let mut line = |s: String| {
                out.push_str(&format!(" {s}\n"));
            };
            if d.active.in_fork() {
                line(t.check_in_fork.to_owned());
            }
            if lab.goal.is_empty() {
                line(t.check_no_goals.to_owned());
            } else {
                line(t.check_head.to_owned());
                for (g, found) in lab.goal.iter().zip(outcome::now(&world, lab, &lab.goal, &stored)) {
                    let name = d.pick(&g.name.es, &g.name.en);
                    line(fill(if found.holds { t.check_holds } else { t.check_not_yet }, &[&name]));
                }
            }
            let keeps = outcome::now(&world, lab, &lab.keep, &stored);
            let was = outcome::now(&d.worlds.start(), lab, &lab.keep, &stored);
            let worked = was.iter().filter(|k| k.holds).count();
            let still = keeps.iter().zip(&was).filter(|(k, w)| k.holds && w.holds).count();
            line(fill(t.check_keeps, &[&still, &worked]));
            line(if d.delivered.is_empty() { t.check_diagnosis_open } else { t.check_diagnosis_done }.to_owned());
            out
        };
        self.say(ctx, words);
        0
    }
    async fn hint(&self, ctx: &Ctx) -> i32 {
        let (index, skipped) = self.next_hint();
        let (offer, lang_yes, price, words, t) = {
            let d = self.desk.borrow();
            let t = d.t();
            let ladder = &d.worlds.lab.hint;
            let Some(h) = ladder.get(index) else {
                drop(d);
                self.tell(ctx, t.hint_none);
                return 1;
            };
            let (n, all) = (index + 1, ladder.len());
            let offer = fill(t.hint_offer, &[&n, &all, &rung(h.rung, &d), &h.price]);
            let words = format!(
                " {}\n{}",
                fill(t.hint_paid, &[&n, &all, &h.price]),
                text::block("   ", 3, &d.pick(&h.es, &h.en))
            );
            (offer, t.hint_ask, h.price, words, t)
        };
        for l in skipped {
            self.tell(ctx, fill(t.hint_skipped, &[&l]));
        }
        self.tell(ctx, &offer);
        // Without a terminal nothing is asked: who types the line wants the hint.
        if price > 0 && ctx.io.kernel.interactive.get() {
            let answer = self.ask(ctx, t.hint_price).await.unwrap_or_default().to_lowercase();
            if !answer.starts_with(lang_yes) && !matches!(answer.as_str(), "s" | "si" | "sí" | "y" | "yes") {
                self.tell(ctx, t.hint_not_taken);
                return 0;
            }
        }
        {
            let mut d = self.desk.borrow_mut();
            let line = d.line;
            d.hints.push(Taken { line, index });
        }
        self.say(ctx, words);
        0
    }
    /// The next rung that was not taken and whose facts were not all seen; and the lines that made others superfluous.
    fn next_hint(&self) -> (usize, Vec<usize>) {
        let d = self.desk.borrow();
        let ladder = &d.worlds.lab.hint;
        let mut skipped = Vec::new();
        let from = d.hints.iter().map(|h| h.index + 1).max().unwrap_or(0);
        for (i, h) in ladder.iter().enumerate().skip(from) {
            let seen = h.seen.iter().find_map(|id| d.seen_fact(&id.text));
            match seen {
                Some(line) if i + 1 < ladder.len() => skipped.push(line),
                _ => return (i, skipped),
            }
        }
        (ladder.len(), skipped)
    }
}

fn rung(r: Rung, d: &Desk) -> &'static str {
    match r {
        Rung::Strategy => d.lang.pick("estrategia", "strategy"),
        Rung::Where => d.lang.pick("dónde mirar", "where to look"),
        Rung::What => d.lang.pick("qué se ve", "what it shows"),
        Rung::How => d.lang.pick("cómo se repara", "how to repair it"),
        Rung::Unset => "",
    }
}

/// What this input has put on the screen so far.
pub fn pending(ctx: &Ctx) -> String {
    let bytes: Vec<u8> = ctx.io.kernel.output.borrow().iter().flat_map(|(_, b)| b.iter().copied()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_answer_in_both_languages() {
        for (word, expected) in [
            ("hint", Some(Verb::Hint)),
            ("pista", Some(Verb::Hint)),
            ("DIAGNOSTICO", Some(Verb::Diagnose)),
            ("entregar", Some(Verb::Submit)),
            ("xyz", None),
        ] {
            assert_eq!(verb(word).map(|v| v.0), expected, "{word}");
        }
        assert!(!words(true).contains(&"hint") && words(false).contains(&"hint"));
    }
}
