//! `check_policy_service`: the question to a policy server (SMTPD_POLICY_README), and its action.

use super::{Call, Check, Outcome, access, safety};
use crate::log::smtpd::Fatal;
use crate::postfix::config::{self, parse_time};

/// What follows `check_policy_service`: `inet:host:port`, or `{ inet:host:port, attribute = value, … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    pub server: String,
    pub default_action: Option<String>,
    pub context: Option<String>,
    pub try_limit: Option<i64>,
    /// In seconds.
    pub retry_delay: Option<i64>,
}

impl Service {
    /// Reads the argument. `Err`: what smtpd says when it ends over it.
    pub fn parse(argument: &str) -> Result<Service, Fatal> {
        let inner = argument.strip_prefix('{').and_then(|a| a.strip_suffix('}'));
        let mut words = inner.map_or_else(|| vec![argument.to_owned()], safety::split).into_iter();
        let Some(server) = words.next() else { return Err(Fatal::EmptyService { text: argument.to_owned() }) };
        let Some((kind, endpoint)) = server.split_once(':') else { return Err(Fatal::NoEndpoint { word: server }) };
        if kind == "inet" && !endpoint.contains(':') && !endpoint.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Fatal::NoPort { text: endpoint.to_owned() });
        }
        let mut s = Service { server, ..Service::default() };
        for word in words {
            let bare = word.strip_prefix('{').and_then(|w| w.strip_suffix('}')).unwrap_or(&word);
            let (name, value) = config::split_nameval(bare)
                .map_err(|fault| Fatal::MalformedOption { fault, option: bare.to_owned() })?;
            let time = || {
                let bad = || Fatal::BadTime { name: name.to_owned(), value: value.to_owned() };
                parse_time(value, 's').ok_or_else(bad)
            };
            match name {
                "default_action" => s.default_action = Some(value.to_owned()),
                "policy_context" => s.context = Some(value.to_owned()),
                "try_limit" => s.try_limit = value.parse().ok(),
                "retry_delay" => s.retry_delay = Some(time()?),
                "max_idle" | "max_ttl" | "timeout" => {
                    time()?;
                }
                "request_limit" => {}
                _ => return Err(Fatal::UnknownOption { name: name.to_owned(), value: value.to_owned() }),
            }
        }
        Ok(s)
    }
}

/// The attributes of a question, in the order in which smtpd sends them.
fn request(c: &Check<'_>, context: &str) -> Vec<(String, String)> {
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
        ("policy_context", context.to_owned()),
    ]
    .into_iter()
    .map(|(n, v)| (n.to_owned(), v))
    .collect()
}

pub(super) fn check_policy_service(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    // A service that cannot be read stopped smtpd when it started.
    let service = Service::parse(call.argument).unwrap_or_default();
    let context = service.context.clone().unwrap_or_else(|| c.env.param("smtpd_policy_service_policy_context"));
    let ask = request(c, &context);
    let action = match c.env.policy(&service, &ask) {
        Some(a) => a,
        None => service.default_action.unwrap_or_else(|| c.env.param("smtpd_policy_service_default_action")),
    };
    let (name, class) = (call.subject.name, call.subject.class);
    access::apply(c, call, "policy query", &action, call.argument, &access::Target { name, class })
}
