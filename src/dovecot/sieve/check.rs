//! Whether a script means anything: known commands and tests, their arguments, blocks and extensions.
//!
//! A table of rows says what each command takes. Left out: body, date, index, include, variables, mime, notify,
//! relational tests and hasflag, which the real interpreter has; a script that uses them fails to compile here.

use super::parse::{Error, Node, Value};
use std::collections::BTreeSet;

/// What `require` may name, as `managesieve_sieve_capability` lists it.
pub const CAPABILITIES: &str = "fileinto reject envelope encoded-character vacation subaddress \
    comparator-i;ascii-numeric relational regex imap4flags copy include variables body enotify environment mailbox date \
    index ihave duplicate mime foreverypart extracttext";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Arg {
    Text,
    Texts,
    Number,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Subtests {
    None,
    One,
    Many,
}

struct Spec {
    name: &'static str,
    test: bool,
    extension: &'static str,
    args: &'static [(Arg, &'static str)],
    subtests: Subtests,
    block: bool,
    /// Tags and what follows each; [`MATCH`] and [`PART`] stand for their groups.
    tags: &'static [(&'static str, Option<Arg>)],
}

const MATCH: (&str, Option<Arg>) = ("(match)", None);
const PART: (&str, Option<Arg>) = ("(part)", None);
const COPY: (&str, Option<Arg>) = ("copy", None);
const FLAGS: (&str, Option<Arg>) = ("flags", Some(Arg::Texts));

const fn command(name: &'static str, args: &'static [(Arg, &'static str)]) -> Spec {
    Spec { name, test: false, extension: "", args, subtests: Subtests::None, block: false, tags: &[] }
}
const fn test(name: &'static str, args: &'static [(Arg, &'static str)]) -> Spec {
    Spec { test: true, ..command(name, args) }
}

#[rustfmt::skip]
const SPECS: &[Spec] = &[
    command("require", &[(Arg::Texts, "capabilities")]),
    Spec { subtests: Subtests::One, block: true, ..command("if", &[]) },
    Spec { subtests: Subtests::One, block: true, ..command("elsif", &[]) },
    Spec { block: true, ..command("else", &[]) },
    command("stop", &[]),
    Spec { tags: &[FLAGS], ..command("keep", &[]) },
    command("discard", &[]),
    Spec { tags: &[COPY], ..command("redirect", &[(Arg::Text, "address")]) },
    Spec { extension: "fileinto", tags: &[COPY, FLAGS, ("create", None)], ..command("fileinto", &[(Arg::Text, "folder")]) },
    Spec { extension: "reject", ..command("reject", &[(Arg::Text, "reason")]) },
    Spec {
        extension: "vacation",
        tags: &[
            ("days", Some(Arg::Number)), ("subject", Some(Arg::Text)), ("from", Some(Arg::Text)),
            ("addresses", Some(Arg::Texts)), ("handle", Some(Arg::Text)), ("mime", None),
        ],
        ..command("vacation", &[(Arg::Text, "reason")])
    },
    Spec { extension: "imap4flags", ..command("setflag", &[(Arg::Texts, "list of flags")]) },
    Spec { extension: "imap4flags", ..command("addflag", &[(Arg::Texts, "list of flags")]) },
    Spec { extension: "imap4flags", ..command("removeflag", &[(Arg::Texts, "list of flags")]) },
    test("true", &[]),
    test("false", &[]),
    Spec { subtests: Subtests::One, ..test("not", &[]) },
    Spec { subtests: Subtests::Many, ..test("allof", &[]) },
    Spec { subtests: Subtests::Many, ..test("anyof", &[]) },
    test("exists", &[(Arg::Texts, "header names")]),
    Spec { tags: &[("over", None), ("under", None)], ..test("size", &[(Arg::Number, "limit")]) },
    Spec { tags: &[MATCH], ..test("header", &[(Arg::Texts, "header names"), (Arg::Texts, "key list")]) },
    Spec { tags: &[MATCH, PART], ..test("address", &[(Arg::Texts, "header list"), (Arg::Texts, "key list")]) },
    Spec { extension: "envelope", tags: &[MATCH, PART], ..test("envelope", &[(Arg::Texts, "envelope part"), (Arg::Texts, "key list")]) },
];

/// The headers that hold addresses.
const ADDRESS_HEADERS: [&str; 16] = [
    "from",
    "to",
    "cc",
    "bcc",
    "sender",
    "reply-to",
    "resent-from",
    "resent-sender",
    "resent-to",
    "resent-cc",
    "resent-bcc",
    "resent-reply-to",
    "envelope-from",
    "return-path",
    "delivered-to",
    "x-original-to",
];

impl Spec {
    fn kind(&self) -> &'static str {
        if self.test { "test" } else { "command" }
    }
}

/// Everything that is wrong with a script, as its validator reports it.
pub fn check(script: &[Node]) -> Vec<Error> {
    let mut c = Check::default();
    c.block(script, true);
    c.errors
}

#[derive(Default)]
struct Check {
    errors: Vec<Error>,
    required: BTreeSet<String>,
    /// Names that were reported, once each.
    unknown: BTreeSet<String>,
    /// A command other than `require` has passed.
    begun: bool,
}

impl Check {
    fn say(&mut self, line: usize, what: impl Into<String>) {
        self.errors.push(Error::new(line, what));
    }
    fn block(&mut self, nodes: &[Node], top: bool) {
        let mut before = "";
        for n in nodes {
            if let Some(spec) = self.spec(n, false) {
                match spec.name {
                    "require" => self.require(n, top && !self.begun),
                    "elsif" | "else" if !matches!(before, "if" | "elsif") => {
                        self.say(n.line, format!("the {} command must follow an if or elseif command", n.name));
                    }
                    _ => {
                        self.begun = true;
                        self.node(n, spec);
                    }
                }
            }
            before = &n.name;
        }
    }
    fn spec(&mut self, n: &Node, test: bool) -> Option<&'static Spec> {
        let (is, other) = if test { ("test", "command") } else { ("command", "test") };
        let found = SPECS.iter().find(|s| s.name == n.name);
        match found {
            Some(s) if s.extension.is_empty() || self.required.contains(s.extension) => {
                if s.test == test {
                    return Some(s);
                }
                self.say(n.line, format!("attempted to use {other} '{}' as {is}", n.name));
            }
            _ => {
                if self.unknown.insert(n.name.clone()) {
                    self.say(n.line, format!("unknown {is} '{}' (only reported once at first occurrence)", n.name));
                }
            }
        }
        None
    }
    fn require(&mut self, n: &Node, first: bool) {
        if !n.tests.is_empty() {
            return self.say(n.line, "missing semicolon ';' after require command");
        }
        if !first {
            let what = "require commands can only be placed at top level at the beginning of the file";
            return self.say(n.line, what);
        }
        let [list @ (Value::Str(_) | Value::List(_))] = &n.args[..] else {
            let many = n.args.len();
            let what = format!("the require command requires 1 positional argument(s), but {many} is/are specified");
            return self.say(n.line, what);
        };
        for c in list.strings() {
            let builtin = matches!(c.as_str(), "comparator-i;octet" | "comparator-i;ascii-casemap");
            if builtin || CAPABILITIES.split_ascii_whitespace().any(|k| k == c) {
                self.required.insert(c.clone());
            } else {
                self.say(n.line, format!("require command: unknown Sieve capability `{c}'"));
            }
        }
    }
    fn node(&mut self, n: &Node, spec: &'static Spec) {
        let what = format!("the {} {}", spec.name, spec.kind());
        let before = self.errors.len();
        let Some(positional) = self.tags(n, spec, &what) else { return };
        if positional.len() != spec.args.len() {
            let (want, got) = (spec.args.len(), positional.len());
            return self
                .say(n.line, format!("{what} requires {want} positional argument(s), but {got} is/are specified"));
        }
        for (i, (value, (arg, label))) in positional.iter().zip(spec.args).enumerate() {
            if !fits(value, *arg) {
                let (want, got) = (wants(*arg), value.kind());
                let text = format!("{what} expects {want} as argument {} ({label}), but {got} was found", i + 1);
                return self.say(n.line, text);
            }
        }
        self.own(n, spec, &positional, &what);
        if self.errors.len() > before {
            return;
        }
        self.children(n, spec, &what);
    }
    fn children(&mut self, n: &Node, spec: &'static Spec, what: &str) {
        match (spec.subtests, n.tests.len()) {
            (Subtests::None, 1..) => {
                self.say(n.line, format!("missing semicolon ';' after {} {}", n.name, spec.kind()));
            }
            (Subtests::One, 0) => self.say(n.line, format!("{what} requires one sub-test, but none is specified")),
            (Subtests::One, 2..) => {
                self.say(n.line, format!("{what} requires one sub-test, but a list of sub-tests is specified"));
            }
            (Subtests::Many, 0) => {
                self.say(n.line, format!("{what} requires a list of sub-tests, but none is specified"));
            }
            _ => {
                if spec.block && n.block.is_none() {
                    self.say(n.line, format!("{what} requires a command block, but it is missing"));
                } else if !spec.block && n.block.is_some() {
                    self.say(n.line, format!("{what} does not accept a command block, but one is specified anyway"));
                }
                for t in &n.tests {
                    if let Some(s) = self.spec(t, true) {
                        self.node(t, s);
                    }
                }
                if spec.block {
                    self.block(n.block.as_deref().unwrap_or_default(), false);
                }
            }
        }
    }
    /// The arguments that are no tags; `None` when a tag is wrong.
    fn tags<'a>(&mut self, n: &'a Node, spec: &Spec, what: &str) -> Option<Vec<&'a Value>> {
        let mut rest = Vec::new();
        let mut groups: BTreeSet<&str> = BTreeSet::new();
        let mut it = n.args.iter();
        while let Some(v) = it.next() {
            let Value::Tag(tag) = v else {
                rest.push(v);
                continue;
            };
            let group = match tag.as_str() {
                "is" | "contains" | "matches" => Some(("(match)", "MATCH-TYPE")),
                "regex" if self.required.contains("regex") => Some(("(match)", "MATCH-TYPE")),
                "all" | "localpart" | "domain" => Some(("(part)", "ADDRESS-PART")),
                "user" | "detail" if self.required.contains("subaddress") => Some(("(part)", "ADDRESS-PART")),
                "comparator" => Some(("(match)", "COMPARATOR")),
                _ => None,
            };
            let follows = match group {
                Some((g, label)) if spec.tags.iter().any(|(t, _)| *t == g) => {
                    if !groups.insert(label) {
                        self.say(n.line, format!("encountered duplicate {label} argument (:{tag}) for {what}"));
                        return None;
                    }
                    (label == "COMPARATOR").then_some(Arg::Text)
                }
                _ => match spec.tags.iter().find(|(t, _)| t == tag && self.tag_known(t)) {
                    Some((_, follows)) => *follows,
                    None => {
                        let text = format!(
                            "unknown tagged argument ':{tag}' for {what} (reported only once at first occurrence)"
                        );
                        self.say(n.line, text);
                        return None;
                    }
                },
            };
            if let Some(arg) = follows {
                let got = it.next();
                if !got.is_some_and(|v| fits(v, arg)) {
                    let (want, got) = (wants(arg), got.map_or("nothing", Value::kind));
                    let text = format!("the :{tag} tag for {what} requires {want} as parameter, but {got} was found");
                    self.say(n.line, text);
                    return None;
                }
                if let (true, Some(Value::Str(c))) = (tag == "comparator", got)
                    && !matches!(c.as_str(), "i;octet" | "i;ascii-casemap" | "i;ascii-numeric")
                {
                    self.say(n.line, format!("unknown comparator '{c}'"));
                    return None;
                }
            }
        }
        Some(rest)
    }
    fn tag_known(&self, tag: &str) -> bool {
        let needs = match tag {
            "copy" => "copy",
            "create" => "mailbox",
            "flags" => "imap4flags",
            _ => return true,
        };
        self.required.contains(needs)
    }
    /// What a command checks itself.
    fn own(&mut self, n: &Node, spec: &Spec, args: &[&Value], what: &str) {
        match spec.name {
            "size" if !n.args.iter().any(|a| matches!(a, Value::Tag(t) if t == "over" || t == "under")) => {
                self.say(n.line, format!("{what} requires either the :under or the :over tag to be specified"));
            }
            "redirect" => {
                let address = args.first().and_then(|a| a.strings().first()).cloned().unwrap_or_default();
                let local = address.split(['@', ' ']).next().unwrap_or("").to_owned();
                let valid = address
                    .split_once('@')
                    .is_some_and(|(l, d)| !l.is_empty() && !d.is_empty() && !address.contains([' ', '<', '>', ',']));
                if !valid {
                    let why = format!("invalid or lonely local part '{local}' (expecting '@')");
                    self.say(n.line, format!("specified redirect address '{address}' is invalid: {why}"));
                }
            }
            "address" => {
                let headers = args.first().map_or(&[][..], |a| a.strings());
                let bad = headers.iter().find(|h| !ADDRESS_HEADERS.contains(&h.to_ascii_lowercase().as_str()));
                if let Some(h) = bad {
                    self.say(n.line, format!("specified header '{h}' is not allowed for {what}"));
                }
            }
            _ => {}
        }
    }
}

fn fits(v: &Value, arg: Arg) -> bool {
    match arg {
        Arg::Text => matches!(v, Value::Str(_)),
        Arg::Texts => matches!(v, Value::Str(_) | Value::List(_)),
        Arg::Number => matches!(v, Value::Number(_)),
    }
}

fn wants(arg: Arg) -> &'static str {
    match arg {
        Arg::Text => "a string",
        Arg::Texts => "a string list",
        Arg::Number => "a number",
    }
}
