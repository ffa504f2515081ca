//! What smtpd(8) says of its own configuration: restrictions that make no sense, and what it ends over.

/// Mistakes of configuration that restrictions complain about.
#[derive(Clone, Debug, PartialEq)]
pub enum Misuse {
    Unknown { name: String },
    Ignored { name: String, after: String },
    NeedsMap { name: String, argument: String },
    NeedsDomain { name: String },
    NeedsServer { name: String },
    NeedsNumber { name: String },
    NoDefaultAcl { class: String, map: String },
    NoSasl { name: String },
    Deprecated { name: String, instead: String },
    WillBeRemoved { name: String, instead: String },
    UnexpectedDictionary { function: &'static str, table: String },
    EmptyValue { table: String, key: String },
    NoValue { table: String, key: String, action: String },
    NeedsHeader { table: String, key: String },
    NeedsTransport { table: String, key: String },
    NeedsAddress { table: String, key: String },
    Unavailable { table: String, action: String, list: String },
    MapInEntry { table: String, value: String },
    MapInEntryAdvice { line: u8 },
    TooLate { table: String, action: String, list: String },
    Allowlist { name: String, target: String, line: u8 },
    ReplyCode { text: String },
    RblReplyCode { text: String },
    RblTemplate { domain: String, template: String },
    RblLookup { query: String, reason: String },
    ServerLookup { rtype: String, name: String, reason: String },
    ServerHost { rtype: String, host: String, class: String, name: String, reason: String },
    Fingerprint { cert: String, pkey: String },
    VerifyService,
    MalformedSpec { spec: String },
    ExpectedMap { name: String },
    UnknownSearch { name: String, spec: String },
    Recursion { name: String },
}

/// What makes smtpd give up.
#[derive(Clone, Debug, PartialEq)]
pub enum Fatal {
    NoWorkingRestriction {
        lists: String,
        names: String,
    },
    NoMechanisms,
    /// A word that should be `type:name`.
    Dictionary {
        word: String,
    },
    NoPattern {
        list: String,
    },
    NoClass {
        class: String,
    },
    NoEndpoint {
        word: String,
    },
    MalformedOption {
        fault: super::config::NameValue,
        option: String,
    },
    UnknownOption {
        name: String,
        value: String,
    },
    EmptyService {
        text: String,
    },
    /// A word that a parameter does not know.
    UnknownWord {
        name: String,
        word: String,
        value: String,
    },
    TlsLevel {
        level: String,
    },
    NoPort {
        text: String,
    },
    BadTime {
        name: String,
        value: String,
    },
    /// The address filter of a DNS list: what is wrong, and the text before, at and after the place.
    RblFilter {
        fault: &'static str,
        at: Option<[String; 3]>,
    },
}

impl Misuse {
    pub(super) fn text(&self) -> String {
        match self {
            Misuse::Unknown { name } => format!("unknown smtpd restriction: \"{name}\""),
            Misuse::Ignored { name, after } => format!("restriction `{name}' after `{after}' is ignored"),
            Misuse::NeedsMap { name, argument } => {
                format!("restriction {name}: bad argument \"{argument}\": need maptype:mapname")
            }
            Misuse::NeedsDomain { name } => format!("restriction {name} requires domain name argument"),
            Misuse::NeedsServer { name } => format!("restriction {name} must be followed by transport:server"),
            Misuse::NeedsNumber { name } => format!("restriction {name} must be followed by number"),
            Misuse::NoDefaultAcl { class, map } => format!(
                "specify one of (check_client_access, check_reverse_client_hostname_access, check_helo_access, \
                 check_sender_access, check_recipient_access, check_etrn_access) before {class} restriction \"{map}\""
            ),
            Misuse::NoSasl { name } => format!("restriction `{name}' ignored: no SASL support"),
            Misuse::Deprecated { name, instead } => format!("restriction {name} is deprecated. Use {instead} instead"),
            Misuse::WillBeRemoved { name, instead } => {
                format!("support for restriction \"{name}\" will be removed from Postfix; use \"{instead}\" instead")
            }
            Misuse::UnexpectedDictionary { function, table } => format!("{function}: unexpected dictionary: {table}"),
            Misuse::EmptyValue { table, key } => format!("access table {table} entry \"{key}\" has empty value"),
            Misuse::NoValue { table, key, action } => {
                format!("access table {table} entry \"{key}\" has {action} entry without value")
            }
            Misuse::NeedsHeader { table, key } => format!("access table {table} entry \"{key}\" requires header: text"),
            Misuse::NeedsTransport { table, key } => {
                format!("access table {table} entry \"{key}\" requires transport:destination")
            }
            Misuse::NeedsAddress { table, key } => {
                format!("access table {table} entry \"{key}\" requires user@domain target")
            }
            Misuse::Unavailable { table, action, list } => {
                format!("access table {table}: action {action} is unavailable in {list}")
            }
            Misuse::MapInEntry { table, value } => {
                format!("access table {table} has entry with lookup table: {value}")
            }
            Misuse::MapInEntryAdvice { line } => match line {
                0 => "do not specify lookup tables inside SMTPD access maps".into(),
                _ => "define a restriction class and specify its name instead.".into(),
            },
            Misuse::TooLate { table, action, list } => {
                format!("access table {table}: action {action} must be used before {list}")
            }
            Misuse::Allowlist { name, target, line } => match line {
                0 => format!("restriction {name} returns OK for {target}"),
                1 => "this is not allowed for security reasons".into(),
                _ => "use DUNNO instead of OK if you want to make an exception".into(),
            },
            Misuse::ReplyCode { text } => format!("SMTP reply code configuration error: {text}"),
            Misuse::RblReplyCode { text } => format!("rbl response code configuration error: {text}"),
            Misuse::RblTemplate { domain, template } => {
                format!("rbl_reply_maps: bad rbl reply template for domain {domain}: {template}")
            }
            Misuse::RblLookup { query, reason } => format!("{query}: RBL lookup error: {reason}"),
            Misuse::ServerLookup { rtype, name, reason } => {
                format!("Unable to look up {rtype} host for {name}: {reason}")
            }
            Misuse::ServerHost { rtype, host, class, name, reason } => {
                format!("Unable to look up {rtype} host {host} for {class} {name}: {reason}")
            }
            Misuse::Fingerprint { cert, pkey } => {
                format!("relay_clientcerts: lookup error for fingerprint '{cert}', pkey fingerprint {pkey}")
            }
            Misuse::VerifyService => "verify service failure".into(),
            Misuse::MalformedSpec { spec } => format!("malformed map specification: '{spec}'"),
            Misuse::UnknownSearch { name, spec } => format!("unknown search type '{name}' in '{spec}'"),
            Misuse::ExpectedMap { name } => format!("expected maptype:mapname instead of '{name}'"),
            Misuse::Recursion { name } => format!("restriction {name}: recursion limit exceeded"),
        }
    }
}

impl Fatal {
    /// Without the `fatal: ` before it.
    pub(super) fn text(&self) -> String {
        match self {
            Fatal::NoWorkingRestriction { lists, names } => {
                format!("in parameter {lists}, specify at least one working instance of: {names}")
            }
            Fatal::NoMechanisms => "no SASL authentication mechanisms".into(),
            Fatal::Dictionary { word } => {
                format!("open dictionary: expecting \"type:name\" form instead of \"{word}\"")
            }
            Fatal::NoPattern { list } => format!("{list}: no pattern after '!'"),
            Fatal::NoClass { class } => format!("restriction class `{class}' needs a definition"),
            Fatal::NoEndpoint { word } => {
                format!("need service transport:endpoint instead of \"{word}\"")
            }
            Fatal::MalformedOption { fault, option } => {
                format!("malformed option: {fault}: \"...{option}...\"")
            }
            Fatal::UnknownOption { name, value } => format!("unknown option: \"{name} = {value}\""),
            Fatal::EmptyService { text } => format!("empty policy service: \"{text}\""),
            Fatal::UnknownWord { name, word, value } => format!("unknown {name} value \"{word}\" in \"{value}\""),
            Fatal::TlsLevel { level } => format!("Invalid TLS level \"{level}\""),
            Fatal::NoPort { text } => format!("{text}: garbage after numerical service"),
            Fatal::BadTime { name, value } => format!("{name}: bad time value or unit: {value}"),
            Fatal::RblFilter { fault, at } => {
                let place = at.as_ref().map(|[a, b, c]| format!(" at \"{a}>{b}<{c}\"")).unwrap_or_default();
                format!("RBL reply error: {fault}{place}")
            }
        }
    }
}
