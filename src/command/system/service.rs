//! service(8): System V words for systemctl.

use crate::command::Ctx;
use crate::host::units::Active;
use crate::host::units::file::{self, Load};

/// service(8).
pub(super) async fn service(ctx: &mut Ctx) -> i32 {
    let args: Vec<String> = ctx.args[1..].to_vec();
    match args.first().map(String::as_str) {
        Some("--status-all") => return status_all(ctx),
        Some("--version") => {
            ctx.out("service ver. 1.65.2\n");
            return 0;
        }
        Some("--full-restart") | None => {
            ctx.err("Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n");
            return 1;
        }
        Some("-h" | "--help") => {
            ctx.out("Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n");
            return 0;
        }
        _ => {}
    }
    let name = args[0].clone();
    let Some(verb) = args.get(1).cloned() else {
        ctx.err("Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n");
        return 1;
    };
    let unit = file::complete_name(&name);
    let found = file::load(&ctx.world().borrow().host.fs, &unit).load != Load::NotFound;
    let script = format!("/etc/init.d/{name}");
    let words = match verb.as_str() {
        "start" | "stop" | "status" | "reload" | "restart" | "try-restart" | "force-reload" => {
            vec!["systemctl".to_owned(), verb.clone(), unit]
        }
        "--full-restart" => vec!["systemctl".into(), "restart".into(), unit],
        _ if ctx.world().borrow().host.fs.exists(&script) => vec![script, verb],
        _ if found => {
            ctx.err(format!("{name}: unrecognized service\n"));
            return 1;
        }
        _ => {
            ctx.err(format!("{name}: unrecognized service\n"));
            return 1;
        }
    };
    let spawn = ctx.spawn.clone();
    spawn.spawn(ctx.clone(), words).await
}

fn status_all(ctx: &Ctx) -> i32 {
    let world = ctx.world();
    let w = world.borrow();
    let root = crate::host::Cred::root();
    for (n, _) in w.host.fs.readdir(&root, "/etc/init.d").unwrap_or_default() {
        let up = w.host.units.active(&file::complete_name(&n)) == Active::Active;
        ctx.out(format!(" [ {} ]  {n}\n", if up { "+" } else { "-" }));
    }
    0
}
