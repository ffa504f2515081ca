//! `local_expand()`: `$user`, `$home`, `$extension` and their kin in a parameter.

use super::{Local, State};
use crate::postfix::expand::{Expander, Expansion, expand};
use crate::postfix::params::param;

impl Local<'_> {
    /// Values have the characters of `filter` only.
    pub(super) fn expand(&self, s: &State, text: &str, filter: Option<&str>) -> Expansion {
        let lookup = |name: &str| -> Option<String> {
            match name {
                "user" => Some(s.user.clone()),
                "home" => s.rights.as_ref().map(|u| u.home.clone()),
                "shell" => s.rights.as_ref().map(|u| u.shell.clone()),
                "recipient" => Some(s.rcpt.address.clone()),
                "local" | "mailbox" => Some(s.local.clone()),
                "domain" => Some(s.domain.clone()),
                "extension" => s.extension.clone(),
                "recipient_delimiter" => {
                    let own = s.local.get(s.user.len()..).and_then(|rest| rest.chars().next());
                    own.or_else(|| self.p.conf.get(param!("recipient_delimiter")).chars().next()).map(String::from)
                }
                _ => None,
            }
        };
        expand(&Expander { lookup: &lookup, recurse: false, filter, suffixes: &[] }, text)
    }
}

/// Whether an expansion of `text` has the value of `$extension` in it.
pub(super) fn uses_extension(text: &str) -> bool {
    text.match_indices("extension").any(|(i, word)| {
        let before = text[..i].ends_with(['$', '{', '(']);
        before && !text[i + word.len()..].trim_start().starts_with(['?', ':'])
    })
}
