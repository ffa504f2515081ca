//! Redirections and the start of here-documents.

use super::super::ast::{HereDoc, Redirect, RedirectKind};
use super::{Parser, Res};
use std::cell::OnceCell;
use std::rc::Rc;

impl Parser {
    pub(super) fn redirect(&mut self) -> Res<Option<Redirect>> {
        let at = self.at;
        let (mut fd, mut var) = (None, None);
        if self.peek() == Some('{') {
            let mut e = at + 1;
            while self.src.get(e).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_') {
                e += 1;
            }
            if e > at + 1 && self.src.get(e) == Some(&'}') && matches!(self.src.get(e + 1), Some('<' | '>')) {
                var = Some(self.src[at + 1..e].iter().collect());
                self.at = e + 1;
            }
        } else {
            while self.peek().is_some_and(|c| c.is_ascii_digit()) {
                self.at += 1;
            }
            if self.at > at {
                fd = self.text(at).parse().ok();
            }
        }
        let both = fd.is_none() && var.is_none();
        let op = ["&>>", "&>", "<<<", "<<-", "<<", "<&", "<>", ">>", ">&", ">|", "<", ">"]
            .into_iter()
            .find(|op| self.starts(op) && (both || !op.starts_with('&')));
        let Some(op) = op else {
            self.at = at;
            return Ok(None);
        };
        if (op == "<" || op == ">") && self.peek_at(1) == Some('(') {
            self.at = at;
            return Ok(None);
        }
        self.eat(op);
        self.blanks();
        if op == "<<" || op == "<<-" {
            return self.here_doc(fd, var, op == "<<-").map(Some);
        }
        let Some(w) = self.word()? else { return Err(self.unexpected()) };
        let kind = match op {
            "&>>" => RedirectKind::Both(w, true),
            "&>" => RedirectKind::Both(w, false),
            "<<<" => RedirectKind::HereString(w),
            "<&" => RedirectKind::DupIn(w),
            "<>" => RedirectKind::ReadWrite(w),
            ">>" => RedirectKind::Append(w),
            ">&" => match w.literal() {
                Some(l) if fd.is_none() && !l.ends_with('-') && l.parse::<u32>().is_err() => {
                    RedirectKind::Both(w, false)
                }
                _ => RedirectKind::DupOut(w),
            },
            ">|" => RedirectKind::Clobber(w),
            "<" => RedirectKind::Read(w),
            _ => RedirectKind::Write(w),
        };
        Ok(Some(Redirect { fd, var, kind }))
    }
    fn here_doc(&mut self, fd: Option<u32>, var: Option<String>, strip: bool) -> Res<Redirect> {
        let from = self.at;
        if self.word()?.is_none() {
            return Err(self.unexpected());
        }
        let raw = self.text(from);
        let quoted = raw.contains(['\'', '"', '\\']);
        let delimiter = unquote(&raw);
        let doc = Rc::new(HereDoc { delimiter, strip, quoted, line: self.line, body: OnceCell::new() });
        self.pending.push(doc.clone());
        Ok(Redirect { fd, var, kind: RedirectKind::HereDoc(doc) })
    }
}

/// Quote removal of a here-document's delimiter.
fn unquote(raw: &str) -> String {
    let mut out = String::new();
    let mut chars = raw.chars();
    let mut quote = None;
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            (None | Some('"'), '\\') => out.extend(chars.next()),
            (_, c) => out.push(c),
        }
    }
    out
}
