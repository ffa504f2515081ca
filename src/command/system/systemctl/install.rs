//! `systemctl enable`, `disable`, `mask`, `unmask`, `is-enabled`, `cat`, `edit`: the files behind units.

use super::{Opts, root};
use crate::command::Ctx;
use crate::command::io::Screen;
use crate::host::fs::Cred;
use crate::host::units::file::{self, Load, UnitFile};
use crate::log::systemd::Systemd;

const NOT_MEANT: &str = "The unit files have no installation config (WantedBy=, RequiredBy=, Also=,\nAlias= settings in the \
                         [Install] section, and DefaultInstance= for template\nunits). This means they are not meant to be \
                         enabled using systemctl.\n \nPossible reasons for having this kind of units are:\n• A unit may be \
                         statically enabled by being symlinked from another unit's\n  .wants/ or .requires/ directory.\n• A \
                         unit's purpose may be to act as a helper for some other unit which has\n  a requirement dependency \
                         on it.\n• A unit may be started when needed via activation (socket, path, timer,\n  D-Bus, udev, \
                         scripted systemctl call, ...).\n• In case of template units, the unit is meant to be enabled with \
                         some\n  instance name specified.\n";

pub(super) fn is_enabled(ctx: &Ctx, o: &Opts, names: &[String]) -> i32 {
    let world = ctx.world();
    let w = world.borrow();
    let mut good = false;
    for n in names {
        let unit = file::complete_name(n);
        let f = file::load(&w.host.fs, &unit);
        if f.load == Load::NotFound {
            if !o.quiet {
                ctx.err(format!("Failed to get unit file state for {unit}: No such file or directory\n"));
            }
            return 1;
        }
        let state = if f.name == unit { file::enabled(&w.host.fs, &f) } else { "alias" };
        good |= matches!(state, "enabled" | "enabled-runtime" | "static" | "alias" | "indirect" | "generated");
        if !o.quiet {
            ctx.out(format!("{state}\n"));
        }
    }
    i32::from(!good)
}

/// Debian keeps the links of a start-up script in step.
fn synchronize(ctx: &Ctx, f: &UnitFile, verb: &str) {
    let Some(name) = f.name.strip_suffix(".service") else { return };
    let world = ctx.world();
    let mut w = world.borrow_mut();
    if w.host.fs.exists(&format!("/etc/init.d/{name}")) {
        const HELPER: &str = "/lib/systemd/systemd-sysv-install";
        ctx.err(format!("Synchronizing state of {} with SysV service script with {HELPER}.\n", f.name));
        ctx.err(format!("Executing: {HELPER} {verb} {name}\n"));
        w.host.log_systemd(Systemd::ManagerReloads);
        w.host.log_systemd(Systemd::ManagerReloads);
    }
}

pub(super) fn change(ctx: &Ctx, o: &Opts, verb: &str, names: &[String]) -> i32 {
    let doing = match verb {
        "enable" | "reenable" => "enable unit",
        "disable" => "disable unit",
        "mask" => "mask unit",
        "preset" => "preset unit",
        "revert" => "revert unit",
        _ => "unmask unit",
    };
    if let Err(s) = root(ctx, doing) {
        return s;
    }
    let world = ctx.world();
    let mut changed = false;
    for n in names {
        let unit = file::complete_name(n);
        let f = file::load(&world.borrow().host.fs, &unit);
        let missing = f.load == Load::NotFound;
        if missing && !matches!(verb, "mask" | "unmask" | "revert") {
            ctx.err(format!("Failed to {doing}: Unit file {unit} does not exist.\n"));
            return 1;
        }
        match verb {
            "enable" | "reenable" | "preset" => {
                if f.load == Load::Masked {
                    ctx.err(format!("Failed to {doing}: Unit file {} is masked.\n", f.path));
                    return 1;
                }
                synchronize(ctx, &f, if verb == "preset" { "enable" } else { verb });
                if verb == "reenable" {
                    changed |= unlink_all(ctx, &f);
                }
                match link_all(ctx, &f) {
                    Ok(c) => changed |= c,
                    Err(s) => return s,
                }
            }
            "disable" => {
                synchronize(ctx, &f, "disable");
                changed |= unlink_all(ctx, &f);
            }
            "mask" => {
                if missing {
                    ctx.err(format!("Unit {unit} does not exist, proceeding anyway.\n"));
                }
                let path = format!("/etc/systemd/system/{unit}");
                if f.load == Load::Masked {
                    continue;
                }
                let mut w = world.borrow_mut();
                if w.host.fs.lstat(&Cred::root(), &path).is_ok() {
                    ctx.err(format!("Failed to mask unit: File {path} already exists.\n"));
                    return 1;
                }
                let _ = w.host.fs.mkdir_all("/etc/systemd/system");
                if w.host.fs.symlink(&Cred::root(), "/dev/null", &path).is_ok() {
                    ctx.err(format!("Created symlink {path} → /dev/null.\n"));
                    changed = true;
                }
            }
            _ => {
                if f.load == Load::Masked {
                    let mut w = world.borrow_mut();
                    if w.host.fs.unlink(&Cred::root(), &f.path).is_ok() {
                        ctx.err(format!("Removed \"{}\".\n", f.path));
                        changed = true;
                    }
                }
            }
        }
        if verb == "mask" && !o.now {
            world.borrow_mut().host.units.entry(&unit);
        }
    }
    if changed {
        world.borrow_mut().host.log_systemd(Systemd::ManagerReloads);
    }
    if o.now {
        let job = match verb {
            "enable" => "start",
            "disable" | "mask" => "stop",
            _ => return 0,
        };
        return super::run_jobs(ctx, o, job, names);
    }
    0
}

fn link_all(ctx: &Ctx, f: &UnitFile) -> Result<bool, i32> {
    let links = file::install_links(f);
    if links.is_empty() {
        ctx.err(NOT_MEANT);
        return Ok(false);
    }
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let root = Cred::root();
    let mut changed = false;
    for (path, target) in links {
        if w.host.fs.lstat(&root, &path).is_ok() {
            continue;
        }
        let _ = w.host.fs.mkdir_all(path.rsplit_once('/').map_or("/", |(d, _)| d));
        match w.host.fs.symlink(&root, &target, &path) {
            Ok(_) => ctx.err(format!("Created symlink {path} → {target}.\n")),
            Err(e) => {
                ctx.err(format!("Failed to enable unit, file {path}: {e}\n"));
                return Err(1);
            }
        }
        changed = true;
    }
    Ok(changed)
}

fn unlink_all(ctx: &Ctx, f: &UnitFile) -> bool {
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let mut changed = false;
    for (path, _) in file::install_links(f) {
        if w.host.fs.unlink(&Cred::root(), &path).is_ok() {
            ctx.err(format!("Removed \"{path}\".\n"));
            changed = true;
        }
    }
    changed
}

pub(super) fn cat(ctx: &Ctx, names: &[String]) -> i32 {
    let world = ctx.world();
    let w = world.borrow();
    let mut first = true;
    for n in names {
        let unit = file::complete_name(n);
        let f = file::load(&w.host.fs, &unit);
        match f.load {
            Load::NotFound => {
                ctx.err(format!("No files found for {unit}.\n"));
                return 1;
            }
            Load::Masked => {
                ctx.out(format!("# Unit {unit} is masked.\n"));
                continue;
            }
            _ => {}
        }
        for path in std::iter::once(&f.path).chain(&f.drop_ins) {
            if !first {
                ctx.out("\n");
            }
            first = false;
            let text = w.host.fs.read_text(path).unwrap_or_default();
            let end = if text.ends_with('\n') { "" } else { "\n" };
            ctx.out(format!("# {path}\n{text}{end}"));
        }
    }
    0
}

/// `systemctl edit`: the drop-in `override.conf`, or with `--full` a copy of the whole file.
pub(super) async fn edit(ctx: &mut Ctx, o: &Opts, names: &[String]) -> i32 {
    if let Err(s) = root(ctx, "edit unit") {
        return s;
    }
    let unit = file::complete_name(names.first().map_or("", String::as_str));
    let f = file::load(&ctx.world().borrow().host.fs, &unit);
    if f.load == Load::NotFound {
        ctx.err(format!(
            "No files found for {unit}.\nRun 'systemctl edit --force --full {unit}' to create a new unit.\n"
        ));
        return 1;
    }
    let path = if o.full {
        format!("/etc/systemd/system/{unit}")
    } else {
        format!("/etc/systemd/system/{unit}.d/override.conf")
    };
    let world = ctx.world();
    let source = if o.full && !world.borrow().host.fs.exists(&path) { f.path } else { path.clone() };
    let text = world.borrow().host.fs.read_text(&source).unwrap_or_default();
    if !ctx.io.kernel.interactive.get() {
        ctx.err("Cannot edit units if not on a tty.\n");
        return 1;
    }
    let kernel = ctx.io.kernel.clone();
    let saved = kernel.screen(Screen::Editor { program: "nano", path: path.clone(), text, readonly: false }).await;
    match saved.filter(|t| !t.trim().is_empty()) {
        Some(t) => {
            let mut w = world.borrow_mut();
            let _ = w.host.fs.mkdir_all(path.rsplit_once('/').map_or("/", |(d, _)| d));
            let _ = w.host.fs.write(&Cred::root(), &path, t, 0o644);
            w.host.log_systemd(Systemd::ManagerReloads);
            ctx.err(format!("Successfully installed edited file {path}.\n"));
            0
        }
        None => {
            ctx.err(format!("Editing \"{path}\" canceled: temporary file is empty.\n"));
            0
        }
    }
}
