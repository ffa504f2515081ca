//! shuf(1). Chance is a hash of the time, the place and the line, so the same session shuffles the same way.

use super::super::Ctx;
use super::super::input::{Lines, Status, chomp, emit, status};
use super::super::opt::{extra_operand, getopt, quote};
use crate::base::Chance;

/// shuf(1).
pub async fn shuf(ctx: &mut Ctx) -> i32 {
    status(run(ctx).await)
}

async fn run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "e|echo i|input-range= n|head-count= o|output= r|repeat z|zero-terminated |random-source=", 1)?;
    let mut lines: Vec<Vec<u8>> = Vec::new();
    if p.has("e") {
        lines = p.args.iter().map(|a| a.clone().into_bytes()).collect();
    } else if let Some(range) = p.value("i") {
        let ends = range.split_once('-').and_then(|(a, b)| Some((a.parse::<u64>().ok()?, b.parse::<u64>().ok()?)));
        let Some((from, to)) = ends.filter(|(a, b)| a <= b && b - a < 1_000_000) else {
            ctx.complain(format!("invalid input range: {}", quote(range)));
            return Err(1);
        };
        lines = (from..=to).map(|n| n.to_string().into_bytes()).collect();
    } else {
        if let Some(x) = p.args.get(1) {
            return Err(extra_operand(ctx, x));
        }
        let mut input = Lines::new(&p.args);
        while let Some(l) = input.next(ctx).await {
            lines.push(chomp(&l).to_vec());
        }
        if input.status != 0 {
            return Err(1);
        }
    }
    let now = ctx.io.world.borrow().now();
    let chance = Chance::new(now.0 as u64);
    let mut keyed: Vec<(u64, Vec<u8>)> = lines
        .into_iter()
        .enumerate()
        .map(|(i, l)| (chance.value("shuf", &format!("{i} {}", String::from_utf8_lossy(&l))), l))
        .collect();
    keyed.sort_by_key(|k| k.0);
    let count = match p.value("n") {
        None => usize::MAX,
        Some(n) => {
            let Ok(n) = n.parse() else {
                ctx.complain(format!("invalid line count: {}", quote(n)));
                return Err(1);
            };
            n
        }
    };
    for (_, l) in keyed.into_iter().take(count) {
        emit(ctx, [&l[..], b"\n"].concat()).await?;
    }
    Ok(0)
}
