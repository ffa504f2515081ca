//! Shell variables: scalars, arrays, attributes, dynamic scope.

use std::collections::BTreeMap;

/// What a variable holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Declared and not set.
    Unset,
    Scalar(String),
    Indexed(BTreeMap<i64, String>),
    Assoc(Assoc),
}

/// An associative array. Listed in the order of bash's hash table, which depends on the keys alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assoc {
    entries: Vec<(String, String)>,
}

impl Assoc {
    pub fn get(&self, key: &str) -> Option<&str> {
        self.entries.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }
    pub fn set(&mut self, key: &str, value: String) {
        match self.entries.iter_mut().find(|(k, _)| k == key) {
            Some((_, v)) => *v = value,
            None => self.entries.push((key.to_owned(), value)),
        }
    }
    pub fn remove(&mut self, key: &str) {
        self.entries.retain(|(k, _)| k != key);
    }
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
    /// Entries in bash's order: by bucket of 1024 (FNV-1), the newest of a bucket first.
    pub fn entries(&self) -> Vec<(&str, &str)> {
        let bucket =
            |k: &str| k.bytes().fold(2_166_136_261u32, |h, b| h.wrapping_mul(16_777_619) ^ u32::from(b)) & 1023;
        let mut all: Vec<(&str, &str)> = self.entries.iter().rev().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        all.sort_by_key(|(k, _)| bucket(k));
        all
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Var {
    pub content: Content,
    pub exported: bool,
    pub readonly: bool,
    pub integer: bool,
    /// `l` or `u` of `declare`.
    pub case: Option<char>,
    pub nameref: bool,
}

impl Default for Var {
    fn default() -> Self {
        Var { content: Content::Unset, exported: false, readonly: false, integer: false, case: None, nameref: false }
    }
}

impl Var {
    pub fn scalar(v: &str) -> Var {
        Var { content: Content::Scalar(v.to_owned()), ..Var::default() }
    }
    /// The value as `$name`.
    pub fn value(&self) -> Option<&str> {
        match &self.content {
            Content::Unset => None,
            Content::Scalar(s) => Some(s),
            Content::Indexed(a) => a.get(&0).map(String::as_str),
            Content::Assoc(a) => a.get("0"),
        }
    }
    /// All values, in order.
    pub fn values(&self) -> Vec<String> {
        match &self.content {
            Content::Unset => Vec::new(),
            Content::Scalar(s) => vec![s.clone()],
            Content::Indexed(a) => a.values().cloned().collect(),
            Content::Assoc(a) => a.entries().into_iter().map(|(_, v)| v.to_owned()).collect(),
        }
    }
    /// All keys, in order.
    pub fn keys(&self) -> Vec<String> {
        match &self.content {
            Content::Unset => Vec::new(),
            Content::Scalar(_) => vec!["0".into()],
            Content::Indexed(a) => a.keys().map(i64::to_string).collect(),
            Content::Assoc(a) => a.entries().into_iter().map(|(k, _)| k.to_owned()).collect(),
        }
    }
    pub fn is_array(&self) -> bool {
        matches!(self.content, Content::Indexed(_) | Content::Assoc(_))
    }
    /// The letters of `declare -p`, `--` for none.
    pub fn flags(&self) -> String {
        let mut f = String::from("-");
        match self.content {
            Content::Indexed(_) => f.push('a'),
            Content::Assoc(_) => f.push('A'),
            _ => {}
        }
        for (on, c) in [(self.integer, 'i'), (self.nameref, 'n'), (self.readonly, 'r'), (self.exported, 'x')] {
            if on {
                f.push(c);
            }
        }
        f.extend(self.case);
        if f.len() == 1 {
            f.push('-');
        }
        f
    }
}

/// Whether a text is a name (`[A-Za-z_][A-Za-z0-9_]*`).
pub fn is_name(s: &str) -> bool {
    s.bytes().next().is_some_and(|c| c.is_ascii_alphabetic() || c == b'_')
        && s.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_')
}

/// All variables, and for each running function what its locals hide.
#[derive(Clone, Debug, Default)]
pub struct Vars {
    map: BTreeMap<String, Var>,
    frames: Vec<BTreeMap<String, Option<Var>>>,
}

impl Vars {
    pub fn get(&self, name: &str) -> Option<&Var> {
        self.map.get(name)
    }
    pub fn entry(&mut self, name: &str) -> &mut Var {
        self.map.entry(name.to_owned()).or_default()
    }
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Var> {
        self.map.get_mut(name)
    }
    pub fn remove(&mut self, name: &str) {
        self.map.remove(name);
    }
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Var)> {
        self.map.iter()
    }
    /// Puts a whole variable.
    pub fn put(&mut self, name: &str, var: Option<Var>) {
        match var {
            Some(v) => {
                self.map.insert(name.to_owned(), v);
            }
            None => {
                self.map.remove(name);
            }
        }
    }
    pub fn push_frame(&mut self) {
        self.frames.push(BTreeMap::new());
    }
    pub fn pop_frame(&mut self) {
        for (name, old) in self.frames.pop().unwrap_or_default() {
            self.put(&name, old);
        }
    }
    pub fn in_function(&self) -> bool {
        !self.frames.is_empty()
    }
    /// Makes `name` local to the running function; the value outside comes back when it returns.
    pub fn localize(&mut self, name: &str) {
        let old = self.map.get(name).cloned();
        let exported = old.as_ref().is_some_and(|v| v.exported);
        if let Some(f) = self.frames.last_mut()
            && !f.contains_key(name)
        {
            f.insert(name.to_owned(), old);
            self.map.insert(name.to_owned(), Var { exported, ..Var::default() });
        }
    }
    pub fn is_local(&self, name: &str) -> bool {
        self.frames.last().is_some_and(|f| f.contains_key(name))
    }
    /// Names of the locals of the running function.
    pub fn locals(&self) -> Vec<String> {
        self.frames.last().map(|f| f.keys().cloned().collect()).unwrap_or_default()
    }
    /// The environment of a program.
    pub fn environment(&self) -> BTreeMap<String, String> {
        self.map
            .iter()
            .filter(|(_, v)| v.exported)
            .filter_map(|(k, v)| match &v.content {
                Content::Scalar(s) => Some((k.clone(), s.clone())),
                _ => None,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locals_come_back() {
        let mut v = Vars::default();
        *v.entry("x") = Var::scalar("out");
        v.push_frame();
        v.localize("x");
        *v.entry("x") = Var::scalar("in");
        v.localize("y");
        v.pop_frame();
        assert_eq!(v.get("x").and_then(Var::value), Some("out"));
        assert!(v.get("y").is_none());
    }
}
