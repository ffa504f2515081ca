//! logger(1).

use super::super::Ctx;
use super::super::input::Reader;
use super::super::opt::getopt;
use crate::log::Facility;

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
