//! The TLS library of an smtp(8) process: what is loaded when the process starts, and what it says when that fails
//! (`tls_client_init()`, `tls_certkey.c`).

use super::Client;
use super::policy::{self, Level};
use crate::host::cert::Cert;
use crate::host::{Cred, Errno, Host};
use crate::log::openssl::Openssl;
use crate::log::tls::Tls;
use crate::postfix::{Ctx, agent, tls_files, tlsmgr};

/// What a process says when it starts; nothing when it will not use TLS.
pub(super) fn start(ctx: &mut Ctx<'_>, c: &mut Client<'_>) {
    let wanted = policy::global(c) != Level::None || !c.param("tls_policy_maps").is_empty();
    if !wanted || !agent::first_time(ctx, c.p, "tls") {
        return;
    }
    if tlsmgr::is_missing(ctx) {
        c.out.logs.extend(tlsmgr::refused());
        c.t = tlsmgr::PATIENCE;
        return;
    }
    let (authorities, chain) = (authorities(ctx.host, c), chain(ctx.host, c));
    for event in if authorities.is_empty() { chain } else { authorities } {
        c.log(event);
    }
}

/// Whether there is TLS: whatever is wrong with `smtp_tls_chain_files` does not count.
pub(super) fn works(ctx: &Ctx<'_>, c: &Client<'_>) -> bool {
    let chains = !c.param("tls_chain_files").is_empty();
    !tlsmgr::is_missing(ctx) && authorities(ctx.host, c).is_empty() && (chains || chain(ctx.host, c).is_empty())
}

/// What is wrong with the certificate that this client would show.
fn chain(host: &Host, c: &Client<'_>) -> Vec<Tls> {
    let chains = c.p.conf.list(&c.name("tls_chain_files"));
    if chains.is_empty() {
        return tls_files::pair(host, &c.param("tls_cert_file"), &c.param("tls_key_file"));
    }
    chains.iter().map(|f| tls_files::chain(host, f)).find(|f| !f.is_empty()).unwrap_or_default()
}

/// What is wrong with the authorities that it trusts.
fn authorities(host: &Host, c: &Client<'_>) -> Vec<Tls> {
    let (file, path) = (c.param("tls_CAfile"), c.param("tls_CApath"));
    let Some(fault) = load(host, &file) else { return Vec::new() };
    let mut out = fault.warnings();
    out.insert(0, Tls::NoAuthorities { file, path });
    out
}

/// What the library has against `smtp_tls_CAfile`.
fn load<'f>(host: &Host, file: &'f str) -> Option<Openssl<'f>> {
    if file.is_empty() {
        return None;
    }
    match host.fs.read(&Cred::root(), file).map(|b| b.text()) {
        Err(Errno::IsDir) => Some(Openssl::NoAuthority),
        Err(why) => Some(Openssl::OpenAuthorities(file, why.text())),
        Ok(text) if !text.contains("-----BEGIN CERTIFICATE-----") => Some(Openssl::NoAuthority),
        Ok(text) => Cert::all_from_pem(&text).is_empty().then_some(Openssl::BadAuthority),
    }
}
