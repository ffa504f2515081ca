//! The text of notifications: the built-in templates of bounce(5), and those of `bounce_template_file`.
//!
//! Left out: `Charset:` (with `smtputf8_enable` all is UTF-8), header labels that are unknown or empty.

use super::agent::Proc;
use super::config::Config;
use super::expand;
use super::params::param;
use super::readlline::is_space;
use crate::host::{Cred, Host};
use crate::log::bounce::Bounce as Log;

/// What a notification is about; its name in the file and in warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Failure,
    Delay,
    Success,
    /// The report that sendmail -bv and -v asked for.
    Verify,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Failure => "failure",
            Kind::Delay => "delay",
            Kind::Success => "success",
            Kind::Verify => "verify",
        }
    }
}

/// A template with its header values; the body is not expanded yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// `[built-in]` or the file.
    origin: String,
    pub kind: Kind,
    pub charset: String,
    pub from: String,
    pub subject: String,
    pub postmaster_subject: String,
    pub body: String,
}

/// Parameters that a body may name in a unit of its own, with the units and their seconds.
const TIMES: [&str; 2] = ["delay_warning_time", "maximal_queue_lifetime"];
const UNITS: [(&str, i64); 5] =
    [("seconds", 1), ("minutes", 60), ("hours", 3_600), ("days", 86_400), ("weeks", 604_800)];

const HEAD: &str = "This is the mail system at host $myhostname.\n\n";
const HELP: &str = "For further assistance, please send mail to postmaster.\n\n\
                    If you do so, please include this problem report. You can\n\
                    delete your own text from the attached returned message.\n";
const TAIL: &str = "\n                   The mail system\n";

fn built_in(kind: Kind) -> Template {
    let (subject, copy, body) = match kind {
        Kind::Failure => (
            "Undelivered Mail Returned to Sender",
            "Postmaster Copy: Undelivered Mail",
            format!(
                "I'm sorry to have to inform you that your message could not\n\
                 be delivered to one or more recipients. It's attached below.\n\n{HELP}"
            ),
        ),
        Kind::Delay => (
            "Delayed Mail (still being retried)",
            "Postmaster Warning: Delayed Mail",
            format!(
                "####################################################################\n\
                 # THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #\n\
                 ####################################################################\n\n\
                 Your message could not be delivered for more than $delay_warning_time_hours hour(s).\n\
                 It will be retried until it is $maximal_queue_lifetime_days day(s) old.\n\n{HELP}"
            ),
        ),
        Kind::Success => (
            "Successful Mail Delivery Report",
            "",
            "Your message was successfully delivered to the destination(s)\n\
             listed below. If the message was delivered to mailbox you will\n\
             receive no further notifications. Otherwise you may still receive\n\
             notifications of mail delivery errors from other systems.\n"
                .to_owned(),
        ),
        Kind::Verify => {
            ("Mail Delivery Status Report", "", "Enclosed is the mail delivery report that you requested.\n".to_owned())
        }
    };
    Template {
        origin: "[built-in]".into(),
        kind,
        charset: "us-ascii".into(),
        from: "Mail Delivery System <MAILER-DAEMON>".into(),
        subject: subject.into(),
        postmaster_subject: copy.into(),
        body: format!("{HEAD}{body}{TAIL}"),
    }
}

/// The templates of a daemon, by `bounce_template_file`: read when it starts.
pub fn load(host: &Host, conf: &Config, say: &mut Vec<Log>) -> Result<Vec<Template>, Log> {
    let path = conf.get(param!("bounce_template_file"));
    if path.is_empty() {
        return all(None, say);
    }
    match host.fs.read(&Cred::root(), &path) {
        Ok(blob) => all(Some((&path, &blob.str())), say),
        Err(e) => Err(Log::NoFile { path, error: e.text().into() }),
    }
}

/// The template for a kind of notification, of a bounce(8) that has started.
pub fn of(host: &Host, conf: &Config, kind: Kind) -> Template {
    let list = load(host, conf, &mut Vec::new()).unwrap_or_default();
    list.into_iter().find(|t| t.kind == kind).unwrap_or_else(|| built_in(kind))
}

/// The four templates, those of a file before the built-in ones. `Err`: the file makes no sense.
pub fn all(file: Option<(&str, &str)>, say: &mut Vec<Log>) -> Result<Vec<Template>, Log> {
    const KINDS: [Kind; 4] = [Kind::Failure, Kind::Delay, Kind::Success, Kind::Verify];
    let mut own: Vec<(Kind, String)> = Vec::new();
    if let Some((path, text)) = file {
        let mut lines = text.lines().enumerate();
        while let Some((n, line)) = lines.next() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((key, value)) = line.split_once('=') else {
                return Err(Log::NoValue { path: path.to_owned(), line: n + 2, text: line.trim_end().to_owned() });
            };
            let (key, value) = (key.trim(), value.trim());
            let mut last = n + 1;
            let content = match value.strip_prefix("<<") {
                None => format!("{value}\n"),
                Some(marker) if marker.trim_start().is_empty() => {
                    return Err(Log::NoMarker { path: path.to_owned(), line: n + 2 });
                }
                Some(marker) => {
                    let content;
                    (content, last) = until(&mut lines, last, marker.trim_start(), path, say);
                    content
                }
            };
            match KINDS.into_iter().find(|k| key.strip_suffix("_template") == Some(k.name())) {
                Some(kind) => own.push((kind, content)),
                None => say.push(Log::UnknownTemplate { path: path.to_owned(), line: last + 1, name: key.to_owned() }),
            }
        }
    }
    let of = |kind: Kind, say: &mut Vec<Log>| match (own.iter().rev().find(|(k, _)| *k == kind), file) {
        (Some((_, text)), Some((path, _))) => parse(text, path, kind, say),
        _ => built_in(kind),
    };
    Ok(KINDS.into_iter().map(|k| of(k, say)).collect())
}

/// The lines before the marker, and the number of the last that was read; `last`: of the one that names the marker.
fn until<'t>(
    lines: &mut impl Iterator<Item = (usize, &'t str)>,
    mut last: usize,
    marker: &str,
    path: &str,
    say: &mut Vec<Log>,
) -> (String, usize) {
    let mut text = String::new();
    for (n, line) in lines {
        last = n + 1;
        if line == marker {
            return (text, last);
        }
        text += line;
        text.push('\n');
    }
    say.push(Log::NoEndMarker { path: path.to_owned(), line: last + 1, marker: marker.to_owned() });
    (text, last)
}

/// A template's header, an empty line, and its body.
fn parse(text: &str, path: &str, kind: Kind, say: &mut Vec<Log>) -> Template {
    let mut t = Template { origin: path.to_owned(), ..built_in(kind) };
    if text.is_empty() {
        say.push(Log::NoText { path: path.to_owned(), kind: kind.name() });
        return built_in(kind);
    }
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\n') {
        let Some((label, value)) = line.split_once(':').filter(|(l, _)| !l.is_empty() && !l.contains(is_space)) else {
            rest = if line.is_empty() { after } else { rest };
            break;
        };
        let value = value.trim();
        match label.to_ascii_lowercase().as_str() {
            "from" => value.clone_into(&mut t.from),
            "subject" => value.clone_into(&mut t.subject),
            "postmaster-subject" => value.clone_into(&mut t.postmaster_subject),
            "charset" => value.clone_into(&mut t.charset),
            _ => {}
        }
        rest = after;
    }
    if !rest.is_ascii() && t.charset.eq_ignore_ascii_case("us-ascii") {
        say.extend((0..3).map(|n| Log::NotAscii { path: path.to_owned(), kind: kind.name(), line: n }));
        return built_in(kind);
    }
    rest.clone_into(&mut t.body);
    t
}

impl Template {
    /// The template as a file may have it.
    pub fn dump(&self) -> String {
        let copy = &self.postmaster_subject;
        let copy = if copy.is_empty() { String::new() } else { format!("Postmaster-Subject: {copy}\n") };
        format!(
            "{}_template = <<EOF\nCharset: {}\nFrom: {}\nSubject: {}\n{copy}\n{}EOF\n",
            self.kind.name(),
            self.charset,
            self.from,
            self.subject,
            self.body
        )
    }

    /// The body with values in it, as bounce(8) shows it for a look. `Err`: a line with what has no value.
    pub fn expanded(&self, conf: &Config, say: &mut Vec<Log>) -> Result<String, Log> {
        let mut out = String::new();
        for line in self.body.lines() {
            let unknown = std::cell::Cell::new(false);
            let mut zero = Vec::new();
            let times = std::cell::RefCell::new(&mut zero);
            let lookup = |name: &str| {
                let Some((param, unit, seconds)) = time_name(name) else {
                    let value = conf.raw(name).map(|v| conf.expand(&v).text);
                    unknown.set(unknown.get() || value.is_none());
                    return value;
                };
                let value = conf.time(param) / seconds;
                if value == 0 && conf.time(param) > 0 {
                    times.borrow_mut().push((name.to_owned(), unit));
                }
                Some(value.to_string())
            };
            let env = expand::Expander { lookup: &lookup, recurse: false, filter: None, suffixes: &[] };
            let done = expand::expand(&env, line);
            for (name, unit) in zero {
                let (origin, kind) = (self.origin.clone(), self.kind.name());
                let at = |line| Log::ZeroTime { origin: origin.clone(), kind, name: name.clone(), unit, line };
                say.extend((0..3).map(at));
            }
            say.extend(done.faults.iter().map(|f| Log::Macro(f.to_string())));
            if done.failed() || unknown.get() {
                let (path, text) = (self.origin.clone(), line.to_owned());
                return Err(Log::BadName { path, kind: self.kind.name(), undefined: !done.failed(), text });
            }
            out += &done.text;
            out.push('\n');
        }
        Ok(out)
    }

    /// The body with the values of main.cf in it.
    pub fn body(&self, p: &Proc, say: &mut Vec<Log>) -> String {
        let zero = std::cell::RefCell::new(Vec::new());
        let lookup = |name: &str| {
            let Some((param, unit, seconds)) = time_name(name) else { return Some(p.conf.get(name)) };
            let value = p.conf.time(param) / seconds;
            if value == 0 {
                let (origin, kind, name) = (self.origin.clone(), self.kind.name(), name.to_owned());
                zero.borrow_mut().extend((0..3).map(|line| Log::ZeroTime {
                    origin: origin.clone(),
                    kind,
                    name: name.clone(),
                    unit,
                    line,
                }));
            }
            Some(value.to_string())
        };
        let text = super::agent::expand(&self.body, &lookup);
        say.append(&mut zero.borrow_mut());
        text
    }
}

/// `delay_warning_time_hours`: the parameter, the unit and its seconds.
fn time_name(name: &str) -> Option<(&'static str, &'static str, i64)> {
    let param = TIMES.into_iter().find(|t| name.starts_with(t))?;
    let unit = name[param.len()..].strip_prefix('_')?;
    UNITS.iter().find(|(u, _)| *u == unit).map(|(u, s)| (param, *u, *s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_two_templates() {
        let file = "# x\nfailure_template = <<EOF\nSubject: uno\n\nhola\nEOF\ndelay_template = <<FIN\nsolo texto\n";
        let mut say = Vec::new();
        let list = all(Some(("/t", file)), &mut say).unwrap();
        assert_eq!(say, [Log::NoEndMarker { path: "/t".into(), line: 9, marker: "FIN".into() }]);
        assert_eq!((list[0].subject.as_str(), list[0].body.as_str()), ("uno", "hola\n"));
        assert_eq!(list[1].body, "solo texto\n");
        assert!(all(Some(("/t", "sin igual\n")), &mut say).is_err());
    }
}
