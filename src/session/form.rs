//! The diagnosis: by flags, or field by field.
//!
//! Evidence comes first, as an administrator thinks from the line to the verdict. Enter skips, `<` goes back, `?` explains
//! with the row of the table, `!CMD` looks at the host. Every answer is in the draft at once, so a Ctrl-C loses nothing.

use super::coach::{Coach, pending};
use super::desk::Desk;
use crate::base::Lang;
use crate::codes::{self, Class, Decider, Outcome, Who, causes};
use crate::command::Ctx;
use crate::grading::diagnosis::{CodeAnswer, Diagnosis, Field, MAX_QUOTES, Mistake, read_flags};
use crate::grading::dossier::Delivered;
use crate::grading::evidence::squash;
use crate::grading::text::{WIDTH, block, short};
use crate::grading::verdict::label;
use crate::i18n::{Catalogue, fill};
use std::cell::RefCell;
use std::rc::Rc;

/// Pages of the form; who it was with is asked with what became of it.
const PAGES: usize = 6;

/// `lab diagnose …`.
pub async fn diagnose(c: &Coach, ctx: &mut Ctx, args: &[String]) -> i32 {
    if args.is_empty() {
        return form(c, ctx).await;
    }
    let t = c.desk.borrow().t();
    let flags = match read_flags(args) {
        Ok(f) => f,
        Err(mistakes) => {
            for m in mistakes {
                c.tell(ctx, mistake(t, &m));
            }
            return 2;
        }
    };
    if flags.help {
        c.tell(ctx, t.dx_help);
        return 0;
    }
    let mut given = flags.diagnosis;
    let unseen: Vec<String> =
        given.evidence.iter().filter(|q| c.desk.borrow().locate(q, &pending(ctx)).is_none()).cloned().collect();
    for q in &unseen {
        c.tell(ctx, format!("{}: {q}", t.dx_unseen));
    }
    given.evidence.retain(|q| !unseen.contains(q));
    let draft = {
        let mut d = c.desk.borrow_mut();
        d.draft.merge(&given);
        d.draft.clone()
    };
    let open = draft.open();
    if draft.is_empty() {
        c.tell(ctx, t.dx_empty);
        return 1;
    }
    if !open.is_empty() && !flags.deliver {
        let lang = c.desk.borrow().lang;
        let names: Vec<String> = open.iter().map(|f| format!("--{} ({})", f.id(), name(t, *f, lang))).collect();
        c.tell(ctx, fill(t.dx_open, &[&names.join(", ")]));
        return 1;
    }
    let line = {
        let d = c.desk.borrow();
        summary(&d.draft, d.lang)
    };
    c.say(ctx, block(" ", 1, &line));
    let words = deliver(c);
    c.tell(ctx, format!(" {words}"));
    0
}

/// Hands the draft in; what is said of it.
fn deliver(c: &Coach) -> &'static str {
    let mut d = c.desk.borrow_mut();
    let again = !d.delivered.is_empty();
    let (line, steps, diagnosis) = (d.line, d.steps.len(), d.draft.clone());
    d.delivered.push(Delivered { line, steps, diagnosis });
    if again { d.t().dx_noted_again } else { d.t().dx_noted }
}

/// `552 · permanente · 5.2.2 · cliente smtp/lmtp · devuelto… · causa 31`.
fn summary(d: &Diagnosis, lang: Lang) -> String {
    let mut parts = vec![label(d, Field::Code, lang)];
    if let Some(CodeAnswer::Number(n)) = d.code
        && let Some(class) = Class::of(n)
    {
        parts.push(class.text().get(lang).to_owned());
    }
    for f in [Field::Enhanced, Field::By, Field::Action, Field::Who, Field::Cause] {
        parts.push(label(d, f, lang));
    }
    parts.join(" · ")
}

/// A field's name for the learner.
fn name(t: &'static Catalogue, f: Field, _: Lang) -> &'static str {
    match f {
        Field::Evidence => t.part_evidence,
        Field::Code => t.field_code,
        Field::Enhanced => t.field_enhanced,
        Field::By => t.field_by,
        Field::Action => t.field_action,
        Field::Who => t.field_who,
        Field::Cause => t.field_cause,
    }
}

/// A mistake in words.
fn mistake(t: &'static Catalogue, m: &Mistake) -> String {
    match m {
        Mistake::UnknownFlag(f) => fill(t.err_flag, &[f]),
        Mistake::NoValue(f) => fill(t.err_value, &[f]),
        Mistake::ShortQuote => t.err_short.to_owned(),
        Mistake::TooManyQuotes => t.err_many.to_owned(),
        Mistake::NoCode(s) => fill(t.err_code, &[&short(s, 40)]),
        Mistake::NoEnhanced(s) => fill(t.err_enhanced, &[&short(s, 40)]),
        Mistake::NoChoice(f, s) => {
            let (from, to) = match f {
                Field::By => ('a', char::from(b'a' + Decider::ALL.len() as u8 - 1)),
                Field::Action => ('a', char::from(b'a' + Outcome::ALL.len() as u8 - 1)),
                _ => ('1', char::from(b'0' + Who::ALL.len() as u8)),
            };
            fill(t.err_choice, &[&short(s, 40), &from, &to])
        }
        Mistake::NoCause(s, near) if near.is_empty() => fill(t.err_cause, &[&short(s, 40)]),
        Mistake::NoCause(s, near) => fill(t.err_cause_near, &[&short(s, 40), &near.join(", ")]),
    }
}

/// Where to go from a page.
enum Turn {
    Next,
    Back,
    /// End of file: keep the draft.
    Leave,
}

/// What `?` explains at a question.
#[derive(Clone, Copy)]
enum Help {
    Field(Field),
    /// Whether the line found is the one that was meant.
    IsIt,
    /// Whether to hand in.
    Deliver,
}

/// What was typed at a question, special keys already done.
enum Typed {
    Skip,
    Back,
    Leave,
    Text(String),
}

/// The form while it is open. A Ctrl-C drops it: then the session says that the draft stays.
struct Open {
    desk: Rc<RefCell<Desk>>,
    done: bool,
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Ok(mut d) = self.desk.try_borrow_mut()
            && !self.done
            && !d.draft.is_empty()
        {
            d.parting = Some(d.t().dx_draft);
        }
    }
}

async fn form(c: &Coach, ctx: &mut Ctx) -> i32 {
    let mut open = Open { desk: c.desk.clone(), done: false };
    let status = pages(c, ctx).await;
    open.done = true;
    status
}

async fn pages(c: &Coach, ctx: &mut Ctx) -> i32 {
    let (about, t) = {
        let d = c.desk.borrow();
        let e = &d.worlds.lab.diagnosis.event;
        (fill(d.t().dx_about, &[&d.pick(&e.es, &e.en)]), d.t())
    };
    c.say(ctx, block(" ", 1, &about));
    c.say(ctx, block(" ", 1, t.dx_keys));
    let mut page = 1;
    loop {
        while page <= PAGES {
            let turn = match page {
                1 => evidence(c, ctx).await,
                2 => text_field(c, ctx, Field::Code, page).await,
                3 => text_field(c, ctx, Field::Enhanced, page).await,
                4 => choice(c, ctx, page).await,
                5 => outcome(c, ctx, page).await,
                _ => cause(c, ctx, page).await,
            };
            page = match turn {
                Turn::Next => page + 1,
                Turn::Back => page.saturating_sub(1).max(1),
                Turn::Leave => {
                    c.tell(ctx, t.dx_draft);
                    return 1;
                }
            };
        }
        let (empty, again, line) = {
            let d = c.desk.borrow();
            (d.draft.is_empty(), !d.delivered.is_empty(), summary(&d.draft, d.lang))
        };
        if empty {
            c.tell(ctx, t.dx_empty);
            return 1;
        }
        c.say(ctx, format!("\n{}", block(" ", 1, &line)));
        let question = format!(" {}", if again { t.dx_deliver_more } else { t.dx_deliver });
        let answer = match ask(c, ctx, &question, Help::Deliver).await {
            Typed::Text(a) => a.to_lowercase(),
            Typed::Back => PAGES.to_string(),
            Typed::Skip | Typed::Leave => String::new(),
        };
        if let Some(n) = answer.parse::<usize>().ok().filter(|n| (1..=PAGES).contains(n)) {
            page = n;
            continue;
        }
        if matches!(answer.as_str(), "s" | "si" | "sí" | "y" | "yes") {
            let words = deliver(c);
            c.tell(ctx, format!(" {words}"));
            return 0;
        }
        c.tell(ctx, format!(" {}", t.dx_draft));
        return 1;
    }
}

/// Asks until something other than `?` or `!CMD` is typed.
async fn ask(c: &Coach, ctx: &mut Ctx, question: &str, help: Help) -> Typed {
    loop {
        let Some(l) = c.ask(ctx, question).await else { return Typed::Leave };
        let l = l.trim();
        if l.is_empty() {
            return Typed::Skip;
        }
        if l == "<" {
            return Typed::Back;
        }
        if l == "?" {
            let words = match help {
                Help::Field(f) => explain(c, f),
                Help::IsIt => block("     ", 5, c.desk.borrow().t().dx_explain_is_it),
                Help::Deliver => block("     ", 5, c.desk.borrow().t().dx_explain_deliver),
            };
            c.say(ctx, words);
        } else if let Some(cmd) = l.strip_prefix('!') {
            let cmd = cmd.trim().to_owned();
            if let Some(last) = c.desk.borrow_mut().labs.last_mut() {
                last.push(cmd.clone());
            }
            ctx.spawn.shell(ctx.clone(), cmd, Vec::new()).await;
        } else {
            return Typed::Text(l.to_owned());
        }
    }
}

/// What a field means, with the row of the table where there is one.
fn explain(c: &Coach, field: Field) -> String {
    let d = c.desk.borrow();
    let t = d.t();
    let words = match field {
        Field::Evidence => t.dx_explain_evidence,
        Field::Code => t.dx_explain_code,
        Field::Enhanced => t.dx_explain_enhanced,
        Field::By => t.dx_explain_by,
        Field::Action => t.dx_explain_action,
        Field::Who => t.dx_explain_who,
        Field::Cause => t.dx_explain_cause,
    };
    let mut out = block("     ", 5, words);
    // The row of what was answered, not of what is right.
    if let (Some(CodeAnswer::Number(n)), true) =
        (d.draft.code, matches!(field, Field::Code | Field::Enhanced | Field::Action))
    {
        if let Some(r) = codes::row_for(n, None) {
            out.push_str(&block("     ", 7, &r.line(d.lang)));
            for e in r.enhanced {
                out.push_str(&block("       ", 9, &format!("{} {}", e.code, e.text.get(d.lang))));
            }
        }
    } else if field == Field::Code {
        for r in codes::ROWS.iter().filter(|r| r.is_class()) {
            out.push_str(&block("     ", 7, &r.line(d.lang)));
        }
    }
    out.push_str(&choices(field, d.lang));
    out
}

/// What can be chosen; nothing where words or a number are typed.
fn choices(field: Field, lang: Lang) -> String {
    let letter = |i: usize| char::from(b'a' + i as u8).to_string();
    let number = |i: usize| (i + 1).to_string();
    let entries: Vec<(String, &str)> = match field {
        Field::By => Decider::ALL.iter().enumerate().map(|(i, x)| (letter(i), x.text().get(lang))).collect(),
        Field::Action => Outcome::ALL.iter().enumerate().map(|(i, x)| (letter(i), x.text().get(lang))).collect(),
        Field::Who => Who::ALL.iter().enumerate().map(|(i, x)| (number(i), x.text().get(lang))).collect(),
        Field::Evidence | Field::Code | Field::Enhanced | Field::Cause => Vec::new(),
    };
    columns(&entries)
}

fn head(page: usize, text: &str) -> String {
    format!(" {page}/{PAGES} {text}")
}

async fn evidence(c: &Coach, ctx: &mut Ctx) -> Turn {
    let t = c.desk.borrow().t();
    c.tell(ctx, head(1, t.dx_evidence));
    let marks: Vec<String> = {
        let d = c.desk.borrow();
        d.draft.evidence.iter().chain(d.marks.iter().map(|(_, m)| m)).take(6).cloned().collect()
    };
    for (i, m) in marks.iter().enumerate() {
        c.tell(ctx, format!("     {} {}", i + 1, short(m, 70)));
    }
    loop {
        let quote = match ask(c, ctx, "     > ", Help::Field(Field::Evidence)).await {
            Typed::Skip => return Turn::Next,
            Typed::Back => return Turn::Back,
            Typed::Leave => return Turn::Leave,
            Typed::Text(q) => q.parse::<usize>().ok().and_then(|n| marks.get(n.wrapping_sub(1)).cloned()).unwrap_or(q),
        };
        let found = c.desk.borrow().locate(&quote, &pending(ctx));
        let Some((line, whole)) = found else {
            c.tell(ctx, format!("     {}", t.dx_unseen));
            continue;
        };
        let command = c.desk.borrow().command_of(line);
        c.say(ctx, block("     ", 5, &fill(t.dx_seen_at, &[&line, &short(command.trim(), 60)])));
        c.say(ctx, block("     ", 5, &around(&squash(&whole), &squash(&quote))));
        let meant = is_it(c, ctx).await;
        match meant {
            Meant::Other => continue,
            Meant::Leave => return Turn::Leave,
            Meant::This | Meant::AndMore => {}
        }
        let added = {
            let mut d = c.desk.borrow_mut();
            if d.draft.evidence.len() >= MAX_QUOTES && !d.draft.evidence.contains(&quote) {
                d.draft.evidence.remove(0);
            }
            d.draft.quote(&quote)
        };
        if let Err(m) = added {
            c.tell(ctx, format!("     {}", mistake(t, &m)));
            continue;
        }
        if meant == Meant::This {
            return Turn::Next;
        }
    }
}

/// What is said of the line that was found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meant {
    This,
    /// This, and one more.
    AndMore,
    /// Another piece instead.
    Other,
    Leave,
}

async fn is_it(c: &Coach, ctx: &mut Ctx) -> Meant {
    let t = c.desk.borrow().t();
    loop {
        match ask(c, ctx, &format!("     {}", t.dx_is_it), Help::IsIt).await {
            Typed::Skip => return Meant::This,
            Typed::Back => return Meant::Other,
            Typed::Leave => return Meant::Leave,
            Typed::Text(a) => match a.to_lowercase().as_str() {
                "s" | "si" | "sí" | "y" | "yes" => return Meant::This,
                "o" | "otra" | "otra mas" | "otra más" | "a" | "another" | "m" | "+" => return Meant::AndMore,
                a if a.starts_with('n') => return Meant::Other,
                _ => c.say(ctx, block("     ", 5, t.dx_explain_is_it)),
            },
        }
    }
}

/// A long line shortened so that its beginning and the quote can be read.
fn around(line: &str, quote: &str) -> String {
    let at = line.find(quote).map_or(0, |b| line[..b].chars().count());
    if at < 150 {
        return short(line, 220);
    }
    let head: String = line.chars().take(70).collect();
    let tail: String = line.chars().skip(at.saturating_sub(24)).collect();
    format!("{head}… …{}", short(&tail, 140))
}

/// Sets a field of the draft; says what is wrong with it.
fn set(c: &Coach, ctx: &Ctx, field: Field, text: &str) -> bool {
    let (done, t) = {
        let mut d = c.desk.borrow_mut();
        (d.draft.set(field, text), d.t())
    };
    if let Err(m) = done {
        c.tell(ctx, format!("     {}", mistake(t, &m)));
        return false;
    }
    true
}

/// What the draft has, as a reminder in the question.
fn was(c: &Coach, field: Field) -> String {
    let d = c.desk.borrow();
    if d.draft.has(field) { format!("[{}] ", label(&d.draft, field, d.lang)) } else { String::new() }
}

async fn text_field(c: &Coach, ctx: &mut Ctx, field: Field, page: usize) -> Turn {
    let (t, lang) = {
        let d = c.desk.borrow();
        (d.t(), d.lang)
    };
    let question = if field == Field::Code { t.dx_code } else { t.dx_enhanced };
    loop {
        let q = format!("{}{}", head(page, question), was(c, field));
        match ask(c, ctx, &q, Help::Field(field)).await {
            Typed::Skip => return Turn::Next,
            Typed::Back => return Turn::Back,
            Typed::Leave => return Turn::Leave,
            Typed::Text(s) => {
                if set(c, ctx, field, &s) {
                    let class = match c.desk.borrow().draft.code {
                        Some(CodeAnswer::Number(n)) if field == Field::Code => Class::of(n),
                        _ => None,
                    };
                    if let Some(class) = class {
                        c.tell(ctx, format!("     {}", fill(t.dx_class, &[&class.text().get(lang)])));
                    }
                    return Turn::Next;
                }
            }
        }
    }
}

/// Two columns of lettered choices.
fn columns(entries: &[(String, &str)]) -> String {
    let mut out = String::new();
    for pair in entries.chunks(2) {
        let cell = |e: &(String, &str)| format!("{} {}", e.0, e.1);
        let left = cell(&pair[0]);
        let line = match pair.get(1) {
            Some(r) if left.chars().count() <= 34 && 5 + 34 + 1 + cell(r).chars().count() <= WIDTH => {
                format!("     {left}{} {}", " ".repeat(34 - left.chars().count()), cell(r))
            }
            Some(r) => format!("     {left}\n     {}", cell(r)),
            None => format!("     {left}"),
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
}

async fn choice(c: &Coach, ctx: &mut Ctx, page: usize) -> Turn {
    let (t, lang) = {
        let d = c.desk.borrow();
        (d.t(), d.lang)
    };
    c.tell(ctx, head(page, t.dx_by));
    c.say(ctx, choices(Field::By, lang));
    one_of(c, ctx, Field::By).await
}

async fn one_of(c: &Coach, ctx: &mut Ctx, field: Field) -> Turn {
    loop {
        let q = format!("     {}> ", was(c, field));
        match ask(c, ctx, &q, Help::Field(field)).await {
            Typed::Skip => return Turn::Next,
            Typed::Back => return Turn::Back,
            Typed::Leave => return Turn::Leave,
            Typed::Text(s) => {
                if set(c, ctx, field, &s) {
                    return Turn::Next;
                }
            }
        }
    }
}

async fn outcome(c: &Coach, ctx: &mut Ctx, page: usize) -> Turn {
    let (t, lang) = {
        let d = c.desk.borrow();
        (d.t(), d.lang)
    };
    c.tell(ctx, head(page, t.dx_action));
    c.say(ctx, choices(Field::Action, lang));
    match one_of(c, ctx, Field::Action).await {
        Turn::Next => {}
        other => return other,
    }
    c.say(ctx, choices(Field::Who, lang));
    one_of(c, ctx, Field::Who).await
}

async fn cause(c: &Coach, ctx: &mut Ctx, page: usize) -> Turn {
    let (t, lang) = {
        let d = c.desk.borrow();
        (d.t(), d.lang)
    };
    loop {
        let (question, had) = (head(page, t.dx_cause), was(c, Field::Cause));
        let q = if had.is_empty() {
            question
        } else {
            // A cause is long: it stands on a line of its own.
            c.tell(ctx, question.trim_end_matches([' ', '>']));
            format!("     {had}> ")
        };
        let s = match ask(c, ctx, &q, Help::Field(Field::Cause)).await {
            Typed::Skip => return Turn::Next,
            Typed::Back => return Turn::Back,
            Typed::Leave => return Turn::Leave,
            Typed::Text(s) => s,
        };
        if s == "*" || s == "/" {
            c.say(ctx, catalogue(lang));
        } else if let Some(word) = s.strip_prefix('/') {
            let hits = causes::search(word, lang);
            if hits.is_empty() {
                c.tell(ctx, format!("     {}", fill(t.dx_cause_none, &[&short(word, 40)])));
            }
            for h in hits.iter().take(12) {
                c.say(ctx, block(&format!("     {} ", h.number), 8, h.text.get(lang)));
            }
        } else if set(c, ctx, Field::Cause, &s) {
            return Turn::Next;
        } else {
            c.tell(ctx, format!("     {}", t.dx_cause_search));
        }
    }
}

/// The whole catalogue, by the boxes of the flow chart.
fn catalogue(lang: Lang) -> String {
    let mut out = String::new();
    for g in causes::Group::ALL {
        out.push_str(&format!("     {}\n", g.text().get(lang)));
        for c in codes::CAUSES.iter().filter(|c| c.group == g) {
            out.push_str(&block(&format!("       {} ", c.number), 10, c.text.get(lang)));
        }
    }
    out
}
