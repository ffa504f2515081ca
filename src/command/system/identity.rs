//! id(1), groups(1), whoami(1), logname(1), who(1), w(1), users(1), hostname(1), uname(1), uptime(1), tty(1), arch, nproc.

use super::super::Ctx;
use super::super::input::{Status, emit, status};
use super::super::opt::{extra_operand, getopt, quote};
use crate::host::Cred;

/// whoami(1).
pub async fn whoami(ctx: &mut Ctx) -> i32 {
    match getopt(ctx, "", 1) {
        Err(c) => c,
        Ok(p) => match p.args.first() {
            Some(x) => extra_operand(ctx, x),
            None => {
                let n = ctx.io.world.borrow().host.user_name(ctx.io.cred.uid);
                ctx.out(format!("{n}\n"));
                0
            }
        },
    }
}

/// id(1).
pub async fn id(ctx: &mut Ctx) -> i32 {
    status(id_run(ctx).await)
}

fn all_groups(c: &Cred) -> Vec<u32> {
    let mut g = vec![c.gid];
    g.extend(c.groups.iter().filter(|x| **x != c.gid));
    g
}

async fn id_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "a Z|context g|group G|groups n|name r|real u|user z|zero", 1)?;
    let pick = ["g", "G", "u"].iter().filter(|k| p.has(k)).count();
    if pick > 1 {
        ctx.complain("cannot print \"only\" of more than one choice");
        return Err(1);
    }
    if pick == 0 && (p.has("n") || p.has("r")) {
        ctx.complain("cannot print only names or real IDs in default format");
        return Err(1);
    }
    let mut code = 0;
    let whom: Vec<Option<String>> =
        if p.args.is_empty() { vec![None] } else { p.args.iter().cloned().map(Some).collect() };
    for who in whom {
        let line = {
            let w = ctx.io.world.borrow();
            let h = &w.host;
            let cred = match &who {
                None => Some(ctx.io.cred.clone()),
                Some(n) => h.user(n).or_else(|| n.parse().ok().and_then(|u| h.user_by_uid(u))).map(|u| h.cred_of(&u)),
            };
            cred.map(|c| {
                let user = |u: u32| if p.has("n") { h.user_name(u) } else { u.to_string() };
                let group = |g: u32| if p.has("n") { h.group_name(g) } else { g.to_string() };
                if p.has("u") {
                    return user(c.uid);
                }
                if p.has("g") {
                    return group(c.gid);
                }
                if p.has("G") {
                    return all_groups(&c).into_iter().map(group).collect::<Vec<_>>().join(" ");
                }
                let uname = h.user_by_uid(c.uid).map_or(String::new(), |u| format!("({})", u.name));
                let gname = |g: u32| h.group_by_gid(g).map_or(g.to_string(), |x| format!("{g}({})", x.name));
                let groups: Vec<String> = all_groups(&c).into_iter().map(gname).collect();
                format!("uid={}{uname} gid={} groups={}", c.uid, gname(c.gid), groups.join(","))
            })
        };
        match line {
            Some(l) => emit(ctx, l + "\n").await?,
            None => {
                ctx.complain(format!("{}: no such user", quote(who.as_deref().unwrap_or(""))));
                code = 1;
            }
        }
    }
    Ok(code)
}

/// groups(1).
pub async fn groups(ctx: &mut Ctx) -> i32 {
    status(groups_run(ctx).await)
}

async fn groups_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "", 1)?;
    let mut code = 0;
    if p.args.is_empty() {
        let line = {
            let w = ctx.io.world.borrow();
            all_groups(&ctx.io.cred).into_iter().map(|g| w.host.group_name(g)).collect::<Vec<_>>().join(" ")
        };
        emit(ctx, line + "\n").await?;
    }
    for n in &p.args {
        let line = {
            let w = ctx.io.world.borrow();
            w.host.user(n).map(|u| {
                let names: Vec<String> =
                    all_groups(&w.host.cred_of(&u)).into_iter().map(|g| w.host.group_name(g)).collect();
                format!("{n} : {}\n", names.join(" "))
            })
        };
        match line {
            Some(l) => emit(ctx, l).await?,
            None => {
                ctx.complain(format!("{}: no such user", quote(n)));
                code = 1;
            }
        }
    }
    Ok(code)
}

/// hostname(1).
pub async fn hostname(ctx: &mut Ctx) -> i32 {
    let p = match getopt(
        ctx,
        "a|alias d|domain f|fqdn |long F|file= i|ip-address I|all-ip-addresses s|short y|yp b|boot",
        1,
    ) {
        Ok(p) => p,
        Err(c) => return c,
    };
    let (name, fqdn, addrs) = if let Some(ip) = ctx.vantage {
        // The machine of a client, as ssh(1) left it; it has the domain of the house.
        let short = ctx.env.get("HOSTNAME").cloned().unwrap_or_default();
        let domain = ctx.io.world.borrow().host.fqdn.split_once('.').map_or(String::new(), |(_, d)| format!(".{d}"));
        (short.clone(), short + &domain, vec![ip.to_string()])
    } else {
        let w = ctx.io.world.borrow();
        let own: Vec<String> = w
            .host
            .net
            .interfaces
            .iter()
            .flat_map(|(_, a)| a.iter().map(ipnet::IpNet::addr))
            .filter(|a| !a.is_loopback())
            .map(|a| a.to_string())
            .collect();
        (w.host.name.clone(), w.host.fqdn.clone(), own)
    };
    if let Some(new) = p.args.first() {
        if ctx.io.cred.uid != 0 {
            ctx.err("hostname: you must be root to change the host name\n");
            return 1;
        }
        ctx.io.world.borrow_mut().host.name.clone_from(new);
        return 0;
    }
    let line = if p.has("f") || p.has("long") {
        fqdn
    } else if p.has("d") {
        fqdn.split_once('.').map_or(String::new(), |x| x.1.to_owned())
    } else if p.has("I") {
        addrs.join(" ") + " "
    } else if p.has("i") {
        addrs.into_iter().next().unwrap_or_else(|| "127.0.1.1".into())
    } else if p.has("s") {
        name.split('.').next().unwrap_or("").to_owned()
    } else {
        name
    };
    ctx.out(format!("{line}\n"));
    0
}

/// uname(1).
pub async fn uname(ctx: &mut Ctx) -> i32 {
    let spec = "a|all s|kernel-name n|nodename r|kernel-release v|kernel-version m|machine p|processor i|hardware-platform \
                o|operating-system";
    let p = match getopt(ctx, spec, 1) {
        Ok(p) => p,
        Err(c) => return c,
    };
    if let Some(x) = p.args.first() {
        return extra_operand(ctx, x);
    }
    let name = ctx.io.world.borrow().host.name.clone();
    let fields: [(&str, String); 8] = [
        ("s", "Linux".into()),
        ("n", name),
        ("r", crate::host::KERNEL.into()),
        ("v", "#1 SMP PREEMPT_DYNAMIC @0".into()),
        ("m", "x86_64".into()),
        ("p", "unknown".into()),
        ("i", "unknown".into()),
        ("o", "GNU/Linux".into()),
    ];
    let all = p.has("a");
    let mut out: Vec<String> =
        fields.iter().filter(|(k, v)| if all { v != "unknown" } else { p.has(k) }).map(|(_, v)| v.clone()).collect();
    if out.is_empty() {
        out.push("Linux".into());
    }
    ctx.out(out.join(" ") + "\n");
    0
}

fn up(ctx: &Ctx) -> String {
    let w = ctx.io.world.borrow();
    let secs = (w.now() - w.host.booted).as_secs();
    let (d, h, m) = (secs / 86_400, secs / 3600 % 24, secs / 60 % 60);
    let days = match d {
        0 => String::new(),
        1 => "1 day, ".into(),
        d => format!("{d} days, "),
    };
    let rest = if h > 0 { format!("{h:2}:{m:02}") } else { format!("{m} min") };
    let clock = super::date::format(w.now(), "%H:%M:%S");
    format!(" {clock} up {days}{rest},  1 user,  load average: 0.08, 0.03, 0.01\n")
}

/// uptime(1).
pub async fn uptime(ctx: &mut Ctx) -> i32 {
    let p = match getopt(ctx, "p|pretty s|since", 1) {
        Ok(p) => p,
        Err(c) => return c,
    };
    let line = {
        let w = ctx.io.world.borrow();
        if p.has("s") {
            super::date::format(w.host.booted, "%F %T\n")
        } else if p.has("p") {
            let secs = (w.now() - w.host.booted).as_secs();
            let unit = |n: i64, u: &str| (n > 0).then(|| format!("{n} {u}{}", if n == 1 { "" } else { "s" }));
            let parts: Vec<String> =
                [unit(secs / 86_400, "day"), unit(secs / 3600 % 24, "hour"), unit(secs / 60 % 60, "minute")]
                    .into_iter()
                    .flatten()
                    .collect();
            format!("up {}\n", parts.join(", "))
        } else {
            String::new()
        }
    };
    ctx.out(if line.is_empty() { up(ctx) } else { line });
    0
}

/// Since when the user at the prompt is logged in: a keyed while after boot.
fn login(ctx: &Ctx) -> crate::base::Time {
    let w = ctx.io.world.borrow();
    let span = (w.now() - w.host.booted).0.min(3_600_000_000);
    w.now() - crate::base::Span(span)
}

/// who(1) and users(1).
pub async fn who(ctx: &mut Ctx) -> i32 {
    let name = ctx.name();
    let p = match getopt(ctx, "a b H|heading m q|count r s u", 1) {
        Ok(p) => p,
        Err(c) => return c,
    };
    if name == "users" {
        ctx.out("root\n");
        return 0;
    }
    if p.has("q") {
        ctx.out("root\n# users=1\n");
        return 0;
    }
    if p.has("b") {
        let t = ctx.io.world.borrow().host.booted;
        ctx.out(format!("         system boot  {}\n", super::date::format(t, "%F %H:%M")));
        return 0;
    }
    if p.has("H") {
        ctx.out("NAME     LINE         TIME             COMMENT\n");
    }
    let t = login(ctx);
    ctx.out(format!("root     pts/0        {} (192.168.1.50)\n", super::date::format(t, "%F %H:%M")));
    0
}

/// w(1).
pub async fn w(ctx: &mut Ctx) -> i32 {
    let p = match getopt(ctx, "h|no-header s|short f|from i|ip-addr o|old-style u", 1) {
        Ok(p) => p,
        Err(c) => return c,
    };
    if !p.has("h") {
        ctx.out(up(ctx));
        ctx.out("USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT\n");
    }
    let t = login(ctx);
    ctx.out(format!(
        "root     pts/0    192.168.1.50     {}    1.00s  0.05s  0.00s w\n",
        super::date::format(t, "%H:%M")
    ));
    0
}

/// tty(1).
pub async fn tty(ctx: &mut Ctx) -> i32 {
    let p = match getopt(ctx, "s|silent |quiet", 2) {
        Ok(p) => p,
        Err(c) => return c,
    };
    let yes = ctx.stdin_is_terminal();
    if !p.has("s") && !p.has("quiet") {
        ctx.out(if yes { "/dev/pts/0\n" } else { "not a tty\n" });
    }
    i32::from(!yes)
}

/// arch(1), nproc(1), logname(1).
pub async fn small(ctx: &mut Ctx) -> i32 {
    let text = match ctx.name().as_str() {
        "arch" => "x86_64\n",
        "nproc" => "2\n",
        _ => "root\n",
    };
    ctx.out(text);
    0
}
