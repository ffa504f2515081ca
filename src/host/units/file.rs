//! Unit files: where systemd looks for them, drop-ins, templates, aliases, masks, and whether they are enabled.
//!
//! Left out: generators other than Postfix's, `%` specifiers other than those of the instance.

use crate::host::Fs;
use crate::host::fs::Cred;

/// Where unit files live, the strongest first.
pub const PATHS: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/lib/systemd/system",
];

/// Whether there is a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    Loaded,
    NotFound,
    Masked,
    /// A service without any command to start.
    BadSetting,
}

/// A unit as its files describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitFile {
    /// The unit's own name, with its suffix; an alias is resolved.
    pub name: String,
    pub load: Load,
    /// The file (empty when there is none).
    pub path: String,
    /// Drop-ins, in the order they are read.
    pub drop_ins: Vec<String>,
    /// Section, key and value, drop-ins included.
    entries: Vec<(String, String, String)>,
}

impl UnitFile {
    /// All values of a key; an empty assignment has reset what stood before it.
    pub fn all(&self, section: &str, key: &str) -> Vec<&str> {
        let mut out = Vec::new();
        for (s, k, v) in &self.entries {
            if s == section && k == key {
                if v.is_empty() { out.clear() } else { out.push(v.as_str()) }
            }
        }
        out
    }
    /// The last value of a key, or an empty text.
    pub fn get(&self, section: &str, key: &str) -> &str {
        self.all(section, key).last().copied().unwrap_or("")
    }
    /// All words of a list that may be given several times.
    pub fn words(&self, section: &str, key: &str) -> Vec<&str> {
        self.all(section, key).into_iter().flat_map(str::split_whitespace).collect()
    }
    /// What stands behind the name in messages: the description, or the name again.
    pub fn description(&self) -> String {
        let d = self.get("Unit", "Description");
        if d.is_empty() { self.name.clone() } else { d.to_owned() }
    }
    /// `Type=`, with systemd's default.
    pub fn kind(&self) -> &str {
        match self.get("Service", "Type") {
            "" if self.get("Service", "ExecStart").is_empty() => "oneshot",
            "" => "simple",
            k => k,
        }
    }
}

/// Completes a name as systemctl does: `postfix` is `postfix.service`.
pub fn complete_name(name: &str) -> String {
    const SUFFIXES: [&str; 11] =
        ["service", "socket", "target", "timer", "mount", "automount", "swap", "path", "slice", "scope", "device"];
    match name.rsplit_once('.') {
        Some((_, s)) if SUFFIXES.contains(&s) => name.to_owned(),
        _ => format!("{name}.service"),
    }
}

/// The file of a template for an instance: `postfix@-.service` is `postfix@.service`, instance `-`.
fn template(name: &str) -> Option<(String, &str)> {
    let (stem, suffix) = name.rsplit_once('.')?;
    let (base, instance) = stem.split_once('@')?;
    (!instance.is_empty()).then(|| (format!("{base}@.{suffix}"), instance))
}

fn find(fs: &Fs, name: &str) -> Option<String> {
    PATHS.iter().map(|d| format!("{d}/{name}")).find(|p| fs.lstat(&Cred::root(), p).is_ok())
}

/// What a link in a unit folder makes of a name.
enum Target {
    Masked,
    Alias(String),
    File(String),
}

fn follow(fs: &Fs, path: &str) -> Target {
    let root = Cred::root();
    let Ok(to) = fs.readlink(&root, path) else {
        let empty = fs.read(&root, path).is_ok_and(|b| b.is_empty());
        return if empty { Target::Masked } else { Target::File(path.to_owned()) };
    };
    if to == "/dev/null" {
        return Target::Masked;
    }
    let (own, other) = (path.rsplit('/').next().unwrap_or(""), to.rsplit('/').next().unwrap_or(""));
    if other != own && other.contains('.') && !own.contains('@') {
        return Target::Alias(other.to_owned());
    }
    Target::File(if to.starts_with('/') { to } else { path.to_owned() })
}

/// Loads a unit by its full name.
pub fn load(fs: &Fs, name: &str) -> UnitFile {
    let mut unit = UnitFile {
        name: name.to_owned(),
        load: Load::NotFound,
        path: String::new(),
        drop_ins: Vec::new(),
        entries: Vec::new(),
    };
    let from_template = template(name);
    let mut wanted = name.to_owned();
    for _ in 0..8 {
        let found = find(fs, &wanted).or_else(|| from_template.as_ref().and_then(|(f, _)| find(fs, f)));
        let Some(path) = found else { return unit };
        match follow(fs, &path) {
            Target::Masked => {
                unit.load = Load::Masked;
                unit.path = path;
                return unit;
            }
            Target::Alias(other) => {
                unit.name.clone_from(&other);
                wanted = other;
            }
            Target::File(p) => {
                unit.path = p;
                break;
            }
        }
    }
    unit.load = Load::Loaded;
    let text = fs.read_text(&unit.path).unwrap_or_default();
    parse(&text, &mut unit.entries);
    let mut dirs = vec![format!("{}.d", unit.name)];
    if let Some((f, _)) = &from_template {
        dirs.push(format!("{f}.d"));
    }
    let mut seen: Vec<(String, String)> = Vec::new();
    for dir in PATHS.iter().flat_map(|p| dirs.iter().map(move |d| format!("{p}/{d}"))) {
        for (n, _) in fs.readdir(&Cred::root(), &dir).unwrap_or_default() {
            if n.ends_with(".conf") && !seen.iter().any(|(s, _)| *s == *n) {
                seen.push((n.to_string(), format!("{dir}/{n}")));
            }
        }
    }
    seen.sort();
    for (_, path) in seen {
        parse(&fs.read_text(&path).unwrap_or_default(), &mut unit.entries);
        unit.drop_ins.push(path);
    }
    let instance = from_template.map_or("", |(_, i)| i);
    let whole = unit.name.rsplit_once('.').map_or("", |(s, _)| s).to_owned();
    for (_, _, v) in &mut unit.entries {
        if v.contains('%') {
            *v = v.replace("%i", instance).replace("%I", instance).replace("%n", &unit.name).replace("%N", &whole);
        }
    }
    let commands = ["ExecStart", "ExecStop"].iter().any(|k| !unit.get("Service", k).is_empty());
    if unit.name.ends_with(".service") && !commands && unit.get("Unit", "SuccessAction").is_empty() {
        unit.load = Load::BadSetting;
    }
    unit
}

fn parse(text: &str, out: &mut Vec<(String, String, String)>) {
    let mut section = String::new();
    let mut pending = String::new();
    for line in text.lines() {
        let line = line.trim_end();
        if pending.is_empty() && line.trim_start().starts_with(['#', ';']) {
            continue;
        }
        if let Some(head) = line.strip_suffix('\\') {
            pending.push_str(head);
            pending.push(' ');
            continue;
        }
        let whole = format!("{pending}{line}");
        pending.clear();
        let whole = whole.trim();
        if let Some(s) = whole.strip_prefix('[').and_then(|s| s.strip_suffix(']')) {
            s.clone_into(&mut section);
        } else if let Some((k, v)) = whole.split_once('=') {
            out.push((section.clone(), k.trim().to_owned(), v.trim().to_owned()));
        }
    }
}

/// The links that `systemctl enable` makes for a unit: where, and to which file.
pub fn install_links(unit: &UnitFile) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for alias in unit.words("Install", "Alias") {
        out.push((format!("/etc/systemd/system/{alias}"), unit.path.clone()));
    }
    for (key, suffix) in [("WantedBy", "wants"), ("RequiredBy", "requires")] {
        for target in unit.words("Install", key) {
            out.push((format!("/etc/systemd/system/{target}.{suffix}/{}", unit.name), unit.path.clone()));
        }
    }
    out
}

/// What `systemctl is-enabled` says of a loaded unit.
pub fn enabled(fs: &Fs, unit: &UnitFile) -> &'static str {
    match unit.load {
        Load::Masked if unit.path.starts_with("/run/") => return "masked-runtime",
        Load::Masked => return "masked",
        _ => {}
    }
    if unit.path.starts_with("/run/systemd/generator") {
        return "generated";
    }
    if linked(fs, "/etc/systemd/system", &unit.name) {
        return "enabled";
    }
    if ["/run/systemd/generator", "/run/systemd/system"].iter().any(|d| linked(fs, d, &unit.name)) {
        return "enabled-runtime";
    }
    let has = |k: &str| !unit.words("Install", k).is_empty();
    if !["WantedBy", "RequiredBy", "Alias", "Also"].iter().any(|k| has(k)) {
        return "static";
    }
    if has("Also") && !has("WantedBy") && !has("RequiredBy") {
        return "indirect";
    }
    "disabled"
}

/// Whether a folder of wants or requires below `dir` names the unit.
fn linked(fs: &Fs, dir: &str, name: &str) -> bool {
    let root = Cred::root();
    fs.readdir(&root, dir).unwrap_or_default().iter().any(|(d, _)| {
        (d.ends_with(".wants") || d.ends_with(".requires")) && fs.lstat(&root, &format!("{dir}/{d}/{name}")).is_ok()
    })
}

/// The units that a unit wants or requires: by its file, and by links in the folders beside it.
pub fn wants(fs: &Fs, unit: &UnitFile) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut add = |n: &str| {
        if !out.iter().any(|o| o == n) {
            out.push(n.to_owned());
        }
    };
    for key in ["Requires", "BindsTo", "Wants"] {
        unit.words("Unit", key).into_iter().for_each(&mut add);
    }
    for dir in PATHS {
        for kind in ["requires", "wants"] {
            let folder = format!("{dir}/{}.{kind}", unit.name);
            for (n, _) in fs.readdir(&Cred::root(), &folder).unwrap_or_default() {
                add(&n);
            }
        }
    }
    out
}

/// The names of all unit files, sorted, with the folder of the strongest.
pub fn all(fs: &Fs) -> Vec<(String, &'static str)> {
    let mut out: Vec<(String, &'static str)> = Vec::new();
    for dir in PATHS {
        for (n, _) in fs.readdir(&Cred::root(), dir).unwrap_or_default() {
            let is_unit = complete_name(&n) == *n && !n.contains(".wants") && !n.ends_with(".d");
            if is_unit && !out.iter().any(|(o, _)| *o == *n) {
                out.push((n.to_string(), dir));
            }
        }
    }
    out.sort();
    out
}
