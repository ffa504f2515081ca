//! What a Postfix program says about main.cf while it starts: syntax, expansion and value errors.

use super::{Message, Severity};
use std::fmt;
use std::net::IpAddr;

/// Why a `$name` expression cannot be expanded (mac_parse(3), mac_expand(3)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MacroFault {
    Truncated(String),
    EmptyName(String),
    Nesting(String),
    NameSyntax {
        before: String,
        after: String,
    },
    OperatorExpected {
        left: String,
        after: String,
    },
    OperatorSuffix {
        operator: String,
        suffix: String,
    },
    ExpressionExpected {
        left: String,
        operator: String,
        after: String,
    },
    BranchExpected(String),
    ColonExpected {
        before: String,
        after: String,
    },
    Unexpected {
        before: String,
        after: String,
    },
    Unbalanced(String),
    /// A compatibility level that is no version number.
    Level(String),
    /// The expansion outgrew what the model allows (the real program would run out of memory).
    TooLarge,
}

impl fmt::Display for MacroFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const OPERATORS: &str = r#""==" or "!="" or "<"" or "<="" or ">="" or ">""#;
        match self {
            MacroFault::Truncated(t) => write!(f, "truncated macro reference: \"{t}\""),
            MacroFault::EmptyName(t) => write!(f, "empty macro name: \"{t}\""),
            MacroFault::Nesting(t) => write!(f, "unreasonable macro call nesting: \"{t}\""),
            MacroFault::NameSyntax { before, after } => {
                write!(f, "attribute name syntax error at: \"...{before}>>>{after}\"")
            }
            MacroFault::OperatorExpected { left, after } => {
                write!(f, "{OPERATORS} expected at: \"...{left}}}>>>{after}\"")
            }
            MacroFault::OperatorSuffix { operator, suffix } => {
                write!(f, "bad operator suffix at: \"...{operator}>>>{suffix}\"")
            }
            MacroFault::ExpressionExpected { left, operator, after } => {
                write!(f, "\"{{expression}}\" expected at: \"...{{{left}}} {operator}>>>{after}\"")
            }
            MacroFault::BranchExpected(after) => write!(f, "\"?\" or \":\" expected at: \"...}}>>>{after}\""),
            MacroFault::ColonExpected { before, after } => {
                write!(f, "\":\" expected at: \"...{before}}}>>>{after}\"")
            }
            MacroFault::Unexpected { before, after } => write!(f, "unexpected input at: \"...{before}}}>>>{after}\""),
            MacroFault::Unbalanced(t) => write!(f, "unbalanced {{}} in attribute expression: \"{t}\""),
            MacroFault::Level(t) => write!(f, "malformed compatibility level syntax: \"{t}\""),
            MacroFault::TooLarge => f.write_str("macro expansion is too large"),
        }
    }
}

/// Why a line is no `name = value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameValue {
    MissingName,
    MissingEquals,
}

impl fmt::Display for NameValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NameValue::MissingName => "missing attribute name",
            NameValue::MissingEquals => "missing '=' after attribute name",
        })
    }
}

/// What a program says about main.cf.
#[derive(Clone, Debug, PartialEq)]
pub enum Config {
    /// A logical line that starts with white space (any file that is read by logical lines).
    LeadingSpace {
        path: String,
        text: String,
    },
    /// The same name twice.
    Overriding {
        path: String,
        line: usize,
        name: String,
        value: String,
    },
    /// No `name = value`.
    Syntax {
        path: String,
        line: usize,
        why: NameValue,
        text: String,
    },
    /// main.cf cannot be opened.
    Open {
        path: String,
        error: String,
    },
    Macro(MacroFault),
    /// Follows [`Config::Macro`].
    MacroFatal,
    BadNumber {
        name: String,
        value: String,
    },
    BadBool {
        name: String,
        value: String,
    },
    BadTime {
        name: String,
        value: String,
    },
    TooSmall {
        name: String,
        value: i64,
        min: i64,
    },
    TooLarge {
        name: String,
        value: i64,
        max: i64,
    },
    /// The same of a time.
    TimeTooSmall {
        name: String,
        value: i64,
        min: i64,
    },
    TimeTooLarge {
        name: String,
        value: i64,
        max: i64,
    },
    /// A value that another check refused; `path` is main.cf.
    BadValue {
        path: String,
        name: String,
        value: String,
    },
    /// valid_hostname(3) on a value.
    Hostname(HostnameFault),
    /// Any other start-up fatal of a program, worded here once: see [`Fatal`].
    Fatal(Fatal),
    /// Any other start-up warning.
    Warning(Warning),
}

/// valid_hostname(3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostnameFault {
    Empty,
    BadCharacter { byte: u8, name: String },
    MisplacedDelimiter(String),
    MisplacedHyphen(String),
    LabelTooLong(String),
    NumericHostname(String),
    BadLength { length: usize, name: String },
}

impl fmt::Display for HostnameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("valid_hostname: ")?;
        match self {
            HostnameFault::Empty => f.write_str("empty hostname"),
            HostnameFault::BadCharacter { byte, name } => {
                write!(f, "invalid character {}(decimal): {}", *byte as i8, clip(name, 100))
            }
            HostnameFault::MisplacedDelimiter(n) => write!(f, "misplaced delimiter: {}", clip(n, 100)),
            HostnameFault::MisplacedHyphen(n) => write!(f, "misplaced hyphen: {}", clip(n, 100)),
            HostnameFault::LabelTooLong(n) => write!(f, "hostname label length {n}: bad label length"),
            HostnameFault::NumericHostname(n) => write!(f, "numeric hostname: {}", clip(n, 100)),
            HostnameFault::BadLength { length, name } => write!(f, "bad length {length} for {}...", clip(name, 100)),
        }
    }
}

/// Start-up errors of a daemon or tool that are neither syntax nor a single bad value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fatal {
    /// local(8), virtual(8).
    MailboxLimit {
        mailbox: &'static str,
        message: &'static str,
    },
    /// set-gid group or mail_owner names nobody.
    UnknownUser {
        name: String,
        value: String,
    },
    UnknownGroup {
        name: String,
        value: String,
    },
    Privileged {
        name: String,
        value: String,
        id: u32,
    },
    /// `default_privs` of main.cf names nobody, or root.
    DefaultPrivs {
        path: String,
        value: String,
        root: bool,
    },
    /// `default_privs` and `mail_owner` are one user.
    SamePrivs {
        path: String,
        user: String,
    },
    SameRelayhost {
        name: String,
    },
    /// `maillog_file` where it may not be.
    MailLog(String),
    /// A parameter that is one name has several.
    MultipleValues {
        name: &'static str,
        value: String,
    },
    /// `inet_interfaces` has an address that is not this host's.
    NoInterface(IpAddr),
    /// `syslog_facility`.
    Facility {
        path: String,
        value: String,
    },
    /// smtp(8), lmtp(8).
    EmptyString {
        name: &'static str,
    },
    TlsLevel {
        level: String,
    },
    NoPasswordTable {
        name: String,
    },
    /// A word of a list that has a fixed set of them (`name_mask()`).
    UnknownWord {
        name: String,
        word: String,
        value: String,
    },
    /// `smtp_dns_support_level` and other parameters that are one of a few words.
    InvalidWord {
        name: String,
        word: String,
    },
    SaslInit,
    /// `-o` of a service in master.cf that is no `name=value`.
    BadOverride {
        why: NameValue,
        text: String,
    },
    UnexpectedArgument(String),
    InvalidOption(char),
    /// A delivery agent whose service is unprivileged in master.cf.
    NeedsPrivilege {
        service: String,
    },
    /// A way of locking that there is not; the program names the parameter of local(8) for virtual(8), too.
    BadLock {
        word: String,
        value: String,
    },
    CompatLevel(String),
    /// postsuper(1) may not look into a queue.
    ScanQueue {
        queue: &'static str,
        error: String,
    },
}

/// Start-up warnings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    QueueMinfree {
        minfree: i64,
        limit: i64,
    },
    /// master.cf names a service twice.
    DuplicateService {
        name: String,
        place: String,
    },
    /// `smtp_sasl_type`.
    SaslClient {
        kind: String,
    },
}

/// The first `max` bytes, cut at a character.
pub fn clip(s: &str, max: usize) -> &str {
    if s.len() <= max {
        return s;
    }
    let mut end = max;
    while !s.is_char_boundary(end) {
        end -= 1;
    }
    &s[..end]
}

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fatal::MailboxLimit { mailbox, message } => {
                write!(f, "configuration error: {mailbox} is smaller than {message}")
            }
            Fatal::UnknownGroup { name, value } => {
                write!(f, "file /etc/postfix/main.cf: parameter {name}: unknown group name: {value}")
            }
            Fatal::UnknownUser { name, value } => {
                write!(f, "file /etc/postfix/main.cf: parameter {name}: unknown user name value: {value}")
            }
            Fatal::Privileged { name, value, id } => {
                write!(f, "file /etc/postfix/main.cf: parameter {name}: user {value} has privileged user ID: {id}")
            }
            Fatal::DefaultPrivs { path, value, root: false } => {
                write!(f, "file {path}: parameter default_privs: unknown user name value: {value}")
            }
            Fatal::DefaultPrivs { path, value, root: true } => {
                write!(f, "file {path}: parameter default_privs: user {value} has privileged user ID")
            }
            Fatal::SamePrivs { path, user } => {
                write!(f, "file {path}: parameters default_privs and mail_owner specify the same user {user}")
            }
            Fatal::MailLog(path) => {
                write!(f, "maillog_file value '{path}' does not match any prefix in maillog_file_prefixes")
            }
            Fatal::MultipleValues { name, value } => {
                write!(f, "{name} parameter setting must not contain multiple values: {value}")
            }
            Fatal::SameRelayhost { name } => {
                write!(f, "myhostname and relayhost parameter settings must not be identical: {name}")
            }
            Fatal::EmptyString { name } => write!(f, "bad string length 0 < 1: {name} = "),
            Fatal::TlsLevel { level } => write!(f, "Invalid TLS level \"{level}\""),
            Fatal::NoPasswordTable { name } => {
                write!(f, "specify a password table via the `{name}' configuration parameter")
            }
            Fatal::InvalidWord { name, word } => write!(f, "invalid {name}: \"{word}\""),
            Fatal::UnknownWord { name, word, value } => write!(f, "unknown {name} value \"{word}\" in \"{value}\""),
            Fatal::NoInterface(ip) => write!(f, "parameter inet_interfaces: no local interface found for {ip}"),
            Fatal::Facility { path, value } => {
                write!(f, "file {path}: parameter syslog_facility: unrecognized value: {value}")
            }
            Fatal::SaslInit => f.write_str("SASL library initialization"),
            Fatal::BadOverride { why, text } => write!(f, "invalid \"-o {text}\" option value: {why}"),
            Fatal::UnexpectedArgument(word) => write!(f, "unexpected command-line argument: {word}"),
            Fatal::InvalidOption(c) => write!(f, "invalid option: {c}"),
            Fatal::NeedsPrivilege { service } => write!(f, "service {service} requires privileged operation"),
            Fatal::BadLock { word, value } => {
                write!(f, "unknown mailbox_delivery_lock value \"{word}\" in \"{value}\"")
            }
            Fatal::CompatLevel(level) => write!(f, "malformed compatibility level syntax: \"{level}\""),
            Fatal::ScanQueue { queue, error } => write!(f, "scan_dir_push: open directory {queue}: {error}"),
        }
    }
}

impl Message for Config {
    fn severity(&self) -> Severity {
        if self.is_fatal() { Severity::Crit } else { Severity::Warning }
    }
    fn text(&self) -> String {
        let level = if self.is_fatal() { "fatal" } else { "warning" };
        format!("{level}: {self}")
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Config::Overriding { name, value, line, .. } => {
                vec![("parameter", name.clone()), ("value", value.clone()), ("line", line.to_string())]
            }
            Config::BadNumber { name, value }
            | Config::BadBool { name, value }
            | Config::BadTime { name, value }
            | Config::BadValue { name, value, .. } => vec![("parameter", name.clone()), ("value", value.clone())],
            Config::TooSmall { name, value, .. }
            | Config::TooLarge { name, value, .. }
            | Config::TimeTooSmall { name, value, .. }
            | Config::TimeTooLarge { name, value, .. } => {
                vec![("parameter", name.clone()), ("value", value.to_string())]
            }
            Config::Fatal(Fatal::MailboxLimit { mailbox, .. }) => vec![("parameter", (*mailbox).to_owned())],
            _ => Vec::new(),
        }
    }
}

impl Config {
    /// Whether the program ends here.
    pub fn is_fatal(&self) -> bool {
        !matches!(
            self,
            Config::LeadingSpace { .. }
                | Config::Overriding { .. }
                | Config::Macro(_)
                | Config::Hostname(_)
                | Config::Warning(_)
        )
    }
}

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Config::LeadingSpace { path, text } => {
                let dots = if text.len() > 30 { "..." } else { "" };
                write!(f, "{path}: logical line must not start with whitespace: \"{}{dots}\"", clip(text, 30))
            }
            Config::Overriding { path, line, name, value } => {
                write!(f, "{path}, line {line}: overriding earlier entry: {name}={value}")
            }
            Config::Syntax { path, line, why, text } => write!(f, "{path}, line {line}: {why}: \"{text}\""),
            Config::Open { path, error } => write!(f, "open {path}: {error}"),
            Config::Macro(m) => write!(f, "{m}"),
            Config::MacroFatal => f.write_str("dictionary mail_dict: macro processing error"),
            Config::BadNumber { name, value } => write!(f, "bad numerical configuration: {name} = {value}"),
            Config::BadBool { name, value } => write!(f, "bad boolean configuration: {name} = {value}"),
            Config::BadTime { name, value } => write!(f, "parameter {name}: bad time value or unit: {value}"),
            Config::TimeTooSmall { name, value, min } => write!(f, "invalid {name}: {value} (min {min})"),
            Config::TimeTooLarge { name, value, max } => write!(f, "invalid {name}: {value} (max {max})"),
            Config::TooSmall { name, value, min } => write!(f, "invalid {name} parameter value {value} < {min}"),
            Config::TooLarge { name, value, max } => write!(f, "invalid {name} parameter value {value} > {max}"),
            Config::BadValue { path, name, value } => {
                write!(f, "file {path}: parameter {name}: bad parameter value: {value}")
            }
            Config::Hostname(h) => write!(f, "{h}"),
            Config::Fatal(x) => write!(f, "{x}"),
            Config::Warning(Warning::QueueMinfree { minfree, limit }) => {
                write!(f, "queue_minfree({minfree}) should be at least 1.5*message_size_limit({limit})")
            }
            Config::Warning(Warning::DuplicateService { name, place }) => {
                write!(f, "duplicate master.cf entry for service \"{name}\" ({place}) -- using the last entry")
            }
            Config::Warning(Warning::SaslClient { kind }) => {
                write!(f, "unsupported SASL client implementation: {kind}")
            }
        }
    }
}
