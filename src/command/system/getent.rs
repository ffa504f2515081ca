//! getent(1): passwd, group, hosts, services by the files and the resolver's view.

use super::super::Ctx;
use super::super::opt::getopt;

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
