//! Restrictions that may stand in any list: permit, reject, defer, pipelining, plaintext, sleep.

use super::state::ErrorClass;
use super::{Call, Check, Outcome, Status, reject};
use crate::base::Span;
use crate::log::smtpd::Misuse;

fn ignored(c: &mut Check<'_>, call: &Call<'_>) {
    if let Some(next) = call.next {
        c.warn(Misuse::Ignored { name: next.into(), after: call.name.to_ascii_lowercase() });
    }
}

pub(super) fn permit(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    ignored(c, call);
    reject::permit(c, "permit", call.subject.class, call.subject.name)
}

pub(super) fn defer(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let code = c.env.int("defer_code");
    let warn = c.state.warn_if_reject != 0;
    let status = reject::policy(c, code, "4.3.2", call.subject.name, call.subject.class, "Try again later");
    if !warn {
        ignored(c, call);
    }
    status
}

pub(super) fn reject_all(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let code = c.env.int("reject_code");
    let warn = c.state.warn_if_reject != 0;
    let status = reject::policy(c, code, "5.7.1", call.subject.name, call.subject.class, "Access denied");
    if !warn {
        ignored(c, call);
    }
    status
}

pub(super) fn defer_if_permit(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let text = format!("<{}>: {} rejected: defer_if_permit requested", call.subject.name, call.subject.class);
    reject::defer_if_permit(c, ErrorClass::Policy, 450, "4.7.0", &text)
}

pub(super) fn defer_if_reject(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let text = format!("<{}>: {} rejected: defer_if_reject requested", call.subject.name, call.subject.class);
    reject::defer_if_reject(c, ErrorClass::Policy, 450, "4.7.0", &text)
}

pub(super) fn reject_unauth_pipelining(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    if !c.state.pipelining {
        return Ok(Status::Dunno);
    }
    let text =
        format!("<{}>: {} rejected: Improper use of SMTP command pipelining", call.subject.name, call.subject.class);
    Ok(reject::reject(c, ErrorClass::Protocol, 503, "5.5.0", &text))
}

pub(super) fn reject_plaintext_session(c: &mut Check<'_>, _call: &Call<'_>) -> Outcome {
    if c.state.tls.is_some() {
        return Ok(Status::Dunno);
    }
    let code = c.env.int("plaintext_reject_code");
    Ok(reject::reject(c, ErrorClass::Policy, code, "4.7.1", "Session encryption is required"))
}

pub(super) fn sleep(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let secs: i64 = call.argument.parse().unwrap_or(0);
    c.env.pass(Span::secs(secs.min(3600)));
    Ok(Status::Dunno)
}
