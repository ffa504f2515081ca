//! awk's own functions.

use super::super::tree::E;
use super::super::value::{V, outside, sprintf};
use super::array::Array;
use super::{Awk, Res};
use crate::command::Ctx;

impl Awk {
    pub(super) async fn call(&mut self, ctx: &mut Ctx, name: &str, args: &[E]) -> Res<V> {
        match name {
            "sub" | "gsub" => return self.substitute(ctx, name == "gsub", args).await,
            "split" => {
                let Some(E::Var(a)) = args.get(1) else {
                    return Err(self.die(ctx, "line 1: type error in arg(2) in call to split"));
                };
                let v = self.eval(ctx, &args[0]).await?;
                let text = self.text(&v);
                let sep = match args.get(2) {
                    None => self.var_text("FS"),
                    Some(E::Regex(r)) => r.clone(),
                    Some(e) => {
                        let v = self.eval(ctx, e).await?;
                        self.text(&v)
                    }
                };
                let parts = self.pieces(&text, &sep);
                let n = parts.len();
                let id = self.array_id(a);
                let t: Array = parts
                    .into_iter()
                    .enumerate()
                    .map(|(i, p)| ((i + 1).to_string().into_bytes(), outside(p)))
                    .collect();
                self.arrays.insert(id, t);
                return Ok(V::Num(n as f64));
            }
            "length" => {
                if let Some(E::Var(n)) = args.first() {
                    let known = self.frames.last().and_then(|f| f.get(n)).map(|l| l.array);
                    let id = match known {
                        Some(a) => a,
                        None => self.names.get(n).copied(),
                    };
                    if let Some(t) = id.and_then(|i| self.arrays.get(&i)).filter(|t| t.len() > 0) {
                        return Ok(V::Num(t.len() as f64));
                    }
                }
                let t = match args.first() {
                    Some(e) => {
                        let v = self.eval(ctx, e).await?;
                        self.text(&v)
                    }
                    None => self.whole(),
                };
                return Ok(V::Num(t.len() as f64));
            }
            "match" => {
                if args.len() < 2 {
                    return Err(self.die(ctx, "line 1: wrong number of arguments in call to match"));
                }
                let v = self.eval(ctx, &args[0]).await?;
                let text = self.text(&v);
                let re = self.pattern(ctx, &args[1]).await?;
                let (s, n) = re.find_at(&text, 0).map_or((0.0, -1.0), |(s, e)| (s as f64 + 1.0, (e - s) as f64));
                self.set_var("RSTART", V::Num(s));
                self.set_var("RLENGTH", V::Num(n));
                return Ok(V::Num(s));
            }
            _ => {}
        }
        let mut v = Vec::new();
        for a in args {
            v.push(self.eval(ctx, a).await?);
        }
        let n = |i: usize| v.get(i).map_or(0.0, V::num);
        let text = |i: usize| v.get(i).map_or_else(Vec::new, |x| self.text(x));
        Ok(match name {
            "substr" => {
                let s = text(0);
                let (from, len) = (n(1), if v.len() > 2 { n(2) } else { f64::MAX });
                V::Str(substr(&s, from, len))
            }
            "index" => {
                let (s, t) = (text(0), text(1));
                let at = if t.is_empty() {
                    Some(0).filter(|_| !s.is_empty())
                } else {
                    s.windows(t.len()).position(|w| w == t)
                };
                V::Num(at.map_or(0.0, |i| i as f64 + 1.0))
            }
            "tolower" => V::Str(text(0).to_ascii_lowercase()),
            "toupper" => V::Str(text(0).to_ascii_uppercase()),
            "sprintf" => {
                let format = text(0);
                self.enough(ctx, "sprintf", &format, v.get(1..).unwrap_or(&[]))?;
                V::Str(sprintf(&format, v.get(1..).unwrap_or(&[]), &self.convert()))
            }
            "sin" => V::Num(n(0).sin()),
            "cos" => V::Num(n(0).cos()),
            "atan2" => V::Num(n(0).atan2(n(1))),
            "exp" => V::Num(n(0).exp()),
            "log" => V::Num(n(0).ln()),
            "sqrt" => V::Num(n(0).sqrt()),
            "int" => V::Num(n(0).trunc()),
            "rand" => {
                self.draws += 1;
                let chance = ctx.io.world.borrow().host.chance;
                let x = chance.value("awk", &format!("{} {}", self.seed, self.draws));
                V::Num((x >> 11) as f64 / (1u64 << 53) as f64)
            }
            "srand" => {
                let old = self.seed;
                self.seed = if v.is_empty() { ctx.io.world.borrow().now().secs() as f64 } else { n(0) };
                self.draws = 0;
                V::Num(old)
            }
            "systime" => V::Num(ctx.io.world.borrow().now().secs() as f64),
            "strftime" => {
                let format = if v.is_empty() { "%c".into() } else { String::from_utf8_lossy(&text(0)).into_owned() };
                let t = if v.len() > 1 {
                    crate::base::Time::from_secs((n(1) as i64).clamp(-60_000_000_000, 250_000_000_000))
                } else {
                    ctx.io.world.borrow().now()
                };
                V::Str(super::super::super::super::system::date::format(t, &format).into_bytes())
            }
            "system" => {
                let script = String::from_utf8_lossy(&text(0)).into_owned();
                let spawn = ctx.spawn.clone();
                let code = spawn.shell(ctx.clone(), script, Vec::new()).await;
                V::Num(f64::from(code))
            }
            "close" => {
                let name = text(0);
                V::Num(f64::from(self.close(ctx, &name).await))
            }
            "(list)" => {
                let sep = self.var_text("SUBSEP");
                let parts: Vec<Vec<u8>> = v.iter().map(|x| self.text(x)).collect();
                V::Str(parts.join(&sep[..]))
            }
            _ => V::Num(0.0),
        })
    }
    async fn substitute(&mut self, ctx: &mut Ctx, global: bool, args: &[E]) -> Res<V> {
        if args.len() < 2 {
            return Err(self.die(ctx, "line 1: wrong number of arguments in call to sub"));
        }
        let re = self.pattern(ctx, &args[0]).await?;
        let v = self.eval(ctx, &args[1]).await?;
        let rhs = self.text(&v);
        let zero = E::Field(Box::new(E::Num(0.0)));
        let target = args.get(2).unwrap_or(&zero);
        let v = self.eval(ctx, target).await?;
        let text = self.text(&v);
        let (mut out, mut at, mut from, mut count) = (Vec::new(), 0, 0, 0);
        let mut last = usize::MAX;
        while from <= text.len()
            && let Some((s, e)) = re.find_at(&text, from)
        {
            if s == e && s == last {
                from = s + 1;
                continue;
            }
            out.extend_from_slice(&text[at..s]);
            let mut i = 0;
            while i < rhs.len() {
                match rhs[i] {
                    b'\\' if matches!(rhs.get(i + 1), Some(b'&' | b'\\')) => {
                        out.push(rhs[i + 1]);
                        i += 1;
                    }
                    b'&' => out.extend_from_slice(&text[s..e]),
                    c => out.push(c),
                }
                i += 1;
            }
            count += 1;
            at = e;
            last = e;
            from = if e == s { e + 1 } else { e };
            if !global {
                break;
            }
        }
        if count > 0 {
            out.extend_from_slice(&text[at.min(text.len())..]);
            self.store(ctx, target, V::Str(out)).await?;
        }
        Ok(V::Num(f64::from(count)))
    }
}

/// By bytes, rounded as mawk rounds. This version lengthens the piece by what lies before the text, and so do we.
fn substr(s: &[u8], from: f64, len: f64) -> Vec<u8> {
    if from.is_nan() || len.is_nan() {
        return Vec::new();
    }
    let start = from.round_ties_even();
    let len = if start < 1.0 { len - start } else { len };
    let end = if len >= f64::MAX { f64::INFINITY } else { start.max(1.0) + len.round_ties_even() };
    let a = (start.max(1.0) - 1.0).min(s.len() as f64) as usize;
    let b = (end - 1.0).clamp(a as f64, s.len() as f64) as usize;
    s[a..b.max(a)].to_vec()
}
