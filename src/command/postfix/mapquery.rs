//! Questions of postmap(1) and postalias(1): `-q`, `-s` and `-d`.

use super::getopt::Parsed;
use super::maptool::{Source, write};
use super::tool::Tool;
use crate::base::Span;
use crate::host::{Cred, Errno};
use crate::log::script::{Script, ToolFatal, ToolWarning};
use crate::log::table::{OpenFault, Table};
use crate::postfix::cleanup::header;
use crate::postfix::config;
use crate::postfix::table::{Dict, Say, db};
use base64::Engine as _;
use std::collections::BTreeMap;

/// Types of tables that are files.
const FILES: [&str; 7] = ["hash", "btree", "lmdb", "texthash", "regexp", "pcre", "cidr"];

/// The name of a table as this program's folder makes it a path.
fn located(tool: &Tool<'_>, spec: &str) -> String {
    let Some((kind, name)) = spec.split_once(':') else { return spec.to_owned() };
    if FILES.contains(&kind) && !name.is_empty() { format!("{kind}:{}", tool.ctx.path(name)) } else { spec.to_owned() }
}

/// Opens a table for asking. A text table that was just written is read until it has cooled down. `Err`: the tool ended.
pub(super) async fn open(tool: &Tool<'_>, spec: &str, fold: bool) -> Result<Dict, i32> {
    let path = located(tool, spec);
    let text = path.strip_prefix("texthash:").map(str::to_owned);
    if let Some((kind, name)) = path.split_once(':').filter(|(k, _)| FILES.contains(k)) {
        let file = if is_indexed(kind) { db::path(kind, name) } else { name.to_owned() };
        let read = tool.ctx.world().borrow().host.fs.read(&tool.ctx.io.cred, &file).err();
        if let Some(e) = read.filter(|e| *e == Errno::Acces) {
            let (path, error) = (file, e.text().to_owned());
            let fault = if is_indexed(kind) {
                ToolFatal::OpenDatabase { path, error }
            } else {
                ToolFatal::OpenSource { path, error }
            };
            return Err(tool.fatal(Script::ToolFatal(fault)).await);
        }
    }
    for pass in 0.. {
        let mut say = Say::new();
        let (dict, hot) = {
            let world = tool.ctx.world();
            let w = world.borrow();
            let dict = Dict::open_in_tool(&w.host, &path, fold, &mut say);
            let mtime = text.as_ref().and_then(|t| w.host.fs.stat(&Cred::root(), t).ok()).map(|(_, n)| n.mtime.secs());
            let now = w.now().secs();
            (dict, mtime.is_some_and(|m| m >= now - 1 && m <= now))
        };
        for event in say {
            let event = renamed(event, spec, &path);
            match event {
                Table::Open(reason) => return Err(tool.fatal(Table::OpenFatal(reason)).await),
                e => tool.say(e),
            }
        }
        if !hot || pass > 16 {
            return Ok(dict);
        }
        tool.ctx.io.sleep(Span::millis(300)).await;
    }
    Err(1)
}

/// Messages name the file as it was given.
fn renamed(event: Table, spec: &str, path: &str) -> Table {
    let (Some((_, shown)), Some((_, full))) = (spec.split_once(':'), path.split_once(':')) else { return event };
    if shown == full { event } else { event.with_path(full, shown) }
}

pub(super) async fn query(tool: &Tool<'_>, given: &Parsed, specs: &[String]) -> i32 {
    let key = given.value('q').unwrap_or("").to_owned();
    let fold = !given.has('f');
    if key == "-" {
        let mut io = tool.ctx.io.clone();
        let text = io.read_all(0).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let (header, body) = (given.has('h'), given.has('b'));
        if given.has('m') && !header && !body {
            tool.say(Script::ToolWarning(ToolWarning::MimeAlone));
        }
        // A table is opened when it is first asked.
        let mut dicts: Vec<(&String, Option<Dict>)> = specs.iter().map(|s| (s, None)).collect();
        let keys: Vec<String> = if header || body {
            let all = parts(&text, given.has('m')).into_iter();
            all.filter(|(is_header, _)| if *is_header { header } else { body }).map(|(_, t)| t).collect()
        } else {
            text.split_terminator('\n').map(str::to_owned).collect()
        };
        let mut found = false;
        for key in keys {
            for (s, slot) in &mut dicts {
                if slot.is_none() {
                    match open(tool, s, fold).await {
                        Ok(d) => *slot = Some(d),
                        Err(status) => return status,
                    }
                }
                let Some(d) = slot else { continue };
                match ask(tool, given, d, s, &key).await {
                    Ok(Some(v)) => {
                        tool.ctx.out(format!("{key}\t{v}\n"));
                        found = true;
                        break;
                    }
                    Ok(None) => {}
                    Err(status) => return status,
                }
            }
        }
        return i32::from(!found);
    }
    for s in specs {
        let dict = match open(tool, s, fold).await {
            Ok(d) => d,
            Err(status) => return status,
        };
        match ask(tool, given, &dict, s, &key).await {
            Ok(Some(v)) => {
                tool.ctx.out(format!("{v}\n"));
                return 0;
            }
            Ok(None) => {}
            Err(status) => return status,
        }
    }
    1
}

/// The headers and the lines of the body of a message, in order, and which they are. With `mime` the headers of the parts
/// of a multipart message are headers, too.
fn parts(text: &str, mime: bool) -> Vec<(bool, String)> {
    let mut out: Vec<(bool, String)> = Vec::new();
    let mut boundary: Option<String> = None;
    let mut in_header = true;
    for line in text.lines() {
        if in_header {
            if line.starts_with([' ', '\t']) && out.last().is_some_and(|(h, _)| *h) {
                if let Some((_, whole)) = out.last_mut() {
                    whole.push('\n');
                    whole.push_str(line);
                }
                continue;
            }
            if header::header_name(line).is_some() {
                out.push((true, line.to_owned()));
                continue;
            }
            in_header = false;
            if mime {
                let marks = out.iter().filter_map(|(h, t)| h.then(|| multipart(t)).flatten());
                boundary = marks.fold(boundary, |_, b| Some(b));
            }
        } else if boundary.as_ref().is_some_and(|b| line.strip_prefix("--") == Some(b)) {
            in_header = true;
        }
        out.push((false, line.to_owned()));
    }
    out
}

/// The boundary of a multipart Content-Type.
fn multipart(header: &str) -> Option<String> {
    let (name, value) = header.split_once(':')?;
    let low = value.trim_start().to_ascii_lowercase();
    if !name.trim().eq_ignore_ascii_case("content-type") || !low.starts_with("multipart/") {
        return None;
    }
    let mut words = value.split(';').map(str::trim);
    words
        .find_map(|w| w.split_once('=').filter(|(n, _)| n.trim().eq_ignore_ascii_case("boundary")))
        .map(|(_, b)| b.trim().trim_matches('"').to_owned())
}

/// `-F`: what a value stands for, the content of a file. An indexed table holds it already. `Err`: the tool ended.
async fn content(tool: &Tool<'_>, spec: &str, value: String) -> Result<String, i32> {
    if is_indexed(kind_of(spec)) {
        return Ok(from_base64(&value).unwrap_or(value));
    }
    match files(tool, &value) {
        Ok(text) => Ok(text),
        Err((path, error)) => {
            let fault = if kind_of(spec) == "inline" {
                ToolFatal::InlineFile { path, error, spec: spec.to_owned() }
            } else {
                ToolFatal::OpenSource { path, error }
            };
            Err(tool.fatal(Script::ToolFatal(fault)).await)
        }
    }
}

fn from_base64(text: &str) -> Option<String> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The files of a list one after the other; the one that cannot be read, and why.
pub(super) fn files(tool: &Tool<'_>, list: &str) -> Result<String, (String, String)> {
    let world = tool.ctx.world();
    let w = world.borrow();
    let mut out = Vec::new();
    for name in config::words(list) {
        let read = w.host.fs.read(&tool.ctx.io.cred, &tool.ctx.path(name));
        out.push(read.map_err(|e| (name.to_owned(), e.text().to_owned()))?.text());
    }
    Ok(out.join("\n"))
}

/// One look-up. `Err`: the tool ended.
async fn ask(tool: &Tool<'_>, given: &Parsed, dict: &Dict, spec: &str, key: &str) -> Result<Option<String>, i32> {
    let mut say = Say::new();
    // Without the closing NUL nothing is found that was built with it.
    if given.has('n') && !given.has('N') && is_indexed(kind_of(spec)) {
        return Ok(None);
    }
    let answer = {
        let world = tool.ctx.world();
        let w = world.borrow();
        dict.get(&w.host, key, &mut say)
    };
    match answer {
        Ok(Some(v)) => {
            let v = if given.has('F') { content(tool, spec, v).await? } else { v };
            if v.is_empty() {
                let table = spec.to_owned();
                tool.say(Script::ToolWarning(ToolWarning::EmptyResult { table: table.clone(), key: key.to_owned() }));
                tool.say(Script::ToolWarning(ToolWarning::ShouldReturnNone { table }));
            }
            Ok(Some(v))
        }
        Ok(None) => Ok(None),
        Err(_) => {
            for event in say {
                tool.say(event);
            }
            Err(tool.fatal(Script::ToolFatal(ToolFatal::Query { table: spec.to_owned() })).await)
        }
    }
}

pub(super) fn is_indexed(kind: &str) -> bool {
    matches!(kind, "hash" | "btree" | "lmdb")
}

fn kind_of(spec: &str) -> &str {
    spec.split_once(':').map_or("", |(k, _)| k)
}

pub(super) async fn sequence(tool: &Tool<'_>, given: &Parsed, specs: &[String]) -> i32 {
    // Only the first is gone through.
    for s in specs.iter().take(1) {
        if s.starts_with("proxy:") {
            return tool.fatal(Script::ToolFatal(ToolFatal::ProxySequence)).await;
        }
        if s.starts_with("internal:") {
            return 0;
        }
        let dict = match open(tool, s, true).await {
            Ok(d) => d,
            Err(status) => return status,
        };
        let table = s.clone();
        let Some(mut entries) = dict.entries() else {
            let fault =
                if kind_of(s) == "fail" { ToolFatal::Sequence { table } } else { ToolFatal::NoSequence { table } };
            return tool.fatal(Script::ToolFatal(fault)).await;
        };
        if kind_of(s) == "hash" {
            entries.sort_by(|a, b| (db::bucket(&a.0), &a.0).cmp(&(db::bucket(&b.0), &b.0)));
        }
        for (k, v) in entries {
            let v = if given.has('F') && is_indexed(kind_of(s)) { from_base64(&v).unwrap_or(v) } else { v };
            // NIS keys keep a colon in what postalias shows.
            tool.ctx.out(format!("{k}{}\t{v}\n", if tool.ctx.name() == "postalias" { ":" } else { "" }));
        }
    }
    i32::from(specs.is_empty())
}

pub(super) async fn delete(tool: &Tool<'_>, given: &Parsed, specs: &[String]) -> i32 {
    let key = given.value('d').unwrap_or("").to_owned();
    let keys: Vec<String> = if key == "-" {
        let mut io = tool.ctx.io.clone();
        let text = io.read_all(0).await.unwrap_or_default();
        String::from_utf8_lossy(&text).lines().map(str::to_owned).collect()
    } else {
        vec![key]
    };
    let mut found = false;
    for s in specs {
        let kind = kind_of(s).to_owned();
        if kind == "internal" {
            continue;
        }
        if !is_indexed(&kind) {
            let table = s.clone();
            let fault = match kind.as_str() {
                "static" | "tcp" | "socketmap" => ToolFatal::NoDelete { table },
                "fail" => ToolFatal::Delete { table },
                "proxy" => ToolFatal::NoProxyWrite(s["proxy:".len()..].to_owned()),
                _ if s.ends_with(':') => return tool.fatal(Table::OpenFatal(OpenFault::Expecting(table))).await,
                _ => ToolFatal::ReadOnly { table },
            };
            return tool.fatal(Script::ToolFatal(fault)).await;
        }
        let dict = match open(tool, s, true).await {
            Ok(d) => d,
            Err(status) => return status,
        };
        let mut map: BTreeMap<String, String> = dict.entries().unwrap_or_default().into_iter().collect();
        let before = map.len();
        for k in &keys {
            map.remove(&if given.has('f') { k.clone() } else { k.to_lowercase() });
        }
        if map.len() < before {
            found = true;
            if let Err(status) = write(tool, s, &map, &Source::NONE).await {
                return status;
            }
        }
    }
    i32::from(!found)
}
