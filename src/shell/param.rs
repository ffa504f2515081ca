//! `${…}`: values, arrays and every operator.

use super::ast::{Index, Op, Param, Word};
use super::escape;
use super::expand::{Fields, Splitting};
use super::pattern::Pattern;
use super::state::{Flow, Mode, R, Shell};
use super::vars::{Content, Var, is_name};

/// What a parameter holds.
enum Val {
    Unset,
    One(String),
    /// `@` or `*` (true) of something.
    Many(Vec<String>, bool),
}

impl Shell {
    pub(super) async fn param(&mut self, p: &Param, f: &mut Fields, quoted: bool) -> R<()> {
        if matches!(p.op, Op::Bad) {
            self.complain(format!("{}: bad substitution", p.raw));
            return Err(Flow::Discard(1));
        }
        let mut name = p.name.clone();
        let mut index = self.index(&name, p.index.as_ref()).await?;
        match &p.op {
            Op::Names(at) => {
                let names = self.vars.iter().map(|(n, _)| n.clone()).filter(|n| n.starts_with(&name)).collect();
                self.emit(Val::Many(names, !at), f, quoted);
                return Ok(());
            }
            Op::Keys(at) => {
                let keys = self.vars.get(&self.target(&name)).map(Var::keys).unwrap_or_default();
                self.emit(Val::Many(keys, !at), f, quoted);
                return Ok(());
            }
            _ => {}
        }
        if p.indirect {
            let Val::One(target) = self.lookup(&name, &index) else {
                if matches!(p.op, Op::Use { .. }) {
                    return self.apply_use(&name, &index, Val::Unset, &p.op, f, quoted).await;
                }
                self.complain(format!("{name}: invalid indirect expansion"));
                return Err(Flow::Discard(1));
            };
            match target.split_once('[') {
                Some((n, i)) => {
                    name = n.to_owned();
                    index = match i.trim_end_matches(']') {
                        "@" => Place::At,
                        "*" => Place::Star,
                        i => Place::Key(i.to_owned()),
                    };
                }
                None => {
                    name = target;
                    index = Place::None;
                }
            }
        }
        let val = self.lookup(&name, &index);
        if let Op::Use { .. } = p.op {
            return self.apply_use(&name, &index, val, &p.op, f, quoted).await;
        }
        if matches!(val, Val::Unset) && self.option("nounset") && !"@*".contains(&name) {
            let shown = match &index {
                Place::Key(k) => format!("{name}[{k}]"),
                _ => name.clone(),
            };
            self.complain(format!("{shown}: unbound variable"));
            return Err(if self.mode == Mode::Interactive { Flow::Discard(1) } else { Flow::Exit(127) });
        }
        let out = match &p.op {
            Op::None => val,
            Op::Length => Val::One(
                match &val {
                    Val::Unset => 0,
                    Val::One(s) => s.chars().count(),
                    Val::Many(v, _) => v.len(),
                }
                .to_string(),
            ),
            Op::Prefix { longest, pattern } => {
                let pat = self.pattern_of(pattern).await?;
                each(val, |s| {
                    let c: Vec<char> = s.chars().collect();
                    pat.prefix(&c, *longest).map_or(s.clone(), |n| c[n..].iter().collect())
                })
            }
            Op::Suffix { longest, pattern } => {
                let pat = self.pattern_of(pattern).await?;
                each(val, |s| {
                    let c: Vec<char> = s.chars().collect();
                    pat.suffix(&c, *longest).map_or(s.clone(), |n| c[..n].iter().collect())
                })
            }
            Op::Replace { anchor, pattern, with } => {
                let pat = self.pattern_of(pattern).await?;
                let with = self.replacement(with).await?;
                each(val, |s| replace(s, &pat, *anchor, &with))
            }
            Op::Case { upper, all, pattern } => {
                let pat = match pattern {
                    Some(w) => Some(self.pattern_of(w).await?),
                    None => None,
                };
                each(val, |s| change_case(s, *upper, *all, pat.as_ref()))
            }
            Op::Slice { offset, length } => {
                let off = self.expand_arith(&offset.parts).await?;
                let len = match length {
                    Some(w) => Some(self.expand_arith(&w.parts).await?),
                    None => None,
                };
                self.slice(&name, &index, val, off, len)?
            }
            Op::Transform(t) => self.transform(&name, val, *t),
            Op::Use { .. } | Op::Names(_) | Op::Keys(_) | Op::Bad => Val::Unset,
        };
        self.emit(out, f, quoted);
        Ok(())
    }
    async fn pattern_of(&mut self, w: &Word) -> R<Pattern> {
        let text = self.expand_pattern(w).await?;
        Ok(Pattern::new(&text, true).nocase(self.is_shopt("nocasematch")))
    }
    /// The replacement of `${x/p/r}`: in it an unquoted `&` stands for what matched.
    async fn replacement(&mut self, w: &Word) -> R<Vec<Option<String>>> {
        let mut f = self.fields(Splitting::Whole);
        let mut out: Vec<Option<String>> = Vec::new();
        for p in &w.parts {
            f.cur = super::expand::Field::default();
            self.parts(std::slice::from_ref(p), &mut f, false).await?;
            let quoted = matches!(p, super::ast::Part::Quoted(_) | super::ast::Part::Double(_));
            let text = std::mem::take(&mut f.cur.text);
            if quoted || !text.contains('&') {
                out.push(Some(text));
                continue;
            }
            for (i, piece) in text.split('&').enumerate() {
                if i > 0 {
                    out.push(None);
                }
                out.push(Some(piece.to_owned()));
            }
        }
        Ok(out)
    }
    async fn index(&mut self, name: &str, i: Option<&Index>) -> R<Place> {
        Ok(match i {
            None => Place::None,
            Some(Index::At) => Place::At,
            Some(Index::Star) => Place::Star,
            Some(Index::Word(w)) => Place::Key(self.expand_subscript(name, w).await?),
        })
    }
    /// A subscript: text for an associative array, else expanded for arithmetic.
    pub(super) async fn expand_subscript(&mut self, _name: &str, w: &Word) -> R<String> {
        let mut f = self.fields(Splitting::Whole);
        self.parts(&w.parts, &mut f, false).await?;
        Ok(f.cur.text)
    }
    fn lookup(&mut self, name: &str, index: &Place) -> Val {
        match name {
            "@" => return Val::Many(self.args.clone(), false),
            "*" => return Val::Many(self.args.clone(), true),
            "#" => return Val::One(self.args.len().to_string()),
            "?" => return Val::One(self.status.to_string()),
            "$" => return Val::One(self.pid.to_string()),
            "-" => return Val::One(self.flags()),
            "!" => return self.last_background.map_or(Val::Unset, |p| Val::One(p.to_string())),
            "0" => return Val::One(self.arg0.clone()),
            _ => {}
        }
        if let Ok(n) = name.parse::<usize>() {
            return n.checked_sub(1).and_then(|i| self.args.get(i)).map_or(Val::Unset, |s| Val::One(s.clone()));
        }
        let name = self.target(name);
        if let Some((n, i)) = name.split_once('[') {
            return self.element(n, i.trim_end_matches(']')).map_or(Val::Unset, Val::One);
        }
        if name == "FUNCNAME" && matches!(index, Place::At | Place::Star) {
            return Val::Many(self.calls.iter().rev().cloned().collect(), *index == Place::Star);
        }
        match index {
            Place::None => match self.dynamic(&name).or_else(|| self.value(&name)) {
                Some(s) => Val::One(s),
                None => Val::Unset,
            },
            Place::Key(k) => self.element(&name, k).map_or(Val::Unset, Val::One),
            Place::At | Place::Star => {
                Val::Many(self.vars.get(&name).map(Var::values).unwrap_or_default(), *index == Place::Star)
            }
        }
    }
    async fn apply_use(&mut self, name: &str, index: &Place, val: Val, op: &Op, f: &mut Fields, quoted: bool) -> R<()> {
        let Op::Use { kind, colon, word } = op else { return Ok(()) };
        let present = match &val {
            Val::Unset => false,
            Val::One(s) => !colon || !s.is_empty(),
            Val::Many(v, _) => !v.is_empty() && (!colon || v.len() > 1 || !v[0].is_empty()),
        };
        match (kind, present) {
            ('+', true) | ('-', false) => self.operand_into(word, f, quoted).await,
            ('+', false) => {
                self.emit(Val::Unset, f, quoted);
                Ok(())
            }
            (_, true) => {
                self.emit(val, f, quoted);
                Ok(())
            }
            ('=', false) => {
                if !is_name(name) {
                    self.complain(format!("${name}: cannot assign in this way"));
                    return Err(Flow::Discard(1));
                }
                let text = self.expand_whole(word).await?;
                let key = if let Place::Key(k) = index { Some(k.as_str()) } else { None };
                self.assign_to(name, key, &text, false).map_err(|()| Flow::Discard(1))?;
                self.emit(Val::One(text), f, quoted);
                Ok(())
            }
            _ => {
                let mut text = self.expand_whole(word).await?;
                if text.is_empty() {
                    text = if *colon { "parameter null or not set" } else { "parameter not set" }.into();
                }
                self.complain(format!("{name}: {text}"));
                Err(if self.mode == Mode::Interactive { Flow::Discard(1) } else { Flow::Exit(127) })
            }
        }
    }
    async fn operand_into(&mut self, word: &Word, f: &mut Fields, quoted: bool) -> R<()> {
        if quoted {
            f.quoted("");
            return self.parts(&word.parts, f, true).await;
        }
        for p in &word.parts {
            match p {
                super::ast::Part::Lit(s) => {
                    let s = if s.starts_with('~') && std::ptr::eq(p, &raw const word.parts[0]) {
                        s.replacen('~', &self.home(), 1)
                    } else {
                        s.clone()
                    };
                    f.expanded(&s);
                }
                p => self.parts(std::slice::from_ref(p), f, false).await?,
            }
        }
        Ok(())
    }
    #[allow(clippy::unused_self)]
    fn emit(&self, val: Val, f: &mut Fields, quoted: bool) {
        match val {
            Val::Unset if quoted => f.quoted(""),
            Val::Unset => {}
            Val::One(s) if quoted => f.quoted(&s),
            Val::One(s) => f.expanded(&s),
            Val::Many(v, star) if f.splitting == Splitting::Whole || star && quoted => {
                let text = v.join(&if star { f.first_ifs() } else { " ".into() });
                if quoted { f.quoted(&text) } else { f.expanded(&text) }
            }
            Val::Many(v, _) => {
                for (i, s) in v.iter().enumerate() {
                    if i > 0 {
                        f.close();
                    }
                    if quoted { f.quoted(s) } else { f.expanded(s) }
                }
            }
        }
    }
    fn slice(&mut self, name: &str, index: &Place, val: Val, off: i64, len: Option<i64>) -> R<Val> {
        let bounds = |total: i64, base: i64| -> Option<(usize, i64)> {
            let start = if off < 0 { total + off } else { off - base };
            (0..=total).contains(&start).then_some((start as usize, total))
        };
        match val {
            Val::Unset => Ok(Val::Unset),
            Val::One(s) => {
                let c: Vec<char> = s.chars().collect();
                let total = c.len() as i64;
                let Some((start, _)) = bounds(total, 0) else { return Ok(Val::One(String::new())) };
                let end = match len {
                    None => total,
                    Some(l) if l < 0 => total + l,
                    Some(l) => (start as i64).saturating_add(l).min(total),
                };
                if end < start as i64 {
                    self.complain(format!("{}: substring expression < 0", len.unwrap_or(0)));
                    return Err(Flow::Discard(1));
                }
                Ok(Val::One(c[start..end as usize].iter().collect()))
            }
            Val::Many(mut v, star) => {
                if name == "@" || name == "*" {
                    v.insert(0, self.arg0.clone());
                } else if let Some(Content::Indexed(a)) = self.vars.get(&self.target(name)).map(|v| &v.content)
                    && matches!(index, Place::At | Place::Star)
                    && off >= 0
                {
                    v = a.range(off..).map(|(_, v)| v.clone()).collect();
                    let n = len.map_or(v.len(), |l| l.max(0) as usize);
                    v.truncate(n);
                    return Ok(Val::Many(v, star));
                }
                let total = v.len() as i64;
                let Some((start, _)) = bounds(total, 0) else { return Ok(Val::Many(Vec::new(), star)) };
                let n = match len {
                    Some(l) if l < 0 => {
                        self.complain(format!("{l}: substring expression < 0"));
                        return Err(Flow::Discard(1));
                    }
                    l => l.unwrap_or(total) as usize,
                };
                Ok(Val::Many(v.into_iter().skip(start).take(n).collect(), star))
            }
        }
    }
    fn transform(&mut self, name: &str, val: Val, t: char) -> Val {
        match t {
            'U' => each(val, |s| s.to_uppercase()),
            'L' => each(val, |s| s.to_lowercase()),
            'u' => each(val, |s| change_case(s, '^', false, None)),
            'Q' => each(val, |s| if escape::quote(s).starts_with('$') { escape::quote(s) } else { escape::single(s) }),
            'E' => each(val, |s| escape::ansi_c(s)),
            'P' => each(val, std::clone::Clone::clone),
            'a' => {
                let flags = self.vars.get(name).map(|v| v.flags().trim_matches('-').to_owned()).unwrap_or_default();
                Val::One(flags)
            }
            'A' => match self.vars.get(name) {
                Some(v) if v.is_array() && matches!(val, Val::One(_)) => {
                    let Val::One(first) = &val else { return Val::Unset };
                    Val::One(format!("declare {} {name}={}", v.flags(), escape::single(first)))
                }
                Some(v) if v.is_array() || v.flags() != "--" => Val::One(Shell::declaration(name, v)),
                Some(v) => Val::One(format!("{name}={}", escape::single(v.value().unwrap_or("")))),
                None => Val::Unset,
            },
            _ => match self.vars.get(name) {
                Some(v) if v.is_array() => {
                    let (keys, values) = (v.keys(), v.values());
                    let pairs: Vec<String> =
                        keys.iter().zip(&values).map(|(k, v)| format!("{k} {}", escape::double(v))).collect();
                    Val::One(pairs.join(" "))
                }
                _ => each(val, |s| escape::single(s)),
            },
        }
    }
}

/// A subscript after expansion.
#[derive(Clone, Debug, PartialEq)]
enum Place {
    None,
    At,
    Star,
    Key(String),
}

fn each(val: Val, mut f: impl FnMut(&String) -> String) -> Val {
    match val {
        Val::Unset => Val::Unset,
        Val::One(s) => Val::One(f(&s)),
        Val::Many(v, star) => Val::Many(v.iter().map(f).collect(), star),
    }
}

fn replace(s: &str, pat: &Pattern, anchor: char, with: &[Option<String>]) -> String {
    let c: Vec<char> = s.chars().collect();
    let put = |out: &mut String, hit: &[char]| {
        for w in with {
            match w {
                Some(t) => out.push_str(t),
                None => out.extend(hit),
            }
        }
    };
    let mut out = String::new();
    match anchor {
        '#' => match pat.prefix(&c, true) {
            Some(n) => {
                put(&mut out, &c[..n]);
                out.extend(&c[n..]);
            }
            None => return s.to_owned(),
        },
        '%' => match pat.suffix(&c, true) {
            Some(n) => {
                out.extend(&c[..n]);
                put(&mut out, &c[n..]);
            }
            None => return s.to_owned(),
        },
        _ => {
            let mut i = 0;
            let mut done = false;
            while i < c.len() {
                match pat.prefix(&c[i..], true) {
                    Some(n) if n > 0 && !done => {
                        put(&mut out, &c[i..i + n]);
                        i += n;
                        done = anchor != '/';
                    }
                    _ => {
                        out.push(c[i]);
                        i += 1;
                    }
                }
                if done {
                    out.extend(&c[i..]);
                    break;
                }
            }
        }
    }
    out
}

fn change_case(s: &str, kind: char, all: bool, pat: Option<&Pattern>) -> String {
    let mut out = String::new();
    for (i, c) in s.chars().enumerate() {
        let hit = (all || i == 0) && pat.is_none_or(|p| p.matches(&c.to_string()));
        let upper = kind == '^' || kind == '~' && c.is_lowercase();
        if hit && upper {
            out.extend(c.to_uppercase());
        } else if hit {
            out.extend(c.to_lowercase());
        } else {
            out.push(c);
        }
    }
    out
}
