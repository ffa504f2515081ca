//! Whether a peer's certificate chain ends at an authority that this host trusts, and which names the peer has.

use crate::host::Host;
use crate::host::cert::{self, Cert};

/// Checks a chain (PEM, leaf first) against a file and a folder of authorities. The leaf's names; and whether it is trusted,
/// or the reason why not in the words of `tls_log_verify_error()`.
pub fn check(host: &Host, chain: &str, file: &str, path: &str) -> (Vec<String>, Result<(), String>) {
    let text = chain;
    let chain = Cert::all_from_pem(chain);
    let Some(leaf) = chain.first() else { return (vec![text.to_owned()], Err("self-signed certificate".into())) };
    let mut trusted = Vec::new();
    if let Some(text) = (!file.is_empty()).then(|| host.fs.read_text(file)).flatten() {
        trusted.extend(Cert::all_from_pem(&text));
    }
    if path.trim_end_matches('/') == "/etc/ssl/certs" {
        trusted.extend(host.trusted());
    }
    let names: Vec<String> =
        leaf.alternative_names().iter().filter_map(|n| n.strip_prefix("DNS:").map(str::to_owned)).collect();
    let names =
        if names.is_empty() { leaf.subject.common_name().map(str::to_owned).into_iter().collect() } else { names };
    let (built, flaws) = cert::verify(&chain, &trusted, host.now);
    let verdict = flaws.first().map_or(Ok(()), |f| {
        let issuer = built.get(f.depth).map_or_else(String::new, |c| slashes(&c.issuer));
        Err(match f.code {
            18 => "self-signed certificate".into(),
            19..=21 => format!("untrusted issuer {issuer}"),
            9 => "certificate not yet valid".into(),
            10 => "certificate has expired".into(),
            n => format!("num={n}:{}", cert::flaw_text(n)),
        })
    });
    (names, verdict)
}

/// `/CN=Ejemplo CA`, as X509_NAME_oneline(3) writes a name.
fn slashes(name: &cert::Name) -> String {
    name.0.iter().map(|(k, v)| format!("/{k}={v}")).collect()
}
