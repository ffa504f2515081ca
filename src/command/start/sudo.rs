//! sudo(8), su(1), runuser(1): programs as another user. Root is asked for no password; su(1) asks others for that of the
//! account, and sudo(8) knows nobody else.

use crate::command::Ctx;
use crate::host::crypt;
use crate::host::users::User;

/// Turns the context into one of that user.
fn become_user(ctx: &mut Ctx, u: &User, login: bool) {
    let cred = ctx.world().borrow().host.cred_of(u);
    ctx.io.cred = cred;
    for (k, v) in [("HOME", &u.home), ("USER", &u.name), ("LOGNAME", &u.name), ("SHELL", &u.shell)] {
        ctx.env.insert(k.into(), v.clone());
    }
    if u.uid != 0 && login {
        ctx.env.insert("PATH".into(), "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games".into());
    }
    if login {
        ctx.cwd = if ctx.world().borrow().host.fs.is_dir(&u.home) { u.home.clone() } else { "/".into() };
    }
}

fn no_login(ctx: &Ctx, u: &User) -> Option<i32> {
    if u.shell.ends_with("/nologin") {
        ctx.out("This account is currently not available.\n");
        return Some(1);
    }
    u.shell.ends_with("/false").then_some(1)
}

async fn bash(ctx: &mut Ctx, args: &[&str]) -> i32 {
    ctx.args = args.iter().map(|a| (*a).to_owned()).collect();
    let spawn = ctx.spawn.clone();
    spawn.bash(ctx.clone()).await
}

pub(super) async fn sudo(ctx: &mut Ctx) -> i32 {
    let args = ctx.args[1..].to_vec();
    let mut i = 0;
    let (mut user, mut shell, mut login) = ("root".to_owned(), false, false);
    while let Some(a) = args.get(i).filter(|a| a.starts_with('-') && a.len() > 1) {
        i += 1;
        match a.as_str() {
            "--" => break,
            "-u" | "-g" => {
                if a == "-u" {
                    user = args.get(i).cloned().unwrap_or_default();
                }
                i += 1;
            }
            "-i" => login = true,
            "-s" => shell = true,
            "-l" => {
                ctx.out("User root may run the following commands on mail:\n    (ALL : ALL) ALL\n");
                return 0;
            }
            "-v" | "-k" | "-K" => return 0,
            a if a.starts_with("-u") => a[2..].clone_into(&mut user),
            _ => {}
        }
    }
    if ctx.io.cred.uid != 0 {
        let name = ctx.world().borrow().host.user_name(ctx.io.cred.uid);
        ctx.err(format!("{name} is not in the sudoers file.\n"));
        return 1;
    }
    let found = ctx.world().borrow().host.user(&user);
    let Some(u) = found else {
        ctx.err(format!("sudo: unknown user {user}\nsudo: error initializing audit plugin sudoers_audit\n"));
        return 1;
    };
    let mut env: Vec<(String, String)> = Vec::new();
    while let Some((k, v)) = args.get(i).and_then(|a| a.split_once('=')).filter(|(k, _)| !k.contains('/')) {
        env.push((k.to_owned(), v.to_owned()));
        i += 1;
    }
    let argv = args.get(i..).unwrap_or(&[]).to_vec();
    if argv.is_empty() && !login && !shell {
        ctx.err(
            "usage: sudo -h | -K | -k | -V\nusage: sudo -v [-ABkNnS] [-g group] [-h host] [-p prompt] [-u user]\n\
             usage: sudo -l [-ABkNnS] [-g group] [-h host] [-p prompt] [-U user] [-u\n            user] [command [arg ...]]\n\
             usage: sudo [-ABbEHkNnPS] [-C num] [-D directory] [-g group] [-h host] [-p\n            prompt] [-R directory] [-T timeout] [-u user] [VAR=value]\n            [-i | -s] [command [arg ...]]\n\
             usage: sudo -e [-ABkNnS] [-C num] [-D directory] [-g group] [-h host] [-p\n            prompt] [-R directory] [-T timeout] [-u user] file ...\n",
        );
        return 1;
    }
    become_user(ctx, &u, login);
    ctx.env.insert("SUDO_USER".into(), "root".into());
    ctx.env.extend(env);
    if argv.is_empty() {
        return bash(ctx, if login { &["-bash"] } else { &["bash"] }).await;
    }
    if login || shell {
        let line = argv.join(" ");
        return bash(ctx, &["bash", "-c", &line]).await;
    }
    ctx.env.insert("PATH".into(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into());
    let spawn = ctx.spawn.clone();
    ctx.args = vec!["sudo".into()];
    spawn.spawn(ctx.clone(), argv).await
}

/// Whether this is the password of an account; a locked one (root's, on Debian as it is installed) has none.
fn authentic(ctx: &Ctx, name: &str, password: &str) -> bool {
    let w = ctx.world();
    let shadow = w.borrow().host.fs.read_text("/etc/shadow").unwrap_or_default();
    let mut entries = shadow.lines().map(|l| l.split(':'));
    let hash = entries.find_map(|mut f| if f.next() == Some(name) { f.next() } else { None });
    hash.is_some_and(|h| crypt::verify(password, h))
}

pub(super) async fn su(ctx: &mut Ctx) -> i32 {
    let args = ctx.args[1..].to_vec();
    let (mut login, mut command, mut shell, mut user) = (false, None, None, None);
    let mut i = 0;
    while let Some(a) = args.get(i) {
        i += 1;
        match a.as_str() {
            "-" | "-l" | "--login" => login = true,
            "-c" | "--command" => {
                command = args.get(i).cloned();
                i += 1;
            }
            "-s" | "--shell" => {
                shell = args.get(i).cloned();
                i += 1;
            }
            "-m" | "-p" | "-P" => {}
            a if a.starts_with("--command=") => command = a.split_once('=').map(|(_, c)| c.to_owned()),
            a if a.starts_with('-') => {
                ctx.complain(format!("invalid option -- '{}'", a.chars().nth(1).unwrap_or('-')));
                super::try_help(ctx);
                return 1;
            }
            a => {
                user.get_or_insert(a.to_owned());
            }
        }
    }
    let user = user.unwrap_or_else(|| "root".into());
    let found = ctx.world().borrow().host.user(&user);
    let Some(mut u) = found else {
        ctx.complain(format!("user {user} does not exist or the user entry does not contain all the required fields"));
        return 1;
    };
    if ctx.io.cred.uid != 0 {
        ctx.err("Password: ");
        let typed = ctx.io.read_line(0).await.ok().flatten().unwrap_or_default();
        if ctx.stdin_is_terminal() {
            ctx.err("\n");
        }
        if !authentic(ctx, &u.name, String::from_utf8_lossy(&typed).trim_end_matches(['\r', '\n'])) {
            ctx.err("su: Authentication failure\n");
            return 1;
        }
    }
    if let Some(s) = shell {
        std::sync::Arc::make_mut(&mut u).shell = s;
    }
    if let Some(s) = no_login(ctx, &u) {
        return s;
    }
    become_user(ctx, &u, login);
    match command {
        Some(c) => bash(ctx, &["bash", "-c", &c]).await,
        None => bash(ctx, if login { &["-bash"] } else { &["bash"] }).await,
    }
}

pub(super) async fn runuser(ctx: &mut Ctx) -> i32 {
    if ctx.args.get(1).is_some_and(|a| a == "-u") {
        let Some(user) = ctx.args.get(2).cloned() else {
            ctx.complain("option requires an argument -- 'u'");
            return 1;
        };
        let found = ctx.world().borrow().host.user(&user);
        let Some(u) = found else {
            ctx.complain(format!(
                "user {user} does not exist or the user entry does not contain all the required fields"
            ));
            return 1;
        };
        let argv: Vec<String> = ctx.args[3..].iter().skip_while(|a| *a == "--").cloned().collect();
        become_user(ctx, &u, false);
        let spawn = ctx.spawn.clone();
        return spawn.spawn(ctx.clone(), argv).await;
    }
    su(ctx).await
}
