//! Habits that the source text teaches and that the real programs do not bear out: named in the report, with the fact,
//! and never fined. Each is known by what a command did, not by its being typed.

use super::dossier::Dossier;
use super::evidence::programs_of;
use super::harm::{Deed, Harm};
use super::tape::Step;
use crate::base::Text;
use crate::codes::Outcome;
use crate::lab::schema::Kind;
use crate::sim::World;

/// A habit that showed, and on which line.
pub struct Shown {
    pub habit: &'static Habit,
    pub line: usize,
}

/// One of them: the belief behind it, the fact, and the erratum.
pub struct Habit {
    pub misconception: &'static str,
    pub fact: Text,
    pub erratum: Option<u32>,
}

const GREP: Habit = Habit {
    misconception: "grep-error-finds-all",
    fact: Text::new(
        "Postfix casi nunca escribe «error»: sus palabras son fatal:, warning:, reject: y status=.",
        "Postfix hardly ever writes “error”: its words are fatal:, warning:, reject: and status=.",
    ),
    erratum: Some(26),
};
const STATUS: Habit = Habit {
    misconception: "status-postfix-active-means-running",
    fact: Text::new(
        "postfix.service ejecuta /bin/true y queda «active (exited)»; los procesos son de postfix@-, y aquí no había.",
        "postfix.service runs /bin/true and stays “active (exited)”; the processes are postfix@-'s, and there were none.",
    ),
    erratum: Some(28),
};
const EXPUNGE: Habit = Habit {
    misconception: "expunge-all-is-deleted-mail",
    fact: Text::new(
        "«mailbox INBOX all» son todos los mensajes; solo los ya marcados como borrados sería «mailbox INBOX deleted».",
        "“mailbox INBOX all” is every message; only those already marked as deleted would be “mailbox INBOX deleted”.",
    ),
    erratum: Some(41),
};
const COMMENT: Habit = Habit {
    misconception: "comment-at-end-of-line",
    fact: Text::new(
        "En main.cf no hay comentarios al final de una línea: el # y lo que sigue forman parte del valor.",
        "main.cf knows no comment at the end of a line: the # and what follows are part of the value.",
    ),
    erratum: Some(2),
};
const FLUSH: Habit = Habit {
    misconception: "postqueue-f-repairs",
    fact: Text::new(
        "postqueue -f solo adelanta el reintento de lo que espera en la cola; lo devuelto ya no está en ella.",
        "postqueue -f only brings forward the next try of what waits in the queue; what was returned is no longer in it.",
    ),
    erratum: None,
};

/// All habits.
pub const ALL: [&Habit; 5] = [&GREP, &STATUS, &EXPUNGE, &COMMENT, &FLUSH];

/// All habits that a session showed, in the order of its lines.
pub fn find(d: &Dossier<'_>, harm: &[Harm]) -> Vec<Shown> {
    let mut out: Vec<Shown> = Vec::new();
    let commented = comments(&d.worlds.start());
    for s in d.steps.iter().filter(|s| !s.fork) {
        let habits = [
            (&GREP, grep(d, s)),
            (&STATUS, status(d, s)),
            (&EXPUNGE, expunge(s, harm)),
            (&FLUSH, flush(d, s)),
            (&COMMENT, comments(&s.world) > commented),
        ];
        for (habit, shown) in habits {
            if shown && !out.iter().any(|o| o.habit.misconception == habit.misconception) {
                out.push(Shown { habit, line: s.line });
            }
        }
    }
    out
}

/// `grep -i error` that showed nothing of the case where something is wrong.
fn grep(d: &Dossier<'_>, s: &Step) -> bool {
    let greps = programs_of(&s.command).iter().any(|p| matches!(*p, "grep" | "egrep" | "zgrep"));
    let bare = |w: &str| w.trim_matches(['\'', '"']).eq_ignore_ascii_case("error");
    greps
        && s.command.split_whitespace().any(bare)
        && d.worlds.lab.kind == Kind::Fault
        && !d.seen.iter().any(|x| x.line == s.line)
}

/// systemd was asked for postfix.service while Postfix did not run, and nothing better was looked at.
fn status(d: &Dossier<'_>, s: &Step) -> bool {
    let asks = |c: &str| {
        let words: Vec<&str> = c.split_whitespace().collect();
        programs_of(c).iter().any(|p| matches!(*p, "systemctl" | "service"))
            && words.iter().any(|w| matches!(*w, "status" | "is-active"))
            && words.iter().any(|w| matches!(*w, "postfix" | "postfix.service"))
    };
    let better = |c: &str| {
        c.contains("postfix@")
            || programs_of(c).iter().any(|p| {
                matches!(*p, "ss" | "netstat" | "lsof" | "ps" | "pgrep" | "telnet" | "nc" | "swaks" | "openssl")
            })
            || c.contains("postfix status")
            || c.contains("fatal")
    };
    asks(&s.command)
        && s.output.contains("active")
        && !s.world.host.procs.iter().any(|p| p.role == "postfix/master")
        && !d.steps.iter().any(|x| better(&x.command))
}

/// Mail was lost by an expunge of everything.
fn expunge(s: &Step, harm: &[Harm]) -> bool {
    let words: Vec<&str> = s.command.split_whitespace().collect();
    let lost = |h: &Harm| matches!(h.deed, Deed::MailboxLost { .. }) && h.line == Some(s.line);
    words.contains(&"expunge") && words.iter().any(|w| w.eq_ignore_ascii_case("all")) && harm.iter().any(lost)
}

/// The queue was flushed although the message had been returned.
fn flush(d: &Dossier<'_>, s: &Step) -> bool {
    let words: Vec<&str> = s.command.split_whitespace().collect();
    let flushes = matches!(words[..], ["postqueue", "-f", ..] | ["postfix", "flush", ..] | ["sendmail", "-q", ..]);
    flushes && d.worlds.lab.diagnosis.action == Some(Outcome::Returned)
}

/// How many assignments of main.cf have a comment behind the value.
fn comments(world: &World) -> usize {
    let text = world.host.fs.read_text("/etc/postfix/main.cf").unwrap_or_default();
    text.lines().filter(|l| !l.starts_with('#') && l.contains('=') && l.contains(" #")).count()
}
