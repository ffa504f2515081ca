//! true, false, yes, seq, sleep, echo, printf's plain cases as a program are the shell's; expr, clear, stty, which, whereis,
//! free, logger, getent, man.

use super::super::input::{Reader, Status, emit, status};
use super::super::opt::{getopt, getopt_args, hint, missing_operand, quote};
use super::super::text::regex::{Flags, Re, Syntax};
use super::super::{Ctx, program};
use crate::base::Span;
use crate::log::Facility;

/// true(1).
pub async fn yes_status(_ctx: &mut Ctx) -> i32 {
    0
}

/// false(1).
pub async fn no_status(_ctx: &mut Ctx) -> i32 {
    1
}

/// yes(1): ends with its reader, or with the budget.
pub async fn yes(ctx: &mut Ctx) -> i32 {
    let line = if ctx.args.len() > 1 { ctx.args[1..].join(" ") } else { "y".into() } + "\n";
    let block = line.repeat((8192 / line.len()).max(1));
    loop {
        if let Err(c) = emit(ctx, &block).await {
            return c;
        }
        ctx.io.kernel.yield_now().await;
    }
}

/// seq(1).
pub async fn seq(ctx: &mut Ctx) -> i32 {
    status(seq_run(ctx).await)
}

async fn seq_run(ctx: &mut Ctx) -> Status {
    // A negative number is an operand.
    let mut args = ctx.args[1..].to_vec();
    let number = |a: &str| a.strip_prefix('-').is_some_and(|d| d.starts_with(|c: char| c.is_ascii_digit() || c == '.'));
    let first = args.iter().position(|a| number(a) || !a.starts_with('-'));
    if let Some(i) = first.filter(|i| number(&args[*i])) {
        args.insert(i, "--".into());
    }
    let p = getopt_args(ctx, &args, "f|format= s|separator= w|equal-width", 1, false, "")?;
    let (first, step, last) = match &p.args[..] {
        [] => return Err(missing_operand(ctx, None)),
        [l] => ("1".to_owned(), "1".to_owned(), l.clone()),
        [f, l] => (f.clone(), "1".to_owned(), l.clone()),
        [f, s, l] => (f.clone(), s.clone(), l.clone()),
        [_, _, _, x, ..] => return Err(super::super::opt::extra_operand(ctx, x)),
    };
    let decimals = |s: &str| s.split_once('.').map_or(0, |(_, f)| f.len());
    let places = decimals(&first).max(decimals(&step));
    let mut v = [0f64; 3];
    for (slot, text) in v.iter_mut().zip([&first, &step, &last]) {
        match text.parse::<f64>() {
            Ok(n) if n.is_finite() => *slot = n,
            _ => {
                ctx.complain(format!("invalid floating point argument: {}", quote(text)));
                ctx.err(hint(ctx));
                return Err(1);
            }
        }
    }
    let [a, s, z] = v;
    if s == 0.0 {
        ctx.complain(format!("invalid Zero increment value: {}", quote(&step)));
        ctx.err(hint(ctx));
        return Err(1);
    }
    let sep = p.value("s").unwrap_or("\n").to_owned();
    let show = |n: f64| match p.value("f") {
        Some(f) => format!("{n:.places$}").replace("%g", f),
        None => format!("{n:.places$}"),
    };
    let width = if p.has("w") {
        let count = ((z - a) / s).floor().max(0.0);
        show(a).len().max(show(a + count * s).len())
    } else {
        0
    };
    let (mut i, mut out) = (0u64, String::new());
    loop {
        let n = a + i as f64 * s;
        if (s > 0.0 && n > z + 1e-9 * s.abs()) || (s < 0.0 && n < z - 1e-9 * s.abs()) {
            break;
        }
        if i > 0 {
            out += &sep;
        }
        let t = show(n);
        if width > t.len() {
            let (sign, digits) = t.strip_prefix('-').map_or(("", t.as_str()), |d| ("-", d));
            out += sign;
            out += &"0".repeat(width - t.len());
            out += digits;
        } else {
            out += &t;
        }
        i += 1;
        if out.len() > 4096 {
            emit(ctx, std::mem::take(&mut out)).await?;
            ctx.io.kernel.yield_now().await;
        }
    }
    if i > 0 {
        out.push('\n');
    }
    emit(ctx, out).await?;
    Ok(0)
}

/// sleep(1): jumps the model's clock.
pub async fn sleep(ctx: &mut Ctx) -> i32 {
    let p = match getopt(ctx, "", 1) {
        Ok(p) => p,
        Err(c) => return c,
    };
    if p.args.is_empty() {
        return missing_operand(ctx, None);
    }
    let mut total = 0.0;
    for a in &p.args {
        let (digits, unit) = match a.chars().last() {
            Some('s') => (&a[..a.len() - 1], 1.0),
            Some('m') => (&a[..a.len() - 1], 60.0),
            Some('h') => (&a[..a.len() - 1], 3600.0),
            Some('d') => (&a[..a.len() - 1], 86_400.0),
            _ => (a.as_str(), 1.0),
        };
        match digits.parse::<f64>() {
            Ok(n) if n >= 0.0 && !digits.is_empty() => total += n * unit,
            _ => {
                ctx.complain(format!("invalid time interval {}", quote(a)));
                ctx.err(hint(ctx));
                return 1;
            }
        }
    }
    // Nobody waits longer than ten years.
    ctx.io.sleep(Span((total.min(3.2e8) * 1e6) as i64)).await;
    0
}

/// expr(1).
pub async fn expr(ctx: &mut Ctx) -> i32 {
    let args: Vec<String> = ctx.args[1..].iter().skip_while(|a| *a == "--").cloned().collect();
    if args.is_empty() {
        return missing_operand(ctx, None).max(2);
    }
    let mut e = Expr { args, at: 0, depth: 0 };
    let r = e.or().and_then(|v| match e.args.get(e.at) {
        Some(x) => Err(format!("syntax error: unexpected argument {}", quote(x))),
        None => Ok(v),
    });
    match r {
        Ok(v) => {
            ctx.out(format!("{v}\n"));
            i32::from(null(&v))
        }
        Err(m) => {
            ctx.complain(m);
            2
        }
    }
}

fn null(v: &str) -> bool {
    v.is_empty() || v.trim_start_matches('-').bytes().all(|b| b == b'0')
}

struct Expr {
    args: Vec<String>,
    at: usize,
    depth: usize,
}

impl Expr {
    fn take(&mut self, ops: &[&str]) -> Option<String> {
        let a = self.args.get(self.at)?;
        if ops.contains(&a.as_str()) {
            self.at += 1;
            return Some(self.args[self.at - 1].clone());
        }
        None
    }
    fn or(&mut self) -> Result<String, String> {
        let mut v = self.and()?;
        while self.take(&["|"]).is_some() {
            let r = self.and()?;
            if null(&v) {
                v = if null(&r) { "0".into() } else { r };
            }
        }
        Ok(v)
    }
    fn and(&mut self) -> Result<String, String> {
        let mut v = self.compare()?;
        while self.take(&["&"]).is_some() {
            let r = self.compare()?;
            if null(&v) || null(&r) {
                v = "0".into();
            }
        }
        Ok(v)
    }
    fn compare(&mut self) -> Result<String, String> {
        let mut v = self.sum()?;
        while let Some(op) = self.take(&["<", "<=", "=", "==", "!=", ">=", ">"]) {
            let r = self.sum()?;
            let o = match (v.parse::<i64>(), r.parse::<i64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                _ => v.cmp(&r),
            };
            let yes = match op.as_str() {
                "<" => o.is_lt(),
                "<=" => o.is_le(),
                "!=" => o.is_ne(),
                ">=" => o.is_ge(),
                ">" => o.is_gt(),
                _ => o.is_eq(),
            };
            v = i32::from(yes).to_string();
        }
        Ok(v)
    }
    fn number(v: &str) -> Result<i64, String> {
        v.parse().map_err(|_| "non-integer argument".to_owned())
    }
    fn sum(&mut self) -> Result<String, String> {
        let mut v = self.product()?;
        while let Some(op) = self.take(&["+", "-"]) {
            let (a, b) = (Self::number(&v)?, Self::number(&self.product()?)?);
            let r = if op == "+" { a.checked_add(b) } else { a.checked_sub(b) };
            v = r.ok_or("integer result too large")?.to_string();
        }
        Ok(v)
    }
    fn product(&mut self) -> Result<String, String> {
        let mut v = self.matching()?;
        while let Some(op) = self.take(&["*", "/", "%"]) {
            let (a, b) = (Self::number(&v)?, Self::number(&self.matching()?)?);
            if b == 0 && op != "*" {
                return Err("division by zero".into());
            }
            let r = match op.as_str() {
                "*" => a.checked_mul(b),
                "/" => a.checked_div(b),
                _ => a.checked_rem(b),
            };
            v = r.ok_or("integer result too large")?.to_string();
        }
        Ok(v)
    }
    fn matched(text: &str, pattern: &str) -> Result<String, String> {
        let re = Re::new(&format!("^{pattern}"), Syntax::Basic, Flags { dot_all: true, ..Flags::default() })?;
        let got = re.captures_at(text.as_bytes(), 0);
        if re.groups() > 0 {
            return Ok(got
                .and_then(|g| g.get(1).copied().flatten())
                .map_or(String::new(), |(s, e)| text[s..e].to_owned()));
        }
        Ok(got.and_then(|g| g[0]).map_or(0, |(s, e)| text[s..e].chars().count()).to_string())
    }
    fn matching(&mut self) -> Result<String, String> {
        let mut v = self.atom()?;
        while self.take(&[":"]).is_some() {
            let p = self.atom()?;
            v = Self::matched(&v, &p)?;
        }
        Ok(v)
    }
    fn atom(&mut self) -> Result<String, String> {
        self.depth += 1;
        if self.depth > 500 {
            return Err("syntax error: nested too deeply".into());
        }
        let Some(a) = self.args.get(self.at).cloned() else {
            let last = self.args.last().cloned().unwrap_or_default();
            return Err(format!("syntax error: missing argument after {}", quote(&last)));
        };
        self.at += 1;
        let v = match a.as_str() {
            "(" => {
                let v = self.or()?;
                if self.take(&[")"]).is_none() {
                    return Err(match self.args.get(self.at) {
                        None => {
                            let last = self.args.last().cloned().unwrap_or_default();
                            format!("syntax error: expecting ')' after {}", quote(&last))
                        }
                        Some(x) => format!("syntax error: expecting ')' instead of {}", quote(x)),
                    });
                }
                v
            }
            "length" => self.atom()?.chars().count().to_string(),
            "match" => {
                let (t, p) = (self.atom()?, self.atom()?);
                Self::matched(&t, &p)?
            }
            "index" => {
                let (t, set) = (self.atom()?, self.atom()?);
                t.chars().position(|c| set.contains(c)).map_or(0, |i| i + 1).to_string()
            }
            "substr" => {
                let (t, from, n) = (self.atom()?, self.atom()?, self.atom()?);
                let from = from.parse::<usize>().unwrap_or(0);
                let n = n.parse::<usize>().unwrap_or(0);
                if from == 0 { String::new() } else { t.chars().skip(from - 1).take(n).collect() }
            }
            ")" => return Err("syntax error: unexpected ')'".into()),
            "+" if self.at < self.args.len() => {
                self.at += 1;
                self.args[self.at - 1].clone()
            }
            _ => a,
        };
        self.depth -= 1;
        Ok(v)
    }
}

/// clear(1).
pub async fn clear(ctx: &mut Ctx) -> i32 {
    if ctx.stdout_is_terminal() {
        ctx.out("\x1b[H\x1b[2J\x1b[3J");
    } else if !ctx.env.contains_key("TERM") {
        ctx.err("TERM environment variable not set.\n");
        return 1;
    }
    0
}

/// stty(1): the size and the speed; settings are taken silently.
pub async fn stty(ctx: &mut Ctx) -> i32 {
    if !ctx.stdin_is_terminal() {
        ctx.err("stty: 'standard input': Inappropriate ioctl for device\n");
        return 1;
    }
    let (cols, rows) = ctx.io.kernel.size.get();
    match ctx.args.get(1).map(String::as_str) {
        Some("size") => ctx.out(format!("{rows} {cols}\n")),
        Some("-a" | "--all") => ctx.out(format!("speed 38400 baud; rows {rows}; columns {cols}; line = 0;\n")),
        None => ctx.out("speed 38400 baud; line = 0;\n-brkint -imaxbel\n"),
        _ => {}
    }
    0
}

/// which(1).
pub async fn which(ctx: &mut Ctx) -> i32 {
    let mut code = 0;
    let all = ctx.args.iter().any(|a| a == "-a");
    let names: Vec<String> = ctx.args[1..].iter().filter(|a| *a != "-a").cloned().collect();
    for n in &names {
        if let Some(bad) = n.strip_prefix('-') {
            ctx.err(format!("Illegal option -{}\nUsage: /usr/bin/which [-a] args\n", &bad[..bad.len().min(1)]));
            return 2;
        }
    }
    let path = ctx
        .env
        .get("PATH")
        .cloned()
        .unwrap_or_else(|| "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into());
    for n in &names {
        let mut hits = Vec::new();
        {
            let w = ctx.io.world.borrow();
            let runs = |p: &str| {
                w.host.fs.stat(&ctx.io.cred, p).is_ok_and(|(_, n)| n.is_file())
                    && w.host.fs.access(&ctx.io.cred, p, 1).is_ok()
            };
            if n.contains('/') {
                if runs(&ctx.path(n)) || super::super::programs().iter().any(|p| p.path == n) {
                    hits.push(n.clone());
                }
            } else {
                for d in path.split(':') {
                    let full = format!("{}/{n}", d.trim_end_matches('/'));
                    let known = program(n).is_some_and(|p| p.path == full || p.path == format!("/usr{full}"));
                    if known || runs(&full) {
                        hits.push(full);
                    }
                }
            }
        }
        if hits.is_empty() {
            code = 1;
        }
        hits.truncate(if all { usize::MAX } else { 1 });
        for h in hits {
            ctx.out(format!("{h}\n"));
        }
    }
    i32::from(names.is_empty()).max(code)
}

/// whereis(1).
pub async fn whereis(ctx: &mut Ctx) -> i32 {
    let names: Vec<String> = ctx.args[1..].iter().filter(|a| !a.starts_with('-')).cloned().collect();
    for n in &names {
        let mut line = format!("{n}:");
        if let Some(p) = program(n) {
            line += &format!(" {} /usr/share/man/man1/{n}.1.gz", p.path);
        }
        for d in ["/etc", "/usr/lib", "/usr/share"] {
            let path = format!("{d}/{n}");
            if ctx.io.world.borrow().host.fs.exists(&path) {
                line += &format!(" {path}");
            }
        }
        ctx.out(line + "\n");
    }
    0
}

/// free(1): a host of 2 GiB with what its processes hold.
pub async fn free(ctx: &mut Ctx) -> i32 {
    let p = match getopt(ctx, "b|bytes k|kibi m|mebi g|gibi h|human t|total w|wide s|seconds= c|count=", 1) {
        Ok(p) => p,
        Err(c) => return c,
    };
    let total: u64 = 2_028_244;
    let rss: u64 = ctx.io.world.borrow().host.procs.iter().map(|p| p.rss).sum();
    let used = (180_000 + rss / 3).min(total - 400_000);
    let cache = 612_480;
    let spare = total - used - cache;
    let show = |k: u64| -> String {
        if p.has("b") {
            (k * 1024).to_string()
        } else if p.has("m") {
            (k / 1024).to_string()
        } else if p.has("g") {
            (k >> 20).to_string()
        } else if p.has("h") {
            super::super::files::show::human(k * 1024) + if k == 0 { "B" } else { "i" }
        } else {
            k.to_string()
        }
    };
    let row = |name: &str, v: &[u64]| {
        let cells: Vec<String> = v.iter().map(|k| format!("{:>11}", show(*k))).collect();
        format!("{name:<9}{}\n", cells.join(" "))
    };
    ctx.out("               total        used        free      shared  buff/cache   available\n");
    ctx.out(row("Mem:", &[total, used, spare, 1_204, cache, spare + cache - 60_000]));
    ctx.out(row("Swap:", &[999_420, 0, 999_420]));
    0
}

/// logger(1).
pub async fn logger(ctx: &mut Ctx) -> i32 {
    let p = match getopt(ctx, "i|id f|file= n|server= p|priority= s|stderr t|tag= e", 1) {
        Ok(p) => p,
        Err(c) => return c,
    };
    let tag = p.value("t").map_or_else(|| ctx.io.world.borrow().host.user_name(ctx.io.cred.uid), str::to_owned);
    let priority = p.value("p").unwrap_or("user.notice").to_owned();
    let facility = match priority.split('.').next().unwrap_or("user") {
        "mail" => Facility::Mail,
        "auth" | "authpriv" => Facility::AuthPriv,
        "daemon" => Facility::Daemon,
        "cron" => Facility::Cron,
        "user" => Facility::User,
        "syslog" => Facility::Syslog,
        "kern" => Facility::Kern,
        f if f.starts_with("local") => Facility::User,
        f => {
            ctx.complain(format!("unknown facility name: {f}"));
            return 1;
        }
    };
    let mut lines = Vec::new();
    if p.args.is_empty() {
        let mut r = Reader::stdin();
        while let Ok(Some(l)) = r.line(&mut ctx.io).await {
            lines.push(String::from_utf8_lossy(&l).trim_end().to_owned());
            if lines.len() > 10_000 {
                break;
            }
        }
    } else {
        lines.push(p.args.join(" "));
    }
    let pid = ctx.pid;
    for l in lines.into_iter().filter(|l| !l.is_empty()) {
        if p.has("s") {
            ctx.err(format!("<13>{} {tag}: {l}\n", ctx.io.world.borrow().now().syslog()));
        }
        ctx.io.world.borrow_mut().host.log_user(facility, &tag, pid, p.has("i"), l);
    }
    0
}

/// getent(1): passwd, group, hosts, services by the files and the resolver's view.
pub async fn getent(ctx: &mut Ctx) -> i32 {
    let p = match getopt(ctx, "i|no-idn s|service=", 1) {
        Ok(p) => p,
        Err(c) => return c,
    };
    let Some(db) = p.args.first().cloned() else {
        ctx.err("getent: wrong number of arguments\nTry `getent --help' or `getent --usage' for more information.\n");
        return 1;
    };
    let keys = &p.args[1..];
    let file = match db.as_str() {
        "passwd" | "group" | "shadow" | "hosts" | "services" | "protocols" | "networks" | "aliases" => {
            format!("/etc/{db}")
        }
        "ahosts" | "ahostsv4" | "ahostsv6" => "/etc/hosts".into(),
        _ => {
            ctx.err(format!("Unknown database: {db}\nTry `getent --help' or `getent --usage' for more information.\n"));
            return 1;
        }
    };
    let text = ctx.io.world.borrow().host.fs.read(&ctx.io.cred, &file).map(|b| b.text()).unwrap_or_default();
    let colon = matches!(db.as_str(), "passwd" | "group" | "shadow");
    let mut code = 0;
    let mut out = Vec::new();
    if keys.is_empty() {
        out.extend(
            text.lines()
                .filter(|l| colon || !(l.trim().is_empty() || l.starts_with('#')))
                .map(|l| table_line(l, colon)),
        );
    }
    for k in keys {
        let hit = text.lines().filter(|l| !l.starts_with('#')).find(|l| {
            if colon {
                let f: Vec<&str> = l.split(':').collect();
                f.first() == Some(&k.as_str()) || f.get(2) == Some(&k.as_str())
            } else {
                l.split('#').next().unwrap_or("").split_whitespace().any(|w| w == k)
            }
        });
        match hit {
            Some(l) => out.push(table_line(l, colon)),
            None if db.starts_with("hosts") || db.starts_with("ahosts") => {
                let found = addresses(ctx, k);
                if found.is_empty() {
                    code = 2;
                } else if db == "hosts" {
                    // getent hosts prefers the IPv6 addresses.
                    let six: Vec<_> = found.iter().filter(|a| a.is_ipv6()).collect();
                    let list: Vec<_> = if six.is_empty() { found.iter().collect() } else { six };
                    out.extend(list.into_iter().map(|a| format!("{:<15} {k}", a.to_string())));
                } else {
                    for a in found {
                        for (i, kind) in ["STREAM", "DGRAM", "RAW"].iter().enumerate() {
                            out.push(format!("{:<15} {kind:<6} {}", a.to_string(), if i == 0 { k } else { "" }));
                        }
                    }
                }
            }
            None => code = 2,
        }
    }
    for l in out {
        ctx.out(l + "\n");
    }
    code
}

/// The addresses of a name in the DNS, IPv6 last.
fn addresses(ctx: &Ctx, name: &str) -> Vec<std::net::IpAddr> {
    let w = ctx.io.world.borrow();
    let mut out = Vec::new();
    for kind in ["A", "AAAA"] {
        if let crate::host::dns::Answer::Data(v) = w.host.dns.query(name, kind) {
            out.extend(v.iter().filter_map(|a| a.parse::<std::net::IpAddr>().ok()));
        }
    }
    out
}

fn table_line(l: &str, colon: bool) -> String {
    if colon {
        return l.to_owned();
    }
    let mut w = l.split('#').next().unwrap_or("").split_whitespace();
    let first = w.next().unwrap_or("");
    format!("{first:<15} {}", w.collect::<Vec<_>>().join(" "))
}

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
