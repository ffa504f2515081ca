//! doveadm user, auth, pw.

use super::{DENIED, Global, NO_USER, TEMPORARY, USAGE, mask, usage};
use crate::command::Ctx;
use crate::dovecot::auth::{self as authd, Verdict, password_fits};
use crate::dovecot::config::{Config, Scope};
use crate::dovecot::user::{MailUser, NoUser, all};
use crate::host::crypt;

/// Options with their values, and the words that are left.
type Options = (Vec<(char, String)>, Vec<String>);

/// The options of these commands: letters, and what is left. A letter with `:` in the list takes a value.
fn options(ctx: &Ctx, args: &[String], letters: &str) -> Result<Options, i32> {
    let (mut seen, mut rest) = (Vec::new(), Vec::new());
    let mut it = args.iter();
    while let Some(a) = it.next() {
        let Some(flags) = a.strip_prefix('-').filter(|f| !f.is_empty()) else {
            rest.push(a.clone());
            continue;
        };
        for (i, c) in flags.chars().enumerate() {
            if letters.contains(&format!("{c}:")) {
                let tail: String = flags.chars().skip(i + 1).collect();
                let v = if tail.is_empty() { it.next().cloned().unwrap_or_default() } else { tail };
                seen.push((c, v));
                break;
            }
            if !letters.contains(c) {
                ctx.err(format!("doveadm: invalid option -- '{c}'\n"));
                return Err(89);
            }
            seen.push((c, String::new()));
        }
    }
    Ok((seen, rest))
}

fn fields(config: &Config, given: &str, u: &MailUser) -> Vec<(String, String)> {
    let mut out = Vec::new();
    if u.name != given {
        out.push(("user".to_owned(), u.name.clone()));
    }
    out.push(("uid".into(), u.uid.to_string()));
    out.push(("gid".into(), u.gid.to_string()));
    out.push(("home".into(), u.home.clone()));
    out.push(("mail".into(), u.location(config, &Scope::protocol("doveadm"))));
    out.extend(u.fields.iter().filter(|(k, _)| k != "mail").cloned());
    out
}

fn ask(ctx: &Ctx, name: &str) -> Option<Result<MailUser, NoUser>> {
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let w = &mut *w;
    authd::userdb(&mut w.host, &mut w.dovecot, name)
}

fn unreachable(ctx: &Ctx, name: &str) -> i32 {
    let running = ctx.world().borrow().dovecot.master.is_some();
    let why = if running {
        "Disconnected unexpectedly"
    } else {
        "connect(/run/dovecot/auth-userdb) failed: Connection refused"
    };
    ctx.err(format!("doveadm({name})<{}><>: Error: auth-master: userdb lookup({name}): {why}\n", ctx.pid));
    TEMPORARY
}

fn user(ctx: &Ctx, config: &Config, args: &[String]) -> i32 {
    let (seen, names) = match options(ctx, args, "a:x:f:e:u") {
        Ok(o) => o,
        Err(s) => return s,
    };
    if names.is_empty() {
        ctx.err(usage::of("user"));
        return USAGE;
    }
    let value = |c: char| seen.iter().find(|(k, _)| *k == c).map(|(_, v)| v.clone());
    let only_userdb = value('u').is_some();
    if names.iter().any(|n| n.contains(['*', '?'])) {
        let running = ctx.world().borrow().dovecot.master.is_some();
        if !running {
            ctx.err("Error: auth-master: userdb list: connect(/run/dovecot/auth-userdb) failed: Connection refused\n");
            return TEMPORARY;
        }
        let everyone = all(&ctx.world().borrow().host, config);
        for n in everyone.iter().filter(|n| names.iter().any(|m| mask(m.as_bytes(), n.as_bytes()))) {
            ctx.out(format!("{n}\n"));
        }
        return 0;
    }
    let mut status = 0;
    let table = value('f').is_none() && !only_userdb;
    // What goes out at once, and what the formatter keeps until the end.
    let (mut now, mut body) = (String::new(), String::new());
    for (i, name) in names.iter().enumerate() {
        if i > 0 && table {
            now.push('\n');
        }
        match ask(ctx, name) {
            Some(Ok(u)) => {
                let all = fields(config, name, &u);
                if let Some(f) = value('f') {
                    body.extend(all.iter().filter(|(k, _)| *k == f).map(|(_, v)| format!("{v}\n")));
                } else if only_userdb {
                    body.push_str(&format!("userdb: {}\n  user      : {}\n", u.name, u.name));
                    for k in ["system_groups_user", "uid", "gid", "home"] {
                        if let Some((_, v)) = all.iter().find(|(x, _)| x == k) {
                            body.push_str(&format!("  {k:<10}: {v}\n"));
                        }
                    }
                } else {
                    body.extend(all.iter().map(|(k, v)| format!("{k}\t{v}\n")));
                }
            }
            Some(Err(NoUser::Unknown)) => {
                now.push_str(&format!("\nuserdb lookup: user {name} doesn't exist\n"));
                status = NO_USER;
            }
            _ => {
                status = unreachable(ctx, name);
                break;
            }
        }
    }
    if table {
        body.insert_str(0, "field\tvalue\n");
    }
    ctx.out(now + &body);
    status
}

async fn password(ctx: &mut Ctx, given: Option<&String>) -> String {
    if let Some(p) = given {
        return p.clone();
    }
    ctx.err("Password: ");
    let line = ctx.io.read_line(0).await.ok().flatten().unwrap_or_default();
    ctx.err("\n");
    String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()
}

async fn auth(ctx: &mut Ctx, config: &Config, args: &[String]) -> i32 {
    let Some(verb) = args.first().cloned() else {
        ctx.err(usage::group("auth"));
        return USAGE;
    };
    let (seen, rest) = match options(ctx, &args[1..], "a:x:m:M:f:") {
        Ok(o) => o,
        Err(s) => return s,
    };
    match verb.as_str() {
        "cache" if rest.first().is_some_and(|r| r == "flush") => {
            ctx.out("0 cache entries flushed\n");
            0
        }
        "lookup" if !rest.is_empty() => {
            let name = &rest[0];
            ctx.err(format!(
                "Error: passdb lookup failed for {name}: Configured passdbs don't support credentials lookups\n"
            ));
            TEMPORARY
        }
        "test" | "login" if !rest.is_empty() => {
            let name = rest[0].clone();
            let pw = password(ctx, rest.get(1)).await;
            let running = ctx.world().borrow().dovecot.master.is_some();
            if !running {
                ctx.err(
                    "Error: auth-client: conn unix:/run/dovecot/auth-client: connect(/run/dovecot/auth-client) failed: Connection \
                     refused\n",
                );
                return DENIED;
            }
            let rip =
                seen.iter().find(|(c, v)| *c == 'x' && v.starts_with("rip=")).and_then(|(_, v)| v[4..].parse().ok());
            let answer = {
                let world = ctx.world();
                let mut w = world.borrow_mut();
                let w = &mut *w;
                authd::attempt(&mut w.host, &mut w.dovecot, &name, &pw, rip)
            };
            ctx.io.sleep(answer.delay).await;
            match answer.verdict {
                Verdict::Ok { user } => {
                    let original = if user == name { String::new() } else { format!("  original_user={name}\n") };
                    ctx.out(format!("passdb: {name} auth succeeded\nextra fields:\n  user={user}\n  \n{original}"));
                    if verb == "login"
                        && let Some(Ok(u)) = ask(ctx, &user)
                    {
                        ctx.out(format!("userdb extra fields:\n  {}\n", u.name));
                        for (k, v) in &u.fields {
                            ctx.out(format!("  {k}={v}\n"));
                        }
                        ctx.out(format!("  uid={}\n  gid={}\n  home={}\n  auth_mech=PLAIN\n", u.uid, u.gid, u.home));
                    }
                    0
                }
                Verdict::Fail => {
                    let shown = crate::dovecot::user::auth_name(config, &name).unwrap_or_else(|| name.clone());
                    ctx.out(format!("passdb: {name} auth failed\nextra fields:\n  user={shown}\n"));
                    DENIED
                }
                Verdict::Internal => {
                    ctx.out(format!("passdb: {name} auth failed\nextra fields:\n  user={name}\n  temp\n"));
                    DENIED
                }
                Verdict::Down { .. } => {
                    ctx.err("Fatal: Couldn't connect to auth socket\n");
                    TEMPORARY
                }
            }
        }
        "test" | "login" | "lookup" => {
            ctx.err(usage::of(&format!("auth {verb}")));
            USAGE
        }
        _ => {
            ctx.err(usage::group("auth"));
            USAGE
        }
    }
}

const SCHEMES: &str = "SHA1 SSHA512 SCRAM-SHA-256 BLF-CRYPT PLAIN HMAC-MD5 OTP SHA512 SHA DES-CRYPT CRYPT SSHA MD5-CRYPT PLAIN-MD4 \
                       PLAIN-MD5 SCRAM-SHA-1 SHA512-CRYPT CLEAR CLEARTEXT ARGON2I ARGON2ID SSHA256 MD5 PBKDF2 SHA256 CRAM-MD5 \
                       PLAIN-TRUNC SHA256-CRYPT SMD5 DIGEST-MD5 LDAP-MD5 ";

async fn pw(ctx: &mut Ctx, args: &[String]) -> i32 {
    let (seen, rest) = match options(ctx, args, "lp:r:s:t:u:V") {
        Ok(o) => o,
        Err(s) => return s,
    };
    if let Some(x) = rest.first() {
        ctx.err(format!("Error: Extraneous arguments found: {x}\n"));
        return USAGE;
    }
    let value = |c: char| seen.iter().find(|(k, _)| *k == c).map(|(_, v)| v.clone());
    if value('l').is_some() {
        ctx.out(format!("{SCHEMES}\n"));
        return 0;
    }
    if let Some(hash) = value('t') {
        let plain = password(ctx, value('p').as_ref()).await;
        if password_fits(&plain, &hash, "CRYPT") {
            ctx.out(format!("{hash} (verified)\n"));
            return 0;
        }
        ctx.err("Fatal: reverse password verification check failed: Password mismatch\n");
        return TEMPORARY;
    }
    let scheme = value('s').unwrap_or_else(|| "CRYPT".into()).to_uppercase();
    if !SCHEMES.split(' ').any(|s| s == scheme && !s.is_empty()) {
        ctx.err(format!("Fatal: Unknown scheme: {scheme}\n"));
        return TEMPORARY;
    }
    let plain = password(ctx, value('p').as_ref()).await;
    let salt = {
        let w = ctx.io.world.borrow();
        format!("{:016x}", w.host.chance.value("doveadm-salt", &format!("{}/{}", w.host.now.0, ctx.pid)))
    };
    let hash = match scheme.as_str() {
        "PLAIN" | "CLEAR" | "CLEARTEXT" => plain,
        "SHA256-CRYPT" => crypt::crypt(&plain, &format!("$5${salt}")).unwrap_or_default(),
        "SHA512-CRYPT" => crypt::crypt(&plain, &format!("$6${salt}")).unwrap_or_default(),
        // bcrypt's form, by a hash that the model has.
        "CRYPT" | "BLF-CRYPT" => {
            let h = crypt::crypt(&plain, &format!("$6${salt}")).unwrap_or_default();
            format!("$2y$05${}", h.rsplit('$').next().unwrap_or("").chars().take(53).collect::<String>())
        }
        _ => {
            ctx.err(format!(
                "maillab: the scheme {scheme} is not simulated here; see: SHA512-CRYPT, SHA256-CRYPT, PLAIN\n"
            ));
            return 1;
        }
    };
    ctx.out(format!("{{{scheme}}}{hash}\n"));
    0
}

/// The commands of this file.
pub async fn run(ctx: &mut Ctx, _g: Global, config: &Config, command: &str, rest: &[String]) -> i32 {
    match command {
        "user" => user(ctx, config, rest),
        "auth" => auth(ctx, config, rest).await,
        _ => pw(ctx, rest).await,
    }
}
