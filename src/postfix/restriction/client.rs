//! Restrictions on the client: its name, address, certificate, login.

use super::state::{ErrorClass, NameStatus};
use super::{Call, Check, Outcome, Status, access, reject};
use crate::log::smtpd::Misuse;
use crate::postfix::lookups::{Maps, Who};
use std::net::IpAddr;

pub(super) fn reject_unknown_client_hostname(c: &mut Check<'_>, _call: &Call<'_>) -> Outcome {
    if c.state.name_status == NameStatus::Ok {
        return Ok(Status::Dunno);
    }
    let code = if c.state.name_status >= NameStatus::Permanent { c.env.int("unknown_client_reject_code") } else { 450 };
    let text = format!("Client host rejected: cannot find your hostname, [{}]", c.state.addr);
    Ok(reject::reject(c, ErrorClass::Policy, code, "4.7.25", &text))
}

pub(super) fn reject_unknown_reverse_client_hostname(c: &mut Check<'_>, _call: &Call<'_>) -> Outcome {
    if c.state.reverse_name_status == NameStatus::Ok {
        return Ok(Status::Dunno);
    }
    let permanent = c.state.reverse_name_status >= NameStatus::Permanent;
    let code = if permanent { c.env.int("unknown_client_reject_code") } else { 450 };
    let text = format!("Client host rejected: cannot find your reverse hostname, [{}]", c.state.addr);
    Ok(reject::reject(c, ErrorClass::Policy, code, "4.7.1", &text))
}

fn permit(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let name = c.state.namaddr();
    reject::permit(c, call.name, reject::CLIENT, &name)
}

pub(super) fn permit_inet_interfaces(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let own = c.state.addr.parse::<IpAddr>().is_ok_and(|ip| c.env.is_own_address(ip));
    if own { permit(c, call) } else { Ok(Status::Dunno) }
}

pub(super) fn permit_mynetworks(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let (name, addr) = (c.state.name.clone(), c.state.addr.clone());
    match c.env.matches("mynetworks", Who::Host(&name, &addr)) {
        Ok(true) => permit(c, call),
        Ok(false) => Ok(Status::Dunno),
        Err(_) => reject::dict_retry(c, call.subject.name),
    }
}

pub(super) fn permit_sasl_authenticated(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let active = c.env.flag("smtpd_sasl_auth_enable") && !c.state.sasl_username.is_empty();
    if active { permit(c, call) } else { Ok(Status::Dunno) }
}

pub(super) fn permit_tls_clientcerts(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let Some(tls) = c.state.tls.clone() else { return Ok(Status::Dunno) };
    if tls.fingerprint.is_empty() && tls.pkey_fingerprint.is_empty() {
        return Ok(Status::Dunno);
    }
    let mut failed = false;
    for key in [&tls.fingerprint, &tls.pkey_fingerprint] {
        match c.env.find(Maps::Param("relay_clientcerts"), key, false) {
            Ok(Some(_)) => return permit(c, call),
            Ok(None) => {}
            Err(_) => {
                failed = true;
                break;
            }
        }
    }
    if failed {
        c.warn(Misuse::Fingerprint { cert: tls.fingerprint, pkey: tls.pkey_fingerprint });
        return reject::dict_retry(c, call.subject.name);
    }
    Ok(Status::Dunno)
}

pub(super) fn permit_tls_all_clientcerts(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    if c.state.tls.as_ref().is_some_and(|t| t.trusted) { permit(c, call) } else { Ok(Status::Dunno) }
}

pub(super) fn check_client_access(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let (name, namaddr) = (c.state.name.clone(), c.state.namaddr());
    access::namadr(c, call, &name, &access::Target { name: &namaddr, class: reject::CLIENT }).map(|x| x.0)
}

pub(super) fn check_reverse_client_hostname_access(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let name = c.state.reverse_name.clone();
    let target = access::Target { name: &name, class: reject::REVERSE_CLIENT };
    let status = access::namadr(c, call, &name, &target)?.0;
    access::forbid_allowlist(c, call.name, status, &name)
}

pub(super) fn check_ccert_access(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let Some(tls) = c.state.tls.clone() else { return Ok(Status::Dunno) };
    let name = c.state.namaddr();
    for key in [tls.fingerprint, tls.pkey_fingerprint] {
        if key.is_empty() {
            continue;
        }
        let target = access::Target { name: &name, class: reject::CERT };
        let (status, found) = access::table(c, call, &key, false, &target)?;
        if found || status != Status::Dunno {
            return Ok(status);
        }
    }
    Ok(Status::Dunno)
}

pub(super) fn check_sasl_access(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    if !c.env.flag("smtpd_sasl_auth_enable") {
        c.warn(Misuse::NoSasl { name: call.name.into() });
        return Ok(Status::Dunno);
    }
    let user = c.state.sasl_username.clone();
    if user.is_empty() {
        return Ok(Status::Dunno);
    }
    let target = access::Target { name: &user, class: reject::SASL };
    let key = crate::postfix::address::unquote(&user);
    access::table(c, call, &key, false, &target).map(|x| x.0)
}
