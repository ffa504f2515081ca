//! What TLS sessions of smtpd(8) and smtp(8) can say.

use super::{Message, Severity};

#[derive(Clone, Debug, PartialEq)]
pub enum Tls {
    /// A session: how far the peer is trusted (`Anonymous`, `Untrusted`, `Trusted`, `Verified`), who it is, and the
    /// protocol, cipher and keys in one text. `server`: we are the client and the peer is a server.
    Established {
        trust: String,
        server: bool,
        peer: String,
        detail: String,
    },
    AcceptError {
        peer: String,
    },
    /// A line of OpenSSL's error stack.
    Library {
        error: String,
    },
    CannotGetCertificate {
        file: String,
    },
    CannotGetKey {
        file: String,
    },
    Other {
        text: String,
    },
}

impl Message for Tls {
    fn severity(&self) -> Severity {
        if self.text().starts_with("warning: ") { Severity::Warning } else { Severity::Info }
    }
    fn text(&self) -> String {
        match self {
            Tls::Established { trust, server, peer, detail } => {
                let way = if *server { "to" } else { "from" };
                format!("{trust} TLS connection established {way} {peer}: {detail}")
            }
            Tls::AcceptError { peer } => format!("SSL_accept error from {peer}: -1"),
            Tls::Library { error } => format!("warning: TLS library problem: {error}"),
            Tls::CannotGetCertificate { file } => {
                format!("warning: cannot get RSA certificate from file \"{file}\": disabling TLS support")
            }
            Tls::CannotGetKey { file } => {
                format!("warning: cannot get RSA private key from file \"{file}\": disabling TLS support")
            }
            Tls::Other { text } => text.clone(),
        }
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Tls::Established { trust, peer, .. } => vec![("trust", trust.clone()), ("peer", peer.clone())],
            Tls::AcceptError { peer } => vec![("peer", peer.clone())],
            Tls::CannotGetCertificate { file } | Tls::CannotGetKey { file } => vec![("path", file.clone())],
            Tls::Library { error } => vec![("reason", error.clone())],
            Tls::Other { .. } => Vec::new(),
        }
    }
}
