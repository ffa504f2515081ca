//! awk(1): mawk 1.3.4, the awk of Debian. Runs its tree step by step within the budget of the input, so that no loop is
//! endless. Left out: `-W` beyond version and usage, two-way pipes; `for (k in a)` goes in mawk's hash order for texts.

mod parse;
mod run;
mod tree;
mod value;

use super::super::Ctx;
use super::super::input::{Status, slurp, status};

const USAGE: &str = "Usage: mawk [Options] [Program] [file ...]\n\nProgram:\n    The -f option value is the name of a file containing program text.\n    If no -f option is given, a \"--\" ends option processing; the following\n    parameters are the program text.\n";

/// awk(1).
pub async fn awk(ctx: &mut Ctx) -> i32 {
    status(start(ctx).await)
}

async fn start(ctx: &mut Ctx) -> Status {
    let args = ctx.args[1..].to_vec();
    let (mut i, mut fs, mut vars, mut text): (usize, Option<String>, Vec<String>, Option<Vec<u8>>) =
        (0, None, Vec::new(), None);
    while let Some(a) = args.get(i) {
        if a == "--" {
            i += 1;
            break;
        }
        let Some(body) = a.strip_prefix('-').filter(|b| !b.is_empty()) else { break };
        let letter = body.chars().next().unwrap_or(' ');
        if !matches!(letter, 'F' | 'v' | 'f' | 'W') {
            ctx.complain(format!("not an option: {a}"));
            return Err(2);
        }
        i += 1;
        let v = if body.len() > 1 {
            body[1..].to_owned()
        } else {
            let Some(v) = args.get(i).cloned() else {
                ctx.complain(format!("option -{letter} lacks argument"));
                return Err(2);
            };
            i += 1;
            v
        };
        match letter {
            'F' => fs = Some(v),
            'v' if v.contains('=') => vars.push(v),
            'v' => {
                ctx.complain(format!("improper assignment: -v {v}"));
                return Err(2);
            }
            'f' => match slurp(ctx, &v).await {
                Ok(mut t) => {
                    t.push(b'\n');
                    text.get_or_insert_default().append(&mut t);
                }
                Err(e) => {
                    ctx.complain(format!("cannot open {v} ({e})"));
                    return Err(2);
                }
            },
            _ if v.starts_with('v') => {
                ctx.out("mawk 1.3.4 20200120\n");
                return Ok(0);
            }
            _ => {}
        }
    }
    let text = match text {
        Some(t) => t,
        None => match args.get(i) {
            Some(t) => {
                i += 1;
                t.clone().into_bytes()
            }
            None => {
                ctx.err(USAGE);
                return Err(2);
            }
        },
    };
    let program = match parse::parse(&text) {
        Ok(p) => p,
        Err(m) => {
            ctx.complain(m);
            return Err(2);
        }
    };
    let operands = args[i.min(args.len())..].to_vec();
    run::run(ctx, program, fs, vars, operands).await
}
