//! Completion: commands, options and words of a program, files, queue ids, parameters, units, users.

use super::state::Shell;

/// What [`Shell::complete`] found: where the word begins, and what could stand there.
pub type Candidates = (usize, Vec<String>);

/// What an argument of a program names, beside files.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    QueueId,
    Parameter,
    Unit,
    User,
}

/// Programs whose arguments are completed by what they name. A table of rows.
const NAMED: &[(&str, Kind)] = &[
    ("doveadm", Kind::User),
    ("id", Kind::User),
    ("journalctl", Kind::Unit),
    ("passwd", Kind::User),
    ("postcat", Kind::QueueId),
    ("postconf", Kind::Parameter),
    ("postsuper", Kind::QueueId),
    ("service", Kind::Unit),
    ("su", Kind::User),
    ("systemctl", Kind::Unit),
    ("usermod", Kind::User),
];

impl Shell {
    /// Completes the word that ends at byte `pos` of the line.
    pub fn complete(&self, line: &str, pos: usize) -> Candidates {
        let mut pos = pos.min(line.len());
        while !line.is_char_boundary(pos) {
            pos -= 1;
        }
        let head = &line[..pos];
        let start = head
            .char_indices()
            .rev()
            .find(|(i, c)| {
                " \t;|&()<>=`\"'".contains(*c)
                    && !(*c == ' ' && head[..*i].ends_with('\\'))
                    && !(*c == '=' && head[..*i].contains("--"))
            })
            .map_or(0, |(i, c)| i + c.len_utf8());
        let word = &head[start..];
        let before = head[..start].trim_end();
        let segment = before.rsplit(['|', ';', '&', '(']).next().unwrap_or("").trim();
        let redirected = before.ends_with(['<', '>']);
        let mut out: Vec<String> = Vec::new();
        if let Some(name) = word.strip_prefix('$') {
            out.extend(self.vars.iter().map(|(n, _)| n).filter(|n| n.starts_with(name)).map(|n| format!("${n}")));
        } else if segment.is_empty() && !redirected && !word.contains('/') {
            out.extend(self.command_names().into_iter().filter(|n| n.starts_with(word)));
            if self.trainer.is_some() && "lab".starts_with(word) {
                out.push("lab".into());
            }
        } else {
            let mut words = segment.split_whitespace();
            let mut command = words.next().unwrap_or("");
            if command == "sudo" {
                command = words.next().unwrap_or("sudo");
            }
            let command = command.rsplit('/').next().unwrap_or("");
            if !redirected {
                if let Some(p) = crate::command::program(command) {
                    let hits =
                        p.words.iter().filter(|w| w.starts_with(word) && (!word.is_empty() || !w.starts_with('-')));
                    out.extend(hits.map(|w| (*w).to_owned()));
                }
                if let Some((_, kind)) = NAMED.iter().find(|(n, _)| *n == command) {
                    out.extend(self.named(*kind).into_iter().filter(|n| n.starts_with(word)));
                }
            }
            out.extend(self.files(word));
        }
        out.sort();
        out.dedup();
        out.truncate(500);
        (start, out)
    }
    fn named(&self, kind: Kind) -> Vec<String> {
        let w = self.world.borrow();
        match kind {
            Kind::User => w.host.users().iter().map(|u| u.name.clone()).collect(),
            Kind::QueueId => ["active", "deferred", "hold", "incoming"]
                .iter()
                .flat_map(|q| w.host.fs.tree(&format!("/var/spool/postfix/{q}")))
                .filter(|(_, ino)| w.host.fs.node(*ino).is_some_and(crate::host::fs::Node::is_file))
                .filter_map(|(p, _)| p.rsplit('/').next().map(str::to_owned))
                .collect(),
            Kind::Parameter => {
                let text = w.host.fs.read_text("/etc/postfix/main.cf").unwrap_or_default();
                text.lines()
                    .filter(|l| l.starts_with(|c: char| c.is_ascii_alphabetic()))
                    .filter_map(|l| l.split_once('=').map(|(n, _)| n.trim().to_owned()))
                    .chain(crate::postfix::params::all().map(|p| p.name.to_owned()))
                    .collect()
            }
            Kind::Unit => {
                let mut all: Vec<String> = Vec::new();
                for dir in ["/lib/systemd/system", "/usr/lib/systemd/system", "/etc/systemd/system"] {
                    if let Ok(entries) = w.host.fs.readdir(&self.cred, dir) {
                        all.extend(entries.into_iter().map(|(n, _)| n.trim_end_matches(".service").to_owned()));
                    }
                }
                all.extend(["postfix", "dovecot", "rsyslog", "ssh", "cron"].map(str::to_owned));
                all
            }
        }
    }
    fn files(&self, word: &str) -> Vec<String> {
        let (dir, base) = word.rfind('/').map_or(("", word), |i| (&word[..=i], &word[i + 1..]));
        let real = match dir.strip_prefix("~/") {
            Some(rest) => format!("{}/{rest}", self.home().trim_end_matches('/')),
            None if dir.is_empty() => self.cwd.clone(),
            None => self.path(dir),
        };
        let w = self.world.borrow();
        let Ok(entries) = w.host.fs.readdir(&self.cred, &real) else { return Vec::new() };
        entries
            .into_iter()
            .filter(|(n, _)| n.starts_with(base) && (!n.starts_with('.') || base.starts_with('.')))
            .map(|(n, _)| {
                let is_dir = w.host.fs.is_dir(&format!("{}/{n}", real.trim_end_matches('/')));
                let n = if n.contains(' ') { n.replace(' ', "\\ ") } else { n.to_string() };
                format!("{dir}{n}{}", if is_dir { "/" } else { "" })
            })
            .collect()
    }
}
