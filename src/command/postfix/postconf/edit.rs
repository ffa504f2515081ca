//! `postconf -e`, `-X` and `-#`: edits of main.cf and master.cf that keep the place of entries and all comments.

use super::layout;
use super::master::{Entry, FIELDS, fits, split, valid};
use crate::postfix::config::split_nameval;
use crate::postfix::readlline::is_space;
use std::collections::BTreeMap;

/// What is done to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Set,
    Remove,
    CommentOut,
}

/// A new text, and what is to be said.
pub(super) type Edited = Result<(String, Vec<String>), String>;

/// Checks an argument as every edit does.
fn plain<'a>(options: &str, arg: &'a str) -> Result<&'a str, String> {
    if arg.contains('\n') {
        return Err(format!("{options} no multi-line input"));
    }
    let a = arg.trim_start_matches(is_space);
    if a.starts_with('#') {
        return Err(format!("{options} no comment input"));
    }
    Ok(a)
}

/// Splits `name = value`, with the message of the fatal end.
fn pair(arg: &str) -> Result<(String, String), String> {
    split_nameval(arg).map(|(n, v)| (n.to_owned(), v.to_owned())).map_err(|why| format!("{why}: \"{arg}\""))
}

/// Edits main.cf.
pub(super) fn main_cf(path: &str, text: &str, mode: Mode, args: &[String]) -> Edited {
    let mut table: BTreeMap<String, (String, u32)> = BTreeMap::new();
    let mut warnings = Vec::new();
    for arg in args {
        let a = plain("-e, -X, or -# accepts", arg)?;
        let (name, value) = match mode {
            Mode::Set => pair(a)?,
            _ => (a.to_owned(), String::new()),
        };
        if let Some((old, _)) = table.insert(name.clone(), (value, 0)) {
            warnings.push(format!("ignoring earlier request: '{name} = {old}'"));
        }
    }
    let (mut out, mut ours) = (String::new(), false);
    for line in text.split_inclusive('\n') {
        let rest = line.trim_start_matches(is_space);
        if rest.is_empty() || rest.starts_with('#') {
            out.push_str(line);
        } else if rest.len() < line.len() {
            match (ours, mode) {
                (false, _) => out.push_str(line),
                (true, Mode::CommentOut) => {
                    out.push('#');
                    out.push_str(line);
                }
                _ => {}
            }
        } else {
            let end = line.find(|c| is_space(c) || c == '=').unwrap_or(line.len());
            let name = &line[..end];
            let Some((value, found)) = table.get_mut(name) else {
                ours = false;
                out.push_str(line);
                continue;
            };
            ours = true;
            *found += 1;
            if *found == 2 {
                warnings.push(format!("{path}: multiple entries for \"{name}\""));
            }
            match mode {
                Mode::Set => out.push_str(&format!("{name} = {value}\n")),
                Mode::CommentOut => {
                    out.push('#');
                    out.push_str(line);
                }
                Mode::Remove => {}
            }
        }
    }
    if mode == Mode::Set {
        for (name, (value, _)) in table.iter().filter(|(_, (_, found))| *found == 0) {
            out.push_str(&format!("{name} = {value}\n"));
        }
    }
    Ok((out, warnings))
}

/// What an edit of master.cf is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Entry,
    Field,
    Parameter,
}

struct Request {
    shown: String,
    service: String,
    kind: String,
    /// Field number or parameter name.
    field: usize,
    name: String,
    value: Option<String>,
    entry: Option<Entry>,
    matched: u32,
}

fn request(scope: Scope, mode: Mode, arg: &str) -> Result<Request, String> {
    let a = plain("-Me, -Fe, -Pe, -X, or -# accept", arg)?;
    let (path, value) = match mode {
        Mode::Set => pair(a).map(|(p, v)| (p, Some(v)))?,
        _ => (a.trim_end_matches(is_space).to_owned(), None),
    };
    let mut r = Request {
        shown: arg.to_owned(),
        service: String::new(),
        kind: String::new(),
        field: 0,
        name: String::new(),
        value,
        entry: None,
        matched: 0,
    };
    let (need, text) = match scope {
        Scope::Entry => (2, "-Me, -MX or -M# requires service_name/type"),
        Scope::Field => (3, "-Fe or -FX requires service_name/type/field_name"),
        Scope::Parameter => (3, "-Pe or -PX requires service_name/type/parameter"),
    };
    let parts = split(&path, need, need).ok_or(text)?;
    parts[0].clone_into(&mut r.service);
    parts[1].clone_into(&mut r.kind);
    match scope {
        Scope::Entry => {
            if let Some(v) = &r.value {
                let bad = |m: String| if m == "bad field count" { format!("{m}: \"{arg}\"") } else { m };
                r.entry = Some(Entry::parse(v).map_err(bad)?);
            }
        }
        Scope::Field => {
            let Some(i) = FIELDS.iter().position(|f| *f == parts[2]) else {
                return Err(format!("invalid service attribute name: \"{}\"", parts[2]));
            };
            r.field = i;
            if let Some(v) = r.value.as_ref().filter(|v| !valid(i, v)) {
                return Err(format!("invalid {} field \"{v}\" in \"{v}\"", FIELDS[i]));
            }
        }
        Scope::Parameter => {
            parts[2].clone_into(&mut r.name);
            if r.value.as_ref().is_some_and(|v| v.contains(is_space)) {
                return Err("-Pe does not accept whitespace in parameter value".to_owned());
            }
        }
    }
    Ok(r)
}

/// Edits master.cf. Changed fields and parameters rewrite the entry where the next one begins; whole entries are
/// replaced, removed or commented out where they stand.
pub(super) fn master_cf(text: &str, scope: Scope, mode: Mode, args: &[String]) -> Edited {
    let mut requests = args.iter().map(|a| request(scope, mode, a)).collect::<Result<Vec<_>, _>>()?;
    let mut out = String::new();
    // The lines of the entry that is being read, and what becomes of it.
    let mut pending: Option<String> = None;
    let mut keep = true;
    let mut comment = false;
    for line in text.split_inclusive('\n') {
        let rest = line.trim_start_matches(is_space);
        if rest.is_empty() || rest.starts_with('#') {
            out.push_str(line);
            continue;
        }
        if rest.len() < line.len() {
            match &mut pending {
                Some(p) => p.push_str(line),
                None if comment => {
                    out.push('#');
                    out.push_str(line);
                }
                None if keep => out.push_str(line),
                None => {}
            }
            continue;
        }
        if let Some(p) = pending.take() {
            out.push_str(&rewritten(&p, &requests, scope)?);
        }
        (keep, comment) = (true, false);
        let mut words = line.split(is_space).filter(|w| !w.is_empty());
        let (service, kind) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let mut hit = None;
        for (i, r) in requests.iter_mut().enumerate() {
            if fits(&r.service, service) && fits(&r.kind, kind) {
                r.matched += 1;
                hit = Some(i);
            }
        }
        let Some(i) = hit else {
            out.push_str(line);
            continue;
        };
        if scope != Scope::Entry {
            pending = Some(line.to_owned());
            continue;
        }
        keep = false;
        match mode {
            Mode::Set => {
                // Of several entries that it fits the first gives its place.
                if let Some(e) = requests[i].entry.as_ref().filter(|_| requests[i].matched == 1) {
                    out.push_str(&layout::entry(&e.fields, true));
                }
            }
            Mode::CommentOut => {
                comment = true;
                out.push('#');
                out.push_str(line);
            }
            Mode::Remove => {}
        }
    }
    if let Some(p) = pending.take() {
        out.push_str(&rewritten(&p, &requests, scope)?);
    }
    let mut warnings = Vec::new();
    for r in requests.iter().filter(|r| r.matched == 0) {
        match (&r.entry, scope) {
            (Some(e), _) => out.push_str(&layout::entry(&e.fields, true)),
            (None, Scope::Entry) => {}
            _ => warnings.push(format!("unmatched service_name/type: \"{}\"", r.shown)),
        }
    }
    Ok((out, warnings))
}

/// An entry with its fields or parameters changed.
fn rewritten(lines: &str, requests: &[Request], scope: Scope) -> Result<String, String> {
    let logical: String = lines.replace('\n', " ");
    let mut e = Entry::parse(logical.trim_end_matches(is_space))?;
    let (service, kind) = (e.fields[0].clone(), e.fields[1].clone());
    for r in requests.iter().filter(|r| fits(&r.service, &service) && fits(&r.kind, &kind)) {
        match (scope, &r.value) {
            (Scope::Field, Some(v)) if r.field == 7 => {
                let parsed = Entry::parse(&format!("{} {v}", e.fields[..7].join(" ")))?;
                e.fields = parsed.fields;
            }
            (Scope::Field, Some(v)) => e.fields[r.field].clone_from(v),
            (Scope::Parameter, v) => e.set_override(&r.name, v.as_deref()),
            _ => {}
        }
    }
    Ok(layout::entry(&e.fields, true))
}
