//! less(1), more(1), zless; nano(1), vi(1) and their names: on a terminal the pager or editor of the trainer's screen,
//! else what the real ones do.

use super::super::Ctx;
use super::super::input::{Reader, Status, emit, slurp, status};
use super::super::io::Screen;
use super::super::opt::getopt_args;
use crate::host::Errno;

const LESS: &str = "e E f F g G i I J m M n N q Q r R s S u U w W X ~ b= h= j= k= o= O= p= P= t= x= y= z= c C d a |use-color \
    |no-init |quit-if-one-screen |chop-long-lines |RAW-CONTROL-CHARS |LINE-NUMBERS |ignore-case";

/// less(1) and more(1).
pub async fn less(ctx: &mut Ctx) -> i32 {
    status(less_run(ctx).await)
}

async fn less_run(ctx: &mut Ctx) -> Status {
    let name = ctx.name();
    // `+F`, `+G`, `+/x` are commands for the pager.
    let args: Vec<String> = ctx.args[1..].iter().filter(|a| !a.starts_with('+')).cloned().collect();
    let p = getopt_args(ctx, &args, LESS, 1, true, "")?;
    let zipped = name.starts_with('z');
    if p.args.is_empty() && ctx.stdin_is_terminal() {
        if name == "more" {
            ctx.err("more: bad usage\nTry 'more --help' for more information.\n");
            return Err(1);
        }
        ctx.err(format!("Missing filename (\"{name} --help\" for help)\n"));
        return Err(1);
    }
    let names = if p.args.is_empty() { vec!["-".to_owned()] } else { p.args.clone() };
    let (mut text, mut code) = (Vec::new(), 0);
    let tty = ctx.stdout_is_terminal();
    for n in &names {
        let dir = n != "-" && ctx.world().borrow().host.fs.is_dir(&ctx.path(n));
        if dir {
            let m =
                if name == "more" { format!("\n*** {n}: directory ***\n\n") } else { format!("{n} is a directory\n") };
            if name == "more" {
                ctx.out(m);
            } else {
                ctx.err(m);
            }
            code = i32::from(name != "more");
            continue;
        }
        if !tty && !zipped {
            // Not a terminal: the pager is cat, and passes on as it reads.
            match Reader::open(ctx, n) {
                Ok(mut r) => {
                    if name == "more" && n != "-" {
                        let rule = ":".repeat(14);
                        emit(ctx, format!("{rule}\n{n}\n{rule}\n")).await?;
                    }
                    while let Ok(Some(b)) = r.some(&mut ctx.io, 65_536).await {
                        emit(ctx, b).await?;
                    }
                    r.close(ctx);
                }
                Err(e) => {
                    tell(ctx, &name, n, e);
                    code = i32::from(name == "more");
                }
            }
            continue;
        }
        match slurp(ctx, n).await {
            Ok(d) => text.extend(if zipped { super::gzip::gunzip(&d).unwrap_or(d) } else { d }),
            Err(e) => {
                tell(ctx, &name, n, e);
                code = 1;
            }
        }
    }
    if !text.is_empty() {
        if tty {
            let text = String::from_utf8_lossy(&text).into_owned();
            let _ = ctx.io.kernel.screen(Screen::Pager { title: names.join(" "), text }).await;
        } else {
            emit(ctx, text).await?;
        }
    }
    Ok(code)
}

fn tell(ctx: &Ctx, name: &str, file: &str, e: Errno) {
    if name == "more" {
        ctx.err(format!("more: cannot open {file}: {e}\n"));
    } else if ctx.stdout_is_terminal() {
        ctx.err(format!("{file}: {e}\n"));
    } else {
        // less speaks where its text would go.
        ctx.out(format!("{file}: {e}\n"));
    }
}

/// nano(1), vi(1), vim, view, editor.
pub async fn edit(ctx: &mut Ctx) -> i32 {
    status(edit_run(ctx).await)
}

async fn edit_run(ctx: &mut Ctx) -> Status {
    let name = ctx.name();
    let nano = matches!(name.as_str(), "nano" | "editor" | "rnano" | "pico");
    let program = if nano { "nano" } else { "vi" };
    let files: Vec<String> =
        ctx.args[1..].iter().filter(|a| !a.starts_with('-') && !a.starts_with('+')).cloned().collect();
    let readonly = name == "view" || ctx.args.iter().any(|a| a == "-R" || (nano && a == "-v"));
    if !ctx.io.kernel.interactive.get() || !ctx.stdin_is_terminal() || !ctx.stdout_is_terminal() {
        if nano {
            ctx.err(if ctx.stdin_is_terminal() {
                "Error opening terminal: unknown.\n"
            } else {
                "Standard input is not a terminal\n"
            });
        } else {
            if !ctx.stdout_is_terminal() {
                ctx.err("Vim: Warning: Output is not to a terminal\n");
            }
            ctx.err(
                "Vim: Warning: Input is not from a terminal\nVim: Error reading input, exiting...\nVim: Finished.\n",
            );
        }
        return Err(1);
    }
    let Some(file) = files.first().cloned() else {
        let text = String::new();
        let _ = ctx.io.kernel.screen(Screen::Editor { program, path: String::new(), text, readonly }).await;
        return Ok(0);
    };
    let path = ctx.path(&file);
    let text = match ctx.read_file(&file) {
        Ok(b) => b.text(),
        Err(Errno::NoEnt) => String::new(),
        Err(Errno::IsDir) => {
            ctx.err(format!("\"{file}\" is a directory\n"));
            return Err(1);
        }
        Err(e) => {
            ctx.err(format!("Error reading {file}: {e}\n"));
            return Err(1);
        }
    };
    let saved = ctx.io.kernel.screen(Screen::Editor { program, path: path.clone(), text, readonly }).await;
    if let Some(text) = saved {
        let r = ctx.io.world.borrow_mut().host.fs.write(&ctx.io.cred, &path, text, 0o666 & !ctx.umask);
        if let Err(e) = r {
            ctx.err(if nano {
                format!("Error writing {file}: {e}\n")
            } else {
                format!("\"{file}\" E212: Can't open file for writing: {e}\n")
            });
            return Err(1);
        }
    }
    Ok(0)
}
