//! awk's variables, the record and its fields.

use super::super::super::regex::{Flags, Re, Syntax};
use super::super::parse::unescape;
use super::super::value::{V, outside};
use super::array::Array;
use super::{Awk, Res};
use crate::command::Ctx;

impl Awk {
    pub(super) fn array_id(&mut self, name: &str) -> usize {
        if let Some(f) = self.frames.last_mut()
            && let Some(l) = f.get_mut(name)
        {
            if let Some(id) = l.array {
                return id;
            }
            self.next_array += 1;
            l.array = Some(self.next_array);
            self.arrays.insert(self.next_array, Array::new());
            if let Some(o) = self.owned.last_mut() {
                o.push(self.next_array);
            }
            return self.next_array;
        }
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        self.next_array += 1;
        self.names.insert(name.to_owned(), self.next_array);
        self.arrays.insert(self.next_array, Array::new());
        self.next_array
    }
    pub(super) fn assign_operand(&mut self, text: &str) -> bool {
        let Some((n, v)) = text.split_once('=') else { return false };
        let ok = n.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && n.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if ok {
            self.set_var(n, outside(unescape(v.as_bytes())));
        }
        ok
    }
    pub(super) fn get_var(&mut self, n: &str) -> V {
        if let Some(l) = self.frames.last().and_then(|f| f.get(n)) {
            return l.value.clone();
        }
        if n == "NF" {
            self.split_record();
        }
        self.globals.get(n).cloned().unwrap_or_default()
    }
    pub(super) fn set_var(&mut self, n: &str, v: V) {
        if let Some(l) = self.frames.last_mut().and_then(|f| f.get_mut(n)) {
            l.value = v;
            return;
        }
        if n == "NF" {
            self.split_record();
            let count = (v.num().max(0.0) as usize).min(100_000);
            self.fields.resize(count, V::Str(Vec::new()));
            self.stale = true;
        }
        if let Some(g) = self.globals.get_mut(n) {
            *g = v;
        } else {
            self.globals.insert(n.to_owned(), v);
        }
    }
    pub(super) fn convert(&self) -> String {
        match self.globals.get("CONVFMT") {
            Some(V::Str(s)) => String::from_utf8_lossy(s).into_owned(),
            _ => "%.6g".into(),
        }
    }
    pub(super) fn text(&self, v: &V) -> Vec<u8> {
        match v {
            V::Num(_) => v.text(&self.convert()),
            v => v.text(""),
        }
    }
    pub(super) fn var_text(&mut self, n: &str) -> Vec<u8> {
        let v = self.get_var(n);
        self.text(&v)
    }
    pub(super) fn set_record(&mut self, r: Vec<u8>) {
        self.record = r;
        self.split = false;
        self.stale = false;
    }
    fn split_record(&mut self) {
        if self.split {
            return;
        }
        self.split = true;
        let fs = self.var_text("FS");
        let record = std::mem::take(&mut self.record);
        self.fields = self.pieces(&record, &fs).into_iter().map(outside).collect();
        self.record = record;
        let n = self.fields.len() as f64;
        self.globals.insert("NF".into(), V::Num(n));
    }
    /// Splits by a separator as FS says.
    pub(super) fn pieces(&mut self, s: &[u8], fs: &[u8]) -> Vec<Vec<u8>> {
        if s.is_empty() {
            return Vec::new();
        }
        if fs == b" " {
            return s
                .split(|b| matches!(b, b' ' | b'\t' | b'\n'))
                .filter(|p| !p.is_empty())
                .map(<[u8]>::to_vec)
                .collect();
        }
        if fs.is_empty() {
            return s.iter().map(|b| vec![*b]).collect();
        }
        if let [c] = fs
            && *c != b'\\'
        {
            let paragraph = matches!(self.globals.get("RS"), Some(V::Str(r)) if r.is_empty());
            return s.split(|b| b == c || (paragraph && *b == b'\n')).map(<[u8]>::to_vec).collect();
        }
        let Some(re) = self.regex(fs) else { return vec![s.to_vec()] };
        let (mut out, mut at, mut from) = (Vec::new(), 0, 0);
        while let Some((a, b)) = re.find_at(s, from) {
            if b == a {
                from = b + 1;
                if from > s.len() {
                    break;
                }
                continue;
            }
            out.push(s[at..a].to_vec());
            at = b;
            from = b;
        }
        out.push(s[at..].to_vec());
        out
    }
    fn regex(&mut self, pattern: &[u8]) -> Option<Re> {
        if let Some(r) = self.cache.get(pattern) {
            return Some(r.clone());
        }
        let text = String::from_utf8_lossy(pattern).into_owned();
        let re = Re::new(&text, Syntax::Awk, Flags { dot_all: true, ..Flags::default() }).ok()?;
        if self.cache.len() > 500 {
            self.cache.clear();
        }
        self.cache.insert(pattern.to_vec(), re.clone());
        Some(re)
    }
    pub(super) fn need_regex(&mut self, ctx: &Ctx, pattern: &[u8]) -> Res<Re> {
        match self.regex(pattern) {
            Some(r) => Ok(r),
            None => {
                let t = String::from_utf8_lossy(pattern).into_owned();
                Err(self.die(ctx, &format!("regular expression compile failed (bad class -- [], [^] or [)\n{t}")))
            }
        }
    }
    pub(super) fn whole(&mut self) -> Vec<u8> {
        if self.stale {
            let ofs = self.var_text("OFS");
            let parts: Vec<Vec<u8>> = self.fields.iter().map(|f| self.text(f)).collect();
            self.record = parts.join(&ofs[..]);
            self.stale = false;
        }
        self.record.clone()
    }
    pub(super) fn field(&mut self, i: usize) -> V {
        if i == 0 {
            return outside(self.whole());
        }
        self.split_record();
        self.fields.get(i - 1).cloned().unwrap_or_default()
    }
    pub(super) fn set_field(&mut self, ctx: &Ctx, i: usize, v: V) -> Res<()> {
        if i == 0 {
            let t = self.text(&v);
            self.set_record(t);
            return Ok(());
        }
        if i > 32_767 {
            return Err(self.die(ctx, &format!("program limit exceeded: maximum number of fields size={i}")));
        }
        self.split_record();
        if self.fields.len() < i {
            self.fields.resize(i, V::Str(Vec::new()));
            self.globals.insert("NF".into(), V::Num(i as f64));
        }
        self.fields[i - 1] = v;
        self.stale = true;
        Ok(())
    }
}
