//! awk's streams: records from operands, files and commands; print to files and pipes.

use super::super::tree::{E, Redirect, Source};
use super::super::value::{V, outside};
use super::{Awk, Flow, Res};
use crate::command::Ctx;
use crate::command::input::{MAX_HELD, Reader, emit, open_write, spend};
use crate::command::io::Fd;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// A stream that records are read from.
pub(super) struct Input {
    pub(super) reader: Option<Reader>,
    /// The rest of what a command printed, or of a file read whole for a pattern in RS.
    pub(super) held: Option<(Vec<u8>, usize)>,
}

pub(super) enum Output {
    File(u32),
    Pipe(Vec<u8>),
}

impl Awk {
    /// The next record of the main input into `$0`.
    pub(super) async fn next_main(&mut self, ctx: &mut Ctx) -> Res<bool> {
        match self.main_record(ctx).await? {
            Some(r) => {
                self.set_record(r);
                Ok(true)
            }
            None => Ok(false),
        }
    }
    async fn main_record(&mut self, ctx: &mut Ctx) -> Res<Option<Vec<u8>>> {
        loop {
            if let Some(mut input) = self.main.take() {
                let got = self.record_of(ctx, &mut input).await?;
                if let Some(r) = got {
                    self.main = Some(input);
                    for k in ["NR", "FNR"] {
                        let n = self.get_var(k).num() + 1.0;
                        self.set_var(k, V::Num(n));
                    }
                    if !spend(&ctx.io, 1) {
                        return Err(Flow::Die(2));
                    }
                    return Ok(Some(r));
                }
                if let Some(r) = input.reader {
                    r.close(ctx);
                }
            }
            let argc = self.get_var("ARGC").num();
            let argv = self.array_id("ARGV");
            let mut next = None;
            while self.operand < argc {
                let key = V::Num(self.operand).text("%.6g");
                self.operand += 1.0;
                let name = self.arrays.get(&argv).and_then(|t| t.get(&key)).map(|v| v.text("%.6g")).unwrap_or_default();
                let name = String::from_utf8_lossy(&name).into_owned();
                if name.is_empty() || self.assign_operand(&name) {
                    continue;
                }
                next = Some(name);
                break;
            }
            let name = match next {
                Some(n) => n,
                None if self.any_file => return Ok(None),
                None => "-".into(),
            };
            self.any_file = true;
            match Reader::open(ctx, &name) {
                Ok(r) => {
                    self.main = Some(Input { reader: Some(r), held: None });
                    if name != "-" {
                        self.set_var("FILENAME", V::Str(name.into_bytes()));
                    }
                    self.set_var("FNR", V::Num(0.0));
                }
                Err(e) => {
                    return Err(self.die(ctx, &format!("cannot open {name} ({e})")));
                }
            }
        }
    }
    /// A record of a stream, as RS says.
    async fn record_of(&mut self, ctx: &mut Ctx, input: &mut Input) -> Res<Option<Vec<u8>>> {
        let rs = self.var_text("RS");
        if rs.len() > 1 || input.held.is_some() {
            if input.held.is_none() {
                let all = match &mut input.reader {
                    Some(r) => r.all(&mut ctx.io).await.unwrap_or_default(),
                    None => Vec::new(),
                };
                input.held = Some((all, 0));
            }
            let re = if rs.len() > 1 { Some(self.need_regex(ctx, &rs)?) } else { None };
            let Some((data, at)) = &mut input.held else { return Ok(None) };
            if rs.is_empty() {
                while data.get(*at) == Some(&b'\n') {
                    *at += 1;
                }
            }
            if *at >= data.len() {
                return Ok(None);
            }
            let found = match (&re, rs.first()) {
                (Some(re), _) => re.find_at(data, *at).filter(|(s, e)| e > s),
                (None, Some(c)) => data[*at..].iter().position(|b| b == c).map(|i| (*at + i, *at + i + 1)),
                (None, None) => data[*at..].windows(2).position(|w| w == b"\n\n").map(|i| (*at + i, *at + i + 2)),
            };
            let (s, e) = found.unwrap_or((data.len(), data.len()));
            let mut r = data[*at..s].to_vec();
            *at = e;
            if e == data.len() && found.is_none() && r.last() == Some(&b'\n') && rs.len() != 1 {
                r.pop();
            }
            return Ok(Some(r));
        }
        let Some(reader) = &mut input.reader else { return Ok(None) };
        if let Some(c) = rs.first() {
            let got = reader.until(&mut ctx.io, *c).await.unwrap_or(None);
            return Ok(got.map(|mut l| {
                if l.last() == Some(c) {
                    l.pop();
                }
                l
            }));
        }
        let mut out = Vec::new();
        while let Ok(Some(l)) = reader.line(&mut ctx.io).await {
            if l == b"\n" {
                if out.is_empty() {
                    continue;
                }
                break;
            }
            out.extend(l);
            if out.len() > MAX_HELD {
                break;
            }
        }
        if out.last() == Some(&b'\n') {
            out.pop();
        }
        Ok(if out.is_empty() { None } else { Some(out) })
    }
    pub(super) async fn write(&mut self, ctx: &mut Ctx, data: Vec<u8>, to: Option<(Redirect, Vec<u8>)>) -> Res<()> {
        let Some((how, name)) = to else { return emit(ctx, data).await.map_err(Flow::Die) };
        let label = String::from_utf8_lossy(&name).into_owned();
        if !self.outputs.contains_key(&name) {
            let out = match how {
                Redirect::Pipe => Output::Pipe(Vec::new()),
                _ if label == "-" || label == "/dev/stdout" => Output::File(1),
                _ => match open_write(ctx, &label, how == Redirect::Append) {
                    Ok(fd) => Output::File(fd),
                    Err(e) => {
                        return Err(self.die(ctx, &format!("cannot open \"{label}\" for output ({e})")));
                    }
                },
            };
            self.outputs.insert(name.clone(), out);
        }
        match self.outputs.get_mut(&name) {
            Some(Output::Pipe(b)) => {
                b.extend(data);
                if b.len() > MAX_HELD {
                    return Err(Flow::Die(2));
                }
            }
            Some(Output::File(1)) => return emit(ctx, data).await.map_err(Flow::Die),
            Some(Output::File(fd)) => {
                if let Err(e) = ctx.io.write(*fd, &data) {
                    return Err(self.die(ctx, &format!("write failure ({e})\nawk: close failure")));
                }
            }
            None => {}
        }
        Ok(())
    }
    /// Closes a stream: a command that is printed to runs now.
    pub(super) async fn close(&mut self, ctx: &mut Ctx, name: &[u8]) -> i32 {
        let mut code = -1;
        match self.outputs.remove(name) {
            Some(Output::File(fd)) => {
                if fd > 2 {
                    ctx.io.fds.remove(&fd);
                }
                code = 0;
            }
            Some(Output::Pipe(data)) => {
                let mut fds = ctx.io.fds.clone();
                fds.insert(0, Fd::memory(&data));
                let spawn = ctx.spawn.clone();
                let script = String::from_utf8_lossy(name).into_owned();
                code = spawn.shell(ctx.with_fds(fds), script, Vec::new()).await;
            }
            None => {}
        }
        if let Some(i) = self.inputs.remove(name) {
            if let Some(r) = i.reader {
                r.close(ctx);
            }
            code = code.max(0);
        }
        code
    }
    pub(super) async fn getline(&mut self, ctx: &mut Ctx, source: &Source, var: Option<&E>) -> Res<V> {
        let got = match source {
            Source::Main => self.main_record(ctx).await?,
            Source::File(e) | Source::Command(e) => {
                let v = self.eval(ctx, e).await?;
                let name = self.text(&v);
                let label = String::from_utf8_lossy(&name).into_owned();
                if !self.inputs.contains_key(&name) {
                    let input = if matches!(source, Source::Command(_)) {
                        let store = Rc::new(RefCell::new(VecDeque::new()));
                        let mut fds = ctx.io.fds.clone();
                        fds.insert(1, Fd::Memory(store.clone()));
                        let spawn = ctx.spawn.clone();
                        spawn.shell(ctx.with_fds(fds), label, Vec::new()).await;
                        let data: Vec<u8> = store.borrow().iter().copied().collect();
                        Input { reader: None, held: Some((data, 0)) }
                    } else {
                        match Reader::open(ctx, &label) {
                            Ok(r) => Input { reader: Some(r), held: None },
                            Err(_) => return Ok(V::Num(-1.0)),
                        }
                    };
                    self.inputs.insert(name.clone(), input);
                }
                let Some(mut input) = self.inputs.remove(&name) else { return Ok(V::Num(-1.0)) };
                let got = self.record_of(ctx, &mut input).await?;
                self.inputs.insert(name, input);
                if got.is_some() && matches!(source, Source::Command(_)) {
                    let n = self.get_var("NR").num() + 1.0;
                    self.set_var("NR", V::Num(n));
                }
                got
            }
        };
        if !spend(&ctx.io, 1) {
            return Err(Flow::Die(2));
        }
        match got {
            None => Ok(V::Num(0.0)),
            Some(r) => {
                match var {
                    Some(t) => self.store(ctx, t, outside(r)).await?,
                    None => self.set_record(r),
                }
                Ok(V::Num(1.0))
            }
        }
    }
}
