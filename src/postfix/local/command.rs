//! `deliver_command()`: a message for a program.

use super::{Local, State};
use crate::base::Span;
use crate::host::Cred;
use crate::log::delivery::Delivery;
use crate::log::local::Local as Log;
use crate::postfix::delivery::{Exec, Item, Verdict};
use crate::postfix::expand::{PARSE_ERROR, censor};
use crate::postfix::params::param;
use crate::postfix::pipe_command::{self, shell_quote};
use crate::postfix::{Ctx, ExecRequest};

/// What a command may hold that is executed without a shell, beside letters and digits.
const PLAIN: &str = "!@%-_=+:,./\\ \t";

impl Local<'_> {
    /// Starts a program with somebody's rights.
    pub(super) fn command(&mut self, ctx: &mut Ctx<'_>, s: &State, command: &str) {
        if self.been(&format!("command {}:{} {command}", s.user, s.uid())) {
            return;
        }
        if self.r.verify {
            self.item(ctx, s, Verdict::Sent, "2.0.0", format!("delivers to command: {command}"));
            return;
        }
        let directory = self.p.conf.raw("command_execution_directory").unwrap_or_default();
        let filter = self.p.conf.get("execution_directory_expansion_filter");
        let cwd = self.expand(s, &directory, Some(&filter));
        if cwd.status & PARSE_ERROR != 0 {
            for f in cwd.faults {
                self.log(Delivery::Macro(f));
            }
            self.log(Log::Syntax { param: "command_execution_directory", value: directory });
            self.item(ctx, s, Verdict::Deferred, "4.3.5", "mail system configuration error");
            return;
        }
        let env = match pipe_command::environment(&self.p.conf) {
            Ok(env) => env,
            Err(why) => {
                self.out.crash = Some(Delivery::ServerFatal(why).into());
                return;
            }
        };
        let cred = self.cred(ctx, s);
        let item = self.outcome(s, Verdict::Sent, "2.0.0", "");
        let item = self.to_owner(ctx, s, item);
        let shell = self.p.conf.get(param!("local_command_shell"));
        let mut words: Vec<&str> = shell.split_ascii_whitespace().collect();
        let mut line = command.to_owned();
        if !words.is_empty() {
            words.push(command);
            line = words.iter().map(|w| shell_quote(w)).collect::<Vec<_>>().join(" ");
        } else if command.chars().all(|c| c.is_ascii_alphanumeric() || PLAIN.contains(c)) {
            words = command.split([' ', '\t']).filter(|w| !w.is_empty()).collect();
        }
        let by_name = shell.is_empty() && !words.first().is_some_and(|w| w.contains('/'));
        let program = words.first().copied().filter(|_| !by_name);
        let myname = if shell.is_empty() { "" } else { "pipe_command: " };
        let directory = Some(cwd.text.as_str()).filter(|d| !d.is_empty());
        if let Some((fault, output)) = pipe_command::cannot_run(ctx, "local", myname, &cred, directory, program) {
            self.tick(ctx, "local.exec", 2_000, 9_000);
            self.log(fault);
            self.file_item(pipe_command::not_run(Item { at: self.w.t, ..item }, &output));
            return;
        }
        let mut input = self.head(s, true, self.prepends("command")).into_bytes();
        input.extend_from_slice(&self.w.content);
        let mut request = ExecRequest::new(cred, line, input);
        request.env = env;
        request.env.append(&mut self.environment(s));
        request.limit = Span::secs(self.p.conf.time(param!("command_time_limit")));
        request.cwd = directory.map_or(request.cwd, str::to_owned);
        self.out.execs.push(Exec { request, item, command: command.to_owned(), pipe: false });
    }

    /// Whose rights programs and files get.
    pub(super) fn cred(&self, ctx: &Ctx<'_>, s: &State) -> Cred {
        let default = || ctx.host.user(&self.p.conf.get(param!("default_privs")));
        let user = s.rights.clone().filter(|u| u.uid != 0).or_else(default);
        user.map_or(Cred { uid: 65534, gid: 65534, groups: Vec::new() }, |u| super::mailbox::cred(&u))
    }

    /// What a program is told of the mail, with the characters of `command_expansion_filter`.
    fn environment(&self, s: &State) -> Vec<(String, String)> {
        let attr = |name: &str| self.r.envelope.attr(name);
        let always = [
            ("LOGNAME", s.user.as_str()),
            ("USER", &s.user),
            ("SENDER", &s.sender),
            ("RECIPIENT", &s.rcpt.address),
            ("LOCAL", &s.local),
            ("DOMAIN", &s.domain),
        ];
        let user = s.rights.as_ref();
        let known = [
            ("HOME", user.map_or("", |u| u.home.as_str())),
            ("SHELL", user.map_or("", |u| u.shell.as_str())),
            ("EXTENSION", s.extension.as_deref().unwrap_or("")),
            ("ORIGINAL_RECIPIENT", &s.rcpt.orig),
            ("CLIENT_HOSTNAME", attr("client_name")),
            ("CLIENT_ADDRESS", attr("client_address")),
            ("CLIENT_HELO", attr("helo_name")),
            ("CLIENT_PROTOCOL", attr("protocol_name")),
            ("SASL_METHOD", attr("sasl_method")),
            ("SASL_SENDER", attr("sasl_sender")),
            ("SASL_USERNAME", attr("sasl_username")),
        ];
        let ok = self.p.conf.get(param!("command_expansion_filter"));
        let known = known.into_iter().filter(|(_, v)| !v.is_empty());
        always.into_iter().chain(known).map(|(n, v)| (n.to_owned(), censor(v, &ok))).collect()
    }
}
