//! `reject_unverified_sender` and `reject_unverified_recipient`: what address probes found out.

use super::state::ErrorClass;
use super::{Call, Check, Outcome, Status, Verified, reject};

fn check(c: &mut Check<'_>, address: &str, class: &str, which: &str) -> Outcome {
    let dsn = if class == reject::SENDER { "4.1.7" } else { "4.1.1" };
    let tempfail = format!("unverified_{which}_tempfail_action");
    let own = c.env.param(&format!("unverified_{which}_reject_reason"));
    let (code, reason) = match c.env.verify(address) {
        Verified::Ok => return Ok(Status::Dunno),
        Verified::Unavailable => {
            c.warn(crate::log::smtpd::Misuse::VerifyService);
            let text = format!("<{address}>: {class} rejected: address verification problem");
            return reject::tempfail(c, &tempfail, 450, dsn, &text);
        }
        Verified::Deferred(why) => (c.env.int(&format!("unverified_{which}_defer_code")), why),
        Verified::Bounced(why) => {
            let code = c.env.int(&format!("unverified_{which}_reject_code"));
            let reason = if own.is_empty() { why } else { own };
            let text: String = reason.chars().take(250).collect();
            let text = format!("<{address}>: {class} rejected: unverified address: {text}");
            return Ok(reject::reject(c, ErrorClass::Bounce, code, dsn, &text));
        }
    };
    let reason: String = if own.is_empty() { reason } else { own }.chars().take(250).collect();
    let text = format!("<{address}>: {class} rejected: unverified address: {reason}");
    if code / 100 == 4 {
        return reject::tempfail(c, &tempfail, code, dsn, &text);
    }
    Ok(reject::reject(c, ErrorClass::Bounce, code, dsn, &text))
}

pub(super) fn reject_unverified_sender(c: &mut Check<'_>, _call: &Call<'_>) -> Outcome {
    match super::sender::sender(c) {
        Some(s) => check(c, &s, reject::SENDER, "sender"),
        None => Ok(Status::Dunno),
    }
}

pub(super) fn reject_unverified_recipient(c: &mut Check<'_>, _call: &Call<'_>) -> Outcome {
    match c.state.recipient.clone().filter(|r| !r.is_empty()) {
        Some(r) => check(c, &r, reject::RECIPIENT, "recipient"),
        None => Ok(Status::Dunno),
    }
}
