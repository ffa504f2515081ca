//! What local(8) warns of: aliases, lists and .forward files that it cannot use.

use std::fmt;

/// A warning of local(8).
#[derive(Clone, Debug, PartialEq)]
pub enum Local {
    /// Aliases that lead to each other.
    AliasLoop(String),
    /// An alias with no address in it.
    NoRecipient(String),
    /// A table of `alias_maps` that cannot be searched.
    AliasLookup {
        map: String,
        name: String,
    },
    AliasOwner(String),
    /// postmaster or mailer-daemon is no alias.
    RequiredAlias(String),
    Extension {
        qid: String,
        local: String,
    },
    RelativeInclude(String),
    IncludeMissing {
        path: String,
        reason: String,
    },
    IncludeKind(String),
    IncludeWritable(String),
    IncludeOpen {
        path: String,
        reason: String,
    },
    UnknownUid(u32),
    /// `~user` in a list.
    HomeSyntax(String),
    /// `~/file` in the list of nobody.
    UnknownHome(String),
    IncludeOwner(String),
    ForwardKind(String),
    ForwardOwner {
        path: String,
        uid: u32,
    },
    ForwardWritable(String),
    ForwardOpen {
        path: String,
        reason: String,
    },
    /// `command_execution_directory` cannot be expanded.
    Syntax {
        param: &'static str,
        value: String,
    },
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Local::AliasLoop(name) => write!(f, "alias database loop for {name}"),
            Local::NoRecipient(name) => write!(f, "no recipient in alias lookup result for {name}"),
            Local::AliasLookup { map, name } => write!(f, "{map}: lookup of '{name}' failed"),
            Local::AliasOwner(map) => {
                let flags = "0,lock|no_regsub|no_proxy|no_unauth|fold_fix|utf8_request";
                write!(f, "cannot find alias database owner for {map}({flags})")
            }
            Local::RequiredAlias(user) => write!(f, "required alias not found: {user}"),
            Local::Extension { qid, local } => write!(f, "{qid}: address with illegal extension: {local}"),
            Local::RelativeInclude(path) => write!(f, ":include:{path} uses a relative path"),
            Local::IncludeMissing { path, reason } => write!(f, "unable to lookup :include: file {path}: {reason}"),
            Local::IncludeKind(path) => write!(f, ":include: file {path} is not a regular file"),
            Local::IncludeWritable(path) => write!(f, ":include: file {path} is world writable"),
            Local::IncludeOpen { path, reason } => write!(f, "cannot open include file {path}: {reason}"),
            Local::UnknownUid(uid) => write!(f, "cannot find username for uid {uid}"),
            Local::HomeSyntax(token) => write!(f, "bad home directory syntax for: {token}"),
            Local::UnknownHome(token) => write!(f, "unknown home directory for: {token}"),
            Local::IncludeOwner(path) => write!(f, "{path}: cannot find :include: file owner username"),
            Local::ForwardKind(path) => write!(f, "file {path} is not a regular file"),
            Local::ForwardOwner { path, uid } => write!(f, "file {path} has bad owner uid {uid}"),
            Local::ForwardWritable(path) => write!(f, "file {path} is world writable"),
            Local::ForwardOpen { path, reason } => write!(f, "cannot open file {path}: {reason}"),
            Local::Syntax { param, value } => write!(f, "bad parameter value syntax for {param}: {value}"),
        }
    }
}

impl Local {
    /// The facts by which evidence finds it.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Local::AliasLookup { map, name } => vec![("map", map.clone()), ("name", name.clone())],
            Local::AliasOwner(map) => vec![("map", map.clone())],
            Local::IncludeMissing { path, reason }
            | Local::IncludeOpen { path, reason }
            | Local::ForwardOpen { path, reason } => vec![("path", path.clone()), ("reason", reason.clone())],
            Local::HomeSyntax(path)
            | Local::UnknownHome(path)
            | Local::IncludeKind(path)
            | Local::IncludeWritable(path)
            | Local::IncludeOwner(path)
            | Local::RelativeInclude(path)
            | Local::ForwardKind(path)
            | Local::ForwardOwner { path, .. }
            | Local::ForwardWritable(path) => vec![("path", path.clone())],
            Local::AliasLoop(name) | Local::NoRecipient(name) | Local::RequiredAlias(name) => {
                vec![("name", name.clone())]
            }
            Local::Extension { qid, .. } => vec![("qid", qid.clone())],
            Local::UnknownUid(uid) => vec![("uid", uid.to_string())],
            Local::Syntax { param, .. } => vec![("parameter", (*param).to_owned())],
        }
    }
}
