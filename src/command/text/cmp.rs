//! cmp(1).

use super::super::Ctx;
use super::super::input::{Reader, Status, emit};
use super::super::opt::{getopt, hint, quotef};

/// cmp(1).
pub async fn cmp(ctx: &mut Ctx) -> i32 {
    match cmp_run(ctx).await {
        Ok(c) | Err(c) => c,
    }
}

async fn cmp_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "b|print-bytes i|ignore-initial= l|verbose n|bytes= s|quiet |silent", 2)?;
    let Some(a) = p.args.first().cloned() else {
        ctx.complain("missing operand after 'cmp'");
        ctx.err(hint(ctx));
        return Err(2);
    };
    let b = p.args.get(1).cloned().unwrap_or_else(|| "-".into());
    let mut data = Vec::new();
    for n in [&a, &b] {
        let got = match Reader::open(ctx, n) {
            Ok(mut r) => {
                let all = r.all(&mut ctx.io).await;
                r.close(ctx);
                all
            }
            Err(e) => Err(e),
        };
        match got {
            Ok(mut d) => {
                if let Some(i) = p.value("i").and_then(|v| v.parse::<usize>().ok()) {
                    d.drain(..i.min(d.len()));
                }
                if let Some(n) = p.value("n").and_then(|v| v.parse::<usize>().ok()) {
                    d.truncate(n);
                }
                data.push(d);
            }
            Err(e) => {
                if !p.has("s") && !p.has("silent") {
                    ctx.complain(format!("{n}: {e}"));
                }
                return Err(2);
            }
        }
    }
    let (x, y) = (&data[0], &data[1]);
    let quiet = p.has("s") || p.has("silent");
    let shorter = x.len().min(y.len());
    if p.has("l") {
        let mut any = false;
        let w = shorter.to_string().len();
        for i in (0..shorter).filter(|i| x[*i] != y[*i]) {
            any = true;
            emit(ctx, format!("{:w$} {:3o} {:3o}\n", i + 1, x[i], y[i])).await?;
        }
        if x.len() != y.len() {
            let n = if x.len() < y.len() { &a } else { &b };
            ctx.complain(format!("EOF on {n} after byte {shorter}"));
            return Ok(1);
        }
        return Ok(i32::from(any));
    }
    if let Some(i) = (0..shorter).find(|i| x[*i] != y[*i]) {
        if !quiet {
            let l = 1 + x[..i].iter().filter(|c| **c == b'\n').count();
            let shown = |c: u8| String::from_utf8_lossy(&[c]).into_owned();
            let more = if p.has("b") {
                format!(" is {:3o} {} {:3o} {}", x[i], shown(x[i]), y[i], shown(y[i]))
            } else {
                String::new()
            };
            emit(ctx, format!("{a} {b} differ: byte {}, line {l}{more}\n", i + 1)).await?;
        }
        return Ok(1);
    }
    if x.len() == y.len() {
        return Ok(0);
    }
    if !quiet {
        let (n, short) = if x.len() < y.len() { (&a, x) } else { (&b, y) };
        if short.is_empty() {
            ctx.complain(format!("EOF on {} which is empty", quotef(n)));
        } else {
            let lines = short.iter().filter(|c| **c == b'\n').count();
            let place = if short.ends_with(b"\n") { format!("line {lines}") } else { format!("in line {}", lines + 1) };
            ctx.complain(format!("EOF on {} after byte {}, {place}", quotef(n), short.len()));
        }
    }
    Ok(1)
}
