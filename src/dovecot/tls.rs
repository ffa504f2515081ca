//! Dovecot's side of a TLS handshake: the certificate and the key of the configuration.

use super::config::Config;
use crate::host::cert::{Pair, pair};
use crate::host::net::TlsPeer;

/// What a client is shown, or why the TLS context cannot be made.
pub fn context(config: &Config) -> Result<TlsPeer, String> {
    let min = config.get("ssl_min_protocol");
    if !["ANY", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", "LATEST"].contains(&min) {
        return Err(format!("Unknown ssl_min_protocol setting '{min}'"));
    }
    let chain = config.content("ssl_cert");
    let why = match pair(chain, config.content("ssl_key")) {
        Pair::Fit => "",
        Pair::NoCertificate => "Can't load SSL certificate (ssl_cert setting): There is no valid PEM certificate.",
        Pair::NoKey => "Can't load SSL private key (ssl_key setting): There is no valid PEM private key.",
        Pair::Differ => "Can't load SSL private key (ssl_key setting): Key is for a different cert than ssl_cert",
    };
    if !why.is_empty() {
        return Err(why.into());
    }
    Ok(TlsPeer { protocol: "TLSv1.3".into(), cipher: "TLS_AES_256_GCM_SHA384".into(), chain: chain.to_owned() })
}
