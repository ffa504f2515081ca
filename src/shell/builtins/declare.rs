//! `declare`, `local`, `export`, `readonly`, `unset`.

use super::super::ast::Assign;
use super::super::print;
use super::super::state::{R, Shell};
use super::super::vars::{Assoc, Content, Var, is_name};
use super::Call;
use std::collections::BTreeMap;

#[derive(Clone, Default)]
struct Flags {
    indexed: bool,
    assoc: bool,
    functions: bool,
    names: bool,
    print: bool,
    global: bool,
    /// `x`, `r`, `i`, `l`, `u`, `n`, and whether to set or clear.
    set: Vec<(char, bool)>,
}

/// Reads the options; the rest of the arguments, or a status to return.
fn flags<'a>(sh: &Shell, c: Call<'a>, known: &str) -> Result<(Flags, &'a [String]), R> {
    let mut f = Flags::default();
    let mut args = c.args();
    while let Some(a) = args.first().filter(|a| a.len() > 1 && a.starts_with(['-', '+'])) {
        args = &args[1..];
        if a == "--" {
            break;
        }
        let on = a.starts_with('-');
        for k in a[1..].chars() {
            if !known.contains(k) {
                return Err(sh.bad_option(c.name(), &format!("{}{k}", &a[..1])));
            }
            match k {
                'a' => f.indexed = on,
                'A' => f.assoc = on,
                'f' => f.functions = true,
                'F' => f.names = true,
                'p' => f.print = true,
                'g' => f.global = true,
                'I' | 't' => {}
                k => f.set.push((k, on)),
            }
        }
    }
    Ok((f, args))
}

impl Flags {
    fn apply(&self, v: &mut Var) {
        for (k, on) in &self.set {
            match k {
                'x' => v.exported = *on,
                'r' => v.readonly |= *on,
                'i' => v.integer = *on,
                'n' => v.nameref = *on,
                'l' | 'u' => v.case = on.then_some(*k),
                _ => {}
            }
        }
    }
    fn matches(&self, v: &Var) -> bool {
        (!self.indexed || matches!(v.content, Content::Indexed(_)))
            && (!self.assoc || matches!(v.content, Content::Assoc(_)))
            && self.set.iter().all(|(k, on)| {
                *on == match k {
                    'x' => v.exported,
                    'r' => v.readonly,
                    'i' => v.integer,
                    'n' => v.nameref,
                    k => v.case == Some(*k),
                }
            })
    }
}

/// Sets attributes and values for each `name[=value]`.
async fn assign_all(sh: &mut Shell, c: Call<'_>, f: &Flags, args: &[String], local: bool) -> R {
    let mut status = 0;
    for a in args {
        let (left, value) = match a.split_once('=') {
            Some((l, v)) => (l, Some(v)),
            None => (a.as_str(), None),
        };
        let (left, append) = match left.strip_suffix('+') {
            Some(l) if value.is_some() => (l, true),
            _ => (left, false),
        };
        let (name, index) = match left.split_once('[') {
            Some((n, i)) => (n, Some(i.trim_end_matches(']'))),
            None => (left, None),
        };
        if !is_name(name) {
            sh.complain_as(c.name(), format!("`{a}': not a valid identifier"));
            status = 1;
            continue;
        }
        if local && !f.global && sh.vars.in_function() {
            sh.vars.localize(name);
        }
        let array: Option<&Assign> = c.arrays.iter().find(|x| x.name == *a).copied();
        let old = sh.vars.get(name).cloned().unwrap_or_default();
        if old.readonly && (value.is_some() || array.is_some() || f.set.iter().any(|(k, on)| *k == 'r' && !on)) {
            sh.complain_as(c.name(), format!("{name}: readonly variable"));
            status = 1;
            continue;
        }
        let fresh = sh.vars.entry(name);
        match &fresh.content {
            Content::Unset | Content::Scalar(_) if f.assoc => {
                fresh.content = Content::Assoc(Assoc::default());
            }
            Content::Unset if f.indexed => fresh.content = Content::Indexed(BTreeMap::new()),
            Content::Scalar(s) if f.indexed => fresh.content = Content::Indexed(BTreeMap::from([(0, s.clone())])),
            Content::Indexed(_) if f.assoc => {
                sh.complain_as(c.name(), format!("{name}: cannot convert indexed to associative array"));
                status = 1;
                continue;
            }
            _ => {}
        }
        // `i`, `l` and `u` act on this value already; `r` only afterwards.
        let early = Flags { set: f.set.iter().filter(|(k, _)| "ilu".contains(*k)).copied().collect(), ..f.clone() };
        early.apply(fresh);
        if let Some(x) = array {
            if sh.assign_array(x).await?.is_err() {
                status = 1;
            }
        } else if let Some(v) = value {
            let text_array =
                index.is_none() && v.starts_with('(') && v.ends_with(')') && (f.indexed || f.assoc || fresh.is_array());
            if f.set.contains(&('n', true)) {
                sh.vars.entry(name).content = Content::Scalar(v.to_owned());
            } else if text_array {
                let text = format!("{name}={v}");
                sh.run_text(&text, "eval").await?;
            } else if sh.assign_to(name, index, v, append).is_err() {
                status = 1;
            }
        }
        f.apply(sh.vars.entry(name));
    }
    Ok(status)
}

fn show_functions(sh: &Shell, c: Call<'_>, f: &Flags, args: &[String]) -> R {
    let mut status = 0;
    let names: Vec<String> = if args.is_empty() { sh.functions.keys().cloned().collect() } else { args.to_vec() };
    for n in names {
        match sh.functions.get(&n) {
            Some(body) => {
                let text = match (f.names, args.is_empty()) {
                    (true, true) => format!("declare -f {n}\n"),
                    (true, false) => format!("{n}\n"),
                    _ => print::function(&n, body),
                };
                sh.say(c.name(), &text)?;
            }
            None => status = 1,
        }
    }
    Ok(status)
}

fn show_vars(sh: &Shell, c: Call<'_>, f: &Flags, args: &[String]) -> R {
    let mut status = 0;
    if args.is_empty() {
        let text: String =
            sh.vars.iter().filter(|(_, v)| f.matches(v)).map(|(n, v)| Shell::declaration(n, v) + "\n").collect();
        return sh.say(c.name(), &text);
    }
    for a in args {
        match sh.vars.get(a) {
            Some(v) => {
                sh.say(c.name(), &(Shell::declaration(a, v) + "\n"))?;
            }
            None => {
                sh.complain_as(c.name(), format!("{a}: not found"));
                status = 1;
            }
        }
    }
    Ok(status)
}

pub async fn declare(sh: &mut Shell, c: Call<'_>) -> R {
    let (f, args) = match flags(sh, c, "aAfFgiIlnprtux") {
        Ok(x) => x,
        Err(r) => return r,
    };
    if f.functions || f.names {
        return show_functions(sh, c, &f, args);
    }
    if f.print {
        return show_vars(sh, c, &f, args);
    }
    if args.is_empty() {
        if f.set.is_empty() && !f.indexed && !f.assoc {
            return super::options::list_all(sh);
        }
        return show_vars(sh, c, &f, args);
    }
    assign_all(sh, c, &f, args, true).await
}

pub async fn local(sh: &mut Shell, c: Call<'_>) -> R {
    if !sh.vars.in_function() {
        sh.complain_as("local", "can only be used in a function");
        return Ok(1);
    }
    let (f, args) = match flags(sh, c, "aAgiIlnprtux") {
        Ok(x) => x,
        Err(r) => return r,
    };
    if args.is_empty() {
        for n in sh.vars.locals() {
            if let Some(v) = sh.vars.get(&n) {
                let text = format!("{n}={}\n", super::super::escape::set_style(v.value().unwrap_or("")));
                sh.say("local", &text)?;
            }
        }
        return Ok(0);
    }
    assign_all(sh, c, &f, args, true).await
}

async fn attribute(sh: &mut Shell, c: Call<'_>, known: &str, letter: char) -> R {
    let (mut f, args) = match flags(sh, c, known) {
        Ok(x) => x,
        Err(r) => return r,
    };
    let off = f.set.contains(&('n', true));
    if f.functions {
        for a in args {
            if !sh.functions.contains_key(a) {
                sh.complain_as(c.name(), format!("{a}: not a function"));
                return Ok(1);
            }
        }
        return Ok(0);
    }
    if args.is_empty() || f.print && args.is_empty() {
        f.set = vec![(letter, true)];
        return show_vars(sh, c, &f, &[]);
    }
    f.set = vec![(letter, !off)];
    assign_all(sh, c, &f, args, false).await
}

pub async fn export(sh: &mut Shell, c: Call<'_>) -> R {
    attribute(sh, c, "fnp", 'x').await
}
pub async fn readonly(sh: &mut Shell, c: Call<'_>) -> R {
    attribute(sh, c, "aAfp", 'r').await
}

pub fn unset(sh: &mut Shell, c: Call<'_>) -> R {
    let mut args = c.args();
    let (mut functions, mut variables, mut reference) = (false, false, false);
    while let Some(a) = args.first().filter(|a| a.starts_with('-') && a.len() > 1) {
        args = &args[1..];
        match a.as_str() {
            "--" => break,
            "-f" => functions = true,
            "-v" => variables = true,
            "-n" => reference = true,
            a => return sh.bad_option("unset", a),
        }
    }
    let mut status = 0;
    for a in args {
        if functions {
            sh.functions.remove(a);
            continue;
        }
        let (name, index) = match a.split_once('[') {
            Some((n, i)) => (n, Some(i.trim_end_matches(']'))),
            None => (a.as_str(), None),
        };
        if !is_name(name) {
            if !variables && sh.functions.remove(name).is_some() {
                continue;
            }
            sh.complain_as("unset", format!("`{a}': not a valid identifier"));
            status = 1;
            continue;
        }
        let name = if reference { name.to_owned() } else { sh.target(name) };
        match sh.vars.get(&name) {
            Some(v) if v.readonly => {
                sh.complain_as("unset", format!("{name}: cannot unset: readonly variable"));
                status = 1;
            }
            Some(_) => match index {
                None => sh.vars.remove(&name),
                Some("@" | "*") => {
                    if let Some(v) = sh.vars.get_mut(&name) {
                        match &mut v.content {
                            Content::Indexed(m) => m.clear(),
                            Content::Assoc(m) => *m = Assoc::default(),
                            c => *c = Content::Unset,
                        }
                    }
                }
                Some(i) => {
                    let key = sh.subscript_of(&name, i);
                    if let (Some(k), Some(v)) = (key, sh.vars.get_mut(&name)) {
                        match &mut v.content {
                            Content::Indexed(m) => {
                                m.remove(&k.parse().unwrap_or(0));
                            }
                            Content::Assoc(m) => m.remove(&k),
                            _ => {}
                        }
                    }
                }
            },
            None => {
                if !variables {
                    sh.functions.remove(&name);
                }
            }
        }
    }
    Ok(status)
}

impl Shell {
    /// The key that a subscript means for this variable.
    fn subscript_of(&mut self, name: &str, i: &str) -> Option<String> {
        match self.vars.get(name).map(|v| &v.content) {
            Some(Content::Assoc(_)) => Some(i.trim_matches(['"', '\'']).to_owned()),
            _ => self.subscript(name, i).ok().map(|k| k.to_string()),
        }
    }
}
