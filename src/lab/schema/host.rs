//! `[host]`, `[fault]` and the patches: what differs from the base host.

use crate::base::Span;
use crate::lab::diagnostic::Diagnostic;
use crate::lab::read::{Field, Reader, block, kinds, words};
use crate::lab::schema::traffic::Via;
use crate::lab::tree::Node;
use crate::lab::values::{CauseId, Id, Machine, Mailbox, Size, When};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

block! {
    /// The base host and what differs on it.
    pub struct HostBlock {
        /// A folder of `scenarios/hosts`; `mail.ejemplo.com` if not given.
        opt base: String,
        /// The instant at which the learner sits down, `2026-02-06 10:20`.
        req now: String,
        /// How long before that the host's past begins; 26 hours if not given.
        opt past: Option<Span>,
        /// What differs from the base, in the fault's world and in every rival's.
        opt patch: Vec<Patch>,
    }
}

block! {
    /// What is broken.
    pub struct Fault {
        /// The cause, as the catalogue names it.
        req cause: CauseId,
        /// The difference to the host as `[host]` leaves it.
        req patch: Vec<Patch>,
    }
}

words! {
    /// What becomes of a unit.
    pub enum UnitState {
        /// Stopped.
        "stopped" Stopped,
        /// Stopped, and not started at boot.
        "disabled" Disabled,
        /// Cannot be started at all.
        "masked" Masked,
        /// Started.
        "started" Started,
    }
}

words! {
    /// A chain of the packet filter.
    pub enum Chain {
        /// What comes in.
        "input" Input,
        /// What goes out.
        "output" Output,
    }
}

block! {
    /// A piece of a file and what comes in its place.
    pub struct Replacement {
        /// The text as it stands in the file; it must be there.
        req from: String,
        /// The text that replaces it, everywhere.
        req to: String,
    }
}

kinds! {
    /// One typed change to a host.
    pub enum Change also ["at"] {
        /// A parameter of main.cf: set in place, added at the end, or taken out.
        "main-cf" MainCf {
            /// The parameter.
            req name: String,
            /// Its new value; without it the parameter is taken out.
            opt value: Option<String>,
        },
        /// A service of master.cf.
        "master-cf" MasterCf {
            /// Name and type, `smtp/inet`.
            req service: String,
            /// The whole entry, options on further lines; without it the service is commented out.
            opt entry: Option<String>,
        },
        /// A setting of Dovecot, added to /etc/dovecot/local.conf, which is read last.
        "dovecot" Dovecot {
            /// The text of the setting or block.
            req text: String,
        },
        /// A file: written, replaced in, appended to, removed, given another mode or owner.
        "file" File {
            /// Absolute path.
            req path: String,
            /// The whole content.
            opt content: Option<String>,
            /// Text put at the end.
            opt append: Option<String>,
            /// Pieces replaced.
            opt replace: Vec<Replacement>,
            /// Octal mode.
            opt mode: Option<String>,
            /// Owner, `user` or `user:group`.
            opt owner: Option<String>,
            /// The file is not there.
            opt remove: bool,
        },
        /// An account: made with its home, or removed.
        "user" User {
            /// Login name.
            req name: String,
            /// Full name.
            opt full_name: String,
            /// Password; `clave-NAME` if not given.
            opt password: Option<String>,
            /// The account is not there (its home stays, as `userdel` leaves it).
            opt remove: bool,
        },
        /// An entry of /etc/aliases.
        "alias" Alias {
            /// The name.
            req name: String,
            /// What it stands for; without it the entry is taken out.
            opt to: Option<String>,
            /// Somebody forgot `newaliases`: the table still holds what it held.
            opt stale: bool,
        },
        /// Messages in a mailbox.
        "mailbox" Mailbox {
            /// Whose.
            req user: String,
            /// Which; INBOX if not given.
            opt folder: String,
            /// How many messages.
            req messages: u32,
            /// Together how large.
            req size: Size,
            /// Who wrote them.
            opt from: Mailbox,
            /// What they are called; a number is put behind.
            opt subject: String,
            /// How far back the oldest reaches; 60 days if not given.
            opt age: Option<Span>,
        },
        /// A record of the DNS world: added, or removed.
        "dns" Dns {
            /// The name.
            req name: String,
            /// A, AAAA, MX, TXT, PTR, CNAME, or ERR with SERVFAIL, REFUSED, DROP or NXDOMAIN as its value.
            opt record: String,
            /// The value; without it the records of that name (and type, if given) are taken out.
            opt value: Option<String>,
        },
        /// A rule of the packet filter, put first.
        "firewall" Firewall {
            /// Which way.
            req chain: Chain,
            /// The TCP port at the destination.
            opt port: Option<u32>,
            /// Only from this network.
            opt source: Option<String>,
            /// Refused with a message instead of dropped in silence.
            opt reject: bool,
        },
        /// A disk filled until only so much is free.
        "disk" Disk {
            /// A path on that disk.
            req path: String,
            /// What is left.
            req free: Size,
        },
        /// A certificate and its key, as files.
        "certificate" Certificate {
            /// Where the certificate goes.
            req path: String,
            /// Where the key goes.
            req key: String,
            /// The names that it is for, the first as its subject.
            req names: Vec<String>,
            /// From when on it is valid.
            req from: When,
            /// Until when.
            req until: When,
        },
        /// A unit of systemd.
        "unit" Unit {
            /// Its name, `dovecot`.
            req name: String,
            /// What becomes of it.
            req state: UnitState,
        },
        /// A program that is none of the mail system's listens on a port.
        "listener" Listener {
            /// The port.
            req port: u32,
            /// The program's short name.
            req program: String,
            /// Its path and arguments, as `ps` shows them.
            req args: String,
        },
        /// How a server outside answers.
        "remote" Remote {
            /// Which, by a name of the zone or its address.
            req host: Machine,
            /// Its greeting, such as `421 4.3.2 Service not available`.
            opt greeting: Option<String>,
            /// Its reply to RCPT by the local part of the recipient.
            opt rcpt: BTreeMap<String, String>,
            /// Its reply at the end of DATA by the local part of the recipient.
            opt data: BTreeMap<String, String>,
            /// It takes no connections.
            opt closed: bool,
            /// It never answers.
            opt silent: bool,
        },
        /// Traffic of that id is sent otherwise: what is given here stands in place of what it says.
        "sends" Sends {
            /// The `id` of the traffic.
            req id: Id,
            /// From which machine.
            opt client: Option<Machine>,
            /// By which door.
            opt via: Via,
            /// The name it greets with.
            opt helo: Option<String>,
            /// Who logs in.
            opt user: Option<String>,
            /// The envelope sender.
            opt sender: Option<Mailbox>,
            /// The envelope recipients.
            opt to: Vec<Mailbox>,
            /// How large it is.
            opt size: Option<Size>,
            /// It is not sent at all.
            opt never: bool,
        },
        /// A command line that the administrator typed. Needs `at`.
        "run" Run {
            /// The line.
            req line: String,
        },
    }
}

/// A change and when it was made; without a time it was always so, before the services started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    pub at: Option<When>,
    pub change: Change,
    /// Where it stands, for messages.
    pub span: std::ops::Range<usize>,
}

impl Field for Patch {
    fn expected() -> String {
        "a table with a `kind` (a change to the host)".into()
    }
    fn missing() -> Self {
        Patch::default()
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        let change = Change::read(node, r);
        let at = node.get("at").map(|n| When::read(n, r));
        if matches!(change, Change::Run { .. }) && at.is_none() {
            r.report(
                Diagnostic::error(node.span.clone(), "a command line needs the time at which it was typed")
                    .label("needs `at`"),
            );
        }
        Patch { at, change, span: node.span.clone() }
    }
    fn schema(defs: &mut Map<String, Json>) -> Json {
        Change::schema(defs)
    }
}
