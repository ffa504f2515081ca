//! expr(1).

use super::super::Ctx;
use super::super::opt::{missing_operand, quote};
use super::super::text::regex::{Flags, Re, Syntax};

/// expr(1).
pub async fn expr(ctx: &mut Ctx) -> i32 {
    let args: Vec<String> = ctx.args[1..].iter().skip_while(|a| *a == "--").cloned().collect();
    if args.is_empty() {
        return missing_operand(ctx, None).max(2);
    }
    let mut e = Expr { args, at: 0, depth: 0 };
    let r = e.or().and_then(|v| match e.args.get(e.at) {
        Some(x) => Err(format!("syntax error: unexpected argument {}", quote(x))),
        None => Ok(v),
    });
    match r {
        Ok(v) => {
            ctx.out(format!("{v}\n"));
            i32::from(null(&v))
        }
        Err(m) => {
            ctx.complain(m);
            2
        }
    }
}

fn null(v: &str) -> bool {
    v.is_empty() || v.trim_start_matches('-').bytes().all(|b| b == b'0')
}

struct Expr {
    args: Vec<String>,
    at: usize,
    depth: usize,
}

impl Expr {
    pub(super) fn take(&mut self, ops: &[&str]) -> Option<String> {
        let a = self.args.get(self.at)?;
        if ops.contains(&a.as_str()) {
            self.at += 1;
            return Some(self.args[self.at - 1].clone());
        }
        None
    }
    fn or(&mut self) -> Result<String, String> {
        let mut v = self.and()?;
        while self.take(&["|"]).is_some() {
            let r = self.and()?;
            if null(&v) {
                v = if null(&r) { "0".into() } else { r };
            }
        }
        Ok(v)
    }
    fn and(&mut self) -> Result<String, String> {
        let mut v = self.compare()?;
        while self.take(&["&"]).is_some() {
            let r = self.compare()?;
            if null(&v) || null(&r) {
                v = "0".into();
            }
        }
        Ok(v)
    }
    fn compare(&mut self) -> Result<String, String> {
        let mut v = self.sum()?;
        while let Some(op) = self.take(&["<", "<=", "=", "==", "!=", ">=", ">"]) {
            let r = self.sum()?;
            let o = match (v.parse::<i64>(), r.parse::<i64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                _ => v.cmp(&r),
            };
            let yes = match op.as_str() {
                "<" => o.is_lt(),
                "<=" => o.is_le(),
                "!=" => o.is_ne(),
                ">=" => o.is_ge(),
                ">" => o.is_gt(),
                _ => o.is_eq(),
            };
            v = i32::from(yes).to_string();
        }
        Ok(v)
    }
    fn number(v: &str) -> Result<i64, String> {
        v.parse().map_err(|_| "non-integer argument".to_owned())
    }
    pub(super) fn sum(&mut self) -> Result<String, String> {
        let mut v = self.product()?;
        while let Some(op) = self.take(&["+", "-"]) {
            let (a, b) = (Self::number(&v)?, Self::number(&self.product()?)?);
            let r = if op == "+" { a.checked_add(b) } else { a.checked_sub(b) };
            v = r.ok_or("integer result too large")?.to_string();
        }
        Ok(v)
    }
    fn product(&mut self) -> Result<String, String> {
        let mut v = self.matching()?;
        while let Some(op) = self.take(&["*", "/", "%"]) {
            let (a, b) = (Self::number(&v)?, Self::number(&self.matching()?)?);
            if b == 0 && op != "*" {
                return Err("division by zero".into());
            }
            let r = match op.as_str() {
                "*" => a.checked_mul(b),
                "/" => a.checked_div(b),
                _ => a.checked_rem(b),
            };
            v = r.ok_or("integer result too large")?.to_string();
        }
        Ok(v)
    }
    fn matched(text: &str, pattern: &str) -> Result<String, String> {
        let re = Re::new(&format!("^{pattern}"), Syntax::Basic, Flags { dot_all: true, ..Flags::default() })?;
        let got = re.captures_at(text.as_bytes(), 0);
        if re.groups() > 0 {
            return Ok(got
                .and_then(|g| g.get(1).copied().flatten())
                .map_or(String::new(), |(s, e)| text[s..e].to_owned()));
        }
        Ok(got.and_then(|g| g[0]).map_or(0, |(s, e)| text[s..e].chars().count()).to_string())
    }
    fn matching(&mut self) -> Result<String, String> {
        let mut v = self.atom()?;
        while self.take(&[":"]).is_some() {
            let p = self.atom()?;
            v = Self::matched(&v, &p)?;
        }
        Ok(v)
    }
    fn atom(&mut self) -> Result<String, String> {
        self.depth += 1;
        if self.depth > 500 {
            return Err("syntax error: nested too deeply".into());
        }
        let Some(a) = self.args.get(self.at).cloned() else {
            let last = self.args.last().cloned().unwrap_or_default();
            return Err(format!("syntax error: missing argument after {}", quote(&last)));
        };
        self.at += 1;
        let v = match a.as_str() {
            "(" => {
                let v = self.or()?;
                if self.take(&[")"]).is_none() {
                    return Err(match self.args.get(self.at) {
                        None => {
                            let last = self.args.last().cloned().unwrap_or_default();
                            format!("syntax error: expecting ')' after {}", quote(&last))
                        }
                        Some(x) => format!("syntax error: expecting ')' instead of {}", quote(x)),
                    });
                }
                v
            }
            "length" => self.atom()?.chars().count().to_string(),
            "match" => {
                let (t, p) = (self.atom()?, self.atom()?);
                Self::matched(&t, &p)?
            }
            "index" => {
                let (t, set) = (self.atom()?, self.atom()?);
                t.chars().position(|c| set.contains(c)).map_or(0, |i| i + 1).to_string()
            }
            "substr" => {
                let (t, from, n) = (self.atom()?, self.atom()?, self.atom()?);
                let from = from.parse::<usize>().unwrap_or(0);
                let n = n.parse::<usize>().unwrap_or(0);
                if from == 0 { String::new() } else { t.chars().skip(from - 1).take(n).collect() }
            }
            ")" => return Err("syntax error: unexpected ')'".into()),
            "+" if self.at < self.args.len() => {
                self.at += 1;
                self.args[self.at - 1].clone()
            }
            _ => a,
        };
        self.depth -= 1;
        Ok(v)
    }
}
