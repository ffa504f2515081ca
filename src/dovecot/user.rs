//! Users as Dovecot sees them: userdb lookups, `%u` and friends, where the mail is.
//!
//! Userdb drivers `passwd`, `static`, `passwd-file` and `prefetch`. Left out: SQL, LDAP, dict.

use super::config::{Config, Scope};
use crate::host::fs::Cred;
use crate::host::{Errno, Host};
use crate::log::dovecot::Trouble;

/// A user of the userdb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailUser {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub home: String,
    pub cred: Cred,
    /// Further fields of the userdb, in order (`system_groups_user`, `quota_rule`).
    pub fields: Vec<(String, String)>,
}

/// Why there is no user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoUser {
    Unknown,
    /// The lookup itself failed.
    Internal,
}

/// Expands `%` variables: `%u`, `%n`, `%d`, `%h`, `%s`, `%{user}`…, with the modifiers `L`, `U`.
pub fn expand(text: &str, user: &str, home: &str, service: &str) -> String {
    let (local, domain) = user.split_once('@').unwrap_or((user, ""));
    let by_letter = |c: char| match c {
        'u' => Some(user),
        'n' => Some(local),
        'd' => Some(domain),
        'h' => Some(home),
        's' => Some(service),
        _ => None,
    };
    let by_name = |n: &str| match n {
        "user" => Some(user),
        "username" => Some(local),
        "domain" => Some(domain),
        "home" => Some(home),
        "service" => Some(service),
        _ => None,
    };
    let mut out = String::new();
    let mut it = text.chars().peekable();
    while let Some(c) = it.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut case = None;
        while let Some(m @ ('L' | 'U')) = it.peek().copied() {
            case = Some(m);
            it.next();
        }
        let value = match it.next() {
            Some('{') => {
                let name: String = it.by_ref().take_while(|c| *c != '}').collect();
                let (modifier, bare) = name.split_once(':').map_or(("", name.as_str()), |(m, b)| (m, b));
                if modifier == "lower" {
                    case = Some('L');
                }
                by_name(bare).unwrap_or("").to_owned()
            }
            Some('%') => "%".to_owned(),
            Some(l) => by_letter(l).unwrap_or("").to_owned(),
            None => String::new(),
        };
        out.push_str(&match case {
            Some('L') => value.to_lowercase(),
            Some(_) => value.to_uppercase(),
            None => value,
        });
    }
    out
}

/// The name that auth looks up for what the client said.
pub fn auth_name(config: &Config, given: &str) -> Option<String> {
    let chars = config.get("auth_username_chars");
    if !chars.is_empty() && given.chars().any(|c| !chars.contains(c)) {
        return None;
    }
    let format = config.get("auth_username_format");
    Some(if format.is_empty() { given.to_owned() } else { expand(format, given, "", "") })
}

/// One line of a passwd-file: `user:password:uid:gid:gecos:home:shell:extra`.
pub fn passwd_file_entry(host: &Host, args: &str, name: &str) -> Result<Option<Vec<String>>, (String, Errno)> {
    let path = args.split_ascii_whitespace().last().unwrap_or("");
    let format = args.split_ascii_whitespace().find_map(|a| a.strip_prefix("username_format="));
    let name = format.map_or_else(|| name.to_owned(), |f| expand(f, name, "", ""));
    let text = host.fs.read(&Cred::root(), path).map_err(|e| (path.to_owned(), e))?.text();
    Ok(text
        .lines()
        .filter(|l| !l.starts_with('#') && !l.is_empty())
        .map(|l| l.split(':').map(str::to_owned).collect::<Vec<_>>())
        .find(|f| f[0] == name))
}

fn id_of(host: &Host, text: &str, group: bool) -> Option<u32> {
    text.parse().ok().or_else(|| if group { host.group(text).map(|g| g.gid) } else { host.uid(text) })
}

fn from_fields(host: &Host, config: &Config, name: &str, fields: &[(String, String)]) -> MailUser {
    let mut u = MailUser {
        name: name.to_owned(),
        uid: id_of(host, config.get("mail_uid"), false).unwrap_or(0),
        gid: id_of(host, config.get("mail_gid"), true).unwrap_or(0),
        home: String::new(),
        cred: Cred::root(),
        fields: Vec::new(),
    };
    for (k, v) in fields {
        match k.as_str() {
            "uid" => u.uid = id_of(host, v, false).unwrap_or(u.uid),
            "gid" => u.gid = id_of(host, v, true).unwrap_or(u.gid),
            "home" => u.home = expand(v, name, "", ""),
            "allow_all_users" => {}
            _ => u.fields.push((k.trim_start_matches("userdb_").to_owned(), expand(v, name, &u.home, ""))),
        }
    }
    if u.home.is_empty() {
        u.home = expand(config.get("mail_home"), name, "", "");
    }
    u.cred = Cred { uid: u.uid, gid: u.gid, groups: Vec::new() };
    u
}

fn pairs(args: &str) -> Vec<(String, String)> {
    let pair =
        |a: &str| a.split_once('=').map_or((a.to_owned(), "yes".to_owned()), |(k, v)| (k.to_owned(), v.to_owned()));
    args.split_ascii_whitespace().map(pair).collect()
}

/// A userdb lookup of a name already in auth's form.
pub fn lookup(host: &Host, config: &Config, name: &str) -> Result<MailUser, NoUser> {
    let mut internal = false;
    for id in config.sections("", "userdb") {
        let get = |k: &str| config.get(&format!("userdb/{id}/{k}"));
        match get("driver") {
            "passwd" => {
                if let Some(p) = host.user(name) {
                    return Ok(MailUser {
                        name: name.to_owned(),
                        uid: p.uid,
                        gid: p.gid,
                        home: p.home.clone(),
                        cred: host.cred_of(&p),
                        fields: vec![("system_groups_user".into(), name.to_owned())],
                    });
                }
            }
            "static" => {
                let args = pairs(get("args"));
                let all = args.iter().any(|(k, _)| k == "allow_all_users");
                if all || super::auth::exists(host, config, name) {
                    return Ok(from_fields(host, config, name, &args));
                }
            }
            "passwd-file" => match passwd_file_entry(host, get("args"), name) {
                Ok(Some(f)) => {
                    let at = |i: usize| f.get(i).cloned().unwrap_or_default();
                    let mut fields: Vec<(String, String)> = [("uid", at(2)), ("gid", at(3)), ("home", at(5))]
                        .into_iter()
                        .filter(|(_, v)| !v.is_empty())
                        .map(|(k, v)| (k.to_owned(), v))
                        .collect();
                    fields.extend(pairs(&f.get(7..).unwrap_or(&[]).join(":")));
                    return Ok(from_fields(host, config, name, &fields));
                }
                Ok(None) => {}
                Err(_) => internal = true,
            },
            _ => {}
        }
    }
    Err(if internal { NoUser::Internal } else { NoUser::Unknown })
}

/// Every user that the userdb can list, in its order; `passwd` shows ids from `first_valid_uid` on.
pub fn all(host: &Host, config: &Config) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for id in config.sections("", "userdb") {
        let get = |k: &str| config.get(&format!("userdb/{id}/{k}"));
        let first: u32 = config.get("first_valid_uid").parse().unwrap_or(0);
        let last: u32 = config.get("last_valid_uid").parse().unwrap_or(0);
        match get("driver") {
            "passwd" => {
                let ok = |uid: u32| uid >= first && (last == 0 || uid <= last);
                out.extend(host.users().iter().filter(|u| ok(u.uid)).map(|u| u.name.clone()));
            }
            "passwd-file" => {
                let path = get("args").split_ascii_whitespace().last().unwrap_or("");
                let text = host.fs.read_text(path).unwrap_or_default();
                out.extend(
                    text.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split(':').next()).map(str::to_owned),
                );
            }
            _ => {}
        }
    }
    out
}

impl MailUser {
    /// A setting of `plugin {}` for this user: the userdb's own fields win.
    pub fn plugin(&self, config: &Config, scope: &Scope<'_>, name: &str) -> Option<String> {
        let own = self.fields.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone());
        own.or_else(|| config.plugin(scope, name).map(|v| expand(v, &self.name, &self.home, scope.protocol)))
    }
    /// `mail_location` as written, before `~` and `%` are expanded.
    pub fn location(&self, config: &Config, scope: &Scope<'_>) -> String {
        let own = self.fields.iter().find(|(k, _)| k == "mail").map(|(_, v)| v.clone());
        own.unwrap_or_else(|| config.scoped(scope, "mail_location").to_owned())
    }
    /// Whether this user may have mail here, and where: the maildir's root.
    pub fn mail_root(&self, config: &Config, scope: &Scope<'_>) -> Result<String, Trouble> {
        let (first, last) =
            (config.number(scope, "first_valid_uid") as u32, config.number(scope, "last_valid_uid") as u32);
        if self.uid < first {
            return Err(Trouble::UidNotPermitted { uid: self.uid, last: false });
        }
        if last != 0 && self.uid > last {
            return Err(Trouble::UidNotPermitted { uid: self.uid, last: true });
        }
        let location = self.location(config, scope);
        let Some((driver, rest)) = location.split_once(':') else {
            return Err(Trouble::NoLocation);
        };
        if driver != "maildir" {
            return Err(Trouble::UnknownDriver { namespace: String::new(), driver: driver.to_owned() });
        }
        let path = rest.split(':').next().unwrap_or("");
        let path = expand(path, &self.name, &self.home, scope.protocol);
        match path.strip_prefix('~') {
            Some(_) if self.home.is_empty() => Err(Trouble::NoHome),
            Some(tail) => Ok(format!("{}{tail}", self.home)),
            None => Ok(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables() {
        for (text, expected) in [
            ("%Ln", "maria"),
            ("%u", "Maria@Ejemplo.com"),
            ("%Lu", "maria@ejemplo.com"),
            ("/srv/%d/%n", "/srv/Ejemplo.com/Maria"),
            ("%{user}|%%|%h", "Maria@Ejemplo.com|%|/h"),
        ] {
            assert_eq!(expand(text, "Maria@Ejemplo.com", "/h", "imap"), expected, "{text}");
        }
    }
}
