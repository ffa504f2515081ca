//! What the queue tools share: saying things on standard error and in the log, and getopt(3) with its messages.

use crate::command::Ctx;
use crate::log::Message;
use crate::log::queue_tool::QueueTool;

/// Says something under the program's name, on standard error and in the log.
pub fn say(ctx: &Ctx, event: QueueTool) {
    ctx.err(format!("{}: {}\n", ctx.name(), event.text()));
    log(ctx, event);
}

/// Says it in the log only.
pub fn log(ctx: &Ctx, event: QueueTool) {
    let name = ctx.name();
    ctx.world().borrow_mut().host.log_mail(&format!("postfix/{name}"), ctx.pid, event);
}

/// Options by letter with their values, and where the operands start.
pub type Options = (Vec<(char, String)>, usize);

/// The last `-c directory`.
pub fn directory(options: &[(char, String)]) -> Option<&str> {
    options.iter().rev().find(|(o, _)| *o == 'c').map(|(_, v)| v.as_str())
}

/// getopt(3): options (letter and value) and where the operands start. The error message is on standard error already.
pub fn getopt(ctx: &Ctx, spec: &str) -> Result<Options, Options> {
    let mut out = Vec::new();
    let mut i = 1;
    let mut failed = false;
    let name = ctx.args.first().cloned().unwrap_or_default();
    while let Some(arg) = ctx.args.get(i) {
        if arg == "--" {
            i += 1;
            break;
        }
        if !arg.starts_with('-') || arg.len() < 2 {
            break;
        }
        let letters: Vec<char> = arg.chars().skip(1).collect();
        let mut k = 0;
        while k < letters.len() {
            let c = letters[k];
            k += 1;
            let at = spec.find(c).filter(|_| c != ':');
            let Some(at) = at else {
                ctx.err(format!("{name}: invalid option -- '{c}'\n"));
                failed = true;
                out.push(('?', String::new()));
                continue;
            };
            if spec[at + 1..].starts_with(':') {
                let rest: String = letters[k..].iter().collect();
                if !rest.is_empty() {
                    out.push((c, rest));
                } else if let Some(v) = ctx.args.get(i + 1) {
                    i += 1;
                    out.push((c, v.clone()));
                } else {
                    ctx.err(format!("{name}: option requires an argument -- '{c}'\n"));
                    failed = true;
                    out.push(('?', String::new()));
                }
                break;
            }
            out.push((c, String::new()));
        }
        i += 1;
    }
    if failed { Err((out, i)) } else { Ok((out, i)) }
}
