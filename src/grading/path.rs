//! The learner's path beside the expert's: the first step where they part.

use super::dossier::Dossier;
use super::evidence::programs_of;
use super::looked::Looked;

/// How the two paths compare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// The line of the session up to which both went alike.
    pub alike: Option<usize>,
    /// The expert's command that the learner has nothing for, and its reason.
    pub missed: Option<(String, String)>,
}

/// What a command is about: its programs, with the word that says which of a program's many things is meant.
fn about(line: &str) -> Vec<String> {
    programs_of(line)
        .into_iter()
        .filter(|p| {
            !matches!(*p, "grep" | "egrep" | "tail" | "head" | "less" | "more" | "cat" | "sort" | "uniq" | "wc")
        })
        .map(|p| match p {
            "doveadm" | "systemctl" | "postfix" | "openssl" => {
                let mut words = line.split_whitespace().skip_while(|w| !w.ends_with(p)).skip(1);
                format!("{p} {}", words.find(|w| !w.starts_with('-')).unwrap_or(""))
            }
            p => p.to_owned(),
        })
        .collect()
}

/// The files that a command names.
fn files(line: &str) -> Vec<&str> {
    line.split_whitespace().filter(|w| w.starts_with('/') && w.len() > 4).collect()
}

/// Whether a learner's command looks at what the expert's looks at.
fn alike(expert: &str, learner: &str) -> bool {
    let (a, b) = (about(expert), about(learner));
    if a.is_empty() {
        let (fa, fb) = (files(expert), files(learner));
        return !fa.is_empty() && fa.iter().any(|f| fb.contains(f));
    }
    a.iter().all(|p| b.contains(p))
}

/// Compares the two.
pub fn compare(d: &Dossier<'_>, looked: &Looked) -> Path {
    let lab = &d.worlds.lab;
    let mut path = Path::default();
    let mut lines: Vec<(usize, &str)> = d.steps.iter().map(|s| (s.line, s.command.as_str())).collect();
    lines.dedup();
    for s in &lab.debrief.step {
        let typed = lines.iter().find(|(_, c)| alike(&s.run, c)).map(|(l, _)| *l);
        // Seeing by another way what the expert saw is as good.
        let rivals: Vec<_> = looked
            .rivals
            .iter()
            .filter(|v| s.rules_out.iter().any(|id| id.text == lab.rival[v.rival].id.text))
            .collect();
        let otherwise = if rivals.is_empty() || rivals.iter().any(|v| v.by.is_empty()) {
            None
        } else {
            rivals.iter().filter_map(|v| v.by.first()).map(|(l, _)| *l).max()
        };
        let Some(l) = typed.or(otherwise) else {
            path.missed = Some((s.run.clone(), super::grade::say(&s.why, d)));
            break;
        };
        path.alike = path.alike.max(Some(l));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_as_the_same_look() {
        for (expert, learner, expected) in [
            ("grep 'to=<maria@' /var/log/mail.log", "tail -20 /var/log/mail.log", true),
            ("doveadm quota get -u maria", "doveadm quota get -A", true),
            ("doveadm quota get -u maria", "doveadm mailbox list -u maria", false),
            ("ss -tulpn | grep :25", "ss -ltn", true),
            ("postqueue -p", "mailq", false),
            ("cat /etc/aliases", "less /etc/aliases", true),
        ] {
            assert_eq!(alike(expert, learner), expected, "{expert} / {learner}");
        }
    }
}
