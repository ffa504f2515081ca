//! swaks(1): a scripted SMTP session, as the tool shows it.

use crate::base::time::{MONTHS, WEEKDAYS};
use crate::command::Ctx;
use crate::host::dns::Answer;
use crate::host::net::Endpoint;
use crate::sim::ConnId;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::net::IpAddr;

#[derive(Default)]
struct Job {
    to: Vec<String>,
    from: Option<String>,
    server: Option<String>,
    port: Option<u16>,
    helo: Option<String>,
    tls: bool,
    tls_on_connect: bool,
    auth: Option<String>,
    user: String,
    password: String,
    subject: Option<String>,
    body: Option<String>,
    headers: Vec<String>,
    quit_after: Option<String>,
    hide: bool,
}

fn parse(args: &[String]) -> Job {
    let mut j = Job::default();
    let mut it = args.iter().skip(1).peekable();
    while let Some(a) = it.next() {
        let name = a.trim_start_matches('-');
        let (name, given) = match name.split_once('=') {
            Some((n, v)) if a.starts_with("--") => (n, Some(v.to_owned())),
            _ => (name, None),
        };
        let mut value = || {
            given.clone().or_else(|| it.next_if(|v| !v.starts_with("--") || v.len() < 3).cloned()).unwrap_or_default()
        };
        match name {
            "to" | "t" => j.to.extend(value().split(',').map(str::to_owned)),
            "from" | "f" => j.from = Some(value()).map(|f| if f == "<>" { String::new() } else { f }),
            "server" | "s" => j.server = Some(value()),
            "port" | "p" => j.port = value().parse().ok(),
            "helo" | "ehlo" | "lhlo" | "h" => j.helo = Some(value()),
            "tls" => j.tls = true,
            "tls-on-connect" | "tlsc" => j.tls_on_connect = true,
            "auth" | "a" => j.auth = Some(value().to_ascii_uppercase()),
            "auth-user" | "au" => j.user = value(),
            "auth-password" | "ap" => j.password = value(),
            "body" => j.body = Some(value()),
            "header" | "h-Subject" | "header-Subject" => {
                let v = value();
                if name != "header" {
                    j.subject = Some(v);
                } else if let Some(s) = v.strip_prefix("Subject:") {
                    j.subject = Some(s.trim().to_owned());
                } else {
                    j.headers.push(v);
                }
            }
            "add-header" => j.headers.push(value()),
            "quit-after" | "quit" | "q" => j.quit_after = Some(value().to_ascii_uppercase()),
            "silent" | "hide-all" => j.hide = true,
            _ => {}
        }
    }
    if !j.user.is_empty() && j.auth.is_none() {
        j.auth = Some("PLAIN".into());
    }
    j
}

/// A session and how its lines are marked.
struct Talk {
    conn: ConnId,
    tls: bool,
    show: bool,
}

impl Talk {
    async fn hear(&mut self, ctx: &Ctx) -> Option<String> {
        let world = ctx.world();
        let mut text = String::new();
        for _ in 0..600 {
            let ready = world.borrow().ready_at(self.conn);
            match ready {
                Some(t) => ctx.io.kernel.sleep_until(&world, t).await,
                None => ctx.io.sleep(crate::base::Span::secs(1)).await,
            }
            let (bytes, closed) = world.borrow_mut().recv(self.conn);
            text.push_str(&String::from_utf8_lossy(&bytes));
            let last = text.lines().last().unwrap_or("");
            if text.ends_with('\n') && last.as_bytes().get(3) != Some(&b'-') {
                break;
            }
            if closed {
                break;
            }
        }
        if text.is_empty() {
            return None;
        }
        let bad = !text.starts_with(['2', '3']);
        let mark = match (self.tls, bad) {
            (false, false) => "<- ",
            (true, false) => "<~ ",
            (false, true) => "<**",
            (true, true) => "<~*",
        };
        if self.show {
            for l in text.lines() {
                ctx.out(format!("{mark} {l}\n"));
            }
        }
        Some(text)
    }
    fn say(&self, ctx: &Ctx, text: &str) {
        if self.show {
            let mark = if self.tls { " ~>" } else { " ->" };
            for l in text.split('\n') {
                ctx.out(format!("{mark} {l}\n"));
            }
        }
        let wire = text.replace('\n', "\r\n") + "\r\n";
        ctx.world().borrow_mut().send(self.conn, wire.as_bytes());
    }
    async fn ask(&mut self, ctx: &Ctx, line: &str) -> Option<String> {
        self.say(ctx, line);
        self.hear(ctx).await
    }
}

fn resolve(ctx: &Ctx, name: &str) -> Option<IpAddr> {
    let world = ctx.world();
    let w = world.borrow();
    if let Ok(ip) = name.parse() {
        return Some(ip);
    }
    let hosts = w.host.fs.read_text("/etc/hosts").unwrap_or_default();
    for l in hosts.lines() {
        let mut f = l.split('#').next().unwrap_or("").split_whitespace();
        if let Some(ip) = f.next().and_then(|i| i.parse::<IpAddr>().ok())
            && f.any(|n| n.eq_ignore_ascii_case(name))
            && ip.is_ipv4()
        {
            return Some(ip);
        }
    }
    match w.host.dns.query(name, "A") {
        Answer::Data(v) => v.first()?.parse().ok(),
        _ => None,
    }
}

/// The address that this program's connections come from.
fn source(ctx: &Ctx, to: IpAddr) -> IpAddr {
    if let Some(v) = ctx.vantage {
        return v;
    }
    let world = ctx.world();
    let w = world.borrow();
    if w.host.net.is_local(to) {
        return to;
    }
    let first = w.host.net.interfaces.iter().flat_map(|(_, a)| a).find(|n| !n.addr().is_loopback());
    first.map_or(to, ipnet::IpNet::addr)
}

pub async fn run(ctx: &mut Ctx) -> i32 {
    let j = parse(&ctx.args);
    let (host, user) = {
        let world = ctx.world();
        let w = world.borrow();
        let host = if ctx.vantage.is_some() { "cliente.ejemplo.com".to_owned() } else { w.host.fqdn.clone() };
        (host, w.host.user_name(ctx.io.cred.uid))
    };
    if j.to.is_empty() {
        ctx.err("*** Attempting to set default recipient: no recipient given\n");
        return 1;
    }
    let mut port = j.port.unwrap_or(if j.tls_on_connect { 465 } else { 25 });
    let mut server = j.server.clone().unwrap_or_else(|| {
        let domain = j.to[0].rsplit_once('@').map_or("localhost", |(_, d)| d).to_owned();
        match ctx.world().borrow().host.dns.query(&domain, "MX") {
            Answer::Data(v) => v.first().and_then(|m| m.split_once(' ')).map_or(domain, |(_, h)| h.to_owned()),
            _ => domain,
        }
    });
    if let Some((s, p)) = server.clone().rsplit_once(':')
        && let Ok(p) = p.parse()
    {
        server.truncate(s.len());
        port = p;
    }
    let show = !j.hide;
    if show {
        ctx.out(format!("=== Trying {server}:{port}...\n"));
    }
    let Some(ip) = resolve(ctx, &server) else {
        ctx.out(format!("*** Error connecting to {server}:{port}:\n*** \tIO::Socket::INET6: getaddrinfo: Name or service not known\n"));
        return 2;
    };
    let made = ctx.world().borrow_mut().connect(source(ctx, ip), &Endpoint::Inet(ip, port));
    let conn = match made {
        Ok(c) => c,
        Err((e, after)) => {
            ctx.io.sleep(after).await;
            ctx.out(format!(
                "*** Error connecting to {server}:{port}:\n*** \tIO::Socket::INET6: connect: {}\n",
                e.text()
            ));
            return 2;
        }
    };
    if show {
        ctx.out(format!("=== Connected to {server}.\n"));
    }
    let mut t = Talk { conn, tls: false, show };
    let code = session(ctx, &j, &mut t, &host, &user).await;
    ctx.world().borrow_mut().hangup(conn);
    if show {
        ctx.out("=== Connection closed with remote host.\n");
    }
    code
}

fn good(reply: Option<&String>) -> bool {
    reply.is_some_and(|r| r.starts_with(['2', '3']))
}

fn start_tls(ctx: &Ctx, t: &mut Talk) -> bool {
    let peer = ctx.world().borrow_mut().start_tls(t.conn);
    match peer {
        Ok(p) => {
            t.tls = true;
            if t.show {
                let cipher = p.cipher.split_whitespace().next().unwrap_or("").to_owned();
                ctx.out(format!(
                    "=== TLS started with cipher {}:{cipher}:256\n=== TLS no local certificate set\n",
                    p.protocol
                ));
                ctx.out("=== TLS peer DN=\"/CN=mail.ejemplo.com\"\n");
            }
            true
        }
        Err(e) => {
            ctx.out(format!("*** TLS startup failed ({e})\n"));
            false
        }
    }
}

async fn session(ctx: &Ctx, j: &Job, t: &mut Talk, host: &str, user: &str) -> i32 {
    let helo = j.helo.clone().unwrap_or_else(|| host.to_owned());
    if j.tls_on_connect && !start_tls(ctx, t) {
        return 29;
    }
    if !good(t.hear(ctx).await.as_ref()) {
        t.ask(ctx, "QUIT").await;
        return 21;
    }
    let stop = |at: &str| j.quit_after.as_deref() == Some(at);
    if stop("CONNECT") || stop("BANNER") {
        t.ask(ctx, "QUIT").await;
        return 0;
    }
    let mut r = t.ask(ctx, &format!("EHLO {helo}")).await;
    if !good(r.as_ref()) {
        r = t.ask(ctx, &format!("HELO {helo}")).await;
    }
    if !good(r.as_ref()) {
        t.ask(ctx, "QUIT").await;
        return 22;
    }
    if stop("FIRST-HELO") || stop("FIRST-EHLO") {
        t.ask(ctx, "QUIT").await;
        return 0;
    }
    if j.tls {
        if !good(t.ask(ctx, "STARTTLS").await.as_ref()) {
            ctx.out("*** Host did not advertise STARTTLS\n");
            t.ask(ctx, "QUIT").await;
            return 29;
        }
        if !start_tls(ctx, t) {
            return 29;
        }
        t.ask(ctx, &format!("EHLO {helo}")).await;
    }
    if stop("HELO") || stop("EHLO") || stop("TLS") {
        t.ask(ctx, "QUIT").await;
        return 0;
    }
    if let Some(mechanism) = &j.auth {
        let ok = if mechanism == "LOGIN" {
            t.ask(ctx, "AUTH LOGIN").await;
            t.ask(ctx, &STANDARD.encode(&j.user)).await;
            good(t.ask(ctx, &STANDARD.encode(&j.password)).await.as_ref())
        } else {
            let code = STANDARD.encode(format!("\0{}\0{}", j.user, j.password));
            good(t.ask(ctx, &format!("AUTH PLAIN {code}")).await.as_ref())
        };
        if !ok {
            ctx.out("*** No authentication type succeeded\n");
            t.ask(ctx, "QUIT").await;
            return 28;
        }
        if stop("AUTH") {
            t.ask(ctx, "QUIT").await;
            return 0;
        }
    }
    let from = j.from.clone().unwrap_or_else(|| format!("{user}@{host}"));
    if !good(t.ask(ctx, &format!("MAIL FROM:<{from}>")).await.as_ref()) {
        t.ask(ctx, "QUIT").await;
        return 23;
    }
    if stop("MAIL") || stop("FROM") {
        t.ask(ctx, "QUIT").await;
        return 0;
    }
    let mut any = false;
    for to in &j.to {
        any |= good(t.ask(ctx, &format!("RCPT TO:<{to}>")).await.as_ref());
    }
    if !any || stop("RCPT") || stop("TO") {
        t.ask(ctx, "QUIT").await;
        return if any { 0 } else { 24 };
    }
    if !good(t.ask(ctx, "DATA").await.as_ref()) {
        t.ask(ctx, "QUIT").await;
        return 25;
    }
    let text = message(ctx, j, &from, host);
    let ok = good(t.ask(ctx, &text).await.as_ref());
    t.ask(ctx, "QUIT").await;
    if ok { 0 } else { 26 }
}

fn message(ctx: &Ctx, j: &Job, from: &str, host: &str) -> String {
    let now = ctx.world().borrow().now();
    let c = now.civil();
    let date = format!(
        "{}, {:02} {} {} {:02}:{:02}:{:02} +0000",
        WEEKDAYS[c.weekday as usize],
        c.day,
        MONTHS[c.month as usize - 1],
        c.year,
        c.hour,
        c.minute,
        c.second
    );
    let subject = j.subject.clone().unwrap_or_else(|| format!("test {date}"));
    let id = format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}.{:06}@{host}",
        c.year, c.month, c.day, c.hour, c.minute, c.second, ctx.pid
    );
    let mut t = format!(
        "Date: {date}\nTo: {}\nFrom: {from}\nSubject: {subject}\nMessage-Id: <{id}>\nX-Mailer: swaks v20201014.0 \
         jetmore.org/john/code/swaks/\n",
        j.to.join(",")
    );
    for h in &j.headers {
        t += &format!("{h}\n");
    }
    let body = j.body.clone().unwrap_or_else(|| "This is a test mailing".into()).replace("\\n", "\n");
    for l in body.split('\n') {
        t.push('\n');
        if l.starts_with('.') {
            t.push('.');
        }
        t += l;
    }
    t + "\n\n\n."
}
