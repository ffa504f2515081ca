//! The lines that sed reads: files in turn, each perhaps on its own.

use crate::command::Ctx;
use crate::command::input::Reader;

/// Where the lines come from: files in turn, with a look ahead for `$`.
pub(super) struct Input {
    pub(super) names: Vec<String>,
    pub(super) at: usize,
    pub(super) reader: Option<Reader>,
    pub(super) ahead: Option<Vec<u8>>,
    pub(super) end: u8,
    pub(super) status: i32,
    pub(super) current: String,
}

impl Input {
    pub(super) fn new(names: Vec<String>, end: u8) -> Input {
        Input { names, at: 0, reader: None, ahead: None, end, status: 0, current: "-".into() }
    }
    async fn raw(&mut self, ctx: &mut Ctx) -> Option<Vec<u8>> {
        loop {
            if let Some(r) = &mut self.reader {
                match r.until(&mut ctx.io, self.end).await {
                    Ok(Some(l)) => return Some(l),
                    Ok(None) => {}
                    Err(e) => {
                        ctx.complain(format!("couldn't read {}: {e}", self.current));
                        self.status = 2;
                    }
                }
                if let Some(r) = self.reader.take() {
                    r.close(ctx);
                }
            }
            let name = self.names.get(self.at)?.clone();
            self.at += 1;
            let dir = name != "-" && ctx.world().borrow().host.fs.is_dir(&ctx.path(&name));
            if dir {
                ctx.complain(format!("read error on {name}: Is a directory"));
                self.status = 4;
                self.at = self.names.len();
                return None;
            }
            match Reader::open(ctx, &name) {
                Ok(r) => {
                    self.reader = Some(r);
                    self.current = name;
                }
                Err(e) => {
                    ctx.complain(format!("can't read {name}: {e}"));
                    self.status = 2;
                }
            }
        }
    }
    pub(super) async fn next(&mut self, ctx: &mut Ctx) -> Option<Vec<u8>> {
        match self.ahead.take() {
            Some(l) => Some(l),
            None => self.raw(ctx).await,
        }
    }
    pub(super) async fn is_last(&mut self, ctx: &mut Ctx) -> bool {
        if self.ahead.is_none() {
            self.ahead = self.raw(ctx).await;
        }
        self.ahead.is_none()
    }
}
