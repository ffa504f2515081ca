//! `pipemap:{a,b}`, `unionmap:{a,b}` and `randmap:{x,y}`: the members in the braces.

use super::super::config::words_braced;
use crate::log::table::OpenFault;

/// The members of a list table, braces around a member removed.
pub(super) fn members(kind: &str, name: &str) -> Result<Vec<String>, OpenFault> {
    let need = if kind == "randmap" { "{value...}" } else { "{type:name...}" };
    let bad = || OpenFault::BadSyntax { kind: kind.to_owned(), name: name.to_owned(), need };
    let inner = name.strip_prefix('{').and_then(|n| n.strip_suffix('}')).ok_or_else(bad)?;
    let list: Vec<String> = words_braced(inner).iter().map(|m| super::text::braced(m)).collect();
    let untyped = kind != "randmap" && list.iter().any(|m| !m.contains(':'));
    if list.is_empty() || untyped { Err(bad()) } else { Ok(list) }
}
