//! What cp, mv, install and ln share: where the operands go, and the question of `-i`. Left out: backups.

pub mod cp;
pub mod install;
pub mod ln;
pub mod mv;

use super::super::Ctx;
use super::super::input::Reader;
use super::super::opt::{Parsed, hint, quoteaf};
use crate::host::Errno;

/// Asks a yes-or-no question on standard error; only `y…` is yes.
pub async fn ask(ctx: &mut Ctx, question: &str) -> bool {
    ctx.complain_inline(question);
    let mut r = Reader::stdin();
    let answer = r.line(&mut ctx.io).await.ok().flatten().unwrap_or_default();
    r.rewind(&ctx.io);
    matches!(answer.first(), Some(b'y' | b'Y'))
}

impl Ctx {
    /// `NAME: text` without a newline: a question.
    fn complain_inline(&self, text: &str) {
        self.err(format!("{}: {text}", self.name()));
    }
}

fn base(name: &str) -> &str {
    let t = name.trim_end_matches('/');
    if t.is_empty() { "/" } else { t.rsplit('/').next().unwrap_or(t) }
}

fn join(dir: &str, name: &str) -> String {
    if dir.ends_with('/') { format!("{dir}{name}") } else { format!("{dir}/{name}") }
}

/// The sources and where each goes: into a folder, or one onto a name.
fn targets(ctx: &Ctx, p: &Parsed) -> Result<Vec<(String, String)>, i32> {
    let is_dir = |n: &str| ctx.world().borrow().host.fs.is_dir(&ctx.path(n));
    let mut names = p.args.clone();
    let dir = match p.value("t") {
        Some(t) => {
            if !is_dir(t) {
                ctx.complain(format!("target directory {}: {}", quoteaf(t), reach(ctx, t)));
                return Err(1);
            }
            if names.is_empty() {
                return Err(missing(ctx, &names));
            }
            Some(t.to_owned())
        }
        None => {
            if names.len() < 2 {
                return Err(missing(ctx, &names));
            }
            if p.has("T") {
                if names.len() > 2 {
                    return Err(super::super::opt::extra_operand(ctx, &names[2]));
                }
                None
            } else {
                let last = names[names.len() - 1].clone();
                if is_dir(&last) {
                    names.pop();
                    Some(last)
                } else if names.len() > 2 {
                    ctx.complain(format!("target {}: {}", quoteaf(&last), reach(ctx, &last)));
                    return Err(1);
                } else {
                    None
                }
            }
        }
    };
    Ok(match dir {
        Some(d) => names.into_iter().map(|n| (join(&d, base(&n)), n)).map(|(t, n)| (n, t)).collect(),
        None => vec![(names[0].clone(), names[1].clone())],
    })
}

fn reach(ctx: &Ctx, n: &str) -> Errno {
    match ctx.world().borrow().host.fs.stat(&ctx.io.cred, &ctx.path(n)) {
        Ok(_) => Errno::NotDir,
        Err(e) => e,
    }
}

fn missing(ctx: &Ctx, names: &[String]) -> i32 {
    match names.first() {
        None => {
            ctx.complain("missing file operand");
            ctx.err(hint(ctx));
        }
        Some(n) => {
            ctx.complain(format!("missing destination file operand after {}", quoteaf(n)));
            ctx.err(hint(ctx));
        }
    }
    1
}
