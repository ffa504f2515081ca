//! The options of sendmail(1), read one by one: getopt(3), with `-q` that may stand alone and the old forms of `-XV`.

use crate::command::Ctx;

/// Where the reading is.
pub(super) struct Options {
    spec: &'static str,
    /// The argument at hand, and how many of its letters were read.
    at: usize,
    letters: usize,
    /// Arguments that are read as if they were something else.
    words: Vec<String>,
}

impl Options {
    pub fn new(ctx: &Ctx, spec: &'static str) -> Options {
        Options { spec, at: 1, letters: 1, words: ctx.args.clone() }
    }

    /// The next option and its value; `?` for one that is none, which is said. A `-q` of its own has the value `-`.
    pub fn next(&mut self, ctx: &Ctx) -> Option<(char, String)> {
        let word = self.words.get(self.at)?.clone();
        if self.letters == 1 {
            if let Some(two) = word.strip_prefix("-XV").filter(|_| word.len() == 3) {
                self.at += 1;
                return Some(('X', format!("V{two}")));
            }
            match word.as_str() {
                "-q" => {
                    self.at += 1;
                    return Some(('q', "-".to_owned()));
                }
                "--" => {
                    self.at += 1;
                    return None;
                }
                _ if !word.starts_with('-') || word.len() == 1 => return None,
                _ => {}
            }
        }
        let program = ctx.args.first().map_or("", String::as_str);
        let c = word[self.letters..].chars().next()?;
        let rest = self.letters + c.len_utf8();
        let more = rest < word.len();
        let Some(at) = self.spec.find(c).filter(|_| c != ':') else {
            ctx.err(format!("{program}: invalid option -- '{c}'\n"));
            self.pass(rest, more);
            return Some(('?', String::new()));
        };
        if !self.spec[at + 1..].starts_with(':') {
            self.pass(rest, more);
            return Some((c, String::new()));
        }
        let value = if more { Some(word[rest..].to_owned()) } else { self.words.get(self.at + 1).cloned() };
        self.at += if more { 1 } else { 2 };
        self.letters = 1;
        if let Some(v) = value {
            return Some((c, v));
        }
        ctx.err(format!("{program}: option requires an argument -- '{c}'\n"));
        Some(('?', String::new()))
    }

    fn pass(&mut self, rest: usize, more: bool) {
        if more {
            self.letters = rest;
        } else {
            self.at += 1;
            self.letters = 1;
        }
    }

    /// `-V +=` and `-V+=`, which were VERP once, are read as `-XV` and `-XV+=`: the word as it was and as it is taken.
    pub fn modernise(&mut self) -> Option<(String, String)> {
        let word = self.words.get(self.at).filter(|w| self.letters == 1 && w.starts_with("-V"))?.clone();
        let two = self.words.get(self.at + 1).is_some_and(|n| n.len() == 2);
        if !(word.len() == 4 || word == "-V" && two) {
            return None;
        }
        let new = format!("-X{}", &word[1..]);
        self.words[self.at].clone_from(&new);
        Some((word, new))
    }

    /// What comes after the options.
    pub fn operands(&self, ctx: &Ctx) -> Vec<String> {
        ctx.args.get(self.at..).map(<[String]>::to_vec).unwrap_or_default()
    }
}
