//! What TLS sessions of smtpd(8) and smtp(8) can say.

use super::{Message, Severity};

/// Why a handshake failed: OpenSSL says it in lines of its own, or the client is gone, or says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Library,
    Lost,
    TimedOut,
}

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
    /// The handshake failed.
    AcceptError {
        peer: String,
        how: Refusal,
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
    /// smtp(8) goes on without TLS: it cannot load the authorities that it is to trust.
    NoAuthorities {
        file: String,
        path: String,
    },
    /// A file with a certificate and its key, or with a chain of them, cannot be opened, or has nothing of the kind in it.
    ChainOpen {
        file: String,
        error: String,
    },
    NoPem {
        file: String,
    },
    ChainLoad {
        files: String,
    },
    /// tlsmgr(8) cannot be reached.
    Manager,
    NoEntropy,
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
            Tls::AcceptError { peer, how } => {
                let how = match how {
                    Refusal::Library => "-1",
                    Refusal::Lost => "lost connection",
                    Refusal::TimedOut => "Connection timed out",
                };
                format!("SSL_accept error from {peer}: {how}")
            }
            Tls::Library { error } => format!("warning: TLS library problem: {error}"),
            Tls::CannotGetCertificate { file } => {
                format!("warning: cannot get RSA certificate from file \"{file}\": disabling TLS support")
            }
            Tls::CannotGetKey { file } => {
                format!("warning: cannot get RSA private key from file \"{file}\": disabling TLS support")
            }
            Tls::NoAuthorities { file, path } => format!(
                "cannot load Certification Authority data, CAfile=\"{file}\", CApath=\"{path}\": disabling TLS support"
            ),
            Tls::ChainOpen { file, error } => format!("warning: error opening chain file: {file}: {error}"),
            Tls::NoPem { file } => format!("warning: No PEM data in {file}"),
            Tls::ChainLoad { files } => {
                format!("warning: error loading private keys and certificates from: {files}: disabling TLS support")
            }
            Tls::Manager => "warning: problem talking to server private/tlsmgr: Connection refused".into(),
            Tls::NoEntropy => "warning: no entropy for TLS key generation: disabling TLS support".into(),
            Tls::Other { text } => text.clone(),
        }
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Tls::Established { trust, peer, .. } => vec![("trust", trust.clone()), ("peer", peer.clone())],
            Tls::AcceptError { peer, .. } => vec![("peer", peer.clone())],
            Tls::CannotGetCertificate { file }
            | Tls::CannotGetKey { file }
            | Tls::NoAuthorities { file, .. }
            | Tls::ChainOpen { file, .. }
            | Tls::NoPem { file }
            | Tls::ChainLoad { files: file } => vec![("path", file.clone())],
            Tls::Library { error } => vec![("reason", error.clone())],
            Tls::Manager | Tls::NoEntropy | Tls::Other { .. } => Vec::new(),
        }
    }
}
