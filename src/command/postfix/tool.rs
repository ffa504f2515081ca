//! What Postfix's tools share: their name on standard error and in the log, reading main.cf, ending with a fatal message.

use crate::base::Span;
use crate::command::Ctx;
use crate::host::Cred;
use crate::log::config::Config as Fault;
use crate::log::queue_tool::QueueTool;
use crate::log::script::{Script, ToolFatal};
use crate::log::table::Table;
use crate::log::{Event, Message};
use crate::postfix::config::{self, Config};
use crate::postfix::table::Say;
use crate::postfix::{startup, user_acl};
use std::collections::BTreeMap;

/// A tool at work.
pub(super) struct Tool<'a> {
    pub ctx: &'a Ctx,
    /// The name it was called by, as standard error has it.
    pub name: String,
    /// The name in the log, `postfix/postmap`; none: it does not log.
    pub tag: Option<String>,
    /// What it exits with after a fatal message.
    pub status: i32,
}

impl<'a> Tool<'a> {
    /// A tool that logs under its program name.
    pub fn logging(ctx: &'a Ctx) -> Tool<'a> {
        let base = ctx.name();
        // Those that log take the folder off their name; postconf does not.
        let name = base.clone();
        let tag = if base == "postfix" { "postfix".to_owned() } else { format!("postfix/{base}") };
        // sysexits(3) for what users run; 1 otherwise.
        let (tag, status) = match base.as_str() {
            "postqueue" => (tag, 69),
            "sendmail" | "mailq" | "newaliases" => ("postfix/sendmail".to_owned(), 75),
            _ => (tag, 1),
        };
        Tool { ctx, name, tag: Some(tag), status }
    }
    /// A tool that writes to standard error only.
    pub fn quiet(ctx: &'a Ctx) -> Tool<'a> {
        Tool { ctx, name: ctx.args.first().cloned().unwrap_or_default(), tag: None, status: 1 }
    }
    /// As this program, or a child of it, under another name.
    pub fn named(ctx: &'a Ctx, name: &str) -> Tool<'a> {
        Tool { ctx, name: name.to_owned(), tag: Some(format!("postfix/{name}")), status: 1 }
    }
    /// Says something on standard error and in the log.
    pub fn say(&self, event: impl Into<Event>) {
        let event = event.into();
        // Those that scripts use write to a terminal only; the others always.
        let shy = matches!(self.tag.as_deref(), Some("postfix" | "postmulti" | "postfix/postlog"));
        if !shy || self.ctx.io.is_terminal(2) {
            self.ctx.err(format!("{}: {}\n", self.name, event.text()));
        }
        if let Some(tag) = &self.tag {
            self.ctx.world().borrow_mut().host.log_mail(tag, self.ctx.pid, event);
        }
    }
    /// Says a fatal event, sleeps the second that msg_fatal(3) sleeps, and gives the exit status.
    pub async fn fatal(&self, event: impl Into<Event>) -> i32 {
        self.say(event);
        self.ctx.io.sleep(Span::secs(1)).await;
        self.status
    }
    /// A message on standard error that is nowhere else (`postconf` does not log).
    pub fn warn(&self, text: &str) {
        self.ctx.err(format!("{}: warning: {text}\n", self.name));
    }
    /// As [`Tool::warn`] for a message that ends the program.
    pub async fn die(&self, text: &str) -> i32 {
        self.ctx.err(format!("{}: fatal: {text}\n", self.name));
        self.ctx.io.sleep(Span::secs(1)).await;
        1
    }
    /// Reads main.cf, again and again while it is hot: a file that was written within the last second may not be whole
    /// yet. What reading says is said at every pass. `Err`: it cannot be read, and that was said.
    pub async fn read_main(&self, directory: &str, overrides: &[(String, String)]) -> Result<Config, i32> {
        let path = format!("{}/main.cf", directory.trim_end_matches('/'));
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for _ in 0..16 {
            let read = {
                let world = self.ctx.world();
                let w = world.borrow();
                let mtime = w.host.fs.stat(&Cred::root(), &path).map_or(0, |(_, n)| n.mtime.secs());
                let now = w.now().secs();
                w.host.fs.read(&self.ctx.io.cred, &path).map(|blob| (blob.text(), mtime, now))
            };
            let (text, mtime, before) = match read {
                Ok(all) => all,
                Err(e) => {
                    let event = Fault::Open { path: path.clone(), error: e.text().to_owned() };
                    return Err(self.fatal(event).await);
                }
            };
            for fault in config::parse_into(&path, &text, &mut seen) {
                if fault.is_fatal() {
                    return Err(self.fatal(fault).await);
                }
                self.say(fault);
            }
            if mtime < before - 1 || mtime > before {
                break;
            }
            self.ctx.io.sleep(Span::millis(300)).await;
        }
        let world = self.ctx.world();
        let w = world.borrow();
        Ok(Config::load_from(&w.host, directory, overrides))
    }
    /// As [`Tool::read_main`], and checks the parameters that every program of Postfix checks when it starts.
    pub async fn start(&self, option: Option<&str>) -> Result<Config, i32> {
        let directory = self.directory(option);
        // Programs that run with the rights of others do not trust their users in this.
        if self.tag.as_deref().is_some_and(|t| matches!(t, "postfix/postqueue" | "postfix/postdrop")) {
            self.may_use(&directory).await?;
        }
        let conf = self.read_main(&directory, &[]).await?;
        let faults = startup::check_common(&self.ctx.world().borrow().host, &conf);
        for f in faults.into_iter().filter(|f| !conf.faults.contains(f)) {
            if f.is_fatal() {
                return Err(self.fatal(f).await);
            }
            self.say(f);
        }
        let (name, facility) = (conf.get("syslog_name"), conf.get("syslog_facility"));
        self.ctx.world().borrow_mut().host.set_voice(self.ctx.pid, &name, &facility);
        // Those that work in the queue go there.
        let queue = conf.get("queue_directory");
        let base = self.name.rsplit('/').next().unwrap_or(&self.name);
        let elsewhere = matches!(base, "postfix" | "postmap" | "postalias" | "postlock" | "postlog" | "postmulti");
        let gone = self.ctx.world().borrow().host.fs.stat(&Cred::root(), &queue).err();
        if let Some(e) = gone.filter(|_| !elsewhere) {
            return Err(self.fatal(QueueTool::Chdir { path: queue, error: e.text().into() }).await);
        }
        Ok(conf)
    }
    /// The name of the user, if the list of a parameter (`authorized_submit_users`) does not let it in. `Err`: the list
    /// cannot be had, and that was said.
    pub async fn refuses(&self, conf: &Config, parameter: &str) -> Result<Option<String>, i32> {
        let mut say = Say::new();
        let uid = self.ctx.io.cred.uid;
        let user = user_acl::refused(&self.ctx.world().borrow().host, conf, parameter, uid, &mut say);
        for event in say {
            match event {
                Table::Open(reason) => return Err(self.fatal(Table::OpenFatal(reason)).await),
                Table::ListProblem { list, table } => {
                    let fault = ToolFatal::ListProblem { list, table };
                    return Err(self.fatal(Script::ToolFatal(fault)).await);
                }
                e => self.say(e),
            }
        }
        Ok(user)
    }
    /// Whether a user may have this configuration directory: another than the default must be in the default main.cf. `Err`: it
    /// may not, and that was said.
    pub async fn may_use(&self, directory: &str) -> Result<(), i32> {
        let world = self.ctx.world();
        let allowed = self.ctx.io.cred.uid == 0 || directory == config::DEFAULT_DIRECTORY || {
            let conf = Config::load(&world.borrow().host, &[]);
            let lists = ["alternate_config_directories", "multi_instance_directories"];
            lists.iter().any(|l| conf.list(l).iter().any(|d| d == directory))
        };
        if allowed {
            return Ok(());
        }
        self.say(QueueTool::BadDirectory(directory.to_owned()));
        Err(self.fatal(QueueTool::MayNotUse(directory.to_owned())).await)
    }
    /// The configuration directory: `-c`, `MAIL_CONFIG`, or the default.
    pub fn directory(&self, option: Option<&str>) -> String {
        let env = self.ctx.env.get("MAIL_CONFIG").map(String::as_str);
        let d = option.or(env).unwrap_or(config::DEFAULT_DIRECTORY);
        self.ctx.path(d)
    }
}
