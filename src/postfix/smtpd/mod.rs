//! smtpd(8): SMTP server sessions.
//!
//! A [`Session`] takes bytes and gives a [`Turn`]; the commands are in files of their own. Restrictions are
//! [`super::restriction`]'s. Left out: milters that exist, the before-queue proxy filter, HAProxy, and
//! `smtpd_per_request_deadline`.

mod auth;
mod commands;
mod data;
mod ehlo;
mod end;
mod env;
mod held;
mod mail;
mod milter;
mod notify;
mod peer;
mod rcpt;
mod reply;
mod stand_alone;
mod startup;
mod tally;
mod tls;
mod token;
mod xclient;

use super::cleanup::{Recipient, Ret};
use super::live::Live;
use super::lookups::{Lookups, Who};
use super::master::{self, Proc, Refused};
use super::restriction::{CheckState, Env, stages};
use super::trivial_rewrite::Resolved;
use super::wait::Waiting;
use super::{Ctx, anvil};
use crate::base::{Span, Time, text};
use crate::host::net::Turn;
use crate::log::smtpd::{Ended, Rate, Smtpd};
use crate::postfix::params::{Name, param};
use env::SmtpdEnv;
pub(crate) use startup::TABLES;
use std::collections::BTreeMap;
use std::net::IpAddr;
use tally::{Command, Tally};

/// What smtpd processes keep beyond a session.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    pub anvil: anvil::Anvil,
    /// Answers of trivial-rewrite, by process.
    resolved: imbl::OrdMap<u32, BTreeMap<(String, String), Resolved>>,
    plans: startup::Plans,
    sessions: u64,
}

/// As many answers of trivial-rewrite does a process keep.
const RESOLVE_CACHE: usize = 100;

impl Shared {
    fn resolved(&self, pid: u32, key: &(String, String)) -> Option<Resolved> {
        self.resolved.get(&pid)?.get(key).cloned()
    }
    fn remember(&mut self, pid: u32, key: (String, String), r: Resolved) {
        let cache = self.resolved.entry(pid).or_default();
        if cache.len() >= RESOLVE_CACHE {
            cache.clear();
        }
        cache.insert(key, r);
    }
    /// The process is gone.
    pub fn forget(&mut self, pid: u32) {
        self.resolved.remove(&pid);
    }
}

/// What the next bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mode {
    Command,
    Data,
    /// That many bytes of a chunk are to come; whether it is the last.
    Chunk(usize, bool),
    /// A response to a SASL challenge.
    Auth(auth::Step),
    /// The TLS handshake.
    Handshake,
    /// The process is not ready to take the connection.
    Start,
    /// anvil(8) has not said yet whether the client may connect.
    Admission,
    Closed,
}

/// The mail transaction.
#[derive(Clone, Debug, Default)]
struct Transaction {
    recipients: Vec<Recipient>,
    overshoot: i64,
    encoding: String,
    smtputf8: bool,
    ret: Option<Ret>,
    envid: String,
    verp: String,
    arrival: Time,
    /// The message as it comes in, `\n` at line ends.
    content: Vec<u8>,
    size: u64,
    too_big: bool,
    /// The line being received.
    partial: Vec<u8>,
    bdat: bool,
    /// Headers are completed as our own mail's are.
    local_rewrite: bool,
    bdat_failed: bool,
    /// Bytes of the chunk at hand.
    chunk: usize,
}

/// A connected client and what it has said so far.
#[derive(Clone, Debug)]
pub struct Session {
    pub client: IpAddr,
    server: IpAddr,
    pub proc: Proc,
    /// `smtp`, `submission`: the name in master.cf, as anvil and messages have it.
    service: String,
    state: CheckState,
    mode: Mode,
    input: Vec<u8>,
    tally: Tally,
    errors: i64,
    junk: i64,
    denied: Option<String>,
    /// What mail filters that do not answer have decided.
    milter: Option<super::milter::Verdict>,
    mail: Transaction,
    /// The dialogue, a line feed after each line, and how many lines it has.
    history: (String, usize),
    sasl_active: bool,
    /// Keywords that EHLO does not name, and whether they could not be looked up.
    ehlo_mask: Vec<String>,
    mask_failed: bool,
    /// When smtpd stops waiting.
    deadline: Option<Time>,
    /// What was said and not yet handed out.
    out: Vec<u8>,
    delay: Span,
    aborted: Option<String>,
    last_user: String,
    may_xclient: bool,
    may_xforward: bool,
    /// What nobody knows whether the client may use.
    unsure: Option<&'static str>,
    /// The reply to a BDAT that was refused: it is said when its chunk is in.
    refusal: Option<String>,
    /// Name, address and queue id that XFORWARD told.
    forward: (String, String, String),
    /// Whether a restriction asks for address probes.
    probes: bool,
    /// Whether the command at hand can be done again.
    may_wait: bool,
    /// The service that the command at hand came to need.
    waits: Option<Waiting>,
    /// The service without which the session does not go on.
    held: Option<Waiting>,
    /// `sendmail -bs`: the user at the other end of the pipe.
    alone: Option<stand_alone::User>,
}

/// Bytes of a command line that are kept; the rest is dropped.
const MAX_LINE: usize = 100_000;

impl Session {
    /// Accepts a connection for the service `service` of master.cf (`smtp/inet`). `Err`: no process could be had, the
    /// kernel keeps the connection without a banner, and when master tries again.
    pub fn open(
        ctx: &mut Ctx<'_>,
        service: &str,
        client: IpAddr,
        server: IpAddr,
    ) -> Result<(Session, Turn), Option<Time>> {
        let proc = match master::acquire(ctx, service) {
            Ok(p) => p,
            Err(Refused::Throttled) => return Err(ctx.pf.master.asleep(service)),
            Err(_) => return Err(None),
        };
        let mut s = Session::new(proc, service.split('/').next().unwrap_or(service), client, server);
        s.start(ctx);
        match s.unserved(ctx) {
            Some(until) => Err(Some(until)),
            None => {
                let turn = s.turn(ctx);
                Ok((s, turn))
            }
        }
    }

    fn new(proc: Proc, service: &str, client: IpAddr, server: IpAddr) -> Session {
        Session {
            client,
            server,
            service: service.to_owned(),
            state: CheckState { protocol: Some("SMTP".into()), stage: "CONNECT".into(), ..CheckState::default() },
            mode: Mode::Start,
            input: Vec::new(),
            tally: Tally::default(),
            errors: 0,
            junk: 0,
            denied: None,
            milter: None,
            mail: Transaction::default(),
            history: Default::default(),
            sasl_active: false,
            ehlo_mask: Vec::new(),
            mask_failed: false,
            deadline: None,
            out: Vec::new(),
            delay: Span::ZERO,
            aborted: None,
            last_user: String::new(),
            may_xclient: false,
            may_xforward: false,
            unsure: None,
            refusal: None,
            forward: Default::default(),
            probes: false,
            may_wait: false,
            waits: None,
            held: None,
            alone: None,
            proc,
        }
    }

    pub(super) fn greet(&mut self, ctx: &mut Ctx<'_>) {
        let client = self.state.namaddr();
        self.log(ctx, Smtpd::Connect { client });
        self.look_up_mask(ctx);
        if !self.activate_sasl(ctx) {
            return;
        }
        let xclient = self.authorizes(ctx, "smtpd_authorized_xclient_hosts");
        let xforward = self.authorizes(ctx, "smtpd_authorized_xforward_hosts");
        (self.may_xclient, self.may_xforward) = (xclient == Ok(true), xforward == Ok(true));
        self.unsure = xclient.map_or(Some("XCLIENT"), |_| xforward.map_or(Some("XFORWARD"), |_| None));
        self.welcome(ctx);
    }

    /// Says the greeting, if anvil(8) has nothing against it.
    pub(super) fn welcome(&mut self, ctx: &mut Ctx<'_>) {
        let exempt = self.is_exempt(ctx);
        let counted = !exempt && self.finds_anvil(ctx);
        if self.held.is_some() {
            self.mode = Mode::Admission;
            return;
        }
        self.mode = Mode::Command;
        if !self.admit(ctx, exempt, counted) {
            return;
        }
        if self.flag(param!("smtpd_tls_wrappermode")) {
            self.mode = Mode::Handshake;
            return;
        }
        self.banner(ctx);
    }

    fn banner(&mut self, ctx: &mut Ctx<'_>) {
        if !self.flag(param!("smtpd_delay_reject"))
            && let Some(reply) = self.check(ctx, |s, e| stages::client(s, e))
        {
            self.denied = Some(reply.clone());
            self.reply(ctx, &reply);
            return;
        }
        if self.milter_connect(ctx) {
            let name = self.proc.conf.get(param!("myhostname"));
            return self.reply(ctx, &format!("554 {name} ESMTP not accepting connections"));
        }
        let banner = self.proc.conf.get(param!("smtpd_banner"));
        self.reply(ctx, &format!("220 {banner}"));
    }

    /// Asks anvil whether the client may connect.
    fn admit(&mut self, ctx: &mut Ctx<'_>, exempt: bool, counted: bool) -> bool {
        let unit = Span::secs(self.proc.conf.time(param!("anvil_rate_time_unit")));
        let ident = self.ident();
        let (count, rate) = ctx.pf.smtpd.anvil.connect(&ident, ctx.host.now, unit, !exempt);
        if !counted {
            return true;
        }
        let limits = [
            ("smtpd_client_connection_count_limit", count, Rate::ConnectionCount),
            ("smtpd_client_connection_rate_limit", rate, Rate::ConnectionRate),
        ];
        for (param, n, which) in limits {
            let limit = self.int(param);
            if limit > 0 && n > limit {
                let text = format!(
                    "421 4.7.0 {} Error: too many connections from {}",
                    self.proc.conf.get(param!("myhostname")),
                    self.state.addr
                );
                self.state.note(super::restriction::state::ErrorClass::Policy);
                self.reply(ctx, &text);
                self.over_limit(ctx, which, n);
                self.finish(ctx, None);
                return false;
            }
        }
        true
    }

    fn over_limit(&mut self, ctx: &mut Ctx<'_>, rate: Rate, count: i64) {
        let (client, service) = (self.state.namaddr(), self.service.clone());
        self.log(ctx, Smtpd::RateLimit { rate, count, client, service });
    }

    /// Counts an event of the client; `true` when it went over the limit of `param` (which is logged).
    fn over_rate(&mut self, ctx: &mut Ctx<'_>, rate: Rate, param: &str) -> bool {
        let limit = self.int(param);
        if limit <= 0 || self.alone.is_some() || self.is_exempt(ctx) {
            return false;
        }
        let unit = Span::secs(self.proc.conf.time(param!("anvil_rate_time_unit")));
        let ident = self.ident();
        let n = ctx.pf.smtpd.anvil.count(rate, &ident, ctx.host.now, unit);
        if n > limit {
            self.over_limit(ctx, rate, n);
        }
        n > limit
    }

    fn is_exempt(&self, ctx: &mut Ctx<'_>) -> bool {
        let mut live = Live { ctx, proc: &self.proc };
        let who = Who::Host(&self.state.name, &self.state.addr);
        live.matches("smtpd_client_event_limit_exceptions", who) == Ok(true)
    }

    fn ident(&self) -> String {
        [&self.service, ":", &self.state.addr].concat()
    }

    /// Bytes from the client.
    pub fn input(&mut self, ctx: &mut Ctx<'_>, data: &[u8]) -> Turn {
        if self.mode != Mode::Closed {
            self.input.extend_from_slice(data);
            if self.held.is_none() {
                self.process(ctx);
            }
        }
        self.turn(ctx)
    }

    fn process(&mut self, ctx: &mut Ctx<'_>) {
        loop {
            match self.mode.clone() {
                Mode::Handshake => return self.take_plain(ctx),
                Mode::Closed | Mode::Start | Mode::Admission => return,
                Mode::Data => {
                    if !self.take_data(ctx) {
                        return;
                    }
                }
                Mode::Chunk(left, last) => {
                    if !self.take_chunk(ctx, left, last) {
                        return;
                    }
                }
                Mode::Command | Mode::Auth(_) => {
                    let Some(end) = text::line_end(&self.input) else {
                        if self.input.len() > MAX_LINE {
                            self.input.truncate(MAX_LINE);
                        }
                        return;
                    };
                    let before = self.copy(ctx);
                    let rest = self.input.split_off(end + 1);
                    let mut line = std::mem::replace(&mut self.input, rest);
                    line.pop();
                    let bare = line.last() != Some(&b'\r');
                    if !bare {
                        line.pop();
                    }
                    let limit = self.int(param!("line_length_limit")).max(1) as usize;
                    line.truncate(limit.max(2048));
                    if let Mode::Auth(step) = self.mode.clone() {
                        self.auth_response(ctx, step, &line);
                    } else {
                        self.command(ctx, &line, bare);
                        if self.has_to_wait(before) {
                            return;
                        }
                    }
                }
            }
        }
    }

    fn command(&mut self, ctx: &mut Ctx<'_>, line: &[u8], bare_lf: bool) {
        let Ok(text) = std::str::from_utf8(line).map(str::to_owned) else {
            self.remember("In:  ", &String::from_utf8_lossy(line));
            self.protocol_error(ctx, "500 5.5.2 Error: bad UTF-8 syntax");
            return self.after_command(ctx);
        };
        self.remember("In:  ", &text);
        if bare_lf && self.refuses_bare_lf(ctx) {
            return;
        }
        let Some(text) = self.filter_command(ctx, text) else { return };
        let words = token::split(&text);
        let Some(first) = words.first() else {
            self.protocol_error(ctx, "500 5.5.2 Error: bad syntax");
            return self.after_command(ctx);
        };
        if self.in_list(ctx, "smtpd_noop_commands", first.text) {
            self.reply(ctx, "250 2.0.0 Ok");
            self.count_junk();
            return self.after_command(ctx);
        }
        let cmd = Command::parse(first.text);
        self.tally.add(cmd);
        if cmd == Command::Unknown {
            self.state.stage = cmd.name().into();
            if is_header(first.text) || self.in_list(ctx, "smtpd_forbidden_commands", first.text) {
                let client = self.state.namaddr();
                let line = commands::escaped(&crate::base::text::encode(&text));
                self.log(ctx, Smtpd::NonSmtpCommand { client, line });
                self.reply(ctx, "221 2.7.0 Error: I can break rules, too. Goodbye.");
                return self.finish(ctx, None);
            }
        }
        if self.denied.is_some() && cmd != Command::Quit {
            let text = format!("503 5.7.0 Error: access denied for {}", self.state.namaddr());
            self.reply(ctx, &text);
            self.errors += 1;
            return self.after_command(ctx);
        }
        if cmd == Command::Unknown {
            self.milter_hold(ctx);
            self.protocol_error(ctx, "500 5.5.2 Error: command not recognized");
            return self.after_command(ctx);
        }
        if self.tls_enforced() && self.state.tls.is_none() && !cmd.is_pre_tls() {
            self.reply(ctx, "530 5.7.0 Must issue a STARTTLS command first");
            self.errors += 1;
            return self.after_command(ctx);
        }
        self.state.stage = cmd.name().into();
        if !self.note_pipelining(ctx, cmd) {
            return;
        }
        let ok = self.dispatch(ctx, cmd, &words, &text);
        if self.mode == Mode::Closed && cmd != Command::Quit {
            return;
        }
        if ok {
            // A message counts when it is in; XCLIENT starts the session anew and never counts.
            if !matches!(self.mode, Mode::Data | Mode::Chunk(..)) && cmd != Command::Xclient {
                self.tally.success(cmd);
            }
        } else if matches!(self.mode, Mode::Chunk(..)) {
            return;
        } else {
            self.errors += 1;
        }
        if cmd.is_junk() {
            self.count_junk();
        }
        if cmd == Command::Quit {
            return self.finish(ctx, None);
        }
        self.after_command(ctx);
    }

    fn count_junk(&mut self) {
        let limit = self.int(param!("smtpd_junk_command_limit"));
        if self.junk > limit {
            self.errors += 1;
        }
        self.junk += 1;
    }

    /// Too many errors end the session.
    fn after_command(&mut self, ctx: &mut Ctx<'_>) {
        if self.mode == Mode::Closed {
            return;
        }
        if self.state.hangup {
            return self.finish(ctx, None);
        }
        if self.errors >= self.int(param!("smtpd_hard_error_limit")) {
            let text = format!("421 4.7.0 {} Error: too many errors", self.proc.conf.get(param!("myhostname")));
            self.state.note(super::restriction::state::ErrorClass::Protocol);
            self.reply(ctx, &text);
            self.finish(ctx, Some(Ended::TooManyErrors));
        }
    }

    fn dispatch(&mut self, ctx: &mut Ctx<'_>, cmd: Command, words: &[token::Token<'_>], line: &str) -> bool {
        match cmd {
            Command::Helo => self.helo(ctx, words),
            Command::Ehlo => self.ehlo(ctx, words),
            Command::Xclient => self.xclient(ctx, words),
            Command::Xforward => self.xforward(ctx, words),
            Command::Starttls => self.starttls(ctx, words),
            Command::Auth => self.auth(ctx, words),
            Command::Mail => self.mail(ctx, words),
            Command::Rcpt => self.rcpt(ctx, words),
            Command::Data => self.data(ctx, words),
            Command::Bdat => self.bdat(ctx, words, line),
            Command::Rset => self.rset(ctx, words),
            Command::Noop => {
                self.reply(ctx, "250 2.0.0 Ok");
                true
            }
            Command::Vrfy => self.vrfy(ctx, words),
            Command::Etrn => self.etrn(ctx, words),
            Command::Quit => {
                self.reply(ctx, "221 2.0.0 Bye");
                true
            }
            Command::Unknown => false,
        }
    }

    /// What was said since the last turn.
    fn turn(&mut self, ctx: &Ctx<'_>) -> Turn {
        let wait = match self.mode {
            Mode::Handshake => "smtpd_starttls_timeout",
            _ => "smtpd_timeout",
        };
        self.deadline = Some(ctx.host.now + self.delay + Span::secs(self.proc.conf.time(wait)));
        let delay = std::mem::replace(&mut self.delay, Span::ZERO);
        Turn { output: std::mem::take(&mut self.out), delay, close: self.mode == Mode::Closed }
    }

    fn log(&self, ctx: &mut Ctx<'_>, event: Smtpd) {
        if self.waits.is_none() {
            self.proc.log(ctx.host, event);
        }
    }
    fn flag(&self, name: impl Name) -> bool {
        self.proc.conf.bool(name)
    }
    fn int(&self, name: impl Name) -> i64 {
        self.proc.conf.int(name)
    }
    fn in_list(&self, ctx: &mut Ctx<'_>, param: &str, word: &str) -> bool {
        let mut live = Live { ctx, proc: &self.proc };
        live.matches(param, Who::Name(word)) == Ok(true)
    }
    /// Runs the restrictions of a stage. A user of this host is not asked.
    fn restrict(
        &mut self,
        ctx: &mut Ctx<'_>,
        stage: fn(&mut CheckState, &mut dyn Env) -> stages::Rejection,
    ) -> stages::Rejection {
        if self.alone.is_some() { None } else { self.check(ctx, |s, e| stage(s, e)) }
    }
    /// Runs restrictions on this session's state.
    fn check<T>(&mut self, ctx: &mut Ctx<'_>, f: impl FnOnce(&mut CheckState, &mut SmtpdEnv<'_, '_>) -> T) -> T {
        let live = Live { ctx, proc: &self.proc };
        let mut env = SmtpdEnv { live, delay: Span::ZERO, may_wait: self.may_wait, waits: self.waits.take() };
        let out = f(&mut self.state, &mut env);
        self.delay = self.delay + env.delay;
        self.waits = env.waits;
        if let Some(event) = self.state.fatal.take() {
            self.die(ctx, event);
        }
        out
    }
}

/// Whether a word looks like the name of a mail header (`From:`).
fn is_header(word: &str) -> bool {
    match word.find(':') {
        Some(i) if i > 0 => word[..i].bytes().all(|b| b.is_ascii_graphic()),
        _ => false,
    }
}
