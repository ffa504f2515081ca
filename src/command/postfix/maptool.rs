//! postmap(1) and postalias(1): build, change and ask look-up tables.
//!
//! Left out: searching message headers and bodies (`-b`, `-h`, `-m`), and Berkeley DB's order of keys beyond two buckets.

use super::getopt::{Parsed, getopt};
use super::tool::Tool;
use crate::base::Span;
use crate::command::Ctx;
use crate::host::Cred;
use crate::log::config::Config as ConfigFault;
use crate::log::script::{Script, ToolFatal, ToolWarning};
use crate::log::table::Table;
use crate::postfix::config::Config;
use crate::postfix::readlline::{is_space, logical_lines};
use crate::postfix::table::{Dict, Say, db, key_value};
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
    if let [_, second, ..] = modes[..] {
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
    if given.args.is_empty() {
        return tool.fatal(Script::Usage(if aliases { POSTALIAS } else { POSTMAP })).await;
    }
    let specs: Vec<String> = given.args.iter().map(|a| spec(&conf, a)).collect();
    match modes.first() {
        Some('q') => query(tool, given, &specs, aliases).await,
        Some('d') => delete(tool, given, &specs).await,
        Some(_) => sequence(tool, &specs).await,
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

/// The name of a table as this program's folder makes it a path.
fn located(tool: &Tool<'_>, spec: &str) -> String {
    let Some((kind, name)) = spec.split_once(':') else { return spec.to_owned() };
    let files = ["hash", "btree", "lmdb", "texthash", "regexp", "pcre", "cidr"];
    if files.contains(&kind) && !name.is_empty() { format!("{kind}:{}", tool.ctx.path(name)) } else { spec.to_owned() }
}

/// Opens a table for asking. A text table that was just written is read until it has cooled down. `Err`: the tool ended.
async fn open(tool: &Tool<'_>, spec: &str, fold: bool) -> Result<Dict, i32> {
    let path = located(tool, spec);
    let text = path.strip_prefix("texthash:").map(str::to_owned);
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

async fn query(tool: &Tool<'_>, given: &Parsed, specs: &[String], _aliases: bool) -> i32 {
    let key = given.value('q').unwrap_or("").to_owned();
    let fold = !given.has('f');
    if key == "-" {
        let mut io = tool.ctx.io.clone();
        let text = io.read_all(0).await.unwrap_or_default();
        let mut dicts = Vec::new();
        for s in specs {
            match open(tool, s, fold).await {
                Ok(d) => dicts.push((s, d)),
                Err(status) => return status,
            }
        }
        let mut found = false;
        for line in String::from_utf8_lossy(&text).lines().filter(|l| !l.is_empty()) {
            for (s, d) in &dicts {
                match ask(tool, d, s, line).await {
                    Ok(Some(v)) => {
                        tool.ctx.out(format!("{line}\t{v}\n"));
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
        match ask(tool, &dict, s, &key).await {
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

/// One look-up. `Err`: the tool ended.
async fn ask(tool: &Tool<'_>, dict: &Dict, spec: &str, key: &str) -> Result<Option<String>, i32> {
    let mut say = Say::new();
    let answer = {
        let world = tool.ctx.world();
        let w = world.borrow();
        dict.get(&w.host, key, &mut say)
    };
    match answer {
        Ok(Some(v)) => {
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

fn is_indexed(kind: &str) -> bool {
    matches!(kind, "hash" | "btree" | "lmdb")
}

fn kind_of(spec: &str) -> &str {
    spec.split_once(':').map_or("", |(k, _)| k)
}

async fn sequence(tool: &Tool<'_>, specs: &[String]) -> i32 {
    for s in specs {
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
            // NIS keys keep a colon in what postalias shows.
            tool.ctx.out(format!("{k}{}\t{v}\n", if tool.ctx.name() == "postalias" { ":" } else { "" }));
        }
    }
    0
}

async fn delete(tool: &Tool<'_>, given: &Parsed, specs: &[String]) -> i32 {
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
        if !is_indexed(&kind) {
            let table = s.clone();
            let fault = if matches!(kind.as_str(), "regexp" | "pcre" | "cidr" | "texthash") {
                ToolFatal::ReadOnly { table }
            } else {
                ToolFatal::NoDelete { table }
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
            if let Err(status) = write(tool, s, &map, None).await {
                return status;
            }
        }
    }
    i32::from(!found)
}

/// Writes the indexed file. `Err`: the tool ended.
async fn write(
    tool: &Tool<'_>,
    spec: &str,
    map: &BTreeMap<String, String>,
    owner: Option<(u32, u32, u32)>,
) -> Result<(), i32> {
    let (kind, name) = spec.split_once(':').unwrap_or(("hash", spec));
    let path = db::path(kind, name);
    let full = tool.ctx.path(&path);
    let result = {
        let world = tool.ctx.world();
        let mut w = world.borrow_mut();
        let new = !w.host.fs.exists(&full);
        let mode = owner.map_or(0o644, |o| o.2 & 0o666);
        let cred = tool.ctx.io.cred.clone();
        let done = w.host.fs.write(&cred, &full, db::encode(kind, map), mode);
        if let (Ok(_), Some((uid, gid, _)), true) = (&done, owner, new) {
            let _ = w.host.fs.chown(&Cred::root(), &full, Some(uid), Some(gid), true);
        }
        done
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
        let (text, owner) = if given.has('i') {
            let mut io = tool.ctx.io.clone();
            let bytes = io.read_all(0).await.unwrap_or_default();
            (String::from_utf8_lossy(&bytes).into_owned(), None)
        } else {
            let read = {
                let world = tool.ctx.world();
                let w = world.borrow();
                let path = tool.ctx.path(name);
                w.host.fs.stat(&tool.ctx.io.cred, &path).map(|(_, n)| (n.uid, n.gid, n.mode)).and_then(|o| {
                    let text = match w.host.fs.read(&tool.ctx.io.cred, &path) {
                        Err(crate::host::Errno::IsDir) => String::new(),
                        other => other?.text(),
                    };
                    Ok((text, Some(o)))
                })
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
        if given.has('i')
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
        if aliases && !given.has('o') && !given.has('i') {
            let world = tool.ctx.world();
            let w = world.borrow();
            map.insert("@".into(), "@".into());
            map.insert("YP_LAST_MODIFIED".into(), w.now().secs().to_string());
            map.insert("YP_MASTER_NAME".into(), Config::load(&w.host, &[]).get("myhostname"));
        }
        if let Err(status) = write(tool, s, &map, owner).await {
            return status;
        }
    }
    0
}

/// Adds an entry, by the rules for a key that is there already.
fn add(tool: &Tool<'_>, given: &Parsed, spec: &str, key: String, value: String, map: &mut BTreeMap<String, String>) {
    let key = if given.has('f') { key } else { key.to_lowercase() };
    if map.contains_key(&key) && !given.has('r') {
        if !given.has('w') {
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
        let Some((key, value)) = key_value(&l.text) else {
            tool.say(Table::Format { path: path.to_owned(), line: l.last, ignoring: false });
            continue;
        };
        if key.ends_with(':') {
            tool.say(Table::AliasFormat { path: path.to_owned(), line: l.last });
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
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == '"' {
            quoted = !quoted;
        } else if !quoted {
            match c {
                '(' => comment += 1,
                ')' if comment > 0 => {
                    comment -= 1;
                    continue;
                }
                ',' if comment == 0 => {
                    out.push(std::mem::take(&mut item));
                    continue;
                }
                _ => {}
            }
        }
        if comment == 0 {
            item.push(c);
        }
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
        let bare = if quoted { &name[1..name.len() - 1] } else { name };
        if !quoted && bare.contains('@') {
            tool.say(Script::ToolWarning(ToolWarning::MustBeLocal { path: path.to_owned(), line: l.last }));
            continue;
        }
        add(tool, given, spec, bare.to_owned(), value, map);
    }
}
