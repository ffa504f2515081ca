//! Reads typed blocks out of a [`Node`] tree. Every mistake is reported and a default stands in, so that one run finds
//! them all. `{name}` in a text is replaced by the parameter of that name; `${name}` and `{ name }` are left alone.

use super::diagnostic::{Diagnostic, nearest, one_of};
use super::tree::{Entry, Node, Value};
use crate::base::Time;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::ops::Range;

/// What reading needs and gathers.
#[derive(Default)]
pub struct Reader {
    pub diagnostics: Vec<Diagnostic>,
    /// The value of every parameter at this seed, `who.user` for a field of a picked table.
    pub params: BTreeMap<String, String>,
    /// The lab's instant of play, once read.
    pub now: Time,
}

/// No more mistakes than this are reported.
const MAX_DIAGNOSTICS: usize = 200;

impl Reader {
    pub fn report(&mut self, d: Diagnostic) {
        if self.diagnostics.len() < MAX_DIAGNOSTICS && !self.diagnostics.contains(&d) {
            self.diagnostics.push(d);
        }
    }
    pub fn error(&mut self, span: &Range<usize>, message: impl Into<String>) {
        self.report(Diagnostic::error(span.clone(), message));
    }
    /// An unknown word where one of `names` was expected.
    pub fn unknown<'a>(&mut self, span: &Range<usize>, what: &str, word: &str, names: &[&'a str]) -> Option<&'a str> {
        let near = nearest(word, names.iter().copied());
        let help = match near {
            Some(n) => format!("did you mean `{n}`?"),
            None => format!("expected {}", one_of(names.iter().copied())),
        };
        self.report(Diagnostic::error(span.clone(), format!("unknown {what} `{word}`")).label("unknown").help(help));
        near
    }
    fn wrong_type(&mut self, node: &Node, expected: &str) {
        self.report(
            Diagnostic::error(node.span.clone(), format!("expected {expected}, found {}", node.type_name()))
                .label(format!("expected {expected}")),
        );
    }
    /// The entries of a table whose keys are all known.
    pub fn table<'n>(&mut self, node: &'n Node, known: &[&str]) -> &'n [Entry] {
        let Value::Table(entries) = &node.value else {
            self.wrong_type(node, "a table");
            return &[];
        };
        for e in entries {
            if !known.contains(&e.key.as_str()) {
                let span = e.key_span.clone();
                self.unknown(&span, "key", &e.key, known);
            }
        }
        entries
    }
    /// The value of a key, or the default; a missing required one is reported at the table.
    pub fn key<T: Field>(&mut self, node: &Node, entries: &[Entry], key: &str, required: bool) -> T {
        if let Some(e) = entries.iter().find(|e| e.key == key) {
            return T::read(&e.node, self);
        }
        if required && matches!(node.value, Value::Table(_)) {
            let mut d = Diagnostic::error(head_span(node), format!("missing key `{key}`"));
            d.label = format!("needs `{key}`: {}", T::expected());
            self.report(d);
        }
        T::missing()
    }
    /// A text with its parameters put in.
    pub fn text(&mut self, node: &Node) -> String {
        if let Value::Text(t) = &node.value {
            return self.substitute(t, &node.span);
        }
        self.wrong_type(node, "a text");
        String::new()
    }
    /// Puts parameters into `text`; unknown ones are reported at `span`.
    pub fn substitute(&mut self, text: &str, span: &Range<usize>) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let escaped = rest[..open].ends_with('$');
            out.push_str(&rest[..open]);
            let tail = &rest[open + 1..];
            let name = tail.split_once('}').map(|(n, _)| n).filter(|n| !escaped && is_name(n));
            let Some(name) = name else {
                out.push('{');
                rest = tail;
                continue;
            };
            if let Some(v) = self.params.get(name) {
                out.push_str(v);
            } else {
                let names: Vec<String> = self.params.keys().cloned().collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let help = match nearest(name, names.iter().copied()) {
                    Some(n) => format!("did you mean `{{{n}}}`?"),
                    None if names.is_empty() => "the lab has no [params]".to_owned(),
                    None => format!("[params] has {}", one_of(names)),
                };
                self.report(
                    Diagnostic::error(span.clone(), format!("no parameter is named `{{{name}}}`"))
                        .label("in this text")
                        .help(help),
                );
            }
            rest = &tail[name.len() + 1..];
        }
        out.push_str(rest);
        out
    }
}

/// Where to point for a whole table: its opening line, not all of it.
fn head_span(node: &Node) -> Range<usize> {
    node.span.start..node.span.end.min(node.span.start + 60)
}

/// `who` or `who.user`.
pub fn is_name(s: &str) -> bool {
    let word = |w: &str| {
        w.starts_with(|c: char| c.is_ascii_lowercase())
            && w.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    match s.split_once('.') {
        Some((a, b)) => word(a) && word(b),
        None => word(s),
    }
}

/// Something that a value of the file can be.
pub trait Field: Sized {
    /// In words, for messages.
    fn expected() -> String;
    /// What stands for a key that is not there.
    fn missing() -> Self;
    fn read(node: &Node, r: &mut Reader) -> Self;
    /// JSON Schema. Blocks put themselves into `defs` and give a reference.
    fn schema(defs: &mut Map<String, Json>) -> Json;
}

impl Field for String {
    fn missing() -> Self {
        String::new()
    }
    fn expected() -> String {
        "a text".into()
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        r.text(node)
    }
    fn schema(_: &mut Map<String, Json>) -> Json {
        json!({"type": "string"})
    }
}

impl Field for bool {
    fn missing() -> Self {
        false
    }
    fn expected() -> String {
        "true or false".into()
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        if let Value::Bool(b) = node.value {
            return b;
        }
        r.wrong_type(node, "true or false");
        false
    }
    fn schema(_: &mut Map<String, Json>) -> Json {
        json!({"type": "boolean"})
    }
}

impl Field for u32 {
    fn missing() -> Self {
        0
    }
    fn expected() -> String {
        "a whole number".into()
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        let number = match &node.value {
            Value::Int(n) => u32::try_from(*n).ok(),
            // A parameter is a text until it is put in.
            Value::Text(t) if t.starts_with('{') => r.substitute(t, &node.span).parse().ok(),
            _ => None,
        };
        if number.is_none() {
            r.wrong_type(node, "a whole number, zero or more");
        }
        number.unwrap_or(0)
    }
    fn schema(_: &mut Map<String, Json>) -> Json {
        json!({"oneOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^\\{[a-z_.]+\\}$"}]})
    }
}

impl<T: Field> Field for Option<T> {
    fn missing() -> Self {
        None
    }
    fn expected() -> String {
        T::expected()
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        Some(T::read(node, r))
    }
    fn schema(defs: &mut Map<String, Json>) -> Json {
        T::schema(defs)
    }
}

impl<T: Field> Field for Vec<T> {
    fn missing() -> Self {
        Vec::new()
    }
    fn expected() -> String {
        format!("a list, each {}", T::expected())
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        if let Value::List(l) = &node.value {
            return l.iter().map(|n| T::read(n, r)).collect();
        }
        r.wrong_type(node, "a list");
        Vec::new()
    }
    fn schema(defs: &mut Map<String, Json>) -> Json {
        json!({"type": "array", "items": T::schema(defs)})
    }
}

impl<T: Field> Field for BTreeMap<String, T> {
    fn missing() -> Self {
        BTreeMap::new()
    }
    fn expected() -> String {
        format!("a table of names, each {}", T::expected())
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        if let Value::Table(t) = &node.value {
            return t.iter().map(|e| (r.substitute(&e.key, &e.key_span), T::read(&e.node, r))).collect();
        }
        r.wrong_type(node, "a table");
        BTreeMap::new()
    }
    fn schema(defs: &mut Map<String, Json>) -> Json {
        json!({"type": "object", "additionalProperties": T::schema(defs)})
    }
}

/// A block of the file: a struct whose fields are its keys, each `req` or `opt`, documented.
macro_rules! block {
    ($(#[doc = $doc:literal])* pub struct $name:ident {
        $($(#[doc = $fd:literal])* $need:ident $field:ident: $t:ty),* $(,)?
    }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name { $($(#[doc = $fd])* pub $field: $t),* }
        impl Default for $name {
            fn default() -> Self { <Self as $crate::lab::read::Field>::missing() }
        }
        impl $crate::lab::read::Field for $name {
            fn expected() -> String { concat!("a table (", stringify!($name), ")").into() }
            fn missing() -> Self {
                $name { $($field: <$t as $crate::lab::read::Field>::missing()),* }
            }
            fn read(node: &$crate::lab::tree::Node, r: &mut $crate::lab::read::Reader) -> Self {
                let entries = r.table(node, &[$(stringify!($field)),*]);
                $name { $($field: r.key(node, entries, stringify!($field), stringify!($need) == "req")),* }
            }
            fn schema(defs: &mut serde_json::Map<String, serde_json::Value>) -> serde_json::Value {
                if !defs.contains_key(stringify!($name)) {
                    defs.insert(stringify!($name).into(), serde_json::Value::Null);
                    let fields = vec![$((
                        stringify!($field), stringify!($need) == "req", concat!($($fd),*),
                        <$t as $crate::lab::read::Field>::schema(defs),
                    )),*];
                    let s = $crate::lab::read::object_schema(concat!($($doc),*), fields, None);
                    defs.insert(stringify!($name).into(), s);
                }
                serde_json::json!({"$ref": concat!("#/$defs/", stringify!($name))})
            }
        }
    };
}

/// A block with a `kind` key that says which of several it is. `also` names keys that the reader of the surrounding
/// block takes.
macro_rules! kinds {
    ($(#[doc = $doc:literal])* pub enum $name:ident also $also:tt {
        $($(#[doc = $vd:literal])* $word:literal $variant:ident {
            $($(#[doc = $fd:literal])* $need:ident $field:ident: $t:ty),* $(,)?
        }),* $(,)?
    }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub enum $name {
            /// Could not be read; never in a lab without mistakes.
            #[default]
            Unread,
            $($(#[doc = $vd])* $variant { $($(#[doc = $fd])* $field: $t),* }),*
        }
        impl $name {
            /// All words that `kind` may be.
            pub const KINDS: &'static [&'static str] = &[$($word),*];
            /// The word of this one.
            pub fn kind(&self) -> &'static str {
                match self { $name::Unread => "", $($name::$variant { .. } => $word),* }
            }
        }
        impl $crate::lab::read::Field for $name {
            fn expected() -> String { concat!("a table with a `kind` (", stringify!($name), ")").into() }
            fn missing() -> Self { $name::Unread }
            fn read(node: &$crate::lab::tree::Node, r: &mut $crate::lab::read::Reader) -> Self {
                let kind = match node.get("kind") {
                    Some(k) => (r.text(k), k.span.clone()),
                    None => {
                        let entries: &[$crate::lab::tree::Entry] = &[];
                        let _: $crate::lab::read::KindWord = r.key(node, entries, "kind", true);
                        return $name::Unread;
                    }
                };
                match kind.0.as_str() {
                    $($word => {
                        let mut known: Vec<&str> = vec!["kind", $(stringify!($field)),*];
                        known.extend($also);
                        let entries = r.table(node, &known);
                        $name::$variant {
                            $($field: r.key(node, entries, stringify!($field), stringify!($need) == "req")),*
                        }
                    })*
                    other => {
                        r.unknown(&kind.1, "kind", other, Self::KINDS);
                        $name::Unread
                    }
                }
            }
            fn schema(defs: &mut serde_json::Map<String, serde_json::Value>) -> serde_json::Value {
                if !defs.contains_key(stringify!($name)) {
                    defs.insert(stringify!($name).into(), serde_json::Value::Null);
                    let mut all: Vec<serde_json::Value> = Vec::new();
                    $({
                        let fields: Vec<(&str, bool, &str, serde_json::Value)> = vec![$((
                            stringify!($field), stringify!($need) == "req", concat!($($fd),*),
                            <$t as $crate::lab::read::Field>::schema(defs),
                        )),*];
                        all.push($crate::lab::read::object_schema(concat!($($vd),*), fields, Some(($word, &$also))));
                    })*
                    let s = serde_json::json!({"description": concat!($($doc),*).trim(), "oneOf": all});
                    defs.insert(stringify!($name).into(), s);
                }
                serde_json::json!({"$ref": concat!("#/$defs/", stringify!($name))})
            }
        }
    };
}

/// One word out of a fixed list.
macro_rules! words {
    ($(#[doc = $doc:literal])* pub enum $name:ident {
        $($(#[doc = $vd:literal])* $word:literal $variant:ident),* $(,)?
    }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            /// Could not be read or does not apply.
            #[default]
            Unset,
            $($(#[doc = $vd])* $variant),*
        }
        impl $name {
            pub const WORDS: &'static [&'static str] = &[$($word),*];
            /// The word in a file and on the command line; empty for [`Self::Unset`].
            pub const fn word(self) -> &'static str {
                match self { $name::Unset => "", $($name::$variant => $word),* }
            }
            pub fn from_word(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }
        }
        impl $crate::lab::read::Field for $name {
            fn expected() -> String { $crate::lab::diagnostic::one_of(Self::WORDS.iter().copied()) }
            fn missing() -> Self { $name::Unset }
            fn read(node: &$crate::lab::tree::Node, r: &mut $crate::lab::read::Reader) -> Self {
                let before = r.diagnostics.len();
                let word = r.text(node);
                if r.diagnostics.len() > before { return $name::Unset; }
                Self::from_word(&word).unwrap_or_else(|| {
                    r.unknown(&node.span, "word", &word, Self::WORDS);
                    $name::Unset
                })
            }
            fn schema(_: &mut serde_json::Map<String, serde_json::Value>) -> serde_json::Value {
                serde_json::json!({"description": concat!($($doc),*).trim(), "enum": Self::WORDS})
            }
        }
    };
}

pub(crate) use {block, kinds, words};

/// Stands for the key `kind` in messages.
#[derive(Default)]
pub struct KindWord;

impl Field for KindWord {
    fn missing() -> Self {
        KindWord
    }
    fn expected() -> String {
        "which kind this is".into()
    }
    fn read(_: &Node, _: &mut Reader) -> Self {
        KindWord
    }
    fn schema(_: &mut Map<String, Json>) -> Json {
        json!({"type": "string"})
    }
}

/// The JSON Schema of a table.
pub fn object_schema(doc: &str, fields: Vec<(&str, bool, &str, Json)>, kind: Option<(&str, &[&str])>) -> Json {
    let mut properties = Map::new();
    let mut required: Vec<Json> = Vec::new();
    if let Some((word, also)) = kind {
        properties.insert("kind".into(), json!({"const": word}));
        required.push("kind".into());
        for a in also {
            properties.insert((*a).into(), json!({}));
        }
    }
    for (name, req, doc, mut schema) in fields {
        if req {
            required.push(name.into());
        }
        if let Some(s) = schema.as_object_mut()
            && !doc.is_empty()
        {
            s.insert("description".into(), doc.trim().into());
        }
        properties.insert(name.into(), schema);
    }
    json!({
        "type": "object", "description": doc.trim(), "properties": properties,
        "required": required, "additionalProperties": false,
    })
}
