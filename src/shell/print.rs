//! Writes a syntax tree as bash does: `type f`, `declare -f`, the texts of jobs.

use super::ast::{
    AndOr, Arg, ArmEnd, Assign, Command, Compound, Connector, List, Pipeline, Redirect, RedirectKind, Simple, Test,
    Value,
};

/// `name () { … }` as `declare -f` prints it.
pub fn function(name: &str, body: &Command) -> String {
    let mut p = Printer { out: format!("{name} () \n"), level: 0 };
    p.body(body);
    p.out.push('\n');
    p.out
}

/// One command line.
pub fn and_or(a: &AndOr) -> String {
    let mut p = Printer { out: String::new(), level: 0 };
    p.and_or(a);
    p.out
}

struct Printer {
    out: String,
    level: usize,
}

impl Printer {
    fn line(&mut self) {
        self.out.push('\n');
        self.out.push_str(&"    ".repeat(self.level.min(40)));
    }
    fn body(&mut self, c: &Command) {
        match c {
            Command::Compound { body: Compound::Brace(list), redirects, .. } => {
                self.out.push_str("{ ");
                self.block(list);
                self.line();
                self.out.push('}');
                self.redirects(redirects);
            }
            c => {
                self.out.push_str("{ ");
                self.level += 1;
                self.line();
                self.command(c);
                self.level -= 1;
                self.line();
                self.out.push('}');
            }
        }
    }
    /// A list on lines of its own, one level deeper.
    fn block(&mut self, list: &List) {
        self.level += 1;
        self.line();
        self.list(list);
        self.level -= 1;
    }
    fn list(&mut self, list: &List) {
        for (i, item) in list.iter().enumerate() {
            self.and_or(&item.and_or);
            let last = i + 1 == list.len();
            if item.background {
                self.out.push_str(if last { " &" } else { " & " });
            } else if !last {
                self.out.push(';');
            }
            if !last && !item.background {
                self.line();
            }
        }
    }
    /// A list in a body that ends with `;`.
    fn block_semi(&mut self, list: &List) {
        self.block(list);
        if !list.last().is_some_and(|i| i.background) {
            self.out.push(';');
        }
    }
    fn inline(&mut self, list: &List) {
        for (i, item) in list.iter().enumerate() {
            if i > 0 && !list[i - 1].background {
                self.out.push_str("; ");
            }
            self.and_or(&item.and_or);
            if item.background {
                self.out.push_str(" & ");
            }
        }
    }
    fn and_or(&mut self, a: &AndOr) {
        self.pipeline(&a.first);
        for (op, p) in &a.rest {
            self.out.push_str(if *op == Connector::And { " && " } else { " || " });
            self.pipeline(p);
        }
    }
    fn pipeline(&mut self, p: &Pipeline) {
        if let Some(posix) = p.time {
            self.out.push_str(if posix { "time -p " } else { "time " });
        }
        if p.bang {
            self.out.push_str("! ");
        }
        for (i, c) in p.stages.iter().enumerate() {
            if i > 0 {
                self.out.push_str(" | ");
            }
            self.command(c);
        }
    }
    fn command(&mut self, c: &Command) {
        match c {
            Command::Simple(s) => self.simple(s),
            Command::Compound { body, redirects, .. } => {
                self.compound(body);
                self.redirects(redirects);
            }
            Command::Function { name, body, .. } => {
                self.out.push_str(&format!("function {name} () "));
                self.line();
                self.body(body);
            }
        }
    }
    fn simple(&mut self, s: &Simple) {
        let mut words: Vec<String> = s.assigns.iter().map(assign).collect();
        words.extend(s.args.iter().map(|a| match a {
            Arg::Word(w) => w.raw.to_string(),
            Arg::Array(a) => assign(a),
        }));
        self.out.push_str(&words.join(" "));
        let bare = words.is_empty();
        let before = self.out.len();
        self.redirects(&s.redirects);
        if bare && self.out.len() > before {
            self.out.remove(before);
        }
    }
    fn redirects(&mut self, all: &[Redirect]) {
        let mut docs = Vec::new();
        for r in all {
            let (op, word, default) = match &r.kind {
                RedirectKind::Read(w) => ("<", w, 0),
                RedirectKind::Write(w) => (">", w, 1),
                RedirectKind::Clobber(w) => (">|", w, 1),
                RedirectKind::Append(w) => (">>", w, 1),
                RedirectKind::ReadWrite(w) => ("<>", w, 0),
                RedirectKind::HereString(w) => ("<<<", w, 0),
                RedirectKind::Both(w, append) => {
                    self.out.push_str(&format!(" &>{} {}", if *append { ">" } else { "" }, w.raw));
                    continue;
                }
                RedirectKind::DupIn(w) => {
                    self.out.push_str(&format!(" {}<&{}", r.fd.unwrap_or(0), w.raw));
                    continue;
                }
                RedirectKind::DupOut(w) => {
                    self.out.push_str(&format!(" {}>&{}", r.fd.unwrap_or(1), w.raw));
                    continue;
                }
                RedirectKind::HereDoc(d) => {
                    let quote = if d.quoted { "'" } else { "" };
                    self.out.push_str(&format!(" <<{}{quote}{}{quote}", if d.strip { "-" } else { "" }, d.delimiter));
                    docs.push(d.clone());
                    continue;
                }
            };
            let fd = match (&r.var, r.fd) {
                (Some(v), _) => format!("{{{v}}}"),
                (None, Some(n)) if n != default => n.to_string(),
                _ => String::new(),
            };
            self.out.push_str(&format!(" {fd}{op} {}", word.raw));
        }
        for d in docs {
            let body = d.body.get().map_or("", |(_, raw)| raw.as_str());
            self.out.push_str(&format!("\n{body}{}\n", d.delimiter));
        }
    }
    fn compound(&mut self, c: &Compound) {
        match c {
            Compound::Brace(list) => {
                self.out.push_str("{ ");
                self.block(list);
                self.line();
                self.out.push('}');
            }
            Compound::Subshell(list) => {
                self.out.push_str("( ");
                self.list(list);
                self.out.push_str(" )");
            }
            Compound::If { arms, otherwise } => {
                self.out.push_str("if ");
                self.if_arms(arms, otherwise.as_ref());
                self.line();
                self.out.push_str("fi");
            }
            Compound::While { until, test, body } => {
                self.out.push_str(if *until { "until " } else { "while " });
                self.inline(test);
                self.out.push_str("; do");
                self.done(body);
            }
            Compound::For { var, words, body } | Compound::Select { var, words, body } => {
                let word = if matches!(c, Compound::For { .. }) { "for" } else { "select" };
                let list = match words {
                    Some(w) => w.iter().map(|w| w.raw.to_string()).collect::<Vec<_>>().join(" "),
                    None => "\"$@\"".into(),
                };
                self.out.push_str(&format!("{word} {var} in {list};"));
                self.line();
                self.out.push_str("do");
                self.done(body);
            }
            Compound::ArithFor { init, test, step, body } => {
                self.out.push_str(&format!("for (({}; {}; {}))", init.raw.trim(), test.raw.trim(), step.raw.trim()));
                self.line();
                self.out.push_str("do");
                self.done(body);
            }
            Compound::Case { word, arms } => {
                self.out.push_str(&format!("case {} in ", word.raw));
                self.level += 1;
                for arm in arms {
                    self.line();
                    let patterns: Vec<&str> = arm.patterns.iter().map(|p| &*p.raw).collect();
                    self.out.push_str(&format!("{})", patterns.join(" | ")));
                    if !arm.body.is_empty() {
                        self.block(&arm.body);
                    }
                    self.line();
                    self.out.push_str(match arm.end {
                        ArmEnd::Break => ";;",
                        ArmEnd::FallThrough => ";&",
                        ArmEnd::TestNext => ";;&",
                    });
                }
                self.level -= 1;
                self.line();
                self.out.push_str("esac");
            }
            Compound::Arith(w) => self.out.push_str(&format!("(({}))", w.raw)),
            Compound::Test(t) => {
                self.out.push_str("[[ ");
                self.test(t);
                self.out.push_str(" ]]");
            }
        }
    }
    fn done(&mut self, body: &List) {
        self.block_semi(body);
        self.line();
        self.out.push_str("done");
    }
    fn if_arms(&mut self, arms: &[(List, List)], otherwise: Option<&List>) {
        let Some(((test, body), rest)) = arms.split_first() else { return };
        self.inline(test);
        self.out.push_str("; then");
        self.block_semi(body);
        if rest.is_empty() {
            if let Some(o) = otherwise {
                self.line();
                self.out.push_str("else");
                self.block_semi(o);
            }
        } else {
            self.line();
            self.out.push_str("else");
            self.level += 1;
            self.line();
            self.out.push_str("if ");
            self.if_arms(rest, otherwise);
            self.line();
            self.out.push_str("fi;");
            self.level -= 1;
        }
    }
    fn test(&mut self, t: &Test) {
        match t {
            Test::Word(w) => self.out.push_str(&format!("-n {}", w.raw)),
            Test::Unary(op, w) => self.out.push_str(&format!("{op} {}", w.raw)),
            Test::Binary(a, op, b) => self.out.push_str(&format!("{} {op} {}", a.raw, b.raw)),
            Test::Not(t) => {
                self.out.push_str("! ");
                self.test(t);
            }
            Test::Group(t) => {
                self.out.push_str("( ");
                self.test(t);
                self.out.push_str(" )");
            }
            Test::And(a, b) | Test::Or(a, b) => {
                self.test(a);
                self.out.push_str(if matches!(t, Test::And(..)) { " && " } else { " || " });
                self.test(b);
            }
        }
    }
}

fn assign(a: &Assign) -> String {
    let index = a.index.as_ref().map_or(String::new(), |i| format!("[{}]", i.raw));
    let op = if a.append { "+=" } else { "=" };
    let value = match &a.value {
        Value::Scalar(w) => w.raw.to_string(),
        Value::Array(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|e| match &e.index {
                    Some(i) => format!("[{}]={}", i.raw, e.value.raw),
                    None => e.value.raw.to_string(),
                })
                .collect();
            format!("({})", items.join(" "))
        }
    };
    format!("{}{index}{op}{value}", a.name)
}
