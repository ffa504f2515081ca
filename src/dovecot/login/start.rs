//! The hand-over: a session's own process opens the user's mail, or says why it cannot.

use super::{Kind, Session, Stage};
use crate::dovecot::config::Scope;
use crate::dovecot::maildir::Store;
use crate::dovecot::{Dovecot, imap, log, master, pop3, user};
use crate::host::Host;
use crate::host::net::Turn;
use crate::log::dovecot::{Dovecot as Event, Session as Who, Trouble};

impl Session {
    pub(super) fn start_session(&mut self, host: &mut Host, dv: &mut Dovecot, tag: &str, name: &str) -> Turn {
        let imap = self.kind == Kind::Imap;
        let service = if imap { "imap" } else { "pop3" };
        let Ok(user) = user::lookup(host, &self.config, name) else {
            self.failures += 1;
            return Self::say(if imap {
                format!("{tag} NO [UNAVAILABLE] Internal error occurred. Refer to server log for more information.\r\n")
            } else {
                "-ERR [SYS/TEMP] Internal error occurred. Refer to server log for more information.\r\n".into()
            });
        };
        let scope = Scope::protocol(service);
        let limit = self.config.number(&scope, "mail_max_userip_connections");
        let now =
            dv.sessions.values().filter(|o| o.user == name && o.service == service && o.ip == self.client).count();
        if limit > 0 && now as u64 >= limit {
            self.user = name.to_owned();
            let why =
                format!("Maximum number of connections from user+IP exceeded (mail_max_userip_connections={limit})");
            self.gone(host, &why);
            return Self::say(if imap {
                format!("{tag} NO [LIMIT] {why}\r\n")
            } else {
                format!("-ERR [IN-USE] {why}\r\n")
            });
        }
        let (id, pid) = master::session_start(host, dv, service, &user, self.client);
        self.online = Some(id);
        self.user = name.to_owned();
        let mut line = self.client_line();
        line.mpid = Some(pid);
        log(host, self.log_pid, Event::Login(Box::new(line)));
        let who = Who { service: service.into(), user: name.to_owned(), pid, session: self.id.clone() };
        let store = match Store::open(host, &self.config, &user, service, pid) {
            Ok(s) => s,
            Err(trouble) => return self.refused(host, dv, tag, who, trouble),
        };
        if imap {
            let (s, out) = imap::Session::start(store, who, self.log_pid, tag, self.asked_capability);
            self.stage = Stage::Imap(Box::new(s));
            Self::say(out)
        } else {
            match pop3::Session::start(host, store, who.clone(), self.log_pid) {
                Ok(s) => {
                    self.stage = Stage::Pop3(Box::new(s));
                    Self::say("+OK Logged in.\r\n")
                }
                Err(trouble) => self.refused(host, dv, tag, who, trouble),
            }
        }
    }
    /// The session's process cannot open the user's mail.
    pub(super) fn refused(&mut self, host: &mut Host, dv: &mut Dovecot, tag: &str, who: Who, trouble: Trouble) -> Turn {
        let imap = self.kind == Kind::Imap;
        let bye = "* BYE Internal error occurred. Refer to server log for more information.\r\n";
        let output = match &trouble {
            _ if !imap => {
                "+OK Logged in.\r\n-ERR [SYS/TEMP] Internal error occurred. Refer to server log for more information.\r\n"
                    .to_owned()
            }
            Trouble::UnknownDriver { .. } | Trouble::NoHome | Trouble::NoLocation => {
                format!("{}{bye}", imap::logged_in(&self.config, tag, self.asked_capability))
            }
            _ => format!("{tag} OK Logged in, but initialization failed.\r\n{bye}"),
        };
        let session = match &trouble {
            Trouble::UidNotPermitted { .. } => Who { session: String::new(), ..who.clone() },
            Trouble::Quota { .. } => Who { user: String::new(), ..who.clone() },
            _ => who.clone(),
        };
        let late = matches!(&trouble, Trouble::UnknownDriver { .. } | Trouble::NoHome | Trouble::NoLocation);
        let reason = trouble.to_string();
        log(host, self.log_pid, Event::SessionTrouble { session, trouble });
        if late && imap {
            let stats = imap::Stats { output: output.len() - bye.len(), ..imap::Stats::default() }.to_string();
            log(host, self.log_pid, Event::SessionGone { session: who, reason, stats });
        }
        self.end(host, dv);
        Turn { output: output.into_bytes(), close: true, ..Turn::default() }
    }
}
