//! DNS look-ups as Postfix's `dns_lookup_l()` makes them, over any resolver.

use crate::host::dns::Answer;

/// Whether a name has any record of some types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Yes,
    No,
    /// Some look-up had no answer: try again later.
    Retry,
    /// The only MX record is `0 .` (RFC 7505).
    NullMx,
}

/// Asks for each type in turn and stops at the first that is there.
pub fn exists(dns: &mut dyn FnMut(&str, &str) -> Answer, name: &str, types: &[&str]) -> Found {
    // As `dns_lookup()`: a name that ends in a dot is no host name.
    if !super::valid_hostname::hostname(name) {
        return Found::No;
    }
    let mut retry = false;
    for t in types {
        match dns(name, t) {
            Answer::Data(v) if *t == "MX" && is_null_mx(&v) => return Found::NullMx,
            Answer::Data(_) => return Found::Yes,
            Answer::NoData | Answer::NxDomain => {}
            Answer::ServFail | Answer::Timeout | Answer::Refused => retry = true,
        }
    }
    if retry { Found::Retry } else { Found::No }
}

/// Whether MX records say that the domain takes no mail.
pub fn is_null_mx(records: &[String]) -> bool {
    records.len() == 1 && records[0].split_whitespace().last() == Some(".")
}

/// What Postfix says of a failed look-up.
pub fn error_text(name: &str, rtype: &str, answer: &Answer) -> String {
    let why = match answer {
        Answer::NxDomain => "Host not found",
        Answer::NoData => "Host found but no data record of requested type",
        Answer::Refused | Answer::ServFail | Answer::Timeout => "Host not found, try again",
        Answer::Data(_) => "",
    };
    format!("Host or domain name not found. Name service error for name={name} type={rtype}: {why}")
}
