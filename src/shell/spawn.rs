//! Starting shells and programs for programs: `xargs`, `find -exec`, `sh -c`, scripts, `bash` itself.

use super::state::{Flow, Mode, Shell};
use crate::command::io::Answer;
use crate::command::{Ctx, Running, Spawn};
use std::rc::Rc;

/// The one implementation of [`Spawn`].
#[derive(Debug, Default)]
pub struct Spawner;

impl Spawner {
    pub fn shared() -> Rc<dyn Spawn> {
        Rc::new(Spawner)
    }
}

impl Spawn for Spawner {
    fn spawn(&self, ctx: Ctx, argv: Vec<String>) -> Running<'_> {
        Box::pin(async move {
            if argv.is_empty() {
                return 0;
            }
            let name = ctx.name();
            let mut sh = Shell::from_ctx(&ctx, Mode::Command);
            // The environment goes on as it is, not as a shell would change it.
            sh.vars = super::vars::Vars::default();
            for (k, v) in &ctx.env {
                *sh.vars.entry(k) = super::vars::Var { exported: true, ..super::vars::Var::scalar(v) };
            }
            if sh.value("PATH").is_none() {
                *sh.vars.entry("PATH") =
                    super::vars::Var::scalar("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
            }
            sh.depth += 1;
            let quoted = matches!(name.as_str(), "env" | "nohup" | "timeout" | "nice" | "setsid" | "stdbuf" | "chroot");
            if matches!(argv[0].as_str(), "echo" | "printf" | "test" | "[" | "pwd") {
                return sh.dispatch(argv, &[], false).await.unwrap_or(1);
            }
            match sh.find(&argv[0]) {
                super::simple::Found::Missing if super::unsimulated::hint(&argv[0]).is_none() => {
                    let shown = if quoted { format!("‘{}’", argv[0]) } else { argv[0].clone() };
                    let verb = if quoted && name != "env" { "failed to run command " } else { "" };
                    ctx.complain(format!("{verb}{shown}: No such file or directory"));
                    127
                }
                super::simple::Found::Broken(m, s) => {
                    let why = m.rsplit(": ").next().unwrap_or("").replace("Is a directory", "Permission denied");
                    let shown = if quoted { format!("‘{}’", argv[0]) } else { argv[0].clone() };
                    let verb = if quoted && name != "env" { "failed to run command " } else { "" };
                    ctx.complain(format!("{verb}{shown}: {why}"));
                    s
                }
                _ => {
                    let r = sh.program(argv).await;
                    match r {
                        Ok(s) => s,
                        Err(Flow::Exit(s) | Flow::Discard(s) | Flow::Return(s)) => s,
                        Err(_) => 130,
                    }
                }
            }
        })
    }
    fn shell(&self, ctx: Ctx, script: String, args: Vec<String>) -> Running<'_> {
        Box::pin(async move {
            let name = "sh".to_owned();
            let mut sh = Shell::from_ctx(&ctx, Mode::Command);
            sh.depth += 1;
            sh.name = name.clone();
            sh.arg0 = args.first().cloned().unwrap_or(name);
            sh.args = args.into_iter().skip(1).collect();
            let r = sh.run_text(&script, "-c").await;
            sh.leave(r).await
        })
    }
    fn bash(&self, ctx: Ctx) -> Running<'_> {
        Box::pin(async move { bash(ctx).await })
    }
}

/// `bash [options] [-c text | script] [args]`.
async fn bash(mut ctx: Ctx) -> i32 {
    let login = ctx.args.first().is_some_and(|a| a.starts_with('-'));
    let me = ctx.name().trim_start_matches('-').to_owned();
    let mut args = ctx.args.iter().skip(1).cloned().collect::<std::collections::VecDeque<_>>();
    let mut command = false;
    let mut stdin = false;
    let mut interactive = false;
    let mut login = login;
    let mut options: Vec<(String, bool)> = Vec::new();
    let mut shopts: Vec<(String, bool)> = Vec::new();
    while let Some(a) = args.front().cloned() {
        if a == "--" || a == "-" {
            args.pop_front();
            break;
        }
        let Some(flags) = a.strip_prefix(['-', '+']).filter(|f| !f.is_empty()) else { break };
        let on = a.starts_with('-');
        args.pop_front();
        match flags.strip_prefix('-') {
            Some("version") => {
                ctx.out("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n");
                return 0;
            }
            Some("login") => {
                login = true;
                continue;
            }
            Some("posix" | "norc" | "noprofile" | "noediting" | "restricted") => continue,
            Some(other) => {
                ctx.err(format!("{me}: --{other}: invalid option\n"));
                return 2;
            }
            None => {}
        }
        for c in flags.chars() {
            match c {
                'c' => command = true,
                's' => stdin = true,
                'i' => interactive = true,
                'l' => login = true,
                'o' | 'O' => {
                    let Some(name) = args.pop_front() else { break };
                    if c == 'o' { options.push((name, on)) } else { shopts.push((name, on)) }
                }
                c => match super::state::OPTIONS.iter().find(|(_, l)| *l == c && c != ' ') {
                    Some((name, _)) => options.push(((*name).to_owned(), on)),
                    None => {
                        ctx.err(format!("{me}: -{c}: invalid option\n"));
                        return 2;
                    }
                },
            }
        }
    }
    let set = |sh: &mut Shell| {
        for (name, on) in &options {
            if let Some((n, _)) = super::state::OPTIONS.iter().find(|(n, _)| n == name) {
                sh.options.insert(n, *on);
            }
        }
        for (name, on) in &shopts {
            if let Some((n, _)) = super::state::SHOPTS.iter().find(|(n, _)| n == name) {
                sh.shopt.insert(n, *on);
            }
        }
    };
    if command {
        let Some(text) = args.pop_front() else {
            ctx.err(format!("{me}: -c: option requires an argument\n"));
            return 2;
        };
        let mut sh = Shell::from_ctx(&ctx, Mode::Command);
        set(&mut sh);
        sh.name = me.clone();
        sh.arg0 = args.pop_front().unwrap_or_else(|| me.clone());
        if sh.arg0 != me {
            sh.name = sh.arg0.clone();
        }
        sh.args = args.into();
        let r = sh.run_text(&text, "-c").await;
        return sh.leave(r).await;
    }
    if let (Some(file), false) = (args.front().cloned(), stdin) {
        args.pop_front();
        let text = match ctx.read_file(&file) {
            Ok(b) => super::bytes::decode(&b.bytes()),
            Err(e) => {
                ctx.err(format!("{me}: {file}: {e}\n"));
                return if e == crate::host::Errno::IsDir { 126 } else { 127 };
            }
        };
        let mut sh = Shell::from_ctx(&ctx, Mode::Script);
        set(&mut sh);
        sh.name = file;
        sh.arg0 = sh.name.clone();
        sh.args = args.into();
        let r = sh.run_text(&text, "").await;
        return sh.leave(r).await;
    }
    if interactive || ctx.stdin_is_terminal() {
        let mut sh = Shell::from_ctx(&ctx, Mode::Interactive);
        set(&mut sh);
        sh.args = args.into();
        return dialogue(sh, if login { "logout" } else { "exit" }).await;
    }
    let text = match ctx.io.read_all(0).await {
        Ok(data) => super::bytes::decode(&data),
        Err(e) => {
            ctx.err(format!("{me}: {e}\n"));
            return 126;
        }
    };
    let mut sh = Shell::from_ctx(&ctx, Mode::Script);
    set(&mut sh);
    sh.name = me;
    sh.args = args.into();
    let r = sh.run_text(&text, "").await;
    sh.leave(r).await
}

/// A shell inside the shell, at a prompt of its own, until `exit` or end of file.
pub async fn dialogue(mut sh: Shell, farewell: &str) -> i32 {
    let kernel = sh.kernel.clone();
    let mut text = String::new();
    loop {
        let more = !text.is_empty();
        let prompt = sh.prompt(more);
        match kernel.prompt(&prompt, more).await {
            Answer::Line(l) => {
                text.push_str(&l);
                if sh.is_incomplete(&text) {
                    continue;
                }
                let line = std::mem::take(&mut text);
                sh.remember(line.trim_end_matches('\n'));
                let r = sh.run_text(&line, "").await;
                match r {
                    Err(Flow::Exit(s)) => {
                        sh.out(&format!("{farewell}\n"));
                        return s;
                    }
                    Err(Flow::Interrupt) => {
                        if kernel.killed.get() {
                            return 130;
                        }
                        kernel.interrupted.set(false);
                        sh.status = 130;
                    }
                    Err(Flow::Discard(s)) => sh.status = s,
                    _ => {}
                }
            }
            _ => {
                sh.out(&format!("{farewell}\n"));
                let r = Ok(sh.status);
                return sh.leave(r).await;
            }
        }
    }
}
