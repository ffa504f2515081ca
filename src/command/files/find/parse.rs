//! find's expression: operators, tests and actions, and its messages.

use super::super::super::Ctx;
use super::super::super::text::regex::{Flags, Re, Syntax};
use super::super::{mode, owner};
use super::quoted;
use crate::base::Time;

/// `+n`, `-n`, `n`.
#[derive(Clone, Copy)]
pub struct Count {
    sign: char,
    n: i64,
}

impl Count {
    pub fn fits(self, v: i64) -> bool {
        match self.sign {
            '+' => v > self.n,
            '-' => v < self.n,
            _ => v == self.n,
        }
    }
}

pub enum Test {
    True,
    False,
    Name(String, bool),
    Path(String, bool),
    Link(String, bool),
    Regex(Box<Re>),
    Kind(Vec<char>),
    Size(Count, u64),
    Empty,
    Perm(char, u32),
    User(u32),
    Group(u32),
    Uid(Count),
    Gid(Count),
    NoUser,
    NoGroup,
    Links(Count),
    Inum(Count),
    Days(char, Count, Option<Time>),
    Minutes(char, Count),
    Newer(char, Time),
    Access(u32),
    Same(u64),
    FsType(String),
    Prune,
    Quit,
    Print(char),
    Printf(String),
    Ls,
    Delete,
    Exec { argv: Vec<String>, batch: bool, dir: bool, ask: bool },
}

pub enum Expr {
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Comma(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Test(Test),
    /// Number of an action in [`Plan::actions`].
    Action(usize),
}

/// What find was asked to do.
pub struct Plan {
    pub expr: Expr,
    pub actions: Vec<Test>,
    pub min: usize,
    pub max: usize,
    pub depth_first: bool,
    pub one_device: bool,
}

struct Parser<'a> {
    ctx: &'a Ctx,
    args: &'a [String],
    at: usize,
    depth: usize,
    daystart: bool,
    /// Whether an action prints or acts by itself.
    acts: bool,
    plan: Plan,
}

pub fn parse(ctx: &Ctx, args: &[String]) -> Result<Plan, i32> {
    let plan = Plan {
        expr: Expr::Test(Test::True),
        actions: Vec::new(),
        min: 0,
        max: usize::MAX,
        depth_first: false,
        one_device: false,
    };
    let mut p = Parser { ctx, args, at: 0, depth: 0, daystart: false, acts: false, plan };
    let expr = if args.is_empty() { Expr::Test(Test::True) } else { p.comma()? };
    if p.at < args.len() {
        if args[p.at] == ")" {
            return p.fail("invalid expression; you have too many ')'".into());
        }
        return p.fail(format!("paths must precede expression: `{}'", args[p.at]));
    }
    let mut plan = p.plan;
    plan.expr = if p.acts {
        expr
    } else {
        plan.actions.push(Test::Print('\n'));
        Expr::And(Box::new(expr), Box::new(Expr::Action(plan.actions.len() - 1)))
    };
    Ok(plan)
}

impl Parser<'_> {
    fn fail<T>(&self, m: String) -> Result<T, i32> {
        self.ctx.complain(m);
        Err(1)
    }
    fn peek(&self) -> Option<&str> {
        self.args.get(self.at).map(String::as_str)
    }
    fn comma(&mut self) -> Result<Expr, i32> {
        let mut e = self.or()?;
        while self.peek() == Some(",") {
            self.at += 1;
            e = Expr::Comma(Box::new(e), Box::new(self.or()?));
        }
        Ok(e)
    }
    fn or(&mut self) -> Result<Expr, i32> {
        let mut e = self.and()?;
        while matches!(self.peek(), Some("-o" | "-or")) {
            self.at += 1;
            e = Expr::Or(Box::new(e), Box::new(self.and()?));
        }
        Ok(e)
    }
    fn and(&mut self) -> Result<Expr, i32> {
        let mut e = self.not()?;
        loop {
            match self.peek() {
                None | Some(")" | "," | "-o" | "-or") => return Ok(e),
                Some("-a" | "-and") => self.at += 1,
                _ => {}
            }
            e = Expr::And(Box::new(e), Box::new(self.not()?));
        }
    }
    fn not(&mut self) -> Result<Expr, i32> {
        self.depth += 1;
        if self.depth > 200 {
            return self.fail("invalid expression; nested too deeply".into());
        }
        let e = match self.peek() {
            Some("!" | "-not") => {
                self.at += 1;
                if self.peek().is_none() {
                    return self.fail(format!("expected an expression after `{}'", self.args[self.at - 1]));
                }
                Expr::Not(Box::new(self.not()?))
            }
            Some("(") => {
                self.at += 1;
                if self.peek() == Some(")") {
                    return self.fail("invalid expression; empty parentheses are not allowed.".into());
                }
                if self.peek().is_none() {
                    return self.fail("invalid expression; expected to find a ')' but didn't see one. Perhaps you need an extra predicate after '('".into());
                }
                let e = self.comma()?;
                if self.peek() != Some(")") {
                    return self.fail(
                        "invalid expression; I was expecting to find a ')' somewhere but did not see one.".into(),
                    );
                }
                self.at += 1;
                e
            }
            Some(")") => return self.fail("invalid expression; you have too many ')'".into()),
            Some("-o" | "-or" | "-a" | "-and" | ",") => {
                let op = self.args[self.at].clone();
                return self.fail(format!(
                    "invalid expression; you have used a binary operator '{op}' with nothing before it."
                ));
            }
            None => {
                let op = self.args.last().cloned().unwrap_or_default();
                return self.fail(format!("expected an expression after `{op}'"));
            }
            Some(_) => self.primary()?,
        };
        self.depth -= 1;
        Ok(e)
    }
    fn count(&self, name: &str, text: &str) -> Result<Count, i32> {
        let (sign, digits) = match text.chars().next() {
            Some(c @ ('+' | '-')) => (c, &text[1..]),
            _ => ('=', text),
        };
        match digits.parse::<f64>() {
            Ok(n) if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') => Ok(Count { sign, n: n as i64 }),
            _ => self.fail(format!("invalid argument `{text}' to `{name}'")),
        }
    }
    fn mtime(&self, name: &str) -> Result<Time, i32> {
        let got =
            self.ctx.io.world.borrow().host.fs.stat(&self.ctx.io.cred, &self.ctx.path(name)).map(|(_, n)| n.mtime);
        got.or_else(|e| self.fail(format!("{}: {e}", quoted(name))))
    }
    fn action(&mut self, t: Test) -> Expr {
        self.acts = true;
        self.plan.actions.push(t);
        Expr::Action(self.plan.actions.len() - 1)
    }
    fn primary(&mut self) -> Result<Expr, i32> {
        let name = self.args[self.at].clone();
        self.at += 1;
        if !name.starts_with('-') {
            return self.fail(format!("paths must precede expression: `{name}'"));
        }
        let takes = matches!(
            &name[1..],
            "name"
                | "iname"
                | "path"
                | "wholename"
                | "ipath"
                | "iwholename"
                | "lname"
                | "ilname"
                | "regex"
                | "iregex"
                | "type"
                | "xtype"
                | "size"
                | "perm"
                | "user"
                | "group"
                | "uid"
                | "gid"
                | "links"
                | "inum"
                | "mtime"
                | "ctime"
                | "atime"
                | "mmin"
                | "cmin"
                | "amin"
                | "newer"
                | "anewer"
                | "cnewer"
                | "samefile"
                | "fstype"
                | "maxdepth"
                | "mindepth"
                | "printf"
                | "regextype"
                | "exec"
                | "execdir"
                | "ok"
                | "okdir"
        ) || name.starts_with("-newer");
        let arg = if takes {
            match self.args.get(self.at) {
                Some(a) => {
                    self.at += 1;
                    a.clone()
                }
                None => return self.fail(format!("missing argument to `{name}'")),
            }
        } else {
            String::new()
        };
        let test = match &name[1..] {
            "true" | "noleaf" | "follow" | "warn" | "nowarn" | "ignore_readdir_race" | "regextype" => Test::True,
            "false" => Test::False,
            "name" => Test::Name(arg, false),
            "iname" => Test::Name(arg, true),
            "path" | "wholename" => Test::Path(arg, false),
            "ipath" | "iwholename" => Test::Path(arg, true),
            "lname" => Test::Link(arg, false),
            "ilname" => Test::Link(arg, true),
            r @ ("regex" | "iregex") => {
                let flags = Flags { ignore_case: r == "iregex", ..Flags::default() };
                // The default is Emacs' syntax, nearest to the basic one with bare + and ?.
                match Re::new(&emacs(&arg), Syntax::Basic, flags) {
                    Ok(re) => Test::Regex(Box::new(re)),
                    Err(m) => return self.fail(format!("failed to compile regular expression '{arg}': {m}")),
                }
            }
            "type" | "xtype" => {
                let mut kinds = Vec::new();
                for part in arg.split(',') {
                    let mut it = part.chars();
                    match (it.next(), it.next()) {
                        (Some(c @ ('b' | 'c' | 'd' | 'p' | 'f' | 'l' | 's')), None) => kinds.push(c),
                        (Some('b' | 'c' | 'd' | 'p' | 'f' | 'l' | 's'), Some(_)) => {
                            return self.fail(format!("Must separate multiple arguments to {name} using: ','"));
                        }
                        _ => return self.fail(format!("Unknown argument to {name}: {part}")),
                    }
                }
                Test::Kind(kinds)
            }
            "size" => {
                let unit = match arg.chars().last() {
                    Some('c') => 1,
                    Some('w') => 2,
                    Some('b') => 512,
                    Some('k') => 1 << 10,
                    Some('M') => 1 << 20,
                    Some('G') => 1 << 30,
                    Some(c) if c.is_ascii_digit() => 512,
                    _ => {
                        let c = arg.chars().last().map_or(String::new(), String::from);
                        return self.fail(format!("invalid -size type `{c}'"));
                    }
                };
                let digits = arg.trim_end_matches(|c: char| c.is_ascii_alphabetic());
                if digits.trim_start_matches(['+', '-']).parse::<u64>().is_err() {
                    return self.fail(format!("Invalid argument `{arg}' to -size"));
                }
                Test::Size(self.count(&name, digits)?, unit)
            }
            "empty" => Test::Empty,
            "perm" => {
                let (how, text) = match arg.chars().next() {
                    Some(c @ ('-' | '/')) => (c, &arg[1..]),
                    _ => ('=', arg.as_str()),
                };
                match mode::apply(text, 0, true, 0) {
                    Some(bits) => Test::Perm(how, bits),
                    None => return self.fail(format!("invalid mode {}", quoted(&arg))),
                }
            }
            "user" => match owner::user_id(self.ctx, &arg) {
                Some(u) => Test::User(u),
                None => return self.fail(format!("{} is not the name of a known user", quoted(&arg))),
            },
            "group" => match owner::group_id(self.ctx, &arg) {
                Some(g) => Test::Group(g),
                None => return self.fail(format!("{} is not the name of an existing group", quoted(&arg))),
            },
            "uid" => Test::Uid(self.count(&name, &arg)?),
            "gid" => Test::Gid(self.count(&name, &arg)?),
            "nouser" => Test::NoUser,
            "nogroup" => Test::NoGroup,
            "links" => Test::Links(self.count(&name, &arg)?),
            "inum" => Test::Inum(self.count(&name, &arg)?),
            "mtime" | "ctime" | "atime" => {
                let start = self.daystart.then(|| {
                    let now = self.ctx.io.world.borrow().now();
                    Time::from_secs((now.secs().div_euclid(86_400) + 1) * 86_400 - 1)
                });
                Test::Days(name.chars().nth(1).unwrap_or('m'), self.count(&name, &arg)?, start)
            }
            "mmin" | "cmin" | "amin" => Test::Minutes(name.chars().nth(1).unwrap_or('m'), self.count(&name, &arg)?),
            "newer" | "anewer" => Test::Newer('m', self.mtime(&arg)?),
            "cnewer" => Test::Newer('c', self.mtime(&arg)?),
            n if n.len() == 7 && n.starts_with("newer") => {
                let xy: Vec<char> = n[5..].chars().collect();
                let t = if xy[1] == 't' {
                    let now = self.ctx.io.world.borrow().now();
                    match super::super::super::system::date::parse(&arg, now) {
                        Some(t) => t,
                        None => {
                            return self.fail(format!(
                                "I cannot figure out how to interpret {} as a date or time",
                                quoted(&arg)
                            ));
                        }
                    }
                } else {
                    self.mtime(&arg)?
                };
                Test::Newer(xy[0], t)
            }
            "readable" => Test::Access(4),
            "writable" => Test::Access(2),
            "executable" => Test::Access(1),
            "samefile" => {
                let got =
                    self.ctx.io.world.borrow().host.fs.stat(&self.ctx.io.cred, &self.ctx.path(&arg)).map(|(i, _)| i);
                match got {
                    Ok(i) => Test::Same(i),
                    Err(e) => return self.fail(format!("{}: {e}", quoted(&arg))),
                }
            }
            "fstype" => Test::FsType(arg),
            "prune" => Test::Prune,
            "quit" => Test::Quit,
            m @ ("maxdepth" | "mindepth") => {
                let Ok(n) = arg.parse::<usize>() else {
                    return self.fail(format!(
                        "Expected a positive decimal integer argument to {name}, but got {}",
                        quoted(&arg)
                    ));
                };
                if m == "maxdepth" {
                    self.plan.max = n;
                } else {
                    self.plan.min = n;
                }
                Test::True
            }
            "depth" | "d" => {
                self.plan.depth_first = true;
                Test::True
            }
            "daystart" => {
                self.daystart = true;
                Test::True
            }
            "xdev" | "mount" => {
                self.plan.one_device = true;
                Test::True
            }
            "print" => return Ok(self.action(Test::Print('\n'))),
            "print0" => return Ok(self.action(Test::Print('\0'))),
            "printf" => return Ok(self.action(Test::Printf(arg))),
            "ls" => return Ok(self.action(Test::Ls)),
            "delete" => {
                self.plan.depth_first = true;
                return Ok(self.action(Test::Delete));
            }
            e @ ("exec" | "execdir" | "ok" | "okdir") => {
                let mut argv = vec![arg];
                let batch = loop {
                    match self.args.get(self.at).map(String::as_str) {
                        None => return self.fail(format!("missing argument to `{name}'")),
                        Some(";") => break false,
                        Some("+") if argv.last().is_some_and(|a| a == "{}") && e.starts_with("exec") => break true,
                        Some(a) => argv.push(a.to_owned()),
                    }
                    self.at += 1;
                };
                self.at += 1;
                if argv[0] == ";" {
                    return self.fail(format!("invalid argument `;' to `{name}'"));
                }
                if batch {
                    argv.pop();
                }
                return Ok(self.action(Test::Exec { argv, batch, dir: e.ends_with("dir"), ask: e.starts_with("ok") }));
            }
            _ => return self.fail(format!("unknown predicate `{name}'")),
        };
        Ok(Expr::Test(test))
    }
}

/// Emacs' `+` and `?` are bare operators; basic expressions escape them.
fn emacs(p: &str) -> String {
    let mut out = String::new();
    let mut it = p.chars();
    while let Some(c) = it.next() {
        match c {
            '\\' => {
                out.push('\\');
                out.extend(it.next());
            }
            '+' | '?' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
