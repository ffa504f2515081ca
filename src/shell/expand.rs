//! Expansion of words: tilde, parameters, commands, arithmetic, splitting, file names.

use super::ast::{List, Part, RedirectKind, Word};
use super::parse::Parser;
use super::state::{Flow, R, Shell};
use super::{brace, bytes, glob, pattern};
use crate::command::io::{Fd, deep};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// A word on its way: its text, and the same as a pattern in which what was quoted is escaped.
#[derive(Clone, Debug, Default)]
pub(super) struct Field {
    pub text: String,
    pub pat: String,
    pub quoted: bool,
}

/// A file that stands for `<( )` or `>( )`; the latter's commands run when the command that writes has ended.
#[derive(Clone)]
pub struct Substitute {
    pub path: String,
    pub reader: Option<Rc<List>>,
}

/// How the results of expansions are treated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Splitting {
    /// Split by `IFS`.
    Words,
    /// One field (assignments, patterns, redirections of here-strings).
    Whole,
}

/// The fields of a word being built.
pub(super) struct Fields {
    pub done: Vec<Field>,
    pub cur: Field,
    pub splitting: Splitting,
    ifs: String,
    /// The last field was closed by blanks, so that a delimiter right behind closes nothing more.
    by_blank: bool,
}

impl Fields {
    fn new(splitting: Splitting, ifs: String) -> Fields {
        Fields { done: Vec::new(), cur: Field::default(), splitting, ifs, by_blank: false }
    }
    pub fn lit(&mut self, s: &str) {
        self.cur.text.push_str(s);
        self.cur.pat.push_str(s);
        self.by_blank = false;
    }
    pub fn quoted(&mut self, s: &str) {
        self.cur.quoted = true;
        self.cur.text.push_str(s);
        self.cur.pat.push_str(&pattern::escape(s));
        self.by_blank = false;
    }
    /// Ends the field, if there is one.
    pub fn close(&mut self) {
        if self.cur.quoted || !self.cur.text.is_empty() {
            self.done.push(std::mem::take(&mut self.cur));
        }
    }
    /// The result of an unquoted expansion.
    pub fn expanded(&mut self, s: &str) {
        if self.splitting == Splitting::Whole {
            self.lit(s);
            return;
        }
        for c in s.chars() {
            if !self.ifs.contains(c) {
                self.cur.text.push(c);
                self.cur.pat.push(c);
                self.by_blank = false;
            } else if " \t\n".contains(c) {
                if self.cur.quoted || !self.cur.text.is_empty() {
                    self.close();
                    self.by_blank = true;
                }
            } else if self.by_blank {
                self.by_blank = false;
            } else {
                self.done.push(std::mem::take(&mut self.cur));
            }
        }
    }
    pub fn first_ifs(&self) -> String {
        self.ifs.chars().next().map_or(String::new(), String::from)
    }
    fn finish(mut self) -> Vec<Field> {
        self.close();
        self.done
    }
}

type Later<'a, T> = Pin<Box<dyn Future<Output = R<T>> + 'a>>;

impl Shell {
    fn ifs(&self) -> String {
        self.vars.get("IFS").map_or_else(|| " \t\n".into(), |v| v.value().unwrap_or("").to_owned())
    }
    pub(super) fn fields(&self, s: Splitting) -> Fields {
        Fields::new(s, self.ifs())
    }
    /// All expansions of a command's words.
    pub async fn expand_words(&mut self, words: &[Word]) -> R<Vec<String>> {
        let mut out = Vec::new();
        for w in words {
            self.expand_word(w, &mut out).await?;
        }
        Ok(out)
    }
    /// All expansions of one word, added to `out`.
    pub async fn expand_word(&mut self, word: &Word, out: &mut Vec<String>) -> R<()> {
        if let [Part::Quoted(s)] = &word.parts[..] {
            out.push(s.clone());
            return Ok(());
        }
        let words = match if self.option("braceexpand") { brace::expand(word) } else { Ok(vec![word.clone()]) } {
            Ok(w) => w,
            Err(brace::TooMany(n)) => {
                self.complain(format!("brace expansion: failed to allocate memory for {n} elements"));
                vec![word.clone()]
            }
        };
        for w in &words {
            let mut f = self.fields(Splitting::Words);
            self.parts(&self.tilde(&w.parts, false), &mut f, false).await?;
            for field in f.finish() {
                self.globbed(field, out)?;
            }
            if out.len() > 1_000_000 {
                self.complain("Argument list too long");
                return Err(Flow::Discard(126));
            }
        }
        Ok(())
    }
    fn globbed(&mut self, f: Field, out: &mut Vec<String>) -> R<()> {
        let extglob = self.is_shopt("extglob");
        if self.option("noglob") || !pattern::is_special(&f.pat, extglob) {
            out.push(f.text);
            return Ok(());
        }
        let options = glob::Options {
            extglob,
            dotglob: self.is_shopt("dotglob"),
            nocase: self.is_shopt("nocaseglob"),
            globstar: self.is_shopt("globstar"),
        };
        let mut found = glob::glob(&self.world.borrow().host.fs, &self.cred, &self.cwd, &f.pat, options);
        if found.is_empty() {
            if self.is_shopt("failglob") {
                self.complain(format!("no match: {}", f.text));
                return Err(Flow::Discard(1));
            }
            if !self.is_shopt("nullglob") {
                out.push(f.text);
            }
        }
        out.append(&mut found);
        Ok(())
    }
    /// Expands to one text, without splitting and file names (assignments, `case`, here-strings).
    pub fn expand_whole<'a>(&'a mut self, word: &'a Word) -> Later<'a, String> {
        Box::pin(async move {
            if let [Part::Quoted(s)] = &word.parts[..] {
                return Ok(s.clone());
            }
            let mut f = self.fields(Splitting::Whole);
            self.parts(&self.tilde(&word.parts, false), &mut f, false).await?;
            Ok(f.cur.text)
        })
    }
    /// The value of an assignment: as [`Shell::expand_whole`], with a tilde behind each colon.
    pub async fn expand_assignment(&mut self, word: &Word) -> R<String> {
        let mut f = self.fields(Splitting::Whole);
        self.parts(&self.tilde(&word.parts, true), &mut f, false).await?;
        Ok(f.cur.text)
    }
    /// Expands to a pattern.
    pub async fn expand_pattern(&mut self, word: &Word) -> R<String> {
        let mut f = self.fields(Splitting::Whole);
        self.parts(&self.tilde(&word.parts, false), &mut f, false).await?;
        Ok(f.cur.pat)
    }
    /// Expands the inside of `$(( ))` or of a subscript.
    pub async fn expand_arith(&mut self, parts: &[Part]) -> R<i64> {
        let mut f = self.fields(Splitting::Whole);
        self.parts(parts, &mut f, true).await?;
        let text = f.cur.text;
        match self.arithmetic(&text) {
            Ok(v) => Ok(v),
            Err(e) => {
                if !e.is_empty() {
                    self.complain(e);
                }
                Err(Flow::Discard(1))
            }
        }
    }
    /// Replaces the tilde that a word begins with, in an assignment also behind `:` .
    fn tilde(&self, parts: &[Part], assignment: bool) -> Vec<Part> {
        let mut out = parts.to_vec();
        let n = out.len();
        for (i, p) in out.iter_mut().enumerate() {
            let Part::Lit(s) = p else { continue };
            if !s.contains('~') {
                continue;
            }
            let mut pieces: Vec<String> = Vec::new();
            let mut changed = false;
            let split: Vec<&str> = if assignment { s.split(':').collect() } else { vec![s.as_str()] };
            let last = split.len() - 1;
            for (k, piece) in split.iter().enumerate() {
                let at_start = k > 0 || i == 0;
                let whole = piece.contains('/') || k < last || i + 1 == n;
                match piece.strip_prefix('~').filter(|_| at_start && whole) {
                    Some(rest) => {
                        let (user, tail) = rest.split_once('/').map_or((rest, None), |(u, t)| (u, Some(t)));
                        match self.tilde_user(user) {
                            Some(home) => {
                                changed = true;
                                pieces.push(match tail {
                                    Some(t) => format!("{}/{t}", home.trim_end_matches('/')),
                                    None => home,
                                });
                            }
                            None => pieces.push((*piece).to_owned()),
                        }
                    }
                    None => pieces.push((*piece).to_owned()),
                }
            }
            if changed {
                *s = pieces.join(":");
            }
        }
        out
    }
    fn tilde_user(&self, user: &str) -> Option<String> {
        match user {
            "" => Some(self.home()),
            "+" => Some(self.cwd.clone()),
            "-" => self.value("OLDPWD"),
            u => self.world.borrow().host.user(u).map(|u| u.home.clone()),
        }
    }
    /// Expands parts into fields; `quoted` inside double quotes.
    pub(super) fn parts<'a>(&'a mut self, parts: &'a [Part], f: &'a mut Fields, quoted: bool) -> Later<'a, ()> {
        let parts: Vec<Part> = parts.to_vec();
        Box::pin(async move {
            for p in &parts {
                match p {
                    Part::Lit(s) if quoted => f.quoted(s),
                    Part::Lit(s) => f.lit(s),
                    Part::Quoted(s) => f.quoted(s),
                    Part::Double(inner) => {
                        if inner.is_empty() {
                            f.quoted("");
                        }
                        deep(self.parts(inner, f, true)).await?;
                    }
                    Part::Param(p) => deep(self.param(p, f, quoted)).await?,
                    Part::Command(list, _) => {
                        let text = self.substitute(list.clone()).await?;
                        if quoted { f.quoted(&text) } else { f.expanded(&text) }
                    }
                    Part::Backquote(src) => {
                        let mut parser = Parser::script(src, self.settings()).with_line(self.line.max(1));
                        let mut list = Vec::new();
                        loop {
                            match parser.next_command() {
                                Ok(Some(mut l)) => list.append(&mut l),
                                Ok(None) => break,
                                Err(e) => {
                                    for m in e.messages() {
                                        self.complain(format!("command substitution: {m}"));
                                    }
                                    list.clear();
                                    break;
                                }
                            }
                        }
                        let text = self.substitute(Rc::new(list)).await?;
                        if quoted { f.quoted(&text) } else { f.expanded(&text) }
                    }
                    Part::Arith(inner) => {
                        let v = self.expand_arith(inner).await?.to_string();
                        if quoted { f.quoted(&v) } else { f.expanded(&v) }
                    }
                    Part::Process { write, list, .. } => {
                        let path = self.process(*write, list.clone()).await?;
                        f.quoted(&path);
                    }
                }
            }
            Ok(())
        })
    }
    /// `$( )`: the output without the newlines at its end.
    async fn substitute(&mut self, list: Rc<List>) -> R<String> {
        let data = match self.read_only(&list) {
            Some(word) => {
                let name = self.expand_whole(&word).await?;
                let read = self.world.borrow().host.fs.read(&self.cred, &self.path(&name));
                match read {
                    Ok(b) => {
                        self.substituted = Some(0);
                        b.bytes().into_owned()
                    }
                    Err(e) => {
                        self.complain(format!("{name}: {e}"));
                        self.substituted = Some(1);
                        Vec::new()
                    }
                }
            }
            None => self.capture(list).await?,
        };
        if data.contains(&0) {
            self.complain("warning: command substitution: ignored null byte in input");
        }
        let mut text = bytes::decode(&data);
        text.truncate(text.trim_end_matches('\n').len());
        Ok(text)
    }
    /// `$(< file)`.
    fn read_only(&self, list: &List) -> Option<Word> {
        let [item] = &list[..] else { return None };
        let [stage] = &item.and_or.first.stages[..] else { return None };
        if !item.and_or.rest.is_empty() {
            return None;
        }
        let super::ast::Command::Simple(s) = &**stage else { return None };
        match &s.redirects[..] {
            [r] if s.args.is_empty() && s.assigns.is_empty() => match &r.kind {
                RedirectKind::Read(w) if r.fd.is_none() => Some(w.clone()),
                _ => None,
            },
            _ => None,
        }
    }
    /// Runs commands in a subshell and gives their output.
    async fn capture(&mut self, list: Rc<List>) -> R<Vec<u8>> {
        let mut sub = self.subshell();
        let out = Rc::new(RefCell::new(VecDeque::new()));
        sub.fds.insert(1, Fd::Memory(out.clone()));
        if !self.is_shopt("inherit_errexit") {
            sub.options.insert("errexit", false);
        }
        let status = sub.run_subshell(list).await;
        self.substituted = Some(status);
        self.status = status;
        self.check_interrupt()?;
        let data = out.borrow().iter().copied().collect();
        Ok(data)
    }
    /// `<( )` and `>( )` as a file under /dev/fd. The commands of `<( )` run to their end first.
    async fn process(&mut self, write: bool, list: Rc<List>) -> R<String> {
        let data = if write { Vec::new() } else { self.capture(list.clone()).await? };
        let mut w = self.world.borrow_mut();
        let fs = &mut w.host.fs;
        let number = (10..64).rev().find(|n| !fs.exists(&format!("/dev/fd/{n}"))).unwrap_or(10);
        let path = format!("/dev/fd/{number}");
        if !write {
            self.fds.insert(number, Fd::memory(&data));
        }
        if !fs.exists("/dev/fd") {
            let _ = fs.mkdir_all("/dev/fd");
        }
        let root = crate::host::Cred::root();
        let _ = fs.write(&root, &path, data, 0o600);
        let _ = fs.chown(&root, &path, Some(self.cred.uid), Some(self.cred.gid), false);
        drop(w);
        self.substitutes.push(Substitute { path: path.clone(), reader: write.then_some(list) });
        Ok(path)
    }
    /// Ends the process substitutions made since there were `keep` of them.
    pub(super) async fn end_substitutes(&mut self, keep: usize) {
        while self.substitutes.len() > keep {
            let Some(s) = self.substitutes.pop() else { return };
            if let Some(n) = s.path.rsplit('/').next().and_then(|n| n.parse().ok()) {
                self.fds.remove(&n);
            }
            let data = self.world.borrow().host.fs.read(&self.cred, &s.path).map(|b| b.bytes().into_owned());
            let _ = self.world.borrow_mut().host.fs.unlink(&crate::host::Cred::root(), &s.path);
            if let Some(list) = s.reader {
                let mut sub = self.subshell();
                sub.fds.insert(0, Fd::memory(&data.unwrap_or_default()));
                sub.run_subshell(list).await;
            }
        }
    }
}
