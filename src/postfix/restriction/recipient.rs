//! Restrictions on the recipient's form and domain, on the number of recipients, and on ETRN's argument.

use super::{Call, Check, Outcome, Status, access, reject, sender};

pub(super) fn reject_non_fqdn_recipient(c: &mut Check<'_>, _call: &Call<'_>) -> Outcome {
    let Some(r) = c.state.recipient.clone() else { return Ok(Status::Dunno) };
    sender::non_fqdn(c, &r, reject::RECIPIENT)
}

pub(super) fn reject_unknown_recipient_domain(c: &mut Check<'_>, _call: &Call<'_>) -> Outcome {
    let Some(r) = c.state.recipient.clone() else { return Ok(Status::Dunno) };
    sender::unknown_domain(c, &r, reject::RECIPIENT)
}

pub(super) fn reject_multi_recipient_bounce(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let limit = usize::from(c.state.stage == "DATA");
    if c.state.sender.as_deref() != Some("") || c.state.rcpt_count <= limit {
        return Ok(Status::Dunno);
    }
    let code = c.env.int("multi_recipient_bounce_reject_code");
    reject::policy(c, code, "5.5.3", call.subject.name, call.subject.class, "Multi-recipient bounce")
}

pub(super) fn check_recipient_access(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let Some(r) = c.state.recipient.clone() else { return Ok(Status::Dunno) };
    access::mail(c, call, &r, &access::Target { name: &r, class: reject::RECIPIENT })
}

pub(super) fn check_etrn_access(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let Some(e) = c.state.etrn.clone() else { return Ok(Status::Dunno) };
    access::domain(c, call, &e, &access::Target { name: &e, class: reject::ETRN }).map(|x| x.0)
}
