//! mail(1), mailx(1): bsd-mailx. Sends what is typed; reading is limited to an mbox, since this host delivers to Maildir.

use crate::command::Ctx;
use crate::command::io::Answer;

const USAGE: &str =
    "usage: mail [-dEIinv] [-a header] [-b bcc-addr] [-c cc-addr] [-r from-addr] [-s subject] [--] to-addr ...
       mail [-dEIiNnv] -f [name]
       mail [-dEIiNnv] [-u user]
";

#[derive(Default)]
struct Letter {
    subject: Option<String>,
    cc: Vec<String>,
    bcc: Vec<String>,
    from: Option<String>,
    headers: Vec<String>,
    to: Vec<String>,
    /// Do not send an empty body.
    no_empty: bool,
    verbose: bool,
    /// The mbox to read.
    read: Option<String>,
}

fn parse(ctx: &Ctx) -> Result<Letter, String> {
    let mut l = Letter::default();
    let mut i = 1;
    while i < ctx.args.len() {
        let a = &ctx.args[i];
        i += 1;
        if a == "--" {
            break;
        }
        let Some(o) = a.strip_prefix('-').filter(|o| !o.is_empty()) else {
            i -= 1;
            break;
        };
        let mut it = o.chars();
        while let Some(c) = it.next() {
            match c {
                'd' | 'I' | 'i' | 'n' | 'N' => {}
                'v' => l.verbose = true,
                'E' => l.no_empty = true,
                'f' => {
                    let rest: String = it.by_ref().collect();
                    let name = if rest.is_empty() { ctx.args.get(i).cloned() } else { Some(rest) };
                    i += 1;
                    l.read = Some(name.unwrap_or_else(|| "mbox".into()));
                }
                'a' | 'b' | 'c' | 'r' | 's' | 'u' => {
                    let rest: String = it.by_ref().collect();
                    let v = if rest.is_empty() {
                        let v = ctx.args.get(i).cloned();
                        i += 1;
                        v.ok_or_else(|| format!("mail: option requires an argument -- '{c}'\n{USAGE}"))?
                    } else {
                        rest
                    };
                    match c {
                        'a' => l.headers.push(v),
                        'b' => l.bcc.push(v),
                        'c' => l.cc.push(v),
                        'r' => l.from = Some(v),
                        's' => l.subject = Some(v),
                        _ => l.read = Some(format!("/var/mail/{v}")),
                    }
                }
                c => return Err(format!("mail: invalid option -- '{c}'\n{USAGE}")),
            }
        }
    }
    l.to = ctx.args.get(i..).unwrap_or_default().to_vec();
    Ok(l)
}

pub async fn run(ctx: &mut Ctx) -> i32 {
    let l = match parse(ctx) {
        Ok(l) => l,
        Err(e) => {
            ctx.err(e);
            return 64;
        }
    };
    if l.to.is_empty() {
        return read(ctx, l.read).await;
    }
    send(ctx, l).await
}

/// What was typed while a letter is written.
enum Typed {
    Line(String),
    Eof,
    /// Two Ctrl-C, one after the other.
    Killed,
}

/// A line from the terminal behind `prompt`. The first Ctrl-C is a warning.
async fn typed(ctx: &Ctx, prompt: &str) -> Typed {
    let mut warned = false;
    loop {
        ctx.out(prompt);
        match ctx.io.kernel.terminal_or_interrupt().await {
            Some(Answer::Line(t)) => return Typed::Line(t),
            Some(_) => return Typed::Eof,
            None if warned => return Typed::Killed,
            None => {
                ctx.out("(Interrupt -- one more to kill letter)\n");
                warned = true;
            }
        }
    }
}

/// The letter is dropped; what was written of it is kept at the end of dead.letter.
fn killed(ctx: &Ctx, body: &[u8]) -> i32 {
    if !body.is_empty() {
        let home = ctx.env.get("HOME").map_or("/root", String::as_str);
        let path = format!("{home}/dead.letter");
        let mut all = ctx.read_file(&path).map(|b| b.bytes().into_owned()).unwrap_or_default();
        all.extend_from_slice(body);
        let _ = ctx.io.world.borrow_mut().host.fs.write(&ctx.io.cred, &path, all, 0o600);
    }
    0
}

/// Reads what is typed (or piped) and hands it to sendmail(1).
async fn send(ctx: &mut Ctx, mut l: Letter) -> i32 {
    let tty = ctx.stdin_is_terminal();
    if tty && l.subject.is_none() {
        match typed(ctx, "Subject: ").await {
            Typed::Line(t) => l.subject = Some(t.trim_end().to_owned()),
            Typed::Eof => return 1,
            Typed::Killed => return killed(ctx, &[]),
        }
    }
    let mut body = Vec::new();
    loop {
        if tty {
            match typed(ctx, "").await {
                Typed::Line(t) if t == ".\n" => break,
                Typed::Line(t) => body.extend_from_slice(t.as_bytes()),
                Typed::Eof => break,
                Typed::Killed => return killed(ctx, &body),
            }
        } else if let Ok(Some(line)) = ctx.io.read_line(0).await {
            body.extend_from_slice(&line);
        } else {
            break;
        }
    }
    if tty {
        let cc = typed(ctx, "Cc: ").await;
        if matches!(cc, Typed::Killed) {
            return killed(ctx, &body);
        }
        if let Typed::Line(t) = cc {
            l.cc.extend(t.split([',', ' ']).map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned));
        }
    }
    if body.is_empty() {
        if l.no_empty {
            return 0;
        }
        ctx.out("Null message body; hope that's ok\n");
    }
    if !body.is_empty() && !body.ends_with(b"\n") {
        body.push(b'\n');
    }
    let mut text = String::new();
    for h in &l.headers {
        text += &format!("{h}\n");
    }
    text += &format!("To: {}\n", l.to.join(", "));
    if let Some(s) = l.subject.as_ref().filter(|s| !s.is_empty()) {
        text += &format!("Subject: {s}\n");
    }
    if !l.cc.is_empty() {
        text += &format!("Cc: {}\n", l.cc.join(", "));
    }
    let has = |n: &str| l.headers.iter().any(|h| h.to_ascii_lowercase().starts_with(n));
    if !has("mime-version") && !has("content-type") {
        text += "MIME-Version: 1.0\nContent-Type: text/plain; charset=\"UTF-8\"\nContent-Transfer-Encoding: 8bit\n";
    }
    text.push('\n');
    let mut message = text.into_bytes();
    message.extend_from_slice(&body);
    let mut argv = vec!["/usr/sbin/sendmail".to_owned(), "-i".into()];
    if let Some(f) = &l.from {
        argv.extend(["-f".to_owned(), f.clone()]);
    }
    if l.verbose {
        argv.push("-v".into());
    }
    argv.extend(l.to.iter().chain(&l.cc).chain(&l.bcc).cloned());
    let mut fds = ctx.io.fds.clone();
    fds.insert(0, crate::command::io::Fd::memory(&message));
    let spawn = ctx.spawn.clone();
    let child = ctx.with_fds(fds);
    spawn.spawn(child, argv).await
}

/// The messages of an mbox text.
fn split(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut blank = true;
    for line in text.split_inclusive('\n') {
        if blank && line.starts_with("From ") {
            out.push(String::new());
        }
        blank = line == "\n";
        if let Some(m) = out.last_mut() {
            m.push_str(line);
        }
    }
    out
}

fn header<'a>(m: &'a str, name: &str) -> &'a str {
    m.lines()
        .take_while(|l| !l.is_empty())
        .find_map(|l| l.split_once(':').filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim()))
        .unwrap_or("")
}

/// Shows an mbox: the list, then the messages by number until `q`.
async fn read(ctx: &mut Ctx, file: Option<String>) -> i32 {
    let user = ctx.world().borrow().host.user_name(ctx.io.cred.uid);
    let named = file.is_some();
    let path = file.map_or_else(|| format!("/var/mail/{user}"), |f| ctx.path(&f));
    let text = match ctx.read_file(&path) {
        Ok(b) => b.text(),
        Err(e) if named => {
            ctx.err(format!("{path}: {}\n", e.text()));
            return 1;
        }
        Err(_) => String::new(),
    };
    let list = split(&text);
    if list.is_empty() {
        ctx.out(format!("No mail for {user}\n"));
        return 1;
    }
    let n = list.len();
    let mut out = format!(
        "Mail version 8.1.2 01/15/2001.  Type ? for help.\n\"{path}\": {n} message{}\n",
        if n == 1 { "" } else { "s" }
    );
    for (i, m) in list.iter().enumerate() {
        let from = m.lines().next().unwrap_or("");
        let mut w = from.split_whitespace().skip(1);
        let who = w.next().unwrap_or("");
        let date: Vec<&str> = w.take(4).collect();
        let when = date.join(" ");
        let when: String = when.chars().take(16).collect();
        out += &format!(
            "{}N {:>2} {who:<18.18} {when:<16} {:>3}/{:<5} {}\n",
            if i == 0 { '>' } else { ' ' },
            i + 1,
            m.lines().count(),
            m.len(),
            header(m, "Subject")
        );
    }
    ctx.out(out);
    let mut at = 0;
    loop {
        ctx.out("& ");
        let line = if ctx.stdin_is_terminal() {
            match ctx.io.kernel.terminal_or_interrupt().await {
                Some(Answer::Line(t)) => t,
                Some(_) => break,
                None => {
                    ctx.out("Interrupt\n");
                    continue;
                }
            }
        } else if let Ok(Some(line)) = ctx.io.read_line(0).await {
            String::from_utf8_lossy(&line).into_owned()
        } else {
            break;
        };
        let line = line.trim().to_owned();
        match line.as_str() {
            "q" | "quit" | "x" | "exit" => break,
            "" => {}
            l => match l.parse::<usize>() {
                Ok(k) if (1..=n).contains(&k) => at = k - 1,
                Ok(k) => {
                    ctx.out(format!("{k}: Invalid message number\n"));
                    continue;
                }
                Err(_) => {
                    ctx.out("Unknown command: \"".to_owned() + l + "\"\n");
                    continue;
                }
            },
        }
        match list.get(at) {
            Some(m) => ctx.out(format!("Message {}:\n{m}\n", at + 1)),
            None => ctx.out("At EOF\n"),
        }
        at += 1;
    }
    ctx.out(format!("Held {n} message{} in {path}\n", if n == 1 { "" } else { "s" }));
    0
}
