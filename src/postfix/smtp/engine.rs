//! The TLS library of an smtp(8) process: what is loaded when the process starts, and what it says when that fails
//! (`tls_client_init()`, `tls_certkey.c`; the library's own lines are those of OpenSSL 3.0).

use super::Client;
use super::policy::{self, Level};
use crate::host::cert::Cert;
use crate::host::{Cred, Errno, Host};
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
    let mut out: Vec<Tls> = load(host, &file).into_iter().map(|error| Tls::Library { error }).collect();
    if !out.is_empty() {
        out.insert(0, Tls::NoAuthorities { file, path });
    }
    out
}

fn open(host: &Host, file: &str) -> Result<String, Errno> {
    host.fs.read(&Cred::root(), file).map(|b| b.text())
}

/// The library's words about `smtp_tls_CAfile`.
fn load(host: &Host, file: &str) -> Vec<String> {
    if file.is_empty() {
        return Vec::new();
    }
    const NONE: &str =
        "error:05800088:x509 certificate routines::no certificate or crl found:../crypto/x509/by_file.c:252:";
    let lines: &[&str] = match open(host, file) {
        Err(Errno::IsDir) => &[NONE],
        Err(why) => {
            let system = format!(
                "error:80000002:system library::{}:../crypto/bio/bss_file.c:67:calling fopen({file}, r):",
                why.text()
            );
            return vec![
                system,
                "error:10000080:BIO routines::no such file:../crypto/bio/bss_file.c:75:".into(),
                "error:05880002:x509 certificate routines::system lib:../crypto/x509/by_file.c:229:".into(),
            ];
        }
        Ok(text) if !text.contains("-----BEGIN CERTIFICATE-----") => &[NONE],
        Ok(text) if Cert::all_from_pem(&text).is_empty() => &[
            "error:0680007B:asn1 encoding routines::header too long:../crypto/asn1/asn1_lib.c:105:",
            "error:06800066:asn1 encoding routines::bad object header:../crypto/asn1/tasn_dec.c:1215:",
            "error:0688010A:asn1 encoding routines::nested asn1 error:../crypto/asn1/tasn_dec.c:375:Type=X509:",
            "error:0488000D:PEM routines::ASN1 lib:../crypto/pem/pem_info.c:170:",
            "error:05880009:x509 certificate routines::PEM lib:../crypto/x509/by_file.c:235:",
        ],
        Ok(_) => &[],
    };
    lines.iter().map(|l| (*l).to_owned()).collect()
}
