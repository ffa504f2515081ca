//! sendmail(1): the command that programs and people submit mail with; by other names mailq and newaliases.
//!
//! Left out: verbose tracing (`-v` more than once).

mod options;
mod standalone;
mod submit;

use super::tool::Tool;
use crate::command::Ctx;
use crate::log::queue_tool::QueueTool;
use options::Options;

const SPEC: &str = "A:B:C:F:GIL:N:O:R:UV:X:b:ce:f:h:imno:p:r:q:tvx";

/// What is to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Enqueue,
    NewAliases,
    MailQueue,
    Flush,
    Daemon,
    Standalone,
    Ignore,
}

/// What the options ask for.
#[derive(Default)]
struct Job {
    mode: Mode,
    sender: Option<String>,
    fullname: Option<String>,
    extract: bool,
    /// A lone dot does not end the input.
    ignore_dot: bool,
    gateway: bool,
    verify: bool,
    verbose: u32,
    encoding: &'static str,
    ret: &'static str,
    envid: String,
    notify: u32,
    verp: Option<String>,
    /// `-qRsite`, `-qIid`.
    site: Option<String>,
    id: Option<String>,
    /// `-q30m`: how often a daemon looks.
    interval: bool,
    /// `-oA`: instead of `alias_database`.
    aliases: Option<String>,
}

pub async fn run(ctx: &mut Ctx) -> i32 {
    let tool = Tool::logging(ctx);
    // The options are read twice, and what is wrong with them is said twice.
    let mut directory = None;
    let mut first = Options::new(ctx, SPEC);
    while let Some((c, v)) = first.next(ctx) {
        if c == 'C' {
            directory = Some(v.strip_suffix("/main.cf").map(str::to_owned).unwrap_or(v));
        }
    }
    if let Some(d) = &directory
        && let Err(status) = tool.may_use(d).await
    {
        return status;
    }
    let conf = match tool.start(directory.as_deref()).await {
        Ok(c) => c,
        Err(status) => return status,
    };
    let job = match read_options(&tool, &conf.get("verp_delimiter_filter"), &conf.get("default_verp_delimiters")) {
        Ok(j) => j,
        Err(fault) => return tool.fatal(fault).await,
    };
    let (job, words) = job;
    if let Some(fault) = conflict(&job) {
        return tool.fatal(fault).await;
    }
    if job.interval && job.mode != Mode::Daemon {
        return 0;
    }
    let alone = match job.mode {
        Mode::Enqueue if job.site.is_some() => Some("flush site"),
        Mode::Enqueue if job.id.is_some() => Some("flush queue_id"),
        Mode::MailQueue => Some("display queue mode"),
        Mode::Flush => Some("flush queue mode"),
        Mode::Daemon => Some("daemon mode"),
        Mode::NewAliases => Some("alias initialization mode"),
        Mode::Standalone => Some("stand-alone mode"),
        Mode::Enqueue | Mode::Ignore => None,
    };
    if let Some(what) = alone.filter(|_| !words.is_empty()) {
        return tool.fatal(QueueTool::NoRecipientWanted(what)).await;
    }
    if let Some(d) = directory {
        ctx.env.insert("MAIL_CONFIG".to_owned(), d);
    }
    match job.mode {
        Mode::Enqueue => match (&job.site, &job.id) {
            (Some(site), _) => child(ctx, &["postqueue", "-s", site]).await,
            (None, Some(id)) => child(ctx, &["postqueue", "-i", id]).await,
            _ => submit::run(ctx, &conf, &job, &words).await,
        },
        Mode::MailQueue => child(ctx, &["postqueue", "-p"]).await,
        Mode::Flush => child(ctx, &["postqueue", "-f"]).await,
        Mode::NewAliases => {
            let list = job.aliases.as_ref().map_or_else(|| conf.list("alias_database"), |a| [a.clone()].into());
            if list.is_empty() {
                return 0;
            }
            let mut line = vec!["postalias"];
            line.extend(list.iter().map(String::as_str));
            child(ctx, &line).await
        }
        Mode::Standalone => standalone::run(ctx, conf).await,
        Mode::Daemon => {
            // It does not wait for what it started.
            child(ctx, &["postfix", "start"]).await;
            0
        }
        Mode::Ignore => 0,
    }
}

/// The second reading: what ends the program ends it here. Operands are what is left.
fn read_options(tool: &Tool<'_>, verp_filter: &str, verp: &str) -> Result<(Job, Vec<String>), QueueTool> {
    let ctx = tool.ctx;
    let name = ctx.name();
    let mode = match name.as_str() {
        "mailq" => Mode::MailQueue,
        "newaliases" => Mode::NewAliases,
        _ => Mode::Enqueue,
    };
    let mut job = Job { mode, ..Job::default() };
    let mut options = Options::new(ctx, SPEC);
    loop {
        if let Some((old, new)) = options.modernise() {
            tool.say(QueueTool::OldVerp { old, new });
        }
        let Some((c, v)) = options.next(ctx) else { break };
        let letter = v.chars().next();
        let unsupported = || QueueTool::Unsupported(format!("-{c}{}", letter.unwrap_or('\0')));
        match c {
            'q' if v == "-" => {
                if job.mode == Mode::Daemon {
                    tool.say(QueueTool::FlushInDaemon);
                } else {
                    job.mode = Mode::Flush;
                }
            }
            'n' => return Err(QueueTool::NotSupported(c)),
            'B' => match v.as_str() {
                "8BITMIME" => job.encoding = "8bit",
                "7BIT" => job.encoding = "7bit",
                _ => return Err(QueueTool::BadEncoding),
            },
            'F' => job.fullname = Some(v),
            'G' => job.gateway = true,
            'I' => job.mode = Mode::NewAliases,
            'N' => {
                job.notify = notify(tool, &v);
                if job.notify == 0 {
                    tool.say(QueueTool::BadNotify);
                }
            }
            'R' => {
                job.ret = match v.to_ascii_lowercase().as_str() {
                    "full" => "1",
                    "hdrs" => "2",
                    _ => "",
                };
                if job.ret.is_empty() {
                    tool.say(QueueTool::BadReturn);
                }
            }
            'V' => {
                if v.len() > 100 {
                    tool.say(QueueTool::LongEnvelopeId);
                } else if v.is_empty() || v.chars().any(|c| !(' '..='~').contains(&c)) {
                    tool.say(QueueTool::BadEnvelopeId);
                } else {
                    job.envid = v;
                }
            }
            'X' => match v.strip_prefix('V') {
                Some("") => job.verp = Some(verp.to_owned()),
                Some(two) => {
                    if two.len() != 2 || !two.chars().all(|c| verp_filter.contains(c)) {
                        return Err(QueueTool::BadVerp(verp_filter.to_owned()));
                    }
                    job.verp = Some(two.to_owned());
                }
                None => return Err(unsupported()),
            },
            'b' => match letter {
                Some('d' | 'l') => {
                    if job.mode == Mode::Flush {
                        tool.say(QueueTool::FlushInDaemon);
                    }
                    job.mode = Mode::Daemon;
                }
                Some('h' | 'H') => job.mode = Mode::Ignore,
                Some('i') => job.mode = Mode::NewAliases,
                Some('m') => job.mode = Mode::Enqueue,
                Some('p') => job.mode = Mode::MailQueue,
                Some('s') => job.mode = Mode::Standalone,
                Some('v') => job.verify = true,
                _ => return Err(unsupported()),
            },
            'f' | 'r' => job.sender = Some(v),
            'i' => job.ignore_dot = true,
            'o' => match letter {
                Some('A') => {
                    if v.len() == 1 {
                        return Err(QueueTool::NeedPathname);
                    }
                    job.aliases = Some(v[1..].to_owned());
                }
                Some('i') => job.ignore_dot = true,
                _ => {}
            },
            'q' => match letter {
                Some('0'..='9') => job.interval = true,
                Some('R') if v.len() == 1 => return Err(QueueTool::Specify("-qRsitename")),
                Some('R') => job.site = Some(v[1..].to_owned()),
                Some('I') if v.len() == 1 => return Err(QueueTool::Specify("-qIqueueid")),
                Some('I') => job.id = Some(v[1..].to_owned()),
                other => return Err(QueueTool::NotImplemented(other.unwrap_or('\0'))),
            },
            't' => job.extract = true,
            'v' => job.verbose += 1,
            '?' => {
                let usage = ["sendmail [options]", "mailq [options]", "newaliases [options]"];
                let own = usage.into_iter().find(|u| u.starts_with(&name));
                return Err(QueueTool::Usage(own.unwrap_or(usage[0])));
            }
            _ => {}
        }
    }
    Ok((job, options.operands(ctx)))
}

/// Options that cannot stand together.
fn conflict(job: &Job) -> Option<QueueTool> {
    let elsewhere = job.mode != Mode::Enqueue;
    let only = [(job.extract, "-t"), (job.site.is_some(), "-qR"), (job.id.is_some(), "-qI")];
    if let Some((_, option)) = only.into_iter().find(|(given, _)| *given && elsewhere) {
        return Some(QueueTool::DeliveryOnly(option));
    }
    let probing = [(job.extract, "-t"), (job.notify != 0, "-N"), (!job.ret.is_empty(), "-R"), (job.verbose == 1, "-v")];
    let (_, option) = probing.into_iter().find(|(given, _)| *given && job.verify)?;
    Some(QueueTool::NotWithProbe(option))
}

/// The flags of `-N`; zero when it has a word that is none, which is said.
fn notify(tool: &Tool<'_>, words: &str) -> u32 {
    use crate::postfix::cleanup::notify as n;
    let mut out = 0;
    for w in words.split([',', ' ', '\t', '\r', '\n']).filter(|w| !w.is_empty()) {
        out |= match w.to_ascii_lowercase().as_str() {
            "never" => n::NEVER,
            "success" => n::SUCCESS,
            "failure" => n::FAILURE,
            "delay" => n::DELAY,
            _ => {
                tool.say(QueueTool::UnknownNotify { word: w.to_owned(), text: words.to_owned() });
                return 0;
            }
        };
    }
    if out & n::NEVER != 0 && out != n::NEVER { 0 } else { out }
}

/// What another program of Postfix does for this one.
async fn child(ctx: &mut Ctx, words: &[&str]) -> i32 {
    let spawn = ctx.spawn.clone();
    spawn.spawn(ctx.clone(), words.iter().map(|w| (*w).to_owned()).collect()).await
}
