//! The certificate and key that a Postfix program shows, and what it says when they cannot be loaded (`tls_certkey.c`; the
//! library's own lines are those of OpenSSL 3.0).

use crate::host::cert::{self, Pair};
use crate::host::{Cred, Host};
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
    let open = |file: &str, line: u32| -> Vec<Tls> {
        let Err(why) = host.fs.read(&Cred::root(), file) else { return Vec::new() };
        [
            format!(
                "error:80000002:system library::{}:../crypto/bio/bss_file.c:308:calling fopen({file}, r):",
                why.text()
            ),
            "error:10080002:BIO routines::system lib:../crypto/bio/bss_file.c:311:".to_owned(),
            format!("error:0A080002:SSL routines::system lib:../ssl/ssl_rsa.c:{line}:"),
        ]
        .into_iter()
        .map(|error| Tls::Library { error })
        .collect()
    };
    let text = |f: &str| host.fs.read_text(f).unwrap_or_default();
    let mut out = open(cert, 450);
    let no_start = |file_line: u32| {
        [
            "error:0480006C:PEM routines::no start line:../crypto/pem/pem_lib.c:763:Expecting: CERTIFICATE:".to_owned(),
            format!("error:0A080009:SSL routines::PEM lib:../ssl/ssl_rsa.c:{file_line}:"),
        ]
        .into_iter()
        .map(|error| Tls::Library { error })
        .collect::<Vec<_>>()
    };
    if out.is_empty() && !text(cert).contains("-----BEGIN CERTIFICATE-----") {
        out = no_start(474);
    }
    if !out.is_empty() {
        out.insert(0, Tls::CannotGetCertificate { file: cert.to_owned() });
        return out;
    }
    out = open(key, 368);
    if out.is_empty() && cert::pair(&text(cert), &text(key)) == Pair::Differ {
        let error = "error:05800074:x509 certificate routines::key values mismatch:../crypto/x509/x509_cmp.c:403:";
        out.push(Tls::Library { error: error.into() });
    }
    if !out.is_empty() {
        out.insert(0, Tls::CannotGetKey { file: key.to_owned() });
    }
    out
}
