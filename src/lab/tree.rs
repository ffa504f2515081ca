//! A TOML file as a tree of values with their places in the text. Reading never gives up on the whole.

use super::diagnostic::Diagnostic;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub span: Range<usize>,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key of a table and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: String,
    pub key_span: Range<usize>,
    pub node: Node,
}

impl Node {
    /// What it is, in words for an author.
    pub fn type_name(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "a text",
            Value::Int(_) => "a whole number",
            Value::Float(_) => "a number with a fraction",
            Value::Bool(_) => "true or false",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
    /// The value under a key, when this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Table(entries) => entries.iter().find(|e| e.key == key).map(|e| &e.node),
            _ => None,
        }
    }
}

/// More nesting than this is no lab.
const DEPTH: usize = 32;

/// Reads a file's text; what is broken is reported and left out.
pub fn parse(text: &str) -> (Node, Vec<Diagnostic>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut diagnostics = Vec::new();
    for e in errors {
        let span = e.span().unwrap_or(0..0);
        let d = Diagnostic::error(span, format!("not TOML: {}", e.message()));
        if !diagnostics.contains(&d) {
            diagnostics.push(d);
        }
    }
    let span = table.span();
    (table_node(table.get_ref(), span, 0, &mut diagnostics), diagnostics)
}

fn table_node(table: &DeTable<'_>, span: Range<usize>, depth: usize, diagnostics: &mut Vec<Diagnostic>) -> Node {
    let mut entries: Vec<Entry> = Vec::new();
    for (k, v) in table {
        entries.push(Entry {
            key: k.get_ref().to_string(),
            key_span: k.span(),
            node: value_node(v.get_ref(), v.span(), depth + 1, diagnostics),
        });
    }
    Node { span, value: Value::Table(entries) }
}

fn value_node(value: &DeValue<'_>, span: Range<usize>, depth: usize, diagnostics: &mut Vec<Diagnostic>) -> Node {
    if depth > DEPTH {
        diagnostics.push(Diagnostic::error(span.clone(), "nested too deeply"));
        return Node { span, value: Value::Bool(false) };
    }
    let value = match value {
        DeValue::String(s) => Value::Text(s.to_string()),
        DeValue::Integer(i) => {
            let digits = i.as_str().replace('_', "");
            if let Ok(n) = i64::from_str_radix(&digits, i.radix()) {
                Value::Int(n)
            } else {
                diagnostics.push(Diagnostic::error(span.clone(), "a number too large"));
                Value::Int(0)
            }
        }
        DeValue::Float(f) => Value::Float(f.as_str().replace('_', "").parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(b) => Value::Bool(*b),
        DeValue::Datetime(d) => Value::Text(d.to_string()),
        DeValue::Array(a) => {
            Value::List(a.iter().map(|v| value_node(v.get_ref(), v.span(), depth + 1, diagnostics)).collect())
        }
        DeValue::Table(t) => return table_node(t, span, depth, diagnostics),
    };
    Node { span, value }
}
