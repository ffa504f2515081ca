//! openssl s_client: a TLS connection, what it shows of the server, and the dialogue in it.
//!
//! Left out: client certificates, session resumption, renegotiation.

use super::{number, thread, verify::trusted};
use crate::base::Span;
use crate::command::Ctx;
use crate::command::net::dialogue::{self, Family, Next, connect, port, resolve};
use crate::host::cert::{Cert, Flaw, flaw_text, verify};
use crate::host::net::TlsPeer;
use crate::sim::ConnId;

const PROTOCOLS: [&str; 14] = [
    "smtp",
    "pop3",
    "imap",
    "ftp",
    "xmpp",
    "xmpp-server",
    "telnet",
    "irc",
    "mysql",
    "postgres",
    "lmtp",
    "nntp",
    "sieve",
    "ldap",
];

#[derive(Default)]
struct Options {
    connect: Option<String>,
    starttls: Option<String>,
    servername: Option<String>,
    ca: Option<String>,
    hostname: Option<String>,
    name: Option<String>,
    crlf: bool,
    quiet: bool,
    brief: bool,
    showcerts: bool,
    ign_eof: bool,
    strict: bool,
    old: Option<&'static str>,
    family: Option<Family>,
}

fn options(ctx: &Ctx, args: &[String]) -> Result<Options, i32> {
    let mut o = Options::default();
    let mut it = args.iter();
    let (mut host, mut port) = (None, None);
    while let Some(a) = it.next() {
        let Some(flag) = a.strip_prefix('-') else {
            o.connect = Some(a.clone());
            continue;
        };
        let flag = flag.trim_start_matches('-');
        match flag {
            "connect" => o.connect = it.next().cloned(),
            "host" => host = it.next().cloned(),
            "port" => port = it.next().cloned(),
            "starttls" => {
                let p = it.next().cloned().unwrap_or_default();
                if !PROTOCOLS.contains(&p.as_str()) {
                    let list: String = PROTOCOLS.iter().map(|p| format!("\t{p}\n")).collect();
                    ctx.err(format!("s_client: Value must be one of:\n{list}"));
                    return Err(1);
                }
                o.starttls = Some(p);
            }
            "servername" => o.servername = it.next().cloned(),
            "CAfile" => o.ca = it.next().cloned(),
            "verify_hostname" => o.hostname = it.next().cloned(),
            "name" | "xmpphost" => o.name = it.next().cloned(),
            "CApath" | "verify" | "cipher" | "ciphersuites" | "cert" | "key" | "min_protocol" | "max_protocol"
            | "alpn" | "sigalgs" | "curves" | "groups" | "timeout" => {
                it.next();
            }
            "crlf" => o.crlf = true,
            "quiet" => {
                o.quiet = true;
                o.ign_eof = true;
            }
            "brief" => o.brief = true,
            "showcerts" => o.showcerts = true,
            "ign_eof" => o.ign_eof = true,
            "no_ign_eof" => o.ign_eof = false,
            "verify_return_error" => o.strict = true,
            "tls1" => o.old = Some("TLSv1"),
            "tls1_1" => o.old = Some("TLSv1.1"),
            "4" => o.family = Some(Family::V4),
            "6" => o.family = Some(Family::V6),
            "tls1_2" | "tls1_3" | "no_tls1" | "no_tls1_1" | "no_ssl3" | "status" | "state" | "debug" | "msg"
            | "noservername" | "prexit" | "tlsextdebug" | "no_ticket" | "bugs" | "verify_quiet" => {}
            _ => {
                ctx.err(format!("s_client: Unknown option: {a}\ns_client: Use -help for summary.\n"));
                return Err(1);
            }
        }
    }
    if let Some(h) = host {
        o.connect = Some(format!("{h}:{}", port.unwrap_or_else(|| "4433".into())));
    }
    Ok(o)
}

/// Splits `host:port`, with brackets around IPv6.
fn split(text: &str) -> (String, String) {
    if let Some((h, p)) = text.strip_prefix('[').and_then(|t| t.split_once(']')) {
        return (h.to_owned(), p.strip_prefix(':').unwrap_or("4433").to_owned());
    }
    match text.rsplit_once(':') {
        Some((h, p)) => (if h.is_empty() { "localhost".into() } else { h.to_owned() }, p.to_owned()),
        None => (text.to_owned(), "4433".into()),
    }
}

/// Says something and reads until a whole reply is there: the reply, as text.
async fn exchange(ctx: &mut Ctx, id: ConnId, say: &str, done: impl Fn(&str) -> bool) -> String {
    let world = ctx.world();
    if !say.is_empty() {
        world.borrow_mut().send(id, say.as_bytes());
    }
    let mut text = String::new();
    let until = world.borrow().now() + Span::secs(300);
    while !done(&text) {
        match dialogue::next(&mut ctx.io, id, false, Some(until)).await {
            Next::Heard(d) => text.push_str(&String::from_utf8_lossy(&d)),
            _ => break,
        }
    }
    text
}

/// The clear part before STARTTLS: bytes read and written, and the last line, which is shown at the end.
async fn starttls(ctx: &mut Ctx, id: ConnId, protocol: &str, name: &str) -> (usize, usize, String) {
    let smtp = |t: &str| t.lines().last().is_some_and(|l| l.len() > 3 && l.as_bytes()[3] == b' ') && t.ends_with('\n');
    let line = |t: &str| t.ends_with('\n');
    let last = |t: &str| t.lines().last().map(|l| format!("{l}\n")).unwrap_or_default();
    match protocol {
        "smtp" | "lmtp" => {
            let mut read = exchange(ctx, id, "", smtp).await.len();
            let hello = format!("{} {name}\r\n", if protocol == "smtp" { "EHLO" } else { "LHLO" });
            let ehlo = exchange(ctx, id, &hello, smtp).await;
            read += ehlo.len();
            if !ehlo.contains("STARTTLS") {
                ctx.err("Didn't find STARTTLS in server response, trying anyway...\n");
            }
            read += exchange(ctx, id, "STARTTLS\r\n", smtp).await.len();
            (read, hello.len() + 10, last(&ehlo))
        }
        "imap" => {
            let mut read = exchange(ctx, id, "", line).await.len();
            let caps = exchange(ctx, id, ". CAPABILITY\r\n", |t| {
                line(t) && t.lines().last().is_some_and(|l| l.starts_with('.'))
            })
            .await;
            read += caps.len();
            if !caps.contains("STARTTLS") {
                ctx.err("Didn't find STARTTLS in server response, trying anyway...\n");
            }
            read += exchange(ctx, id, ". STARTTLS\r\n", line).await.len();
            (read, 26, last(&caps))
        }
        "pop3" => {
            let greeting = exchange(ctx, id, "", line).await;
            let read = greeting.len() + exchange(ctx, id, "STLS\r\n", line).await.len();
            (read, 6, last(&greeting))
        }
        _ => (0, 0, String::new()),
    }
}

/// The lines of the verify callback; whether the handshake goes on.
fn callback(ctx: &Ctx, built: &[Cert], flaws: &[Flaw], o: &Options) -> bool {
    let subject = |d: usize| built.get(d).map(|c| c.subject.oneline()).unwrap_or_default();
    let expired = |d: usize| flaws.iter().any(|f| f.depth == d && f.code == 10);
    let end = |d: usize| built.get(d).map(|c| format!("notAfter={}\n", Cert::date(c.not_after))).unwrap_or_default();
    let go_on = if o.brief { "" } else { "verify return:1\n" };
    for f in flaws {
        let tail = if f.code == 10 { end(f.depth) } else { String::new() };
        ctx.err(format!(
            "depth={} {}\nverify error:num={}:{}\n{tail}",
            f.depth,
            subject(f.depth),
            f.code,
            flaw_text(f.code)
        ));
        if o.strict {
            return false;
        }
        ctx.err(go_on);
    }
    if !o.brief {
        for d in (0..built.len()).rev() {
            let tail = if expired(d) { end(d) } else { String::new() };
            ctx.err(format!("depth={d} {}\n{tail}{go_on}", subject(d)));
        }
    }
    true
}

/// What the program says when no certificate came.
fn empty_block(ctx: &Ctx, read: usize, written: usize, old: Option<&str>) {
    let session = old.map_or_else(String::new, |p| {
        let now = ctx.world().borrow().now().secs();
        format!(
            "SSL-Session:\n    Protocol  : {p}\n    Cipher    : 0000\n    Session-ID: \n    Session-ID-ctx: \n    Master-Key: \n    \
             PSK identity: None\n    PSK identity hint: None\n    SRP username: None\n    Start Time: {now}\n    Timeout   : \
             7200 (sec)\n    Verify return code: 0 (ok)\n    Extended master secret: no\n"
        )
    });
    let early = if old.is_some() { "" } else { "Early data was not sent\nVerify return code: 0 (ok)\n" };
    ctx.out(format!(
        "---\nno peer certificate available\n---\nNo client certificate CA names sent\n---\nSSL handshake has read {read} bytes \
         and written {written} bytes\nVerification: OK\n---\nNew, (NONE), Cipher is (NONE)\nSecure Renegotiation IS NOT \
         supported\nCompression: NONE\nExpansion: NONE\nNo ALPN negotiated\n{early}{session}---\n"
    ));
}

fn verification(o: &Options, code: u32) -> String {
    if code != 0 {
        return format!("Verification error: {}\n", flaw_text(code));
    }
    let name = o.hostname.as_ref().map_or_else(String::new, |h| format!("Verified peername: {h}\n"));
    format!("Verification: OK\n{name}")
}

/// What the program shows of a session; without `kept`, of one that it broke off over the certificate.
fn block(ctx: &Ctx, o: &Options, peer: &TlsPeer, certs: &[Cert], code: u32, bytes: (usize, usize), kept: bool) {
    let (read, written) = bytes;
    let leaf = &certs[0];
    let mut chain = String::new();
    for (i, c) in certs.iter().enumerate() {
        chain.push_str(&format!(
            "{i:2} s:{}\n   i:{}\n   a:PKEY: {}, {} (bit); sigalg: RSA-SHA256\n   v:NotBefore: {}; NotAfter: {}\n",
            c.subject.oneline(),
            c.issuer.oneline(),
            c.key.algorithm(),
            c.key.bits(),
            Cert::date(c.not_before),
            Cert::date(c.not_after)
        ));
        if o.showcerts {
            chain.push_str(&c.to_pem());
        }
    }
    let shown = if o.showcerts { String::new() } else { leaf.to_pem() };
    let (certificate, signature, size) = if kept {
        (
            format!(
                "Server certificate\n{shown}subject={}\nissuer={}\n",
                leaf.subject.oneline(),
                leaf.issuer.oneline()
            ),
            "Peer signing digest: SHA256\nPeer signature type: RSA-PSS\n",
            format!("Server public key is {} bit\n", leaf.key.bits()),
        )
    } else {
        ("no peer certificate available\n".to_owned(), "", String::new())
    };
    ctx.out(format!(
        "---\nCertificate chain\n{chain}---\n{certificate}---\nNo client certificate CA names \
         sent\n{signature}Server Temp Key: X25519, 253 bits\n---\nSSL handshake \
         has read {read} bytes and written {written} bytes\n{}---\nNew, {}, Cipher is {}\n{size}Secure \
         Renegotiation IS NOT supported\nCompression: NONE\nExpansion: NONE\nNo ALPN negotiated\nEarly data was not \
         sent\nVerify return code: {code} ({})\n---\n",
        verification(o, code),
        peer.protocol,
        peer.cipher,
        flaw_text(code)
    ));
}

/// A session ticket of TLS 1.3 as it is shown.
fn ticket(ctx: &Ctx, n: u32, code: u32) {
    let (chance, now) = {
        let w = ctx.io.world.borrow();
        (w.host.chance, w.host.now)
    };
    let byte = |what: &str, i: usize| chance.value("tls-ticket", &format!("{}/{n}/{what}/{i}", now.0)) as u8;
    let hex = |what: &str, len: usize| (0..len).map(|i| format!("{:02X}", byte(what, i))).collect::<String>();
    let mut dump = String::new();
    for row in 0..13 {
        let bytes: Vec<u8> = (0..16).map(|i| byte("ticket", row * 16 + i)).collect();
        let half = |b: &[u8]| b.iter().map(|x| format!("{x:02x}")).collect::<Vec<_>>().join(" ");
        let text: String = bytes.iter().map(|b| if (0x20..0x7f).contains(b) { char::from(*b) } else { '.' }).collect();
        dump.push_str(&format!("    {:04x} - {}-{}   {text}\n", row * 16, half(&bytes[..8]), half(&bytes[8..])));
    }
    ctx.out(format!(
        "---\nPost-Handshake New Session Ticket arrived:\nSSL-Session:\n    Protocol  : TLSv1.3\n    Cipher    : \
         TLS_AES_256_GCM_SHA384\n    Session-ID: {}\n    Session-ID-ctx: \n    Resumption PSK: {}\n    PSK identity: None\n    PSK \
         identity hint: None\n    SRP username: None\n    TLS session ticket lifetime hint: 7200 (seconds)\n    TLS session \
         ticket:\n{dump}\n    Start Time: {}\n    Timeout   : 7200 (sec)\n    Verify return code: {code} ({})\n    Extended \
         master secret: no\n    Max Early Data: 0\n---\nread R BLOCK\n",
        hex("id", 32),
        hex("psk", 48),
        now.secs(),
        flaw_text(code)
    ));
}

/// openssl s_client.
pub async fn s_client(ctx: &mut Ctx, args: &[String]) -> i32 {
    let o = match options(ctx, args) {
        Ok(o) => o,
        Err(status) => return status,
    };
    let (host, service) = split(o.connect.as_deref().unwrap_or("localhost:4433"));
    let world = ctx.world();
    let found = {
        let w = world.borrow();
        let p = port(&w.host, &service).map_err(|_| "Servname not supported for ai_socktype");
        p.and_then(|p| resolve(&w.host, &host, ctx.vantage, o.family.unwrap_or(Family::Any)).map(|a| (a, p)))
    };
    let t = thread(ctx);
    let (addresses, port) = match found {
        Ok(f) => f,
        Err(e) => {
            ctx.err(format!("{t}:error:10080002:BIO routines:BIO_lookup_ex:system lib:../crypto/bio/bio_addr.c:746:{e}\nconnect:errno=0\n"));
            return 1;
        }
    };
    let mut failure = None;
    let mut open = None;
    for ip in &addresses {
        match connect(ctx, *ip, port, None, None).await {
            Ok(id) => {
                open = Some(id);
                break;
            }
            Err(e) => {
                ctx.err(format!(
                    "{t}:error:800000{:02X}:system library:BIO_connect:{e}:../crypto/bio/bio_sock2.c:117:calling connect()\n\
                     {t}:error:10000067:BIO routines:BIO_connect:connect error:../crypto/bio/bio_sock2.c:119:\n",
                    number(e)
                ));
                failure = Some(e);
            }
        }
    }
    let Some(id) = open else {
        ctx.err(format!("connect:errno={}\n", failure.map_or(0, number)));
        return 1;
    };
    // Into a pipe, standard output goes with the first block that is flushed.
    let mut held = String::new();
    if !o.quiet && !o.brief {
        held.push_str("CONNECTED(00000003)\n");
        if ctx.stdout_is_terminal() {
            ctx.out(std::mem::take(&mut held));
        }
    }
    let (mut read, mut written, mut remembered) = (0, 0, String::new());
    if let Some(p) = &o.starttls {
        let name = o.name.clone().unwrap_or_else(|| "mail.example.com".into());
        (read, written, remembered) = starttls(ctx, id, p, &name).await;
    }
    let sni = o
        .servername
        .clone()
        .or_else(|| (host.contains('.') && host.parse::<std::net::IpAddr>().is_err()).then(|| host.clone()));
    let hello = 297 + sni.as_ref().map_or(0, |s| s.len() + 9);
    shake(ctx, &o, id, sni.is_some(), &mut read, &mut written, hello, &remembered, &held).await
}

#[expect(clippy::too_many_arguments, reason = "one step of s_client, split off for its length")]
async fn shake(
    ctx: &mut Ctx,
    o: &Options,
    id: ConnId,
    named: bool,
    read: &mut usize,
    written: &mut usize,
    hello: usize,
    remembered: &str,
    held: &str,
) -> i32 {
    let world = ctx.world();
    let offer = world.borrow_mut().tls_offer(id);
    let t = thread(ctx);
    let Some(offer) = offer else {
        // Whoever is there gets the ClientHello as it is.
        let closed = world.borrow().conns.get(id).is_none() || world.borrow().ready_at(id).is_some();
        world
            .borrow_mut()
            .send(id, b"\x16\x03\x01\x01=\x01\x00\x019\x03\x03\\\x8bo\xee\x10\x89]\x9c\xd2\xcb\x93\xb3\xe3\r\n");
        let answer = exchange(ctx, id, "", |t| !t.is_empty()).await;
        world.borrow_mut().hangup(id);
        if closed && answer.is_empty() {
            ctx.err("write:errno=104\n");
            *read = 0;
        } else {
            ctx.err(format!(
                "{t}:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../ssl/record/ssl3_record.c:350:\n"
            ));
            *read += 5;
        }
        ctx.out(held);
        if !o.brief {
            empty_block(ctx, *read, *written + hello, None);
        }
        return 1;
    };
    if let Some(p) = o.old {
        world.borrow_mut().tls_refused(id, "error:0A000102:SSL routines::unsupported protocol");
        ctx.err(format!(
            "{t}:error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:../ssl/record/rec_layer_s3.c:1605:SSL \
             alert number 70\n"
        ));
        ctx.out(held);
        empty_block(ctx, 7, 171, Some(p));
        return 1;
    }
    let certs = Cert::all_from_pem(&offer.chain);
    let Some(leaf) = certs.first() else { return 1 };
    if !named {
        ctx.err("Can't use SSL_get_servername\n");
    }
    let trust = trusted(ctx, o.ca.as_deref());
    let now = world.borrow().now();
    let (built, mut flaws) = verify(&certs, &trust, now);
    if let Some(h) = &o.hostname
        && !leaf.is_for(h)
    {
        flaws.insert(0, Flaw { code: 62, depth: 0 });
    }
    *read += 560 + certs.iter().map(|c| c.der.len()).sum::<usize>();
    *written += hello + 80;
    if !callback(ctx, &built, &flaws, o) {
        let code = flaws.first().map_or(0, |f| f.code);
        let alert = match code {
            10 => "error:0A000415:SSL routines::sslv3 alert certificate expired: SSL alert number 45",
            62 => "error:0A000412:SSL routines::sslv3 alert bad certificate: SSL alert number 42",
            _ => "error:0A000418:SSL routines::tlsv1 alert unknown ca: SSL alert number 48",
        };
        world.borrow_mut().tls_refused(id, alert);
        ctx.err(format!(
            "{t}:error:0A000086:SSL routines:tls_post_process_server_certificate:certificate verify \
             failed:../ssl/statem/statem_clnt.c:1889:\n"
        ));
        ctx.out(held);
        if !o.brief && !o.quiet {
            block(ctx, o, &offer, &certs, code, (*read, *written), false);
        }
        return 1;
    }
    let code = flaws.last().map_or(0, |f| f.code);
    let Ok(peer) = world.borrow_mut().start_tls(id) else { return 1 };
    ctx.out(held);
    if o.brief {
        let status = verification(o, code);
        ctx.err(format!(
            "CONNECTION ESTABLISHED\nProtocol version: {}\nCiphersuite: {}\nPeer certificate: {}\nHash used: SHA256\nSignature type: \
             RSA-PSS\n{status}Server Temp Key: X25519, 253 bits\n",
            peer.protocol,
            peer.cipher,
            leaf.subject.oneline()
        ));
    } else if !o.quiet {
        block(ctx, o, &peer, &certs, code, (*read, *written), true);
    }
    ctx.err(remembered);
    talk(ctx, o, id, code).await
}

async fn talk(ctx: &mut Ctx, o: &Options, id: ConnId, code: u32) -> i32 {
    let world = ctx.world();
    let verbose = !o.quiet && !o.brief;
    let tickets = if o.starttls.as_deref() == Some("smtp") { 1 } else { 2 };
    let mut shown = false;
    let mut typing = true;
    // The tickets come a moment after the handshake: who has nothing to type does not wait for them.
    let soon = world.borrow().now() + Span::millis(2);
    loop {
        let until = (!shown && verbose).then_some(soon);
        let next = dialogue::next(&mut ctx.io, id, typing, until).await;
        if !shown && verbose && !matches!(next, Next::Eof) {
            shown = true;
            for n in 0..tickets {
                ticket(ctx, n, code);
            }
        }
        match next {
            Next::Heard(d) => ctx.out(d),
            Next::Typed(d) => {
                if !o.ign_eof && d.first() == Some(&b'Q') {
                    ctx.err("DONE\n");
                    world.borrow_mut().hangup(id);
                    return 0;
                }
                let wire = if o.crlf {
                    let mut w = Vec::new();
                    for b in &d {
                        if *b == b'\n' && w.last() != Some(&b'\r') {
                            w.push(b'\r');
                        }
                        w.push(*b);
                    }
                    w
                } else {
                    d
                };
                world.borrow_mut().send(id, &wire);
            }
            Next::Eof if o.ign_eof => typing = false,
            Next::Eof => {
                ctx.err("DONE\n");
                world.borrow_mut().hangup(id);
                return 0;
            }
            Next::Closed => {
                if verbose {
                    ctx.out("closed\n");
                }
                world.borrow_mut().hangup(id);
                return 0;
            }
            Next::Timeout => {}
        }
    }
}
