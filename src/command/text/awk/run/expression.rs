//! awk's expressions, assignments and the calls of a program's own functions.

use super::super::super::regex::Re;
use super::super::tree::E;
use super::super::value::V;
use super::{Awk, Flow, Fut, Local, Res};
use crate::command::Ctx;
use crate::command::input::{MAX_HELD, spend};
use std::collections::BTreeMap;

impl Awk {
    pub(super) async fn key(&mut self, ctx: &mut Ctx, keys: &[E]) -> Res<Vec<u8>> {
        let mut parts = Vec::new();
        for k in keys {
            let v = self.eval(ctx, k).await?;
            parts.push(self.text(&v));
        }
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        let sep = self.var_text("SUBSEP");
        Ok(parts.join(&sep[..]))
    }
    pub(super) async fn store(&mut self, ctx: &mut Ctx, target: &E, v: V) -> Res<()> {
        match target {
            E::Var(n) => self.set_var(n, v),
            E::Field(e) => {
                let i = self.eval(ctx, e).await?.num();
                if i < 0.0 {
                    return Err(self.die(ctx, &format!("run time error: negative field index ${i}")));
                }
                self.set_field(ctx, i as usize, v)?;
            }
            E::Index(a, keys) => {
                let k = self.key(ctx, keys).await?;
                let id = self.array_id(a);
                if let Some(t) = self.arrays.get_mut(&id) {
                    if t.len() > 1_000_000 {
                        return Err(Flow::Die(2));
                    }
                    t.insert(k, v);
                }
            }
            E::Group(e) => return Box::pin(self.store(ctx, e, v)).await,
            _ => {}
        }
        Ok(())
    }
    pub(super) fn eval<'a>(&'a mut self, ctx: &'a mut Ctx, e: &'a E) -> Fut<'a, V> {
        Box::pin(async move {
            Ok(match e {
                E::Num(n) => V::Num(*n),
                E::Str(s) => V::Str(s.clone()),
                E::Regex(r) => {
                    let re = self.need_regex(ctx, r)?;
                    let hit = re.is_match(&self.whole());
                    V::Num(f64::from(u8::from(hit)))
                }
                E::Var(n) => self.get_var(n),
                E::Group(e) => self.eval(ctx, e).await?,
                E::Field(e) => {
                    let i = self.eval(ctx, e).await?.num();
                    if i < 0.0 {
                        return Err(self.die(ctx, &format!("run time error: negative field index ${i}")));
                    }
                    self.field(i as usize)
                }
                E::Index(a, keys) => {
                    let k = self.key(ctx, keys).await?;
                    let id = self.array_id(a);
                    // Looking creates the element.
                    match self.arrays.get_mut(&id) {
                        Some(t) => t.take(k),
                        None => V::None,
                    }
                }
                E::In(keys, a) => {
                    let k = self.key(ctx, keys).await?;
                    let id = self.array_id(a);
                    V::Num(f64::from(u8::from(self.arrays.get(&id).is_some_and(|t| t.get(&k).is_some()))))
                }
                E::Assign(op, target, value) => {
                    let mut v = self.eval(ctx, value).await?;
                    if let Some(op) = op {
                        let old = self.eval(ctx, target).await?.num();
                        v = V::Num(arithmetic(*op, old, v.num()));
                    }
                    self.store(ctx, target, v.clone()).await?;
                    v
                }
                E::Cond(c, a, b) => {
                    let pick = if self.truth(ctx, c).await? { a } else { b };
                    self.eval(ctx, pick).await?
                }
                E::And(a, b) => V::Num(f64::from(u8::from(self.truth(ctx, a).await? && self.truth(ctx, b).await?))),
                E::Or(a, b) => V::Num(f64::from(u8::from(self.truth(ctx, a).await? || self.truth(ctx, b).await?))),
                E::Not(a) => V::Num(f64::from(u8::from(!self.truth(ctx, a).await?))),
                E::Neg(a) => V::Num(-self.eval(ctx, a).await?.num()),
                E::Plus(a) => V::Num(self.eval(ctx, a).await?.num()),
                E::Binary(op, a, b) => {
                    let x = self.eval(ctx, a).await?.num();
                    let y = self.eval(ctx, b).await?.num();
                    if y == 0.0 && matches!(op, '/' | '%') {
                        let r = if *op == '/' { x / y } else { f64::NAN };
                        return Ok(V::Num(r));
                    }
                    V::Num(arithmetic(*op, x, y))
                }
                E::Compare(op, a, b) => {
                    let x = self.eval(ctx, a).await?;
                    let y = self.eval(ctx, b).await?;
                    let o = if x.is_text() || y.is_text() {
                        Some(self.text(&x).cmp(&self.text(&y)))
                    } else {
                        x.num().partial_cmp(&y.num())
                    };
                    let yes = match *op {
                        "<" => o.is_some_and(std::cmp::Ordering::is_lt),
                        "<=" => o.is_some_and(std::cmp::Ordering::is_le),
                        "==" => o.is_some_and(std::cmp::Ordering::is_eq),
                        "!=" => o.is_none_or(std::cmp::Ordering::is_ne),
                        ">=" => o.is_some_and(std::cmp::Ordering::is_ge),
                        _ => o.is_some_and(std::cmp::Ordering::is_gt),
                    };
                    V::Num(f64::from(u8::from(yes)))
                }
                E::Match(yes, a, b) => {
                    let v = self.eval(ctx, a).await?;
                    let text = self.text(&v);
                    let re = self.pattern(ctx, b).await?;
                    V::Num(f64::from(u8::from(re.is_match(&text) == *yes)))
                }
                E::Concat(a, b) => {
                    let x = self.eval(ctx, a).await?;
                    let mut s = self.text(&x);
                    let y = self.eval(ctx, b).await?;
                    s.extend(self.text(&y));
                    if s.len() > MAX_HELD {
                        return Err(Flow::Die(2));
                    }
                    if !spend(&ctx.io, 1 + s.len() as u64 / 256) {
                        return Err(Flow::Die(2));
                    }
                    V::Str(s)
                }
                E::Step { before, by, target } => {
                    let old = self.eval(ctx, target).await?.num();
                    self.store(ctx, target, V::Num(old + by)).await?;
                    V::Num(if *before { old + by } else { old })
                }
                E::Getline(source, var) => self.getline(ctx, source, var.as_deref()).await?,
                E::Call(name, args) => self.call(ctx, name, args).await?,
                E::User(name, args) => self.user(ctx, name, args).await?,
            })
        })
    }
    /// A pattern operand: a literal as it stands, else the text of the value.
    pub(super) async fn pattern(&mut self, ctx: &mut Ctx, e: &E) -> Res<Re> {
        if let E::Regex(r) = e {
            return self.need_regex(ctx, r);
        }
        let v = self.eval(ctx, e).await?;
        let t = self.text(&v);
        self.need_regex(ctx, &t)
    }
    async fn user(&mut self, ctx: &mut Ctx, name: &str, args: &[E]) -> Res<V> {
        let program = self.program.clone();
        let Some(f) = program.functions.get(name) else { return Ok(V::None) };
        if args.len() > f.params.len() {
            return Err(self.die(ctx, &format!("line 1: too many arguments in call to {name}")));
        }
        self.depth += 1;
        // Each call stands on the real stack, which is small in a test or a browser.
        if self.depth > 40 {
            return Err(self.die(ctx, "run time error: function call nesting too deep"));
        }
        let mut frame = BTreeMap::new();
        for (i, p) in f.params.iter().enumerate() {
            let local = match args.get(i) {
                Some(E::Var(n)) => {
                    let array = Some(self.array_id(n));
                    Local { value: self.get_var(n), array }
                }
                Some(e) => Local { value: self.eval(ctx, e).await?, array: None },
                None => Local::default(),
            };
            frame.insert(p.clone(), local);
        }
        self.frames.push(frame);
        self.owned.push(Vec::new());
        let r = self.exec(ctx, &f.body).await;
        self.frames.pop();
        for id in self.owned.pop().unwrap_or_default() {
            self.arrays.remove(&id);
        }
        self.depth -= 1;
        match r {
            Ok(()) => Ok(V::None),
            Err(Flow::Return(v)) => Ok(v),
            Err(f) => Err(f),
        }
    }
}

fn arithmetic(op: char, x: f64, y: f64) -> f64 {
    match op {
        '+' => x + y,
        '-' => x - y,
        '*' => x * y,
        '/' => x / y,
        '%' => x % y,
        _ => x.powf(y),
    }
}
