//! `check_policy_service`: the question to a policy server (SMTPD_POLICY_README), and its action.

use super::{Call, Check, Outcome, access};

/// The attributes of a question, in the order in which smtpd sends them.
fn request(c: &Check<'_>) -> Vec<(String, String)> {
    let s = &*c.state;
    let some = |v: &Option<String>| v.clone().unwrap_or_default();
    let tls = s.tls.clone().unwrap_or_default();
    let mut stress = c.env.param("stress");
    if stress != "yes" {
        stress = String::new();
    }
    [
        ("request", "smtpd_access_policy".into()),
        ("protocol_state", s.stage.clone()),
        ("protocol_name", some(&s.protocol)),
        ("client_address", s.addr.clone()),
        ("client_name", s.name.clone()),
        ("client_port", s.port.clone()),
        ("reverse_client_name", s.reverse_name.clone()),
        ("server_address", s.server_addr.clone()),
        ("server_port", s.server_port.clone()),
        ("helo_name", some(&s.helo)),
        ("sender", some(&s.sender)),
        ("recipient", some(&s.recipient)),
        (
            "recipient_count",
            if s.stage == "DATA" || s.stage == "END-OF-MESSAGE" { s.rcpt_count } else { 0 }.to_string(),
        ),
        ("queue_id", some(&s.queue_id)),
        ("instance", s.instance.clone()),
        ("size", s.message_size.to_string()),
        ("etrn_domain", some(&s.etrn)),
        ("stress", stress),
        ("sasl_method", s.sasl_method.clone()),
        ("sasl_username", s.sasl_username.clone()),
        ("sasl_sender", s.sasl_sender.clone()),
        ("ccert_subject", tls.peer_cn),
        ("ccert_issuer", tls.issuer_cn),
        ("ccert_fingerprint", tls.fingerprint),
        ("ccert_pubkey_fingerprint", tls.pkey_fingerprint),
        ("encryption_protocol", tls.protocol),
        ("encryption_cipher", tls.cipher),
        ("encryption_keysize", s.encryption_keysize.clone()),
        ("policy_context", c.env.param("smtpd_policy_service_policy_context")),
    ]
    .into_iter()
    .map(|(n, v)| (n.to_owned(), v))
    .collect()
}

pub(super) fn check_policy_service(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let ask = request(c);
    // `{ inet:host:port, key = value … }` names the server first.
    let server = match call.argument.strip_prefix('{') {
        Some(inner) => super::safety::split(inner.trim_end_matches('}')).into_iter().next().unwrap_or_default(),
        None => call.argument.to_owned(),
    };
    let action = match c.env.policy(&server, &ask) {
        Some(a) => a,
        None => c.env.param("smtpd_policy_service_default_action"),
    };
    let (name, class) = (call.subject.name, call.subject.class);
    access::apply(c, call, "policy query", &action, call.argument, &access::Target { name, class })
}
