//! Splitting restriction lists, and the safety net that refuses a list under which everybody could relay.

use crate::log::smtpd::{Fatal, Misuse};

/// Splits at commas and white space; `{ … }` keeps what is in it together, and stays.
pub fn split(list: &str) -> Vec<String> {
    crate::postfix::config::words_braced(list)
}

/// Restrictions of which one must work in `smtpd_relay_restrictions` or `smtpd_recipient_restrictions`.
const REQUIRED: [&str; 6] = [
    "reject_unauth_destination",
    "defer_unauth_destination",
    "reject",
    "defer",
    "defer_if_permit",
    "check_relay_domains",
];

/// Whether a list holds one that works, as smtpd looks for it when it starts: nothing after `permit` or after a
/// `warn_if_reject` counts. What it finds useless is said.
fn has_required(list: &[String], classes: &dyn Fn(&str) -> Option<String>, depth: u32, say: &mut Vec<Misuse>) -> bool {
    let mut i = 0;
    while i < list.len() {
        let name = list[i].as_str();
        if name.eq_ignore_ascii_case("warn_if_reject") {
            i += 2;
            continue;
        }
        if name.eq_ignore_ascii_case("permit") {
            if let Some(next) = list.get(i + 1) {
                say.push(Misuse::Ignored { name: next.clone(), after: name.into() });
            }
            return false;
        }
        if REQUIRED.iter().any(|r| name.eq_ignore_ascii_case(r)) {
            return true;
        }
        if depth < 10
            && let Some(inner) = classes(name)
            && has_required(&split(&inner), classes, depth + 1, say)
        {
            return true;
        }
        i += 1;
    }
    false
}

/// What stops smtpd from starting with these two lists, and warnings on the way.
pub fn check(relay: &str, recipient: &str, classes: &dyn Fn(&str) -> Option<String>) -> (Option<Fatal>, Vec<Misuse>) {
    let mut say = Vec::new();
    let ok = has_required(&split(recipient), classes, 0, &mut say) || has_required(&split(relay), classes, 0, &mut say);
    let fatal = (!ok).then(|| {
        let (last, rest) = REQUIRED.split_last().unwrap_or((&"", &[]));
        Fatal::NoWorkingRestriction {
            lists: "smtpd_relay_restrictions or smtpd_recipient_restrictions".into(),
            names: format!("{} or {last}", rest.join(", ")),
        }
    });
    (fatal, say)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_works() {
        for (relay, rcpt, ok) in [
            ("permit_mynetworks, reject_unauth_destination", "", true),
            ("permit_mynetworks permit", "", false),
            ("permit_mynetworks, permit, reject", "", false),
            ("", "permit_mynetworks, warn_if_reject reject", false),
            ("", "clase", true),
            ("", "", false),
        ] {
            let classes = |n: &str| (n == "clase").then(|| "reject".to_owned());
            assert_eq!(check(relay, rcpt, &classes).0.is_none(), ok, "{relay} / {rcpt}");
        }
    }
}
