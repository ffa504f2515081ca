//! What look-up tables and match lists say, whichever program opens them.

use super::{Message, Severity};
use std::fmt;

/// Why an address pattern is none (cidr_match(3)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CidrFault {
    MissingBracket(String),
    Garbage(String),
    BadMaskValue(String),
    BadMaskLength(String),
    BadNetwork(String),
    HostBits { pattern: String, better: String },
    BadAddress(String),
}

impl fmt::Display for CidrFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CidrFault::MissingBracket(p) => write!(f, "missing ']' character after \"[{p}\""),
            CidrFault::Garbage(p) => write!(f, "garbage after \"[{p}]\""),
            CidrFault::BadMaskValue(p) => write!(f, "bad mask value in \"{p}\""),
            CidrFault::BadMaskLength(p) => write!(f, "bad mask length in \"{p}\""),
            CidrFault::BadNetwork(p) => write!(f, "bad network value in \"{p}\""),
            CidrFault::HostBits { pattern, better } => {
                write!(f, "non-null host address bits in \"{pattern}\", perhaps you should use \"{better}\" instead")
            }
            CidrFault::BadAddress(p) => write!(f, "bad address pattern: \"{p}\""),
        }
    }
}

/// What is wrong with a line of a regexp, pcre or cidr table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleFault {
    Cidr(CidrFault),
    NoAddress,
    NoResult,
    EndifWithoutIf,
    EndifWithoutMatchingIf,
    IfWithoutEndif,
    ExtraAfterIf(String),
    NoWhitespaceBetween,
    ExtraAfterEndif,
    /// cidr refuses the line.
    GarbageAfterEndif,
    /// A `$` expression that cannot be read; said without the table's name.
    Macro(super::config::MacroFault),
    NoReplacement,
    IndexRange(String),
    IndexNotNumber(String),
    IndexZero(String),
    BadReplacement,
    NegativeSubstitution,
    /// In a table whose results may have none.
    Substitution,
    NoRegexp,
    NoDelimiter {
        delimiter: char,
        pcre: bool,
    },
    UnknownOption(char),
    Unrecognized,
    /// regcomp(3)'s message.
    Compile(String),
    /// PCRE's message and where in the pattern.
    PcreCompile {
        offset: usize,
        message: String,
    },
}

impl fmt::Display for RuleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RuleFault::Cidr(c) => write!(f, "{c}: skipping this rule"),
            RuleFault::NoAddress => f.write_str("no address pattern: skipping this rule"),
            RuleFault::NoResult => f.write_str("no lookup result: skipping this rule"),
            RuleFault::EndifWithoutIf => f.write_str("ENDIF without IF: skipping this rule"),
            RuleFault::EndifWithoutMatchingIf => f.write_str("ignoring ENDIF without matching IF"),
            RuleFault::IfWithoutEndif => f.write_str("IF has no matching ENDIF"),
            RuleFault::ExtraAfterIf(t) => write!(f, "ignoring extra text after IF statement: \"{t}\""),
            RuleFault::NoWhitespaceBetween => {
                f.write_str("do not prepend whitespace to statements between IF and ENDIF")
            }
            RuleFault::ExtraAfterEndif => f.write_str("ignoring extra text after ENDIF"),
            RuleFault::GarbageAfterEndif => f.write_str("garbage after ENDIF: skipping this rule"),
            RuleFault::Macro(m) => write!(f, "{m}"),
            RuleFault::NoReplacement => f.write_str("no replacement text: using empty string"),
            RuleFault::IndexRange(n) => write!(f, "out of range replacement index \"{n}\": skipping this rule"),
            RuleFault::IndexNotNumber(n) => write!(f, "non-numeric replacement index \"{n}\""),
            RuleFault::IndexZero(n) => write!(f, "out of range replacement index \"{n}\""),
            RuleFault::BadReplacement => f.write_str("bad replacement syntax: skipping this rule"),
            RuleFault::NegativeSubstitution => {
                f.write_str("$number found in negative match replacement text: skipping this rule")
            }
            RuleFault::Substitution => {
                f.write_str("regular expression substitution is not allowed: skipping this rule")
            }
            RuleFault::NoRegexp => f.write_str("no regexp: skipping this rule"),
            RuleFault::NoDelimiter { delimiter, pcre } => {
                let verb = if *pcre { "ignoring" } else { "skipping" };
                write!(f, "no closing regexp delimiter \"{delimiter}\": {verb} this rule")
            }
            RuleFault::UnknownOption(c) => write!(f, "unknown regexp option \"{c}\": skipping this rule"),
            RuleFault::Unrecognized => f.write_str("ignoring unrecognized request"),
            RuleFault::Compile(m) => f.write_str(m),
            RuleFault::PcreCompile { offset, message } => {
                write!(f, "error in regex at offset {offset}: {message}")
            }
        }
    }
}

/// Why a table cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenFault {
    /// open(2) of a database or text file.
    Open {
        path: String,
        error: String,
    },
    /// open(2) of a file of patterns in a list.
    OpenFile {
        path: String,
        error: String,
    },
    /// open(2) of a text table that is read whole.
    OpenText {
        path: String,
        error: String,
    },
    UnsupportedType(String),
    /// A value of a list that should be `type:name` and is not.
    Expecting(String),
    BadSyntax {
        kind: String,
        name: String,
        need: &'static str,
    },
    MissingEquals(String),
    StaticBrace(String),
    NotProxied(String),
    /// A socketmap that names no server.
    NoSocketmap,
    /// A key that stands twice in a text table that a daemon reads.
    Duplicate {
        path: String,
        line: usize,
        key: String,
    },
    /// `unix:` with another name than those two.
    UnknownUnix(String),
    Nested(String),
}

impl fmt::Display for OpenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenFault::Open { path, error } => write!(f, "open database {path}: {error}"),
            OpenFault::OpenFile { path, error } => write!(f, "open file {path}: {error}"),
            OpenFault::OpenText { path, error } => write!(f, "open {path}: {error}"),
            OpenFault::UnsupportedType(t) => write!(f, "unsupported dictionary type: {t}"),
            OpenFault::Expecting(t) => write!(f, "open dictionary: expecting \"type:name\" form instead of \"{t}\""),
            OpenFault::BadSyntax { kind, name, need } => {
                write!(f, "bad syntax: \"{kind}:{name}\"; need \"{kind}:{need}\"")
            }
            OpenFault::MissingEquals(t) => {
                write!(f, "missing '=' after attribute name: \"inline:{t}\"; need \"inline:{{name=value...}}\"")
            }
            OpenFault::StaticBrace(t) => write!(f, "bad static:name syntax: missing '}}' in \"{t}\""),
            OpenFault::NotProxied(t) => write!(f, "proxymap service is not configured for table \"{t}\""),
            OpenFault::NoSocketmap => f.write_str("socketmap requires server:socketmap argument"),
            OpenFault::Duplicate { path, line, key } => {
                write!(f, "{path}, line {line}: duplicate entry: \"{key}\"")
            }
            OpenFault::UnknownUnix(t) => write!(f, "unknown table: unix:{t}"),
            OpenFault::Nested(t) => f.write_str(t),
        }
    }
}

/// Something a table or a match list says.
#[derive(Clone, Debug, PartialEq)]
pub enum Table {
    /// A table that cannot be opened, when it is opened.
    Open(OpenFault),
    /// The same in a command line tool, which ends there.
    OpenFatal(OpenFault),
    /// The same, at every look-up.
    Unavailable {
        table: String,
        reason: OpenFault,
    },
    LookupError {
        table: String,
        key: String,
    },
    /// An answer of no characters, which is a mistake of whoever made the table; two lines.
    EmptyResult {
        title: String,
        key: String,
    },
    EmptyAdvice {
        title: String,
    },
    /// `tcp:` and `socketmap:` tables whose server is not there.
    TcpConnect {
        server: String,
        error: String,
    },
    SocketConnect {
        server: String,
        error: String,
    },
    SocketLookup {
        table: String,
        error: String,
    },
    NoHostOrService {
        name: String,
    },
    NoNisDomain,
    Older {
        database: String,
        source: String,
    },
    Rule {
        kind: &'static str,
        path: String,
        line: usize,
        fault: RuleFault,
    },
    /// A texthash or postmap line without a value.
    Format {
        path: String,
        line: usize,
        ignoring: bool,
    },
    AliasFormat {
        path: String,
        line: usize,
    },
    DuplicateLine {
        path: String,
        line: usize,
        key: String,
    },
    Changed {
        table: String,
    },
    /// A list's table could not be searched.
    ListProblem {
        list: String,
        table: String,
    },
    /// A pattern of a list is no address block.
    ListPattern {
        list: String,
        fault: CidrFault,
    },
    ListComment {
        list: String,
        text: String,
    },
    ListNegation {
        list: String,
    },
    /// proxymap(8) was asked for a table that is not in `proxy_read_maps`.
    NotProxied {
        table: String,
    },
    /// A read of a whole file went wrong before any table was there.
    Config(super::config::Config),
}

impl Table {
    /// The same with another spelling of the file's path (a tool names it as it was given).
    #[must_use]
    pub fn with_path(self, full: &str, shown: &str) -> Table {
        let swap = |p: String| p.replacen(full, shown, 1);
        let reason = |r: OpenFault| match r {
            OpenFault::Open { path, error } => OpenFault::Open { path: swap(path), error },
            OpenFault::OpenFile { path, error } => OpenFault::OpenFile { path: swap(path), error },
            OpenFault::OpenText { path, error } => OpenFault::OpenText { path: swap(path), error },
            other => other,
        };
        match self {
            Table::Open(r) => Table::Open(reason(r)),
            Table::OpenFatal(r) => Table::OpenFatal(reason(r)),
            Table::Older { database, source } => Table::Older { database: swap(database), source: swap(source) },
            Table::Rule { kind, path, line, fault } => Table::Rule { kind, path: swap(path), line, fault },
            Table::Format { path, line, ignoring } => Table::Format { path: swap(path), line, ignoring },
            Table::AliasFormat { path, line } => Table::AliasFormat { path: swap(path), line },
            Table::DuplicateLine { path, line, key } => Table::DuplicateLine { path: swap(path), line, key },
            Table::Config(super::config::Config::LeadingSpace { path, text }) => {
                Table::Config(super::config::Config::LeadingSpace { path: swap(path), text })
            }
            other => other,
        }
    }
}

impl Message for Table {
    fn severity(&self) -> Severity {
        match self {
            Table::Open(_) => Severity::Err,
            Table::OpenFatal(_) | Table::ListNegation { .. } => Severity::Crit,
            Table::Changed { .. } => Severity::Info,
            _ => Severity::Warning,
        }
    }
    fn text(&self) -> String {
        let level = match self {
            Table::Open(_) => "error: ",
            Table::OpenFatal(_) | Table::ListNegation { .. } => "fatal: ",
            Table::Changed { .. } => "",
            _ => "warning: ",
        };
        format!("{level}{self}")
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Table::Unavailable { table, reason } => vec![("table", table.clone()), ("reason", reason.to_string())],
            Table::Open(reason) | Table::OpenFatal(reason) => vec![("reason", reason.to_string())],
            Table::LookupError { table, key } | Table::EmptyResult { title: table, key } => {
                vec![("table", table.clone()), ("key", key.clone())]
            }
            Table::EmptyAdvice { title } => vec![("table", title.clone())],
            Table::TcpConnect { server, error } | Table::SocketConnect { server, error } => {
                vec![("server", server.clone()), ("reason", error.clone())]
            }
            Table::SocketLookup { table, error } => vec![("table", table.clone()), ("reason", error.clone())],
            Table::NoHostOrService { name } => vec![("server", name.clone())],
            Table::NoNisDomain => Vec::new(),
            Table::Older { database, source } => vec![("table", database.clone()), ("path", source.clone())],
            Table::Rule { path, line, .. }
            | Table::Format { path, line, .. }
            | Table::AliasFormat { path, line }
            | Table::DuplicateLine { path, line, .. } => vec![("path", path.clone()), ("line", line.to_string())],
            Table::Changed { table } | Table::NotProxied { table } => vec![("table", table.clone())],
            Table::ListProblem { list, table } => vec![("parameter", list.clone()), ("table", table.clone())],
            Table::ListPattern { list, .. } | Table::ListComment { list, .. } | Table::ListNegation { list } => {
                vec![("parameter", list.clone())]
            }
            Table::Config(c) => c.fields(),
        }
    }
}

impl fmt::Display for Table {
    /// The message without its level, as standard error shows it after `program: level: `.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Table::Open(r) | Table::OpenFatal(r) => write!(f, "{r}"),
            Table::Unavailable { table, reason } => write!(f, "{table} is unavailable. {reason}"),
            Table::LookupError { table, key } => {
                write!(f, "{table} lookup error for \"{key}\"")
            }
            Table::EmptyResult { title, key } => {
                write!(f, "{title} lookup of {} returns an empty string result", super::config::clip(key, 100))
            }
            Table::EmptyAdvice { title } => write!(f, "{title} should return NO RESULT in case of NOT FOUND"),
            Table::TcpConnect { server, error } => write!(f, "connect to TCP map {server}: {error}"),
            Table::SocketConnect { server, error } => write!(f, "connect to {server}: {error}"),
            Table::SocketLookup { table, error } => write!(f, "table {table} lookup error: {error}"),
            Table::NoHostOrService { name } => {
                write!(f, "host or service {name} not found: Servname not supported for ai_socktype")
            }
            Table::NoNisDomain => f.write_str("dict_nis_init: NIS domain name not set - NIS lookups disabled"),
            Table::Older { database, source } => {
                write!(f, "database {database} is older than source file {source}")
            }
            Table::Rule { fault: RuleFault::Macro(m), .. } => write!(f, "{m}"),
            Table::Rule { kind, path, line, fault } => write!(f, "{kind} map {path}, line {line}: {fault}"),
            Table::Format { path, line, ignoring } => {
                let rest = if *ignoring { " -- ignoring this line" } else { "" };
                write!(f, "{path}, line {line}: expected format: key whitespace value{rest}")
            }
            Table::AliasFormat { path, line } => {
                write!(f, "{path}, line {line}: record is in \"key: value\" format; is this an alias file?")
            }
            Table::DuplicateLine { path, line, key } => write!(f, "{path}, line {line}: duplicate entry: \"{key}\""),
            Table::Changed { table } => write!(f, "table {table} has changed -- restarting"),
            Table::ListProblem { list, table } => write!(f, "{list}: {table}: table lookup problem"),
            Table::ListPattern { list, fault } => write!(f, "{list}: {fault}"),
            Table::ListComment { list, text } => {
                write!(f, "{list}: comment at end of line is not supported: {text}")
            }
            Table::ListNegation { list } => write!(f, "{list}: no pattern after '!'"),
            Table::NotProxied { table } => write!(f, "proxymap service is not configured for table \"{table}\""),
            Table::Config(c) => write!(f, "{c}"),
        }
    }
}
