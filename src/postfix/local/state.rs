//! What local(8) knows of an address on its way: `LOCAL_STATE`, `DELIVER_ATTR` and `USER_ATTR`. Copied at each expansion, so
//! that nothing needs to be undone.

use crate::host::users::User;
use crate::postfix::queue_file::Rcpt;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expansion {
    None,
    Alias,
    Forward,
    Include,
}

impl Expansion {
    /// As `allow_mail_to_commands` and its kin call it.
    pub fn word(self) -> &'static str {
        match self {
            Expansion::None => "",
            Expansion::Alias => "alias",
            Expansion::Forward => "forward",
            Expansion::Include => "include",
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct State {
    pub level: u32,
    /// The address, and what reports say of it.
    pub rcpt: Arc<Rcpt>,
    pub sender: Arc<str>,
    /// Whether a list has made the message its own: then ENVID and RET are not those of the original.
    pub of_list: bool,
    pub local: String,
    pub domain: String,
    pub user: String,
    pub extension: Option<String>,
    /// The extension that no alias or .forward file was for.
    pub unmatched: Option<String>,
    /// Whose list it is: others on it get a message of their own.
    pub owner: Option<String>,
    /// The address that `Delivered-To:` names.
    pub delivered: Option<String>,
    pub exp: Expansion,
    /// What was expanded last.
    pub exp_from: Option<String>,
    /// Whose rights programs and files get; none: those of `default_privs`.
    pub rights: Option<Arc<User>>,
}

impl State {
    pub fn new(rcpt: &Rcpt, sender: &str) -> State {
        State {
            level: 0,
            rcpt: Arc::new(rcpt.clone()),
            sender: sender.into(),
            of_list: false,
            local: String::new(),
            domain: String::new(),
            user: String::new(),
            extension: None,
            unmatched: None,
            owner: None,
            delivered: None,
            exp: Expansion::None,
            exp_from: None,
            rights: None,
        }
    }
    pub fn delivered(&self) -> &str {
        self.delivered.as_deref().unwrap_or(&self.rcpt.address)
    }
    /// The user's number, or zero.
    pub fn uid(&self) -> u32 {
        self.rights.as_ref().map_or(0, |u| u.uid)
    }
}
