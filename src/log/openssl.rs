//! What OpenSSL 3.0 leaves in its error queue when a file cannot be loaded, as Postfix logs it: the places in the library's
//! source are those of Debian 12's build (asked of the real one).

use super::tls::Tls;

/// What the library does not take; a file comes with what the system says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Openssl<'a> {
    /// Authorities: there is no such file, or it may not be read.
    OpenAuthorities(&'a str, &'a str),
    /// Authorities: there is no certificate in it.
    NoAuthority,
    /// Authorities: what is in it is no certificate.
    BadAuthority,
    OpenCertificate(&'a str, &'a str),
    NoCertificate,
    OpenKey(&'a str, &'a str),
    /// The key is that of another certificate.
    KeyDiffers,
    /// No protocol is left to offer.
    NoProtocol,
    /// What a client said where its handshake should be is no TLS, but a request to a web server, or to a web proxy.
    WrongVersion,
    HttpRequest,
    ProxyRequest,
}

impl Openssl<'_> {
    /// What the library says of the first record of a client, if it is none (`ssl3_get_record`).
    pub fn of_record(record: &[u8]) -> Option<Openssl<'static>> {
        let http = [&b"GET "[..], b"POST ", b"HEAD ", b"PUT "].iter().any(|w| record.starts_with(w));
        match record {
            [_, 3, ..] => None,
            _ if http => Some(Openssl::HttpRequest),
            _ if record.starts_with(b"CONNE") => Some(Openssl::ProxyRequest),
            _ => Some(Openssl::WrongVersion),
        }
    }
}

impl Openssl<'_> {
    fn errors(self) -> Vec<String> {
        let fixed = |lines: &[&str]| lines.iter().map(|l| (*l).to_owned()).collect();
        let no_bio = |file: &str, why: &str, line: u32| {
            vec![
                system(file, why, 308),
                "error:10080002:BIO routines::system lib:../crypto/bio/bss_file.c:311:".to_owned(),
                format!("error:0A080002:SSL routines::system lib:../ssl/ssl_rsa.c:{line}:"),
            ]
        };
        match self {
            Openssl::OpenAuthorities(file, why) => vec![
                system(file, why, 67),
                "error:10000080:BIO routines::no such file:../crypto/bio/bss_file.c:75:".into(),
                "error:05880002:x509 certificate routines::system lib:../crypto/x509/by_file.c:229:".into(),
            ],
            Openssl::NoAuthority => fixed(&[
                "error:05800088:x509 certificate routines::no certificate or crl found:../crypto/x509/by_file.c:252:",
            ]),
            Openssl::BadAuthority => fixed(&[
                "error:0680007B:asn1 encoding routines::header too long:../crypto/asn1/asn1_lib.c:105:",
                "error:06800066:asn1 encoding routines::bad object header:../crypto/asn1/tasn_dec.c:1215:",
                "error:0688010A:asn1 encoding routines::nested asn1 error:../crypto/asn1/tasn_dec.c:375:Type=X509:",
                "error:0488000D:PEM routines::ASN1 lib:../crypto/pem/pem_info.c:170:",
                "error:05880009:x509 certificate routines::PEM lib:../crypto/x509/by_file.c:235:",
            ]),
            Openssl::OpenCertificate(file, why) => no_bio(file, why, 450),
            Openssl::NoCertificate => fixed(&[
                "error:0480006C:PEM routines::no start line:../crypto/pem/pem_lib.c:763:Expecting: CERTIFICATE:",
                "error:0A080009:SSL routines::PEM lib:../ssl/ssl_rsa.c:474:",
            ]),
            Openssl::OpenKey(file, why) => no_bio(file, why, 368),
            Openssl::KeyDiffers => {
                fixed(&["error:05800074:x509 certificate routines::key values mismatch:../crypto/x509/x509_cmp.c:403:"])
            }
            Openssl::WrongVersion => {
                fixed(&["error:0A00010B:SSL routines::wrong version number:../ssl/record/ssl3_record.c:350:"])
            }
            Openssl::HttpRequest => {
                fixed(&["error:0A00009C:SSL routines::http request:../ssl/record/ssl3_record.c:341:"])
            }
            Openssl::ProxyRequest => {
                fixed(&["error:0A00009B:SSL routines::https proxy request:../ssl/record/ssl3_record.c:344:"])
            }
            Openssl::NoProtocol => {
                fixed(&["error:0A0000BF:SSL routines::no protocols available:../ssl/statem/statem_lib.c:102:"])
            }
        }
    }
    /// The warnings, in their order.
    pub fn warnings(self) -> Vec<Tls> {
        self.errors().into_iter().map(|error| Tls::Library { error }).collect()
    }
}

fn system(file: &str, why: &str, line: u32) -> String {
    format!("error:80000002:system library::{why}:../crypto/bio/bss_file.c:{line}:calling fopen({file}, r):")
}
