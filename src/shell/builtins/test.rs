//! `test`, `[`, and the conditions of `[[ ]]`.

use super::super::ast::{Part, Test, Word};
use super::super::pattern::Pattern;
use super::super::state::{R, Shell};
use super::super::vars::{Content, Var};
use super::Call;
use crate::command::io::Fd;
use crate::host::fs::{Kind, PERM_R, PERM_W, PERM_X};
use std::collections::BTreeMap;

const BINARY: &[&str] = &["=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"];

pub fn bracket(sh: &mut Shell, c: Call<'_>) -> R {
    match c.args() {
        [inner @ .., last] if last == "]" => run(sh, "[", inner),
        _ => {
            sh.complain_as("[", "missing `]'");
            Ok(2)
        }
    }
}

pub fn test(sh: &mut Shell, c: Call<'_>) -> R {
    run(sh, "test", c.args())
}

fn run(sh: &mut Shell, name: &str, args: &[String]) -> R {
    let r = match args.len() {
        0 => Ok(false),
        1 => Ok(!args[0].is_empty()),
        2 => two(sh, args),
        3 => three(sh, args),
        4 if args[0] == "!" => three(sh, &args[1..]).map(|b| !b),
        4 if args[0] == "(" && args[3] == ")" => two(sh, &args[1..3]),
        _ => {
            let mut p = Expr { sh, args, at: 0 };
            match p.or() {
                Ok(v) if p.at == args.len() => Ok(v),
                Ok(_) => Err("too many arguments".to_owned()),
                Err(e) => Err(e),
            }
        }
    };
    match r {
        Ok(true) => Ok(0),
        Ok(false) => Ok(1),
        Err(m) => {
            sh.complain_as(name, m);
            Ok(2)
        }
    }
}

fn is_unary(s: &str) -> bool {
    let mut c = s.chars();
    c.next() == Some('-') && c.next().is_some_and(|x| "abcdefghknoprstuvwxzGLNORS".contains(x)) && c.next().is_none()
}

fn two(sh: &mut Shell, a: &[String]) -> Result<bool, String> {
    if a[0] == "!" {
        return Ok(a[1].is_empty());
    }
    if is_unary(&a[0]) {
        return sh.unary(&a[0], &a[1]);
    }
    Err(format!("{}: unary operator expected", a[0]))
}

fn three(sh: &mut Shell, a: &[String]) -> Result<bool, String> {
    if BINARY.contains(&a[1].as_str()) {
        return sh.binary(&a[0], &a[1], &a[2]);
    }
    if a[1] == "-a" {
        return Ok(!a[0].is_empty() && !a[2].is_empty());
    }
    if a[1] == "-o" {
        return Ok(!a[0].is_empty() || !a[2].is_empty());
    }
    if a[0] == "!" {
        return two(sh, &a[1..]).map(|b| !b);
    }
    if a[0] == "(" && a[2] == ")" {
        return Ok(!a[1].is_empty());
    }
    Err(format!("{}: binary operator expected", a[1]))
}

/// Four arguments and more: `-o` binds weaker than `-a`.
struct Expr<'a> {
    sh: &'a mut Shell,
    args: &'a [String],
    at: usize,
}

impl Expr<'_> {
    fn peek(&self) -> Option<&str> {
        self.args.get(self.at).map(String::as_str)
    }
    fn or(&mut self) -> Result<bool, String> {
        let mut v = self.and()?;
        while self.peek() == Some("-o") {
            self.at += 1;
            v |= self.and()?;
        }
        Ok(v)
    }
    fn and(&mut self) -> Result<bool, String> {
        let mut v = self.term(0)?;
        while self.peek() == Some("-a") {
            self.at += 1;
            v &= self.term(0)?;
        }
        Ok(v)
    }
    fn term(&mut self, depth: usize) -> Result<bool, String> {
        if depth > 100 {
            return Err("too many arguments".into());
        }
        let Some(a) = self.args.get(self.at).cloned() else { return Err("argument expected".into()) };
        if a == "!" {
            self.at += 1;
            return self.term(depth + 1).map(|v| !v);
        }
        if let (Some(op), Some(b)) = (self.args.get(self.at + 1).cloned(), self.args.get(self.at + 2).cloned())
            && BINARY.contains(&op.as_str())
        {
            self.at += 3;
            return self.sh.binary(&a, &op, &b);
        }
        if a == "(" && depth < 20 {
            self.at += 1;
            let v = self.or()?;
            if self.peek() != Some(")") {
                return Err("`)' expected".into());
            }
            self.at += 1;
            return Ok(v);
        }
        if is_unary(&a)
            && let Some(b) = self.args.get(self.at + 1).cloned()
        {
            self.at += 2;
            return self.sh.unary(&a, &b);
        }
        self.at += 1;
        if self.at < self.args.len() && !matches!(self.peek(), Some("-a" | "-o" | ")")) {
            if self.args.len() == 4 || self.at + 1 < self.args.len() {
                return Err("too many arguments".into());
            }
            return Err(format!("{}: binary operator expected", self.peek().unwrap_or("")));
        }
        Ok(!a.is_empty())
    }
}

impl Shell {
    fn unary(&mut self, op: &str, a: &str) -> Result<bool, String> {
        match op {
            "-z" => return Ok(a.is_empty()),
            "-n" => return Ok(!a.is_empty()),
            "-o" => return Ok(self.option(a)),
            "-v" => {
                if let Some((n, i)) = a.split_once('[') {
                    let i = i.trim_end_matches(']').to_owned();
                    if i == "@" || i == "*" {
                        return Ok(self.vars.get(n).is_some_and(|v| !v.values().is_empty()));
                    }
                    return Ok(self.element(n, &i).is_some());
                }
                if let Ok(n) = a.parse::<usize>() {
                    return Ok(n == 0 || n <= self.args.len());
                }
                return Ok(
                    self.dynamic(a).is_some() || self.vars.get(&self.target(a)).is_some_and(|v| v.value().is_some())
                );
            }
            "-R" => return Ok(self.vars.get(a).is_some_and(|v| v.nameref)),
            "-t" => {
                let Ok(n) = a.parse::<u32>() else { return Err(format!("{a}: integer expression expected")) };
                return Ok(self.fds.get(&n).is_some_and(Fd::is_terminal));
            }
            _ => {}
        }
        let path = match a {
            "/dev/stdin" | "/dev/stdout" | "/dev/stderr" | "/dev/null" | "/dev/tty" => {
                return Ok(matches!(op, "-e" | "-a" | "-r" | "-w" | "-c"));
            }
            "" => return Ok(false),
            a => self.path(a),
        };
        let w = self.world.borrow();
        let fs = &w.host.fs;
        if op == "-L" || op == "-h" {
            return Ok(fs.lstat(&self.cred, &path).is_ok_and(|(_, n)| n.is_symlink()));
        }
        let stat = fs.stat(&self.cred, &path);
        let Ok((_, n)) = stat else {
            let simulated = crate::command::program_at(&crate::host::fs::normalize("/", &path)).is_some();
            return Ok(simulated && matches!(op, "-e" | "-a" | "-f" | "-r" | "-x" | "-s" | "-O" | "-G"));
        };
        Ok(match op {
            "-e" | "-a" => true,
            "-f" => n.is_file(),
            "-d" => n.is_dir(),
            "-s" => n.size() > 0,
            "-p" => matches!(n.kind, Kind::Fifo),
            "-S" => matches!(n.kind, Kind::Socket),
            "-c" => matches!(n.kind, Kind::Device(_)),
            "-b" => false,
            "-r" => fs.access(&self.cred, &path, PERM_R).is_ok(),
            "-w" => fs.access(&self.cred, &path, PERM_W).is_ok(),
            "-x" => fs.access(&self.cred, &path, PERM_X).is_ok(),
            "-u" => n.mode & 0o4000 != 0,
            "-g" => n.mode & 0o2000 != 0,
            "-k" => n.mode & 0o1000 != 0,
            "-O" => n.uid == self.cred.uid,
            "-G" => n.gid == self.cred.gid,
            "-N" => true,
            _ => false,
        })
    }
    fn binary(&mut self, a: &str, op: &str, b: &str) -> Result<bool, String> {
        let int = |s: &str| -> Result<i64, String> {
            let t = s.trim();
            t.strip_prefix('+').unwrap_or(t).parse::<i64>().map_err(|_| format!("{s}: integer expression expected"))
        };
        Ok(match op {
            "=" | "==" => a == b,
            "!=" => a != b,
            "<" => a < b,
            ">" => a > b,
            "-nt" | "-ot" | "-ef" => return Ok(self.compare_files(a, op, b)),
            _ => {
                let (x, y) = (int(a)?, int(b)?);
                match op {
                    "-eq" => x == y,
                    "-ne" => x != y,
                    "-lt" => x < y,
                    "-le" => x <= y,
                    "-gt" => x > y,
                    _ => x >= y,
                }
            }
        })
    }
    fn compare_files(&self, a: &str, op: &str, b: &str) -> bool {
        let w = self.world.borrow();
        let fs = &w.host.fs;
        let of = |p: &str| fs.stat(&self.cred, &self.path(p)).ok().map(|(i, n)| (i, n.mtime));
        match (op, of(a), of(b)) {
            ("-ef", Some((x, _)), Some((y, _))) => x == y,
            ("-nt", Some((_, x)), Some((_, y))) => x > y,
            ("-ot", Some((_, x)), Some((_, y))) => x < y,
            ("-nt", Some(_), None) | ("-ot", None, Some(_)) => true,
            _ => false,
        }
    }
    /// `[[ … ]]`: 0, 1, or 2 for an error.
    pub(in super::super) async fn conditional(&mut self, t: &Test) -> R {
        match self.cond(t).await? {
            Ok(v) => Ok(i32::from(!v)),
            Err(m) => {
                if !m.is_empty() {
                    self.complain(format!("[[: {m}"));
                }
                Ok(if m.contains("syntax error") || m.contains("expression") { 1 } else { 2 })
            }
        }
    }
    fn cond<'a>(
        &'a mut self,
        t: &'a Test,
    ) -> std::pin::Pin<Box<dyn std::future::Future<Output = R<Result<bool, String>>> + 'a>> {
        Box::pin(async move {
            macro_rules! go {
                ($e:expr) => {
                    match self.cond($e).await? {
                        Ok(v) => v,
                        Err(m) => return Ok(Err(m)),
                    }
                };
            }
            Ok(match t {
                Test::Word(w) => {
                    let s = self.expand_whole(w).await?;
                    if self.option("xtrace") {
                        self.trace(&format!("[[ -n {} ]]", super::super::escape::trace(&s))).await;
                    }
                    Ok(!s.is_empty())
                }
                Test::Not(t) => {
                    let v = go!(t);
                    Ok(!v)
                }
                Test::Group(t) => return self.cond(t).await,
                Test::And(a, b) => Ok(go!(a) && go!(b)),
                Test::Or(a, b) => Ok(go!(a) || go!(b)),
                Test::Unary(op, w) => {
                    let s = self.expand_whole(w).await?;
                    if self.option("xtrace") {
                        self.trace(&format!("[[ {op} {} ]]", super::super::escape::trace(&s))).await;
                    }
                    self.unary(op, &s)
                }
                Test::Binary(l, op, r) => {
                    let left = self.expand_whole(l).await?;
                    return self.cond_binary(&left, op, r).await;
                }
            })
        })
    }
    async fn cond_binary(&mut self, left: &str, op: &str, r: &Word) -> R<Result<bool, String>> {
        if self.option("xtrace") {
            let shown = self.expand_whole(r).await?;
            let text =
                format!("[[ {} {op} {} ]]", super::super::escape::trace(left), super::super::escape::trace(&shown));
            self.trace(&text).await;
        }
        let nocase = self.is_shopt("nocasematch");
        Ok(match op {
            "==" | "=" | "!=" => {
                let pat = self.expand_pattern(r).await?;
                Ok(Pattern::new(&pat, true).nocase(nocase).matches(left) == (op != "!="))
            }
            "=~" => {
                let text = self.regex_text(r).await?;
                return self.regex(left, &text, nocase);
            }
            "<" | ">" | "-nt" | "-ot" | "-ef" => {
                let right = self.expand_whole(r).await?;
                self.binary(left, op, &right)
            }
            _ => {
                let right = self.expand_whole(r).await?;
                let (x, y) = match (self.arithmetic(left), self.arithmetic(&right)) {
                    (Ok(x), Ok(y)) => (x, y),
                    (Err(e), _) | (_, Err(e)) => return Ok(Err(e)),
                };
                self.binary(&x.to_string(), op, &y.to_string())
            }
        })
    }
    /// The right side of `=~`: what is quoted is literal.
    async fn regex_text(&mut self, w: &Word) -> R<String> {
        let mut out = String::new();
        for p in &w.parts {
            let one = Word { parts: vec![p.clone()], raw: w.raw.clone() };
            let text = self.expand_whole(&one).await?;
            if matches!(p, Part::Quoted(_) | Part::Double(_)) {
                out.push_str(&regex::escape(&text));
            } else {
                out.push_str(&text);
            }
        }
        Ok(out)
    }
    fn regex(&mut self, text: &str, pattern: &str, nocase: bool) -> R<Result<bool, String>> {
        let built = regex::RegexBuilder::new(&ere(pattern)).case_insensitive(nocase).size_limit(1 << 20).build();
        let Ok(re) = built else { return Ok(Err(String::new())) };
        let mut map = BTreeMap::new();
        let hit = match re.captures(text) {
            Some(c) => {
                for (i, g) in c.iter().enumerate() {
                    map.insert(i as i64, g.map_or("", |m| m.as_str()).to_owned());
                }
                true
            }
            None => false,
        };
        *self.vars.entry("BASH_REMATCH") = Var { content: Content::Indexed(map), ..Var::default() };
        Ok(Ok(hit))
    }
}

/// A POSIX extended expression as the regex crate reads it: in brackets a backslash is itself.
fn ere(p: &str) -> String {
    let mut out = String::new();
    let c: Vec<char> = p.chars().collect();
    let mut i = 0;
    while i < c.len() {
        if c[i] == '\\' && i + 1 < c.len() {
            out.push('\\');
            out.push(c[i + 1]);
            i += 2;
            continue;
        }
        if c[i] != '[' {
            out.push(c[i]);
            i += 1;
            continue;
        }
        let mut j = i + 1;
        if c.get(j) == Some(&'^') {
            j += 1;
        }
        if c.get(j) == Some(&']') {
            j += 1;
        }
        while j < c.len() && c[j] != ']' {
            if c[j] == '[' && c.get(j + 1) == Some(&':') {
                while j < c.len() && !(c[j] == ':' && c.get(j + 1) == Some(&']')) {
                    j += 1;
                }
                j += 1;
            }
            j += 1;
        }
        if j >= c.len() {
            // Not closed: an error for both.
            out.push('[');
            i += 1;
            continue;
        }
        out.push('[');
        for (k, ch) in c[i + 1..j].iter().enumerate() {
            match ch {
                '\\' => out.push_str("\\\\"),
                '[' if c.get(i + 2 + k) != Some(&':') => out.push_str("\\["),
                ']' => out.push_str(if k > 0 && c[i + k] == ':' { "]" } else { "\\]" }),
                '&' | '~' => {
                    out.push('\\');
                    out.push(*ch);
                }
                ch => out.push(*ch),
            }
        }
        out.push(']');
        i = j + 1;
    }
    out
}
