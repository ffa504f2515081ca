//! Runs the commands of a sed script on one line.

use super::input::Input;
use super::script::Op;
use super::{Queued, Sed};
use crate::command::Ctx;
use crate::command::input::{Reader, emit, spend};

pub(super) enum Flow {
    Cycle,
    NoPrint,
    Restart,
    Quit(i32, bool),
}

impl Sed {
    pub(super) async fn cycle(&mut self, ctx: &mut Ctx, input: &mut Input) -> Result<Flow, i32> {
        let (mut pc, mut replaced) = (0, false);
        while pc < self.cmds.len() {
            if !spend(&ctx.io, 1) {
                return Ok(Flow::Quit(4, false));
            }
            let hit = self.selected(ctx, input, pc).await? != self.cmds[pc].negate;
            let op = self.cmds[pc].op.clone();
            pc += 1;
            if !hit {
                if let Op::Open(end) = op {
                    pc = end + 1;
                }
                continue;
            }
            match op {
                Op::Open(_) | Op::Close | Op::Label => {}
                Op::Text('a', t) => self.queue.push(Queued::Text(t)),
                Op::Text('i', t) => {
                    let body = t.strip_suffix(b"\n").unwrap_or(&t).to_vec();
                    self.write(ctx, &body, true).await?;
                }
                Op::Text(_, t) => {
                    let i = pc - 1;
                    let in_range = self.cmds[i].a2.is_some() && self.ranges[i].is_some() && !self.cmds[i].negate;
                    if !in_range {
                        let body = t.strip_suffix(b"\n").unwrap_or(&t).to_vec();
                        self.write(ctx, &body, true).await?;
                    }
                    return Ok(Flow::NoPrint);
                }
                Op::Jump(c, to) => {
                    let jump = match c {
                        't' => std::mem::take(&mut replaced),
                        'T' => !std::mem::take(&mut replaced),
                        _ => true,
                    };
                    if jump {
                        match to {
                            Some(t) => pc = t,
                            None => return Ok(Flow::Cycle),
                        }
                    }
                }
                Op::File(c, f) => self.file(ctx, c, &f).await?,
                Op::Subst(s) => replaced |= self.substitute(ctx, &s).await?,
                Op::Translate(map) => {
                    let text = String::from_utf8_lossy(&self.space).into_owned();
                    let to = |c| map.iter().find(|(a, _)| *a == c).map_or(c, |(_, b)| *b);
                    self.space = text.chars().map(to).collect::<String>().into_bytes();
                }
                Op::Exit(c, code) => return Ok(Flow::Quit(code, c == 'q')),
                Op::List(n) => {
                    let out = listed(&self.space, n.unwrap_or(self.width));
                    self.write(ctx, &out, true).await?;
                }
                Op::Exec(script) => {
                    let given = !script.is_empty();
                    let script = if given { script } else { String::from_utf8_lossy(&self.space).into_owned() };
                    let out = run_shell(ctx, script).await;
                    let body = out.strip_suffix(b"\n").unwrap_or(&out).to_vec();
                    if given {
                        self.write(ctx, &body, true).await?;
                    } else {
                        self.space = body;
                    }
                }
                Op::Plain(c) => {
                    if let Some(flow) = self.plain(ctx, input, c).await? {
                        return Ok(flow);
                    }
                }
            }
        }
        Ok(Flow::Cycle)
    }
    async fn plain(&mut self, ctx: &mut Ctx, input: &mut Input, c: char) -> Result<Option<Flow>, i32> {
        match c {
            '=' => {
                let n = self.number.to_string();
                // The number always ends in a newline.
                self.write(ctx, n.as_bytes(), true).await?;
            }
            'F' => {
                let n = input.current.clone();
                self.write(ctx, n.as_bytes(), true).await?;
            }
            'd' => return Ok(Some(Flow::NoPrint)),
            'D' => {
                let Some(i) = self.space.iter().position(|b| *b == b'\n') else { return Ok(Some(Flow::NoPrint)) };
                self.space.drain(..=i);
                return Ok(Some(Flow::Restart));
            }
            'g' => self.space = self.hold.clone(),
            'G' => {
                self.space.push(b'\n');
                self.space.extend_from_slice(&self.hold);
            }
            'h' => self.hold = self.space.clone(),
            'H' => {
                self.hold.push(b'\n');
                self.hold.extend_from_slice(&self.space);
            }
            'x' => std::mem::swap(&mut self.space, &mut self.hold),
            'z' => self.space.clear(),
            'p' => self.print_space(ctx).await?,
            'P' => {
                let n = self.space.iter().position(|b| *b == b'\n').unwrap_or(self.space.len());
                let head = self.space[..n].to_vec();
                self.write(ctx, &head, true).await?;
            }
            'n' => {
                if input.is_last(ctx).await {
                    return Ok(Some(Flow::Quit(0, true)));
                }
                if !self.quiet {
                    self.print_space(ctx).await?;
                }
                self.flush_queue(ctx).await?;
                self.read(ctx, input).await;
            }
            'N' => {
                if input.is_last(ctx).await {
                    return Ok(Some(Flow::Quit(0, true)));
                }
                self.flush_queue(ctx).await?;
                let mut held = std::mem::take(&mut self.space);
                held.push(b'\n');
                self.read(ctx, input).await;
                held.append(&mut self.space);
                self.space = held;
                if self.space.len() > super::super::super::input::MAX_HELD {
                    return Ok(Some(Flow::Quit(4, false)));
                }
            }
            _ => {}
        }
        Ok(None)
    }
    async fn file(&mut self, ctx: &mut Ctx, c: char, f: &str) -> Result<(), i32> {
        match c {
            'r' => self.queue.push(Queued::File(f.to_owned())),
            'R' => {
                if !self.readers.contains_key(f)
                    && let Ok(r) = Reader::open_path(ctx, f)
                {
                    self.readers.insert(f.to_owned(), r);
                }
                if let Some(r) = self.readers.get_mut(f)
                    && let Ok(Some(mut l)) = r.line(&mut ctx.io).await
                {
                    if !l.ends_with(b"\n") {
                        l.push(b'\n');
                    }
                    self.queue.push(Queued::Text(l));
                }
            }
            _ => {
                let n = if c == 'W' { self.space.iter().position(|b| *b == b'\n') } else { None };
                let line = self.space[..n.unwrap_or(self.space.len())].to_vec();
                self.write_file(ctx, f, line).await?;
            }
        }
        Ok(())
    }
    pub(super) async fn write_file(&mut self, ctx: &Ctx, f: &str, mut line: Vec<u8>) -> Result<(), i32> {
        line.push(self.posix_end);
        match self.files.get(f) {
            Some(1) if self.capture.is_none() => emit(ctx, line).await,
            Some(fd) => ctx.io.write(*fd, &line).map_err(|e| {
                ctx.complain(format!("couldn't write {} items to {f}: {e}", line.len()));
                4
            }),
            None => Ok(()),
        }
    }
}

/// What a command prints, for `e`.
async fn run_shell(ctx: &Ctx, script: String) -> Vec<u8> {
    let store = std::rc::Rc::new(std::cell::RefCell::new(std::collections::VecDeque::new()));
    let mut fds = ctx.io.fds.clone();
    fds.insert(1, super::super::super::io::Fd::Memory(store.clone()));
    let spawn = ctx.spawn.clone();
    spawn.shell(ctx.with_fds(fds), script, Vec::new()).await;

    store.borrow().iter().copied().collect()
}

/// What `l` prints: escapes, folded at `width` columns, `$` at the end.
fn listed(space: &[u8], width: usize) -> Vec<u8> {
    let (mut out, mut col) = (Vec::new(), 0);
    for b in space {
        let piece = match b {
            b'\\' => "\\\\".to_owned(),
            7 => "\\a".into(),
            8 => "\\b".into(),
            b'\t' => "\\t".into(),
            b'\n' => "\\n".into(),
            11 => "\\v".into(),
            12 => "\\f".into(),
            b'\r' => "\\r".into(),
            32..127 => (*b as char).to_string(),
            b => format!("\\{b:03o}"),
        };
        if width > 1 && col + piece.len() > width - 1 {
            out.extend_from_slice(b"\\\n");
            col = 0;
        }
        col += piece.len();
        out.extend_from_slice(piece.as_bytes());
    }
    out.push(b'$');
    out
}
