//! The certificate and key that a Postfix program shows, and what it says when they cannot be loaded (`tls_certkey.c`).

use crate::host::cert::{self, Pair};
use crate::host::{Cred, Host};
use crate::log::openssl::Openssl;
use crate::log::tls::Tls;

/// A file with keys and certificates in one.
pub fn chain(host: &Host, file: &str) -> Vec<Tls> {
    let text = match host.fs.read(&Cred::root(), file) {
        Ok(b) => b.text(),
        Err(why) => return vec![Tls::ChainOpen { file: file.to_owned(), error: why.text().to_owned() }],
    };
    match cert::pair(&text, &text) {
        Pair::Fit => Vec::new(),
        _ => vec![Tls::NoPem { file: file.to_owned() }, Tls::ChainLoad { files: file.to_owned() }],
    }
}

/// A certificate and its key, in two files or in one.
pub fn pair(host: &Host, cert: &str, key: &str) -> Vec<Tls> {
    if cert.is_empty() {
        return Vec::new();
    }
    if cert == key {
        return chain(host, cert);
    }
    let open = |file: &str| host.fs.read(&Cred::root(), file).err();
    let text = |f: &str| host.fs.read_text(f).unwrap_or_default();
    let unread = match open(cert) {
        Some(why) => Some(Openssl::OpenCertificate(cert, why.text())),
        None if !text(cert).contains("-----BEGIN CERTIFICATE-----") => Some(Openssl::NoCertificate),
        None => None,
    };
    if let Some(fault) = unread {
        let mut out = fault.warnings();
        out.insert(0, Tls::CannotGetCertificate { file: cert.to_owned() });
        return out;
    }
    let fault = match open(key) {
        Some(why) => Some(Openssl::OpenKey(key, why.text())),
        None if cert::pair(&text(cert), &text(key)) == Pair::Differ => Some(Openssl::KeyDiffers),
        None => None,
    };
    let Some(fault) = fault else { return Vec::new() };
    let mut out = fault.warnings();
    out.insert(0, Tls::CannotGetKey { file: key.to_owned() });
    out
}
