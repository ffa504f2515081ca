//! man(1): short pages of the trainer's own, from the registry.

use super::super::input::{Status, emit, status};
use super::super::opt::getopt;
use super::super::{Ctx, program};

/// man(1): short pages of the trainer's own, from the registry.
pub async fn man(ctx: &mut Ctx) -> i32 {
    status(man_run(ctx).await)
}

async fn man_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "a f|whatis k|apropos w", 2)?;
    let sections = |a: &str| a.len() == 1 && a.starts_with(|c: char| c.is_ascii_digit());
    let names: Vec<String> = p.args.iter().filter(|a| !sections(a)).cloned().collect();
    if names.is_empty() {
        ctx.err("What manual page do you want?\nFor example, try 'man man'.\n");
        return Err(1);
    }
    let mut code = 0;
    for n in &names {
        if p.has("k") {
            for q in super::super::programs()
                .iter()
                .filter(|q| q.name.contains(n.as_str()) || q.summary.contains(n.as_str()))
            {
                emit(ctx, format!("{:<20} - {}\n", format!("{} (1)", q.name), q.summary)).await?;
            }
            continue;
        }
        let Some(q) = program(n) else {
            ctx.err(format!("No manual entry for {n}\n"));
            code = 16;
            continue;
        };
        if p.has("f") {
            emit(ctx, format!("{:<20} - {}\n", format!("{n} (1)"), q.summary)).await?;
            continue;
        }
        let text = page(q);
        if ctx.stdout_is_terminal() {
            let title = format!("man {n}");
            let _ = ctx.io.kernel.screen(super::super::io::Screen::Pager { title, text }).await;
        } else {
            emit(ctx, text).await?;
        }
    }
    Ok(code)
}

/// A page for one program.
pub fn page(p: &super::super::Program) -> String {
    let title = format!("{}(1)", p.name.to_uppercase());
    let mut out = format!(
        "{title:<35}User Commands{title:>30}\n\nNAME\n       {} - {}\n\nSYNOPSIS\n       {} [OPTION]... [ARGUMENT]...\n",
        p.name, p.summary, p.name
    );
    if !p.words.is_empty() {
        out += "\nOPTIONS\n";
        for w in p.words {
            out += &format!("       {w}\n");
        }
    }
    out += &format!("\nFILES\n       {}\n", p.path);
    out
}
