//! Shell arithmetic: 64-bit integers, bash's operators, its error texts.

/// Where variables of an expression live.
pub trait Names {
    /// The value of a variable (or `name[index]`) as text.
    fn get(&mut self, name: &str, index: Option<&str>) -> Result<String, String>;
    fn set(&mut self, name: &str, index: Option<&str>, value: i64) -> Result<(), String>;
}

/// An error is the text behind `bash: `: `1/0: division by 0 (error token is "0")`.
pub fn evaluate(text: &str, names: &mut dyn Names) -> Result<i64, String> {
    nested(text, names, 0)
}

fn nested(text: &str, names: &mut dyn Names, depth: usize) -> Result<i64, String> {
    if depth > 32 {
        return Err(format!("{text}: expression recursion level exceeded (error token is \"{text}\")"));
    }
    let shown = text.trim_start();
    let mut e = Eval { text: text.chars().collect(), at: 0, names, depth, quiet: false, shown, level: 0, last: 0 };
    e.blanks();
    if e.at >= e.text.len() {
        return Ok(0);
    }
    let v = e.comma()?;
    e.blanks();
    if e.at < e.text.len() {
        return Err(e.error("syntax error in expression"));
    }
    Ok(v)
}

struct Eval<'a> {
    text: Vec<char>,
    at: usize,
    names: &'a mut dyn Names,
    depth: usize,
    /// In the branch of `?:`, `&&` or `||` that is not taken: nothing is assigned.
    quiet: bool,
    shown: &'a str,
    level: usize,
    /// Where the last token began: what an error names.
    last: usize,
}

/// A variable to assign to.
type Place = (String, Option<String>);

const BINARY: &[(&str, u8)] = &[
    ("||", 1),
    ("&&", 2),
    ("|", 3),
    ("^", 4),
    ("&", 5),
    ("==", 6),
    ("!=", 6),
    ("<=", 7),
    (">=", 7),
    ("<<", 8),
    (">>", 8),
    ("<", 7),
    (">", 7),
    ("+", 9),
    ("-", 9),
    ("**", 11),
    ("*", 10),
    ("/", 10),
    ("%", 10),
];
const ASSIGN: &[&str] = &["<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|="];

impl Eval<'_> {
    fn blanks(&mut self) {
        while self.text.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
    }
    fn starts(&self, s: &str) -> bool {
        s.chars().enumerate().all(|(i, c)| self.text.get(self.at + i) == Some(&c))
    }
    fn rest(&self, from: usize) -> String {
        self.text[from.min(self.text.len())..].iter().collect()
    }
    fn error(&self, what: &str) -> String {
        self.error_at(what, self.at)
    }
    fn error_at(&self, what: &str, at: usize) -> String {
        format!("{}: {what} (error token is \"{}\")", self.shown, self.rest(at))
    }
    fn comma(&mut self) -> Result<i64, String> {
        let mut v = self.assign()?;
        loop {
            self.blanks();
            if !self.starts(",") {
                return Ok(v);
            }
            self.at += 1;
            v = self.assign()?;
        }
    }
    fn place(&mut self) -> Result<Option<Place>, String> {
        let from = self.at;
        while self.text.get(self.at).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_') {
            self.at += 1;
        }
        if self.at == from || self.text[from].is_ascii_digit() {
            self.at = from;
            return Ok(None);
        }
        let name: String = self.text[from..self.at].iter().collect();
        let mut index = None;
        if self.text.get(self.at) == Some(&'[') {
            let mut level = 0;
            let start = self.at + 1;
            loop {
                match self.text.get(self.at) {
                    None => return Err(format!("{}: bad array subscript", self.shown)),
                    Some('[') => level += 1,
                    Some(']') => level -= 1,
                    _ => {}
                }
                self.at += 1;
                if level == 0 {
                    break;
                }
            }
            index = Some(self.text[start..self.at - 1].iter().collect());
        }
        Ok(Some((name, index)))
    }
    fn value_of(&mut self, p: &Place) -> Result<i64, String> {
        let text = self.names.get(&p.0, p.1.as_deref())?;
        match text.trim().parse::<i64>() {
            Ok(v) if !text.trim().starts_with('0') || text.trim() == "0" => Ok(v),
            _ => nested(&text, self.names, self.depth + 1),
        }
    }
    fn assign(&mut self) -> Result<i64, String> {
        self.level += 1;
        if self.level > 100 {
            return Err(self.error("expression recursion level exceeded"));
        }
        let v = crate::base::stack::deep(|| self.assign_inner());
        self.level -= 1;
        v
    }
    fn assign_inner(&mut self) -> Result<i64, String> {
        self.blanks();
        let from = self.at;
        if let Some(p) = self.place()? {
            self.blanks();
            if self.starts("=") && !self.starts("==") {
                self.last = self.at;
                self.at += 1;
                let v = self.assign()?;
                self.store(&p, v)?;
                return Ok(v);
            }
            if let Some(op) = ASSIGN.iter().find(|op| self.starts(op)) {
                self.last = self.at;
                self.at += op.len();
                let at = self.at;
                let right = self.assign()?;
                let left = self.value_of(&p)?;
                let v = self.apply(&op[..op.len() - 1], left, right, at)?;
                self.store(&p, v)?;
                return Ok(v);
            }
        }
        self.at = from;
        self.ternary()
    }
    fn store(&mut self, p: &Place, v: i64) -> Result<(), String> {
        if self.quiet { Ok(()) } else { self.names.set(&p.0, p.1.as_deref(), v) }
    }
    fn hushed<T>(&mut self, quiet: bool, f: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        let old = self.quiet;
        self.quiet = old || quiet;
        let v = f(self);
        self.quiet = old;
        v
    }
    fn ternary(&mut self) -> Result<i64, String> {
        let test = self.binary(1)?;
        self.blanks();
        if !self.starts("?") {
            return Ok(test);
        }
        self.at += 1;
        let yes = self.hushed(test == 0, Self::comma)?;
        self.blanks();
        if !self.starts(":") {
            return Err(self.error("`:' expected for conditional expression"));
        }
        self.at += 1;
        let no = self.hushed(test != 0, Self::assign)?;
        Ok(if test != 0 { yes } else { no })
    }
    fn operator(&mut self) -> Option<(&'static str, u8)> {
        self.blanks();
        let (op, level) = BINARY.iter().find(|(op, _)| self.starts(op) && !(*op == "*" && self.starts("**")))?;
        // `a += 1` was taken by assign(); here `=` behind an operator is an error that the operand reports.
        Some((op, *level))
    }
    fn binary(&mut self, min: u8) -> Result<i64, String> {
        let mut left = self.unary()?;
        while let Some((op, level)) = self.operator() {
            if level < min {
                break;
            }
            if ASSIGN.iter().any(|a| self.starts(a)) {
                return Err(self.error("attempted assignment to non-variable"));
            }
            self.last = self.at;
            self.at += op.len();
            self.blanks();
            let at = self.at;
            let skip = (op == "||" && left != 0) || (op == "&&" && left == 0);
            let next = if op == "**" { level } else { level + 1 };
            let right = self.hushed(skip, |e| e.binary(next))?;
            left = match op {
                "||" => i64::from(left != 0 || right != 0),
                "&&" => i64::from(left != 0 && right != 0),
                _ => self.apply(op, left, right, at)?,
            };
        }
        Ok(left)
    }
    fn apply(&self, op: &str, a: i64, b: i64, at: usize) -> Result<i64, String> {
        Ok(match op {
            "|" => a | b,
            "^" => a ^ b,
            "&" => a & b,
            "==" => i64::from(a == b),
            "!=" => i64::from(a != b),
            "<=" => i64::from(a <= b),
            ">=" => i64::from(a >= b),
            "<" => i64::from(a < b),
            ">" => i64::from(a > b),
            "<<" => a.wrapping_shl(b as u32),
            ">>" => a.wrapping_shr(b as u32),
            "+" => a.wrapping_add(b),
            "-" => a.wrapping_sub(b),
            "*" => a.wrapping_mul(b),
            "/" | "%" if b == 0 => {
                if self.quiet {
                    0
                } else {
                    return Err(self.error_at("division by 0", at));
                }
            }
            "/" => a.wrapping_div(b),
            "%" => a.wrapping_rem(b),
            "**" if b < 0 => return Err(self.error_at("exponent less than 0", at)),
            _ => a.wrapping_pow(b as u32),
        })
    }
    fn unary(&mut self) -> Result<i64, String> {
        self.level += 1;
        if self.level > 100 {
            return Err(self.error("expression recursion level exceeded"));
        }
        let v = crate::base::stack::deep(|| self.unary_inner());
        self.level -= 1;
        v
    }
    fn unary_inner(&mut self) -> Result<i64, String> {
        self.blanks();
        let Some(&c) = self.text.get(self.at) else {
            return Err(self.error_at("syntax error: operand expected", self.last));
        };
        if self.starts("++") || self.starts("--") {
            let from = self.at;
            self.at += 2;
            self.blanks();
            if let Some(p) = self.place()? {
                let v = self.value_of(&p)?.wrapping_add(if c == '+' { 1 } else { -1 });
                self.store(&p, v)?;
                return Ok(v);
            }
            self.at = from;
        }
        if "+-!~".contains(c) {
            self.last = self.at;
            self.at += 1;
            let v = self.unary()?;
            return Ok(match c {
                '-' => v.wrapping_neg(),
                '!' => i64::from(v == 0),
                '~' => !v,
                _ => v,
            });
        }
        if c == '(' {
            self.at += 1;
            let v = self.comma()?;
            self.blanks();
            if !self.starts(")") {
                return Err(self.error_at("missing `)'", self.at.min(self.text.len())));
            }
            self.at += 1;
            return Ok(v);
        }
        if c.is_ascii_digit() {
            return self.number();
        }
        let from = self.at;
        let Some(p) = self.place()? else {
            return Err(self.error("syntax error: operand expected"));
        };
        self.last = from;
        self.blanks();
        let v = if self.quiet { 0 } else { self.value_of(&p)? };
        if self.starts("++") || self.starts("--") {
            let d = if self.starts("++") { 1 } else { -1 };
            self.at += 2;
            self.store(&p, v.wrapping_add(d))?;
        }
        Ok(v)
    }
    fn number(&mut self) -> Result<i64, String> {
        let from = self.at;
        self.last = from;
        while self.text.get(self.at).is_some_and(|c| c.is_alphanumeric() || "_@#".contains(*c)) {
            self.at += 1;
        }
        let t: String = self.text[from..self.at].iter().collect();
        let bad = |what: &str| Err(format!("{}: {what} (error token is \"{}\")", self.shown, self.rest(from)));
        let (digits, base) = if let Some((b, d)) = t.split_once('#') {
            match b.parse::<i64>() {
                Ok(b) if (2..=64).contains(&b) => (d.to_owned(), b),
                _ => return bad("invalid arithmetic base"),
            }
        } else if let Some(h) = t.strip_prefix("0x").or_else(|| t.strip_prefix("0X")) {
            (h.to_owned(), 16)
        } else if t.len() > 1 && t.starts_with('0') {
            (t[1..].to_owned(), 8)
        } else {
            (t, 10)
        };
        let mut v: i64 = 0;
        for c in digits.chars() {
            let d = match c {
                '0'..='9' => i64::from(c as u32 - '0' as u32),
                'a'..='z' => i64::from(c as u32 - 'a' as u32) + 10,
                'A'..='Z' if base <= 36 => i64::from(c as u32 - 'A' as u32) + 10,
                'A'..='Z' => i64::from(c as u32 - 'A' as u32) + 36,
                '@' => 62,
                '_' => 63,
                _ => 99,
            };
            if d >= base {
                return bad("value too great for base");
            }
            v = v.wrapping_mul(base).wrapping_add(d);
        }
        Ok(v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    impl Names for BTreeMap<String, String> {
        fn get(&mut self, name: &str, _: Option<&str>) -> Result<String, String> {
            Ok(BTreeMap::get(self, name).cloned().unwrap_or_default())
        }
        fn set(&mut self, name: &str, _: Option<&str>, value: i64) -> Result<(), String> {
            self.insert(name.into(), value.to_string());
            Ok(())
        }
    }

    #[test]
    fn expressions() {
        for (text, want) in [
            ("3+4*2", Ok(11)),
            ("10/3", Ok(3)),
            ("2**3**2", Ok(512)),
            ("-2**2", Ok(4)),
            ("(1,2)", Ok(2)),
            ("x=5,x+=2,x++,x", Ok(8)),
            ("1?2:3", Ok(2)),
            ("0x1f+010", Ok(39)),
            ("2#101", Ok(5)),
            ("!0 && 1", Ok(1)),
            ("", Ok(0)),
            ("1/0", Err("1/0: division by 0 (error token is \"0\")")),
            ("1+", Err("1+: syntax error: operand expected (error token is \"+\")")),
            ("1 2", Err("1 2: syntax error in expression (error token is \"2\")")),
            ("08", Err("08: value too great for base (error token is \"08\")")),
            ("0 && 1/0", Ok(0)),
        ] {
            assert_eq!(evaluate(text, &mut BTreeMap::new()), want.map_err(str::to_owned), "{text}");
        }
    }
}
