//! Names that reply templates (`default_rbl_reply`, `smtpd_reject_footer`) may use.

use super::CheckState;

fn parts(addr: Option<&String>) -> (String, String, String) {
    match addr {
        None => (String::new(), String::new(), String::new()),
        Some(a) if a.is_empty() => ("<>".into(), "<>".into(), String::new()),
        Some(a) => {
            let (local, domain) = a.rsplit_once('@').unwrap_or((a, ""));
            (a.clone(), local.into(), domain.into())
        }
    }
}

/// The value of a name; `None` for one that nobody knows.
pub(crate) fn value(s: &CheckState, name: &str) -> Option<String> {
    let sender = parts(s.sender.as_ref());
    let recipient = parts(s.recipient.as_ref());
    let tls = s.tls.clone().unwrap_or_default();
    Some(match name {
        "client" => s.namaddr(),
        "client_address" => s.addr.clone(),
        "client_name" => s.name.clone(),
        "client_port" => s.port.clone(),
        "reverse_client_name" => s.reverse_name.clone(),
        "server_address" => s.server_addr.clone(),
        "server_port" => s.server_port.clone(),
        "helo_name" => s.helo.clone().unwrap_or_default(),
        "sender" => sender.0,
        "sender_name" => sender.1,
        "sender_domain" => sender.2,
        "recipient" => recipient.0,
        "recipient_name" => recipient.1,
        "recipient_domain" => recipient.2,
        "sasl_username" => s.sasl_username.clone(),
        "sasl_method" => s.sasl_method.clone(),
        "sasl_sender" => s.sasl_sender.clone(),
        "ccert_subject" => tls.peer_cn,
        "ccert_issuer" => tls.issuer_cn,
        "ccert_fingerprint" => tls.fingerprint,
        "ccert_pubkey_fingerprint" => tls.pkey_fingerprint,
        "encryption_protocol" => tls.protocol,
        "encryption_cipher" => tls.cipher,
        _ => return None,
    })
}
