//! What is wrong with a lab as a whole: names that refer to nothing, blocks that are missing, times that cannot be,
//! addresses that could be somebody's. Single values are checked where they are read.

use super::catalogue;
use super::diagnostic::Diagnostic;
use super::read::Reader;
use super::schema::{Change, DiagnosisField, EvidenceFact, Kind, Lab, Probe, RivalOf};
use super::tree::{Node, Value};
use super::values::{Id, is_reserved, is_reserved_name};
use crate::base::Time;
use crate::codes::{self, Decider, Outcome, Who};
use crate::command;
use crate::shell::builtins;
use std::net::IpAddr;
use std::ops::Range;

/// The format that this program reads.
pub const FORMAT: u32 = 1;

/// All mistakes that reading the blocks one by one does not find.
pub fn check(lab: &Lab, tree: &Node) -> Vec<Diagnostic> {
    let mut c = Check { r: Reader::default(), tree };
    c.head(lab);
    c.ids(lab);
    c.rivals(lab);
    c.diagnosis(lab);
    c.times(lab);
    c.patches(lab);
    c.grading(lab);
    c.sessions(lab);
    c.foreign(tree);
    c.r.diagnostics
}

/// What begins a line and is no program of the registry: the shell's own words, and what Debian installs with the mail
/// programs.
const SHELL: [&str; 21] = [
    "for",
    "while",
    "if",
    "cd",
    "echo",
    "printf",
    "export",
    "test",
    "postfix",
    "systemctl",
    "service",
    "doveadm",
    "newaliases",
    "postmap",
    "ss",
    "netstat",
    "lsof",
    "telnet",
    "nc",
    "openssl",
    "swaks",
];

struct Check<'a> {
    r: Reader,
    tree: &'a Node,
}

impl Check<'_> {
    /// The place of a key at the top, or of the file's beginning.
    fn place(&self, key: &str) -> Range<usize> {
        match &self.tree.value {
            Value::Table(t) => t.iter().find(|e| e.key == key).map_or(0..0, |e| {
                let span = &e.node.span;
                if span.len() > 200 { e.key_span.clone() } else { span.clone() }
            }),
            _ => 0..0,
        }
    }
    fn at(&mut self, span: &Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.r.report(Diagnostic::error(span.clone(), message).help(help));
    }
    fn has(&self, key: &str) -> bool {
        self.tree.get(key).is_some()
    }

    fn head(&mut self, lab: &Lab) {
        if lab.format != FORMAT && self.has("format") {
            let span = self.place("format");
            self.at(
                &span,
                format!("format {} is not known", lab.format),
                format!("this program reads format {FORMAT}"),
            );
        }
        for (key, value, low, high) in
            [("level", lab.level, 1, 5), ("minutes", lab.minutes, 1, 240), ("version", lab.version, 1, 100_000)]
        {
            let number = self.tree.get(key).is_some_and(|n| matches!(n.value, Value::Int(_)));
            if number && !(low..=high).contains(&value) {
                let span = self.place(key);
                self.at(&span, format!("`{key}` is {value}"), format!("expected a number from {low} to {high}"));
            }
        }
        for o in &lab.objectives {
            let good = o.split_once(':').is_some_and(|(who, what)| matches!(who, "lpic2" | "asir") && !what.is_empty());
            if !good {
                let span = self.place("objectives");
                self.at(&span, format!("`{o}` is no objective"), "expected such as `lpic2:211.1` or `asir:0375.RA5.d`");
            }
        }
        let known = catalogue::ids();
        for p in &lab.prerequisites {
            if !known.contains(&&**p) {
                self.r.unknown(&p.span, "lab", p, &known);
            }
        }
        let broken = lab.fault.is_some();
        match lab.kind {
            Kind::Fault if !broken => {
                let span = self.place("kind");
                self.at(&span, "the lab is of kind `fault` and has no [fault]", "add [fault], or say `healthy`");
            }
            Kind::Healthy if broken => {
                let span = self.place("fault");
                self.at(&span, "a healthy lab has no [fault]", "take it out, or say `kind = \"fault\"`");
            }
            Kind::Fault if lab.goal.is_empty() => {
                let span = self.place("fault");
                self.at(&span, "nothing says what must hold after the repair", "add [[goal]]");
            }
            _ => {}
        }
    }

    fn unique(&mut self, what: &str, ids: Vec<&Id>) {
        for (i, id) in ids.iter().enumerate() {
            if !id.text.is_empty() && ids[..i].iter().any(|o| o.text == id.text) {
                self.r.report(
                    Diagnostic::error(id.span.clone(), format!("two {what} are named `{}`", id.text))
                        .label("the name is taken"),
                );
            }
        }
    }
    fn ids(&mut self, lab: &Lab) {
        self.unique("rivals", lab.rival.iter().map(|r| &r.id).collect());
        self.unique("facts", lab.evidence.iter().map(|e| &e.id).collect());
        self.unique("goals", lab.goal.iter().chain(&lab.keep).map(|g| &g.id).collect());
        self.unique("sessions", lab.solution.iter().map(|s| &s.id).chain(lab.case.iter().map(|c| &c.id)).collect());
        self.unique("programs", lab.command.iter().map(|c| &c.name).collect());
        for c in &lab.command {
            let name = c.name.text.as_str();
            let own = command::program(name).is_some() || builtins::find(name).is_some();
            if own || name == "lab" || SHELL.contains(&name) {
                self.at(&c.name.span, format!("the model has `{name}`"), "a scripted program cannot shadow it");
            }
        }
    }

    fn rivals(&mut self, lab: &Lab) {
        if !self.has("rival") {
            return;
        }
        for (of, word) in [(RivalOf::Code, "code"), (RivalOf::Cause, "cause")] {
            if !lab.rival.iter().any(|r| r.of == of) {
                let span = self.place("rival");
                self.at(
                    &span,
                    format!("no rival disputes the {word}"),
                    format!("add a [[rival]] with `of = \"{word}\"`"),
                );
            }
        }
        let cause = &lab.diagnosis.cause;
        for r in &lab.rival {
            if r.cause == *cause && r.code == lab.diagnosis.code && !r.id.is_empty() && !cause.is_empty() {
                self.at(
                    &r.id.span,
                    format!("the rival `{}` has the fault's own cause and code", r.id.text),
                    "it disputes nothing",
                );
            }
            if r.of == RivalOf::Code && r.code == lab.diagnosis.code && !r.code.is_empty() {
                self.at(
                    &r.id.span,
                    format!("the rival `{}` disputes the code and has the same", r.id.text),
                    "give it its own `code`",
                );
            }
        }
        if let Some(f) = &lab.fault
            && f.cause != *cause
            && !cause.is_empty()
            && !f.cause.is_empty()
        {
            let span = self.tree.get("diagnosis").and_then(|d| d.get("cause")).map_or(0..0, |n| n.span.clone());
            self.at(
                &span,
                format!("the fault's cause is `{}`, the diagnosis expects `{}`", &*f.cause, &**cause),
                "they must agree",
            );
        }
    }

    fn diagnosis(&mut self, lab: &Lab) {
        let d = &lab.diagnosis;
        if let (Some(n), Some(e)) = (d.code.number(), d.enhanced.chars().next())
            && !n.to_string().starts_with(e)
        {
            let span = self.tree.get("diagnosis").and_then(|d| d.get("enhanced")).map_or(0..0, |n| n.span.clone());
            self.at(&span, format!("{} does not belong to {n}", &*d.enhanced), "the first digits must be the same");
        }
        let list = |key: &str| match self.tree.get("diagnosis").and_then(|d| d.get(key)).map(|n| &n.value) {
            Some(Value::List(l)) => l.clone(),
            _ => Vec::new(),
        };
        let blocks = [
            (list("also"), d.also.iter().map(|a| (a.field, &a.value)).collect::<Vec<_>>()),
            (list("half"), d.half.iter().map(|a| (a.field, &a.value)).collect()),
            (list("wrong"), d.wrong.iter().map(|a| (a.field, &a.value)).collect()),
        ];
        for (nodes, answers) in blocks {
            for (node, (field, value)) in nodes.iter().zip(answers) {
                let span = node.get("value").map_or(node.span.clone(), |n| n.span.clone());
                self.answer(&span, field, value);
            }
        }
    }
    fn answer(&mut self, span: &Range<usize>, field: DiagnosisField, value: &str) {
        if value == "none" || value.is_empty() {
            return;
        }
        let ids = |it: Vec<&'static str>| it;
        let (known, names) = match field {
            DiagnosisField::Code => (codes::is_key(value), ids(codes::ROWS.iter().map(|r| r.key).collect())),
            DiagnosisField::By => (Decider::parse(value).is_some(), ids(Decider::ALL.iter().map(|d| d.id()).collect())),
            DiagnosisField::Action => {
                (Outcome::parse(value).is_some(), ids(Outcome::ALL.iter().map(|d| d.id()).collect()))
            }
            DiagnosisField::Who => (Who::parse(value).is_some(), ids(Who::ALL.iter().map(|d| d.id()).collect())),
            DiagnosisField::Cause => (codes::cause(value).is_some(), ids(codes::CAUSES.iter().map(|c| c.id).collect())),
            DiagnosisField::Enhanced | DiagnosisField::Unset => (true, Vec::new()),
        };
        if !known {
            self.r.unknown(span, "answer", value, &names);
        }
    }

    fn times(&mut self, lab: &Lab) {
        let start = lab.start();
        let mut late = Vec::new();
        let mut look = |span: &Range<usize>, t: Time| {
            if t > lab.now {
                late.push((span.clone(), "is after the learner sits down", t));
            } else if t < start {
                late.push((span.clone(), "is before the host's past begins", t));
            }
        };
        for t in &lab.traffic {
            look(&t.at.span, t.at.time);
        }
        let rivals = lab.rival.iter().flat_map(|r| &r.patch);
        for p in lab.host.patch.iter().chain(lab.fault.iter().flat_map(|f| &f.patch)).chain(rivals) {
            if let Some(at) = &p.at {
                look(&at.span, at.time);
            }
        }
        for (span, what, t) in late {
            self.r.report(
                Diagnostic::error(span, format!("{t} {what}"))
                    .label("impossible time")
                    .help(format!("the past reaches from {start} to {}", lab.now)),
            );
        }
    }

    fn patches(&mut self, lab: &Lab) {
        let ids: Vec<&str> = lab.traffic.iter().filter_map(|t| t.id.as_deref()).collect();
        let rivals = lab.rival.iter().flat_map(|r| &r.patch);
        for p in lab.host.patch.iter().chain(lab.fault.iter().flat_map(|f| &f.patch)).chain(rivals) {
            match &p.change {
                Change::Sends { id, .. } if !ids.contains(&&**id) => {
                    self.r.unknown(&id.span, "traffic", id, &ids);
                }
                Change::Run { line } => {
                    let word = line.split_whitespace().next().unwrap_or("");
                    if !lab.command.iter().any(|c| c.name.text == word) {
                        self.program(&p.span, word);
                    }
                }
                Change::Dns { record, value, .. } if value.is_some() => {
                    let types = ["A", "AAAA", "MX", "TXT", "PTR", "CNAME", "NS", "SOA", "ERR"];
                    if !types.contains(&record.as_str()) {
                        self.r.unknown(&p.span, "type of record", record, &types);
                    }
                }
                Change::Certificate { from, until, .. } if from.time >= until.time => {
                    self.at(&until.span, "the certificate ends before it begins", "swap `from` and `until`");
                }
                Change::File { path, .. } if !path.starts_with('/') => {
                    self.at(&p.span, format!("`{path}` is no absolute path"), "begin it with `/`");
                }
                _ => {}
            }
        }
        for t in &lab.traffic {
            let sends = !matches!(t.via, super::schema::Via::Imap);
            if !sends && t.user.is_none() {
                self.at(&t.at.span, "an IMAP visit without a user", "add `user = \"maria\"`");
            }
            if sends && t.to.is_empty() {
                self.at(&t.at.span, "traffic without a recipient", "add `to = [\"maria@ejemplo.com\"]`");
            }
        }
    }
    fn program(&mut self, span: &Range<usize>, word: &str) {
        let programs = command::programs();
        if SHELL.contains(&word) || programs.iter().any(|p| p.name == word) {
            return;
        }
        let names: Vec<&str> = programs.iter().map(|p| p.name).chain(SHELL).collect();
        self.r.unknown(span, "command", word, &names);
    }

    fn grading(&mut self, lab: &Lab) {
        for e in &lab.evidence {
            if let EvidenceFact::Command { programs, shows, lacks } = &e.fact {
                for p in programs {
                    if lab.command.iter().any(|c| c.name.text == *p) {
                        let help = "name a program of the model, or another kind of fact";
                        self.at(&e.span, format!("`{p}` is scripted and earns no evidence"), help);
                    } else {
                        self.program(&e.span, p);
                    }
                }
                if shows.is_empty() && lacks.is_empty() {
                    self.at(
                        &e.span,
                        "this fact says neither what is shown nor what is lacking",
                        "add `shows` or `lacks`",
                    );
                }
            }
        }
        for g in lab.goal.iter().chain(&lab.keep) {
            match &g.probe {
                Probe::Arrives { mailbox, .. } if mailbox.is_empty() => {
                    self.at(&g.span, "the probe does not say in whose mailbox", "add `mailbox = [\"maria\"]`");
                }
                Probe::Port { port, .. } if *port == 0 || *port > 65_535 => {
                    self.at(&g.span, format!("{port} is no port"), "expected a number from 1 to 65535");
                }
                _ => {}
            }
        }
        let facts: Vec<&str> = lab.evidence.iter().map(|e| &*e.id).collect();
        for h in &lab.hint {
            for s in h.seen.iter().filter(|s| !facts.contains(&&***s)) {
                self.r.unknown(&s.span, "fact", s, &facts);
            }
        }
        let rivals: Vec<&str> = lab.rival.iter().map(|r| &*r.id).collect();
        let named = lab.debrief.step.iter().flat_map(|s| &s.rules_out);
        for id in named.chain(lab.case.iter().flat_map(|c| &c.expect.ruled_out)) {
            if !rivals.contains(&&**id) {
                self.r.unknown(&id.span, "rival", id, &rivals);
            }
        }
        if self.has("hint") && !lab.hint.windows(2).all(|w| w[0].rung <= w[1].rung) {
            let span = self.place("hint");
            self.at(&span, "the hints do not climb", "order them strategy, where, what, how");
        }
    }

    fn sessions(&mut self, lab: &Lab) {
        if self.has("solution") && lab.solution.is_empty() {
            let span = self.place("solution");
            self.at(&span, "there is no solution", "add at least one [[solution]], better two different ones");
        }
        for s in &lab.solution {
            if !s.input.contains("lab diagnose") {
                self.at(
                    &s.id.span,
                    format!("the solution `{}` diagnoses nothing", s.id.text),
                    "add `lab diagnose --code …`",
                );
            }
            if s.input.contains("lab hint") {
                self.at(
                    &s.id.span,
                    format!("the solution `{}` takes a hint", s.id.text),
                    "a solution earns 100 without hints",
                );
            }
        }
        if self.has("case") && !lab.case.iter().any(|c| c.input.trim().is_empty()) {
            let span = self.place("case");
            self.at(&span, "no case types nothing", "add a [[case]] with `input = \"\"` that does not pass");
        }
    }

    /// Addresses and domains in any text, which could be somebody's.
    fn foreign(&mut self, node: &Node) {
        match &node.value {
            Value::Text(t) => {
                for word in t.split(|c: char| !(c.is_ascii_alphanumeric() || ".-@:_".contains(c))) {
                    self.foreign_word(&node.span, word.trim_matches(['.', '-', ':']));
                }
            }
            Value::List(l) => l.iter().for_each(|n| self.foreign(n)),
            Value::Table(t) => t.iter().for_each(|e| self.foreign(&e.node)),
            _ => {}
        }
    }
    fn foreign_word(&mut self, span: &Range<usize>, word: &str) {
        let (host, bad) = if let Some((_, domain)) = word.rsplit_once('@') {
            (domain, domain.contains('.') && !is_reserved_name(domain))
        } else {
            let ip = word.parse::<IpAddr>().ok();
            // Networks such as 0.0.0.0/0 or 192.0.0.0/2 are nobody's machine.
            let network = matches!(ip, Some(IpAddr::V4(a)) if a.octets()[2..] == [0, 0]);
            (word, ip.is_some_and(|ip| !is_reserved(ip) && !network))
        };
        if bad {
            self.r.report(
                Diagnostic::error(span.clone(), format!("`{host}` could be somebody's"))
                    .label("outside the reserved ranges")
                    .help("use 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, a private network, or a name under .example"),
            );
        }
    }
}
