//! postconf(1): shows and edits main.cf and master.cf.
//!
//! Left out: verbose tracing, and the random order in which the real one names unused parameters
//! (here: by name).

mod edit;
mod layout;
mod lists;
mod master;
mod show;

use super::getopt::{Parsed, getopt};
use super::tool::Tool;
use crate::command::Ctx;
use crate::postfix::config::{Config, split_nameval, words};
use edit::{Mode, Scope};
use master::Entry;
use show::{Class, Known, Style};

const USAGE: &str = "usage: postconf [-a (server SASL types)] [-A (client SASL types)] [-b (bounce templates)] [-c config_dir] [-c param_class] [-d (parameter defaults)] [-e (edit configuration)] [-f (fold lines)] [-F (master.cf fields)] [-h (no names)] [-H (no values)] [-l (lock types)] [-m (map types)] [-M (master.cf)] [-n (non-default parameters)] [-o name=value (override parameter value)] [-p (main.cf, default)] [-P (master.cf parameters)] [-t (bounce templates)] [-T compile-version|run-version|public-key-algorithms] [-v (verbose)] [-x (expand parameter values)] [-X (exclude)] [-# (comment-out)] [name...]";

/// The program.
pub(super) async fn run(ctx: &mut Ctx) -> i32 {
    let tool = Tool::quiet(ctx);
    let Ok(mut given) = getopt(tool.ctx, "aAbc:C:deEfFhHlmMno:pPtT:vxX#") else { return tool.die(USAGE).await };
    // `name=value` without a mode is an edit.
    let edits = ['e', 'X', '#'];
    if !edits.iter().any(|c| given.has(*c)) && given.args.first().is_some_and(|a| a.contains('=')) {
        given.opts.push(('e', String::new()));
    } else if given.has('X') || given.has('#') {
        let mode = if given.has('X') { "-X" } else { "-#" };
        if given.args.iter().any(|a| a.contains('=')) {
            return tool.die(&format!("specify one of -e {mode}")).await;
        }
    }
    if let Some(text) = conflict(&given) {
        return tool.die(&text).await;
    }
    let directory = tool.directory(given.value('c'));
    if let Some(what) = given.opts.iter().map(|(c, _)| *c).find(|c| "aAlmT".contains(*c)) {
        // The types of tables are in a file of their own, too, and that is looked for through main.cf.
        if what == 'm'
            && let Err(status) = tool.read_main(&directory, &[]).await
        {
            return status;
        }
        return lists::run(&tool, what, given.value('T')).await;
    }
    if edits.iter().any(|c| given.has(*c)) {
        return edit_files(&tool, &given, &directory).await;
    }
    show_all(&tool, &given, &directory).await
}

/// What options of one kind there are: of each kind one may be given.
const KINDS: [&str; 6] = ["aAFlmMpPT", "deX#n", "do", "efX#", "exX#", "ehH"];

/// What may be given with what is asked for; with what is not here, nothing.
const MODIFIERS: [(char, &str); 4] = [('p', "eX#fhHCxdno"), ('M', "eX#fxoC"), ('F', "efhHxoC"), ('P', "eXfhHxoC")];

/// Options that cannot stand together.
fn conflict(given: &Parsed) -> Option<String> {
    const ORDER: &str = "aAbCdefFhHlmMnopPtTxX#";
    let letters: Vec<char> = ORDER.chars().filter(|c| given.has(*c)).collect();
    let shown = |list: &[char]| list.iter().map(|c| format!("-{c}")).collect::<Vec<_>>().join(" ");
    for kind in KINDS {
        let found: Vec<char> = letters.iter().copied().filter(|c| kind.contains(*c)).collect();
        if found.len() > 1 {
            return Some(format!("specify one of {}", shown(&found)));
        }
    }
    if given.has('b') && given.has('t') {
        return Some("specify one of -b and -t".to_owned());
    }
    if given.has('h') && given.has('H') {
        return Some("specify one of -h -H".to_owned());
    }
    let kinds = [KINDS[0], "bt"].concat();
    let what = letters.iter().copied().find(|c| kinds.contains(*c))?;
    let may = MODIFIERS.iter().find(|(c, _)| *c == what).map_or("", |(_, m)| m);
    let excess: Vec<char> = letters.into_iter().filter(|c| *c != what && !may.contains(*c)).collect();
    (!excess.is_empty()).then(|| format!("with option -{what}, do not specify {}", shown(&excess)))
}

fn read(tool: &Tool<'_>, path: &str) -> Result<String, String> {
    let world = tool.ctx.world();
    let w = world.borrow();
    w.host.fs.read(&tool.ctx.io.cred, path).map(|b| b.text()).map_err(|e| format!("open {path}: {e}"))
}

/// Writes the edited file over the old one, through a temporary file beside it.
fn replace(tool: &Tool<'_>, path: &str, text: &str) -> Result<(), String> {
    let world = tool.ctx.world();
    let mut w = world.borrow_mut();
    let temporary = format!("{path}.tmp");
    let cred = tool.ctx.io.cred.clone();
    let write = w.host.fs.write(&cred, &temporary, text, 0o644);
    write.map_err(|e| format!("open {temporary}: {e}"))?;
    w.host.fs.rename(&cred, &temporary, path).map_err(|e| format!("rename {temporary} to {path}: {e}"))
}

async fn edit_files(tool: &Tool<'_>, given: &Parsed, directory: &str) -> i32 {
    let mode = if given.has('e') {
        Mode::Set
    } else if given.has('X') {
        Mode::Remove
    } else {
        Mode::CommentOut
    };
    if given.args.is_empty() {
        let text = if mode == Mode::Set { "-e requires name=value argument" } else { "missing service argument" };
        return tool.die(text).await;
    }
    let scope =
        [('M', Scope::Entry), ('F', Scope::Field), ('P', Scope::Parameter)].into_iter().find(|(c, _)| given.has(*c));
    let file = if scope.is_some() { "master.cf" } else { "main.cf" };
    let path = format!("{directory}/{file}");
    let text = read(tool, &path).map_err(|m| match m.rsplit_once(": ") {
        Some((open, why)) => format!("{open} for reading: {why}"),
        None => m,
    });
    let result = match (scope, &text) {
        (Some((_, s)), Ok(t)) => edit::master_cf(t, s, mode, &given.args),
        (None, Ok(t)) => edit::main_cf(&path, t, mode, &given.args),
        // The arguments are looked at before the file.
        (Some((_, s)), Err(_)) => edit::master_cf("", s, mode, &given.args),
        (None, Err(_)) => edit::main_cf(&path, "", mode, &given.args),
    };
    let (new, warnings) = match result {
        Ok(r) => r,
        Err(m) => return tool.die(&m).await,
    };
    if let Err(m) = text {
        return tool.die(&m).await;
    }
    for w in warnings {
        tool.warn(&w);
    }
    match replace(tool, &path, &new) {
        Ok(()) => 0,
        Err(m) => tool.die(&m).await,
    }
}

/// The classes that `-C` names.
fn classes(text: &str) -> Result<Vec<Class>, String> {
    let mut out = Vec::new();
    for w in words(text) {
        match w.to_ascii_lowercase().as_str() {
            "builtin" => out.push(Class::Builtin),
            "service" => out.push(Class::Service),
            "user" => out.push(Class::User),
            "all" => out.extend([Class::Builtin, Class::Service, Class::User]),
            _ => return Err(format!("unknown -C option value \"{w}\" in \"{text}\"")),
        }
    }
    Ok(out)
}

/// Reads master.cf for whatever is shown. `Err`: the program ends.
async fn read_master(tool: &Tool<'_>, directory: &str, must: bool) -> Result<Vec<Entry>, i32> {
    let path = format!("{directory}/master.cf");
    let text = match read(tool, &path) {
        Ok(t) => t,
        Err(m) if must => return Err(tool.die(&m).await),
        Err(m) => {
            tool.warn(&m);
            return Ok(Vec::new());
        }
    };
    let entries = master::parse(&path, &text, &mut |w| tool.warn(&w));
    match entries {
        Ok(e) => Ok(e),
        Err(m) => Err(tool.die(&m).await),
    }
}

async fn show_all(tool: &Tool<'_>, given: &Parsed, directory: &str) -> i32 {
    let mut overrides = Vec::new();
    for o in given.values('o') {
        match split_nameval(o) {
            Ok((n, v)) => overrides.push((n.to_owned(), v.to_owned())),
            Err(why) => return tool.die(&format!("invalid parameter override: {o}: {why}")).await,
        }
    }
    let wanted = match classes(given.value('C').unwrap_or("all")) {
        Ok(c) => c,
        Err(m) => return tool.die(&m).await,
    };
    let style = Style {
        fold: given.has('f'),
        expand: given.has('x'),
        no_name: given.has('h'),
        no_value: given.has('H'),
        defaults: given.has('d'),
        set_only: given.has('n'),
    };
    overrides.push(("config_directory".to_owned(), directory.to_owned()));
    let mut conf = if style.defaults {
        let world = tool.ctx.world();
        let w = world.borrow();
        Config::defaults(&w.host)
    } else {
        match tool.read_main(directory, &overrides).await {
            Ok(c) => c,
            Err(status) => return status,
        }
    };
    if directory == crate::postfix::config::DEFAULT_DIRECTORY {
        conf.main.remove("config_directory");
    }
    conf.compute("process_name", "postconf");
    conf.compute("process_id", &tool.ctx.pid.to_string());
    if given.has('b') || given.has('t') {
        if given.args.len() > 1 {
            return tool.die("options -b and -t require at most one template file").await;
        }
        return lists::templates(tool, &conf, given.args.first().map(String::as_str), given.has('b')).await;
    }
    let on_master = ['M', 'F', 'P'].iter().any(|c| given.has(*c));
    let entries = match read_master(tool, directory, on_master).await {
        Ok(e) => e,
        Err(status) => return status,
    };
    let known = Known::new(tool, &conf, directory, &entries, style.defaults);
    for w in &known.warnings {
        tool.warn(w);
    }
    if known.fatal {
        return tool.die("macro processing error").await;
    }
    let status = if on_master {
        show_master(tool, given, &conf, &entries, style).await
    } else {
        show_parameters(tool, given, &conf, &known, &wanted, style).await
    };
    if status != 0 {
        return status;
    }
    if !style.defaults {
        // Looking at master.cf alone, only its own names are gone through.
        let main = format!("{directory}/main.cf: ");
        for w in known.unused(&conf, directory, &entries) {
            if !on_master || !w.starts_with(&main) {
                tool.warn(&w);
            }
        }
    }
    0
}

/// What postconf misses in master.cf: the file, which it warns of, or sense, which ends it.
pub(super) enum Missing {
    File(String),
    Sense(String),
}

/// What is wrong with master.cf as a whole.
pub(super) fn master_fault(tool: &Tool<'_>, directory: &str) -> Option<Missing> {
    let path = format!("{directory}/master.cf");
    match read(tool, &path) {
        Err(m) => Some(Missing::File(m)),
        Ok(text) => master::parse(&path, &text, &mut |_| ()).err().map(Missing::Sense),
    }
}

/// What any run of postconf says of main.cf and master.cf as they stand: what `postfix check` repeats.
pub(super) fn complaints(tool: &Tool<'_>, conf: &Config, directory: &str) -> Vec<String> {
    let mut out: Vec<String> = conf.faults.iter().map(ToString::to_string).collect();
    let path = format!("{directory}/master.cf");
    let entries = match read(tool, &path) {
        Ok(text) => match master::parse(&path, &text, &mut |w| out.push(w)) {
            Ok(e) => e,
            Err(_) => return out,
        },
        Err(m) => {
            out.push(m);
            Vec::new()
        }
    };
    let known = Known::new(tool, conf, directory, &entries, false);
    out.extend(known.warnings.iter().cloned());
    out.extend(known.unused(conf, directory, &entries));
    out
}

async fn show_master(tool: &Tool<'_>, given: &Parsed, conf: &Config, entries: &[Entry], style: Style) -> i32 {
    let mut warnings = Vec::new();
    let shown = if given.has('M') {
        master::entries(entries, &given.args, style)
    } else if given.has('F') {
        master::fields(entries, &given.args, style)
    } else {
        master::parameters(conf, entries, &given.args, style, &mut warnings)
    };
    for w in warnings {
        tool.warn(&w);
    }
    match shown {
        Err(m) => tool.die(&m).await,
        Ok((text, unmatched)) => {
            for r in unmatched {
                tool.warn(&format!("unmatched request: \"{r}\""));
            }
            tool.ctx.out(text);
            0
        }
    }
}

async fn show_parameters(
    tool: &Tool<'_>,
    given: &Parsed,
    conf: &Config,
    known: &Known,
    wanted: &[Class],
    style: Style,
) -> i32 {
    let mut warnings = Vec::new();
    let mut out = String::new();
    let names: Vec<&str> = if given.args.is_empty() {
        known.valid.iter().filter(|(_, c)| wanted.contains(c)).map(|(n, _)| n.as_str()).collect()
    } else {
        given.args.iter().map(String::as_str).collect()
    };
    for name in names {
        // Classes are for those who name none.
        if !known.valid.contains_key(name) {
            tool.warn(&format!("{name}: unknown parameter"));
            continue;
        }
        let value = show::value(conf, name, style, &mut warnings);
        for w in warnings.drain(..) {
            tool.warn(&w);
        }
        match value {
            Ok(Some(v)) => out.push_str(&show::render(name, &v, style)),
            Ok(None) => {}
            Err(()) => {
                tool.ctx.out(out);
                return tool.die("macro processing error").await;
            }
        }
    }
    tool.ctx.out(out);
    0
}
