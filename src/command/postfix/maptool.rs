//! postmap(1) and postalias(1): build, change and ask look-up tables.
//!
//! Left out: Berkeley DB's order of keys beyond two buckets.

use super::getopt::{Parsed, getopt};
use super::mapquery::{delete, files, is_indexed, open, query, sequence};
use super::tool::Tool;
use crate::command::Ctx;
use crate::host::Cred;
use crate::log::config::Config as ConfigFault;
use crate::log::script::{Script, ToolFatal, ToolWarning};
use crate::log::table::Table;
use crate::postfix::config::Config;
use crate::postfix::readlline::{is_space, logical_lines};
use crate::postfix::table::{db, key_value};
use base64::Engine as _;
use std::collections::BTreeMap;

const POSTMAP: &str = "postmap [-bfFhimnNoprsuUvw] [-c config_dir] [-d key] [-q key] [map_type:]file...";
const POSTALIAS: &str = "postalias [-Nfinoprsuvw] [-c config_dir] [-d key] [-q key] [map_type:]file...";

/// postmap(1).
pub(super) async fn postmap(ctx: &mut Ctx) -> i32 {
    let ctx = &*ctx;
    let tool = Tool::logging(ctx);
    let Ok(given) = getopt(ctx, "bc:d:fFhimnNopq:rsuUvw") else { return tool.fatal(Script::Usage(POSTMAP)).await };
    run(&tool, &given, false).await
}

/// postalias(1).
pub(super) async fn postalias(ctx: &mut Ctx) -> i32 {
    let ctx = &*ctx;
    let tool = Tool::logging(ctx);
    let Ok(given) = getopt(ctx, "Nc:d:finopq:rsuvw") else { return tool.fatal(Script::Usage(POSTALIAS)).await };
    run(&tool, &given, true).await
}

async fn run(tool: &Tool<'_>, given: &Parsed, aliases: bool) -> i32 {
    let modes: Vec<char> = given.opts.iter().map(|(c, _)| *c).filter(|c| "sqd".contains(*c)).collect();
    if let [_, second, ..] = modes[..]
        && modes.iter().any(|m| *m != 's')
    {
        let list = if second == 's' { "-s or -q or -d" } else { "-s -q or -d" };
        return tool.fatal(Script::ToolFatal(ToolFatal::OneOf(list))).await;
    }
    if !aliases && ['b', 'h', 'm'].iter().any(|c| given.has(*c)) && given.value('q') != Some("-") {
        return tool.fatal(Script::ToolFatal(ToolFatal::BulkOptions)).await;
    }
    let conf = match tool.start(given.value('c')).await {
        Ok(c) => c,
        Err(status) => return status,
    };
    if given.args.is_empty() && modes.first() != Some(&'s') {
        return tool.fatal(Script::Usage(if aliases { POSTALIAS } else { POSTMAP })).await;
    }
    let specs: Vec<String> = given.args.iter().map(|a| spec(&conf, a)).collect();
    match modes.first() {
        Some('q') => query(tool, given, &specs).await,
        Some('d') => delete(tool, given, &specs).await,
        Some(_) => sequence(tool, given, &specs).await,
        None => build(tool, given, &specs, aliases).await,
    }
}

/// `type:name`, with `default_database_type` when no type is given.
fn spec(conf: &Config, arg: &str) -> String {
    match arg.split_once(':') {
        Some((kind, _)) if !kind.contains('/') => arg.to_owned(),
        _ => format!("{}:{arg}", conf.get("default_database_type")),
    }
}

/// What a new indexed file takes from its source.
pub(super) struct Source {
    /// Who makes the file (not with `-o`).
    pub owner: Option<(u32, u32)>,
    pub mode: u32,
}

impl Source {
    pub const NONE: Source = Source { owner: None, mode: 0o644 };
}

/// Writes the indexed file. `Err`: the tool ended.
pub(super) async fn write(
    tool: &Tool<'_>,
    spec: &str,
    map: &BTreeMap<String, String>,
    source: &Source,
) -> Result<(), i32> {
    let (kind, name) = spec.split_once(':').unwrap_or(("hash", spec));
    let path = db::path(kind, name);
    let full = tool.ctx.path(&path);
    let result = {
        let world = tool.ctx.world();
        let mut w = world.borrow_mut();
        let mut cred = tool.ctx.io.cred.clone();
        if let Some((uid, gid)) = source.owner.filter(|o| cred.uid == 0 && o.0 != 0) {
            cred = Cred { uid, gid, groups: Vec::new() };
        }
        w.host.fs.write(&cred, &full, db::encode(kind, map), source.mode)
    };
    match result {
        Ok(_) => Ok(()),
        Err(e) => {
            let error = e.text().to_owned();
            // The lock is taken on the old file; a new one is the database's own affair.
            let fault = if tool.ctx.world().borrow().host.fs.exists(&full) {
                ToolFatal::OpenSource { path, error }
            } else {
                ToolFatal::OpenDatabase { path, error }
            };
            Err(tool.fatal(Script::ToolFatal(fault)).await)
        }
    }
}

async fn build(tool: &Tool<'_>, given: &Parsed, specs: &[String], aliases: bool) -> i32 {
    for s in specs {
        let (kind, name) = s.split_once(':').unwrap_or(("hash", s));
        if kind == "proxy" {
            return tool.fatal(Script::ToolFatal(ToolFatal::ProxyBuild)).await;
        }
        let (text, file) = if given.has('i') {
            let mut io = tool.ctx.io.clone();
            let bytes = io.read_all(0).await.unwrap_or_default();
            (String::from_utf8_lossy(&bytes).into_owned(), Source::NONE)
        } else {
            let read = {
                let world = tool.ctx.world();
                let w = world.borrow();
                let path = tool.ctx.path(name);
                w.host.fs.stat(&tool.ctx.io.cred, &path).map(|(_, n)| (n.uid, n.gid, n.mode)).and_then(
                    |(uid, gid, mode)| {
                        let owner = (!given.has('o')).then_some((uid, gid));
                        let source = Source { owner, mode: if given.has('p') { 0o644 } else { mode & 0o666 } };
                        let text = match w.host.fs.read(&tool.ctx.io.cred, &path) {
                            Err(crate::host::Errno::IsDir) => String::new(),
                            other => other?.text(),
                        };
                        Ok((text, source))
                    },
                )
            };
            match read {
                Ok(r) => r,
                Err(e) => {
                    let fault = ToolFatal::OpenSource { path: name.to_owned(), error: e.text().to_owned() };
                    return tool.fatal(Script::ToolFatal(fault)).await;
                }
            }
        };
        if !is_indexed(kind) {
            let known = crate::postfix::table::TYPES.contains(&kind);
            let fault = if known { ToolFatal::NoBulk(kind.to_owned()) } else { ToolFatal::NoPackage(kind.to_owned()) };
            return tool.fatal(Script::ToolFatal(fault)).await;
        }
        let mut map = BTreeMap::new();
        let there = tool.ctx.world().borrow().host.fs.exists(&tool.ctx.path(&db::path(kind, name)));
        if given.has('i')
            && there
            && let Ok(d) = open(tool, s, true).await
        {
            map = d.entries().unwrap_or_default().into_iter().collect();
        }
        let source = if given.has('i') { "stdin" } else { name };
        if aliases {
            read_aliases(tool, given, s, source, &text, &mut map);
        } else {
            read_map(tool, given, s, source, &text, &mut map);
        }
        if aliases && !given.has('i') {
            let world = tool.ctx.world();
            let w = world.borrow();
            map.insert("@".into(), "@".into());
            map.insert("YP_LAST_MODIFIED".into(), w.now().secs().to_string());
            map.insert("YP_MASTER_NAME".into(), Config::load(&w.host, &[]).get("myhostname"));
        }
        if let Err(status) = write(tool, s, &map, &file).await {
            return status;
        }
    }
    0
}

/// Adds an entry, by the rules for a key that is there already.
fn add(tool: &Tool<'_>, given: &Parsed, spec: &str, key: String, value: String, map: &mut BTreeMap<String, String>) {
    let key = if given.has('f') { key } else { key.to_lowercase() };
    // Of -r and -w the last counts.
    let last = given.opts.iter().rev().map(|(c, _)| *c).find(|c| matches!(c, 'r' | 'w'));
    if map.contains_key(&key) && last != Some('r') {
        if last != Some('w') {
            let (kind, name) = spec.split_once(':').unwrap_or(("hash", spec));
            tool.say(Script::ToolWarning(ToolWarning::Duplicate { database: db::path(kind, name), key }));
        }
        return;
    }
    map.insert(key, value);
}

fn read_map(tool: &Tool<'_>, given: &Parsed, spec: &str, path: &str, text: &str, map: &mut BTreeMap<String, String>) {
    for l in logical_lines(text) {
        if l.starts_with_space() {
            tool.say(ConfigFault::LeadingSpace { path: path.to_owned(), text: l.text });
            continue;
        }
        if !given.has('u') && l.text.contains('\u{fffd}') {
            let text = l.text.replace('\u{fffd}', "?");
            tool.say(Script::ToolWarning(ToolWarning::NotUtf8 { path: path.to_owned(), line: l.last, text }));
            continue;
        }
        let Some((key, mut value)) = key_value(&l.text) else {
            tool.say(Table::Format { path: path.to_owned(), line: l.last, ignoring: false });
            continue;
        };
        if key.ends_with(':') {
            tool.say(Table::AliasFormat { path: path.to_owned(), line: l.last });
        }
        if given.has('F') {
            match files(tool, &value) {
                Ok(text) => value = base64::engine::general_purpose::STANDARD.encode(text),
                Err((file, error)) => {
                    let path = path.to_owned();
                    tool.say(Script::ToolWarning(ToolWarning::OpenValue { path, line: l.last, file, error }));
                    continue;
                }
            }
        }
        add(tool, given, spec, key, value, map);
    }
}

/// The place of the colon between an alias and its members, outside quotes.
fn colon(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ':' if !quoted => return Some(i),
            _ => {}
        }
    }
    None
}

/// The members of an alias with one comma and one space between them.
fn members(text: &str) -> String {
    let (mut out, mut item) = (Vec::new(), String::new());
    let (mut quoted, mut escaped, mut comment) = (false, false, 0_u32);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            // A backslash outside quotes is gone when the address is written again.
            '\\' if !quoted && comment == 0 => {
                escaped = true;
                continue;
            }
            '\\' => escaped = true,
            '"' if comment == 0 => quoted = !quoted,
            '(' if !quoted => comment += 1,
            ')' if !quoted => comment = comment.saturating_sub(1),
            ',' if !quoted && comment == 0 => {
                out.push(std::mem::take(&mut item));
                continue;
            }
            _ => {}
        }
        item.push(c);
    }
    if quoted {
        item.push('"');
    }
    out.push(item);
    let items: Vec<&str> = out.iter().map(|i| i.trim_matches(is_space)).filter(|i| !i.is_empty()).collect();
    items.join(", ")
}

fn read_aliases(
    tool: &Tool<'_>,
    given: &Parsed,
    spec: &str,
    path: &str,
    text: &str,
    map: &mut BTreeMap<String, String>,
) {
    for l in logical_lines(text) {
        if l.starts_with_space() {
            tool.say(ConfigFault::LeadingSpace { path: path.to_owned(), text: l.text });
            continue;
        }
        let split = colon(&l.text).map(|i| (l.text[..i].trim_matches(is_space), members(&l.text[i + 1..])));
        let (name, value) = match split {
            Some((n, v)) if !n.is_empty() && !v.is_empty() => (n, v),
            _ => {
                tool.say(Script::ToolWarning(ToolWarning::NeedPair { path: path.to_owned(), line: l.last }));
                continue;
            }
        };
        let quoted = name.len() > 1 && name.starts_with('"') && name.ends_with('"');
        let bare = if quoted { &name[1..name.len() - 1] } else { name.strip_prefix('\\').unwrap_or(name) };
        if !quoted && bare.contains(',') {
            tool.say(Script::ToolWarning(ToolWarning::NeedPair { path: path.to_owned(), line: l.last }));
            continue;
        }
        if bare.is_empty() {
            tool.say(Script::ToolWarning(ToolWarning::EmptyKey { table: spec.to_owned() }));
        }
        if !quoted && bare.contains('@') {
            tool.say(Script::ToolWarning(ToolWarning::MustBeLocal { path: path.to_owned(), line: l.last }));
            continue;
        }
        add(tool, given, spec, bare.to_owned(), value, map);
    }
}
