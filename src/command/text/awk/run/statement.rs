//! awk's statements.

use super::super::tree::{E, Redirect, S};
use super::super::value::{V, outside, sprintf};
use super::array::Array;
use super::{Awk, Flow, Fut, Res};
use crate::command::Ctx;
use crate::command::input::spend;

impl Awk {
    pub(super) fn exec<'a>(&'a mut self, ctx: &'a mut Ctx, s: &'a S) -> Fut<'a, ()> {
        Box::pin(async move {
            if !spend(&ctx.io, 1) {
                return Err(Flow::Die(2));
            }
            match s {
                S::Block(list) => {
                    for s in list {
                        self.exec(ctx, s).await?;
                    }
                }
                S::Expr(e) => {
                    self.eval(ctx, e).await?;
                }
                S::Print(list, to) => {
                    let mut data = Vec::new();
                    if list.is_empty() {
                        data = self.whole();
                    } else {
                        let ofs = self.var_text("OFS");
                        let ofmt = String::from_utf8_lossy(&self.var_text("OFMT")).into_owned();
                        for (i, e) in list.iter().enumerate() {
                            if i > 0 {
                                data.extend_from_slice(&ofs);
                            }
                            data.extend(self.eval(ctx, e).await?.text(&ofmt));
                        }
                    }
                    data.extend(self.var_text("ORS"));
                    let to = self.target(ctx, to.as_ref()).await?;
                    self.write(ctx, data, to).await?;
                }
                S::Printf(list, to) => {
                    let mut args = Vec::new();
                    for e in list {
                        args.push(self.eval(ctx, e).await?);
                    }
                    if args.is_empty() {
                        return Err(self.die(ctx, "line 1: no arguments in call to printf"));
                    }
                    let format = self.text(&args.remove(0));
                    self.enough(ctx, "printf", &format, &args)?;
                    let data = sprintf(&format, &args, &self.convert());
                    let to = self.target(ctx, to.as_ref()).await?;
                    self.write(ctx, data, to).await?;
                }
                S::If(c, a, b) => {
                    if self.truth(ctx, c).await? {
                        self.exec(ctx, a).await?;
                    } else if let Some(b) = b {
                        self.exec(ctx, b).await?;
                    }
                }
                S::While(c, body) => {
                    while self.truth(ctx, c).await? {
                        match self.exec(ctx, body).await {
                            Err(Flow::Break) => break,
                            Ok(()) | Err(Flow::Continue) => {}
                            Err(f) => return Err(f),
                        }
                    }
                }
                S::Do(body, c) => loop {
                    match self.exec(ctx, body).await {
                        Err(Flow::Break) => break,
                        Ok(()) | Err(Flow::Continue) => {}
                        Err(f) => return Err(f),
                    }
                    if !self.truth(ctx, c).await? {
                        break;
                    }
                },
                S::For(init, cond, step, body) => {
                    if let Some(i) = init {
                        self.exec(ctx, i).await?;
                    }
                    loop {
                        if let Some(c) = cond
                            && !self.truth(ctx, c).await?
                        {
                            break;
                        }
                        match self.exec(ctx, body).await {
                            Err(Flow::Break) => break,
                            Ok(()) | Err(Flow::Continue) => {}
                            Err(f) => return Err(f),
                        }
                        if let Some(s) = step {
                            self.exec(ctx, s).await?;
                        }
                    }
                }
                S::ForIn(v, a, body) => {
                    let id = self.array_id(a);
                    let keys = self.arrays.get(&id).map(Array::keys).unwrap_or_default();
                    for k in keys {
                        self.set_var(v, outside(k));
                        match self.exec(ctx, body).await {
                            Err(Flow::Break) => break,
                            Ok(()) | Err(Flow::Continue) => {}
                            Err(f) => return Err(f),
                        }
                    }
                }
                S::Next => return Err(Flow::Next),
                S::NextFile => return Err(Flow::NextFile),
                S::Break => return Err(Flow::Break),
                S::Continue => return Err(Flow::Continue),
                S::Exit(e) => {
                    if let Some(e) = e {
                        self.code = (self.eval(ctx, e).await?.num() as i64 & 255) as i32;
                    }
                    return Err(Flow::Exit);
                }
                S::Return(e) => {
                    let v = match e {
                        Some(e) => self.eval(ctx, e).await?,
                        None => V::None,
                    };
                    return Err(Flow::Return(v));
                }
                S::Delete(a, keys) => {
                    let key = match keys {
                        Some(k) => Some(self.key(ctx, k).await?),
                        None => None,
                    };
                    let id = self.array_id(a);
                    if let Some(t) = self.arrays.get_mut(&id) {
                        match key {
                            Some(k) => {
                                t.remove(&k);
                            }
                            None => *t = Array::new(),
                        }
                    }
                }
            }
            Ok(())
        })
    }
    /// mawk stops at the first directive that has no argument; `printf` has written what stands before it.
    pub(super) fn enough(&mut self, ctx: &Ctx, name: &str, format: &[u8], args: &[V]) -> Res<()> {
        let (mut wanted, mut i) = (0, 0);
        while i < format.len() {
            if format[i] == b'%' {
                i += 1;
                if format.get(i) != Some(&b'%') {
                    wanted += 1;
                    if wanted > args.len() {
                        if name == "printf" {
                            ctx.out(sprintf(&format[..i - 1], args, &self.convert()));
                        }
                        let text = String::from_utf8_lossy(format).into_owned();
                        let file = String::from_utf8_lossy(&self.var_text("FILENAME")).into_owned();
                        let (f, n) = (self.get_var("FNR").num(), self.get_var("NR").num());
                        return Err(self.die(
                            ctx,
                            &format!(
                                "run time error: not enough arguments passed to {name}(\"{text}\")\n\tFILENAME=\"{file}\" FNR={f} NR={n}"
                            ),
                        ));
                    }
                }
            }
            i += 1;
        }
        Ok(())
    }
    async fn target(&mut self, ctx: &mut Ctx, to: Option<&(Redirect, E)>) -> Res<Option<(Redirect, Vec<u8>)>> {
        Ok(match to {
            Some((how, e)) => {
                let v = self.eval(ctx, e).await?;
                Some((*how, self.text(&v)))
            }
            None => None,
        })
    }
}
