//! Lessons: Markdown with a head, cut into screens, with command blocks that run on a host and questions.
//!
//! A file `lessons/LANG/NN-ID.md` opens with a head in TOML between two `+++` lines. A line `---` ends a screen. In a
//! screen, a fence ```` ```sh run ```` holds command lines for the lesson's host, ```` ```question ```` a question (its text,
//! `= answer | answer`, `! feedback`); `{{table}}` stands for the SMTP table. Everything else is shown. Under a command
//! line, `#> TEXT` says what its answer has in it, `#! TEXT` what it has not, and `#? N` its exit status when that is not 0:
//! what the lesson's words claim, held by a test and not shown.

pub mod drill;

use crate::base::{Chance, Lang, Time};
use crate::lab::lessons;
use crate::sim::World;
use serde::Deserialize;

/// The head of a lesson file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The same in both languages.
    pub id: String,
    /// What the learner types, in the lesson's language.
    pub name: String,
    pub title: String,
    pub minutes: u32,
    pub objectives: Vec<String>,
    /// Command lines that make the host's past; their output is not shown.
    pub setup: Vec<String>,
}

/// A piece of a screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Markdown to show.
    Text(String),
    /// Command lines that run on the host.
    Run(Vec<Command>),
    Question(Question),
}

/// A command line and what the lesson says of its answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Command {
    pub line: String,
    pub shows: Vec<String>,
    pub lacks: Vec<String>,
    pub status: i32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    pub text: String,
    pub answers: Vec<String>,
    pub feedback: String,
}

impl Question {
    /// Whether an answer is one of the right ones; case, accents' case and outer white space do not count.
    pub fn accepts(&self, given: &str) -> bool {
        let given = given.trim().to_lowercase();
        self.answers.iter().any(|a| a.to_lowercase() == given)
    }
}

#[derive(Clone, Debug)]
pub struct Lesson {
    pub head: Head,
    pub lang: Lang,
    pub screens: Vec<Vec<Part>>,
}

/// All lessons of a language, in order.
pub fn all(lang: Lang) -> Result<Vec<Lesson>, String> {
    let Some(dir) = lessons::FILES.get_dir(lang.to_string()) else { return Ok(Vec::new()) };
    let mut files: Vec<_> = dir.files().filter(|f| f.path().extension().is_some_and(|e| e == "md")).collect();
    files.sort_by_key(|f| f.path());
    files
        .into_iter()
        .map(|f| {
            let text = f.contents_utf8().unwrap_or_default();
            parse(text, lang).map_err(|e| format!("{}: {e}", f.path().display()))
        })
        .collect()
}

/// The lesson of that name or id, by its start if that is enough.
pub fn find(name: &str, lang: Lang) -> Result<Option<Lesson>, String> {
    let all = all(lang)?;
    let fits = |l: &&Lesson| l.head.id == name || l.head.name == name;
    if let Some(l) = all.iter().find(fits) {
        return Ok(Some(l.clone()));
    }
    if let Some(n) = name.parse::<usize>().ok().filter(|n| (1..=all.len()).contains(n)) {
        return Ok(Some(all[n - 1].clone()));
    }
    let mut near = all.iter().filter(|l| l.head.name.starts_with(name) || l.head.id.starts_with(name));
    Ok(match (near.next(), near.next()) {
        (Some(l), None) => Some(l.clone()),
        _ => None,
    })
}

/// Reads a lesson file.
pub fn parse(text: &str, lang: Lang) -> Result<Lesson, String> {
    let body = text.strip_prefix("+++\n").ok_or("a lesson opens with a line `+++`")?;
    let (head, body) = body.split_once("\n+++\n").ok_or("the head ends with a line `+++`")?;
    let head: Head = toml::from_str(head).map_err(|e| e.to_string())?;
    let mut screens = Vec::new();
    let mut screen = Screen::default();
    let mut fence: Option<(String, Vec<String>)> = None;
    for line in body.lines() {
        match (&mut fence, line) {
            (Some(_), "```") => {
                if let Some((kind, lines)) = fence.take() {
                    screen.fenced(&kind, lines)?;
                }
            }
            (Some((_, lines)), l) => lines.push(l.to_owned()),
            (None, "---") => screens.push(std::mem::take(&mut screen).done()),
            (None, l) if l.starts_with("```") => fence = Some((l[3..].trim().to_owned(), Vec::new())),
            (None, l) => screen.text.push(l.to_owned()),
        }
    }
    if fence.is_some() {
        return Err("a fence ``` is not closed".into());
    }
    screens.push(screen.done());
    Ok(Lesson { head, lang, screens })
}

/// The command lines of a fence with what is said of each.
fn commands(lines: Vec<String>) -> Result<Vec<Command>, String> {
    let mut out: Vec<Command> = Vec::new();
    for l in lines {
        let mark = ["#> ", "#! ", "#? "].into_iter().find_map(|m| l.strip_prefix(m).map(|rest| (m, rest.to_owned())));
        let Some((mark, text)) = mark else {
            out.push(Command { line: l, ..Command::default() });
            continue;
        };
        let Some(c) = out.last_mut() else { return Err(format!("`{l}` stands under no command line")) };
        match mark {
            "#> " => c.shows.push(text),
            "#! " => c.lacks.push(text),
            _ => c.status = text.trim().parse().map_err(|_| format!("`{l}` names no exit status"))?,
        }
    }
    Ok(out)
}

#[derive(Default)]
struct Screen {
    parts: Vec<Part>,
    text: Vec<String>,
}

impl Screen {
    fn flush(&mut self) {
        let text = self.text.join("\n").trim_matches('\n').to_owned();
        self.text.clear();
        if !text.is_empty() {
            self.parts.push(Part::Text(text));
        }
    }
    fn fenced(&mut self, kind: &str, lines: Vec<String>) -> Result<(), String> {
        match kind {
            "sh run" => {
                self.flush();
                self.parts.push(Part::Run(commands(lines)?));
            }
            "question" => {
                self.flush();
                let of = |mark: &'static str| lines.iter().filter_map(move |l| l.strip_prefix(mark));
                let text: Vec<&str> =
                    lines.iter().map(String::as_str).filter(|l| !l.starts_with("= ") && !l.starts_with("! ")).collect();
                let answers: Vec<String> = of("= ").flat_map(|l| l.split('|')).map(|a| a.trim().to_owned()).collect();
                let feedback: Vec<&str> = of("! ").collect();
                if answers.is_empty() || text.is_empty() || feedback.is_empty() {
                    return Err("a question has its text, a line `= answer`, and a line `! feedback`".into());
                }
                self.parts.push(Part::Question(Question {
                    text: text.join(" "),
                    answers,
                    feedback: feedback.join(" "),
                }));
            }
            _ => {
                self.text.push(format!("```{kind}"));
                self.text.extend(lines);
                self.text.push("```".into());
            }
        }
        Ok(())
    }
    fn done(mut self) -> Vec<Part> {
        self.flush();
        self.parts
    }
}

impl Lesson {
    /// The host of the lesson before its setup lines were run.
    pub fn world(&self) -> World {
        crate::lab::hosts::base_world(Time::from_civil(2026, 2, 6, 10, 2, 0), Chance::new(7))
    }
    /// All command blocks in order.
    pub fn blocks(&self) -> impl Iterator<Item = &Vec<Command>> {
        self.screens.iter().flatten().filter_map(|p| if let Part::Run(lines) = p { Some(lines) } else { None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lessons_are_the_same_in_both_languages() {
        let (es, en) = (all(Lang::Es).unwrap(), all(Lang::En).unwrap());
        assert!(es.len() >= 3);
        assert_eq!(es.len(), en.len());
        for (a, b) in es.iter().zip(&en) {
            assert_eq!(a.head.id, b.head.id);
            assert_eq!(a.head.setup, b.head.setup);
            assert!(a.blocks().eq(b.blocks()), "{}: the command blocks differ", a.head.id);
            assert_eq!(a.screens.len(), b.screens.len(), "{}", a.head.id);
        }
    }

    #[test]
    fn mistakes_in_a_lesson_are_named() {
        for (text, says) in
            [("x", "opens with"), ("+++\nid='a'\n", "head ends"), ("+++\nid='a'\n+++\n", "missing field")]
        {
            assert!(parse(text, Lang::Es).unwrap_err().contains(says), "{text:?}");
        }
        let head = "+++\nid='a'\nname='a'\ntitle='t'\nminutes=1\nobjectives=[]\nsetup=[]\n+++\n";
        assert!(parse(&format!("{head}```sh run\nls\n"), Lang::Es).unwrap_err().contains("not closed"));
        for (fence, says) in [("#> x", "under no command line"), ("ls\n#? many", "no exit status")] {
            let text = format!("{head}```sh run\n{fence}\n```\n");
            assert!(parse(&text, Lang::Es).unwrap_err().contains(says), "{fence}");
        }
        assert!(parse(&format!("{head}```question\nx\n```\n"), Lang::Es).unwrap_err().contains("a line `= answer`"));
    }

    #[test]
    fn answers_are_read_kindly() {
        let q = Question { text: "?".into(), answers: vec!["El disco".into()], feedback: String::new() };
        assert!(q.accepts("  el DISCO ") && !q.accepts("cuota"));
    }
}
