//! The commands that are part of bash.

mod control;
mod declare;
mod dirs;
mod help;
mod jobs;
mod misc;
mod options;
mod output;
mod printf;
mod read;
mod test;
mod types;

use super::ast::Assign;
use super::state::{R, Shell};
use std::future::Future;
use std::pin::Pin;

/// What a builtin is called with: its words, and the array assignments among them (by name).
#[derive(Clone, Copy)]
pub struct Call<'a> {
    pub argv: &'a [String],
    pub arrays: &'a [&'a Assign],
}

impl<'a> Call<'a> {
    pub fn args(&self) -> &'a [String] {
        &self.argv[1..]
    }
    pub fn name(&self) -> &'a str {
        &self.argv[0]
    }
}

pub type Later<'a> = Pin<Box<dyn Future<Output = R> + 'a>>;

pub struct Builtin {
    pub name: &'static str,
    /// As `help` shows it.
    pub synopsis: &'static str,
    pub run: for<'a> fn(&'a mut Shell, Call<'a>) -> Later<'a>,
}

macro_rules! now {
    ($name:literal, $synopsis:literal, $f:path) => {
        Builtin {
            name: $name,
            synopsis: $synopsis,
            run: |sh, c| {
                let r = $f(sh, c);
                Box::pin(async move { r })
            },
        }
    };
}
macro_rules! later {
    ($name:literal, $synopsis:literal, $f:path) => {
        Builtin { name: $name, synopsis: $synopsis, run: |sh, c| Box::pin($f(sh, c)) }
    };
}

/// All builtins, by name.
pub const BUILTINS: &[Builtin] = &[
    later!(".", ". filename [arguments]", control::source),
    now!(":", ":", misc::yes),
    now!("[", "[ arg... ]", test::bracket),
    now!("alias", "alias [-p] [name[=value] ... ]", types::alias),
    later!("bg", "bg [job_spec ...]", jobs::bg),
    now!(
        "bind",
        "bind [-lpsvPSVX] [-m keymap] [-f filename] [-q name] [-u name] [-r keyseq] [-x keyseq:shell-command] [keyseq:readline-function or readline-command]",
        misc::yes
    ),
    now!("break", "break [n]", control::break_),
    later!("builtin", "builtin [shell-builtin [arg ...]]", control::builtin),
    now!("caller", "caller [expr]", misc::caller),
    now!("cd", "cd [-L|[-P [-e]] [-@]] [dir]", dirs::cd),
    later!("command", "command [-pVv] command [arg ...]", control::command),
    now!(
        "compgen",
        "compgen [-abcdefgjksuv] [-o option] [-A action] [-G globpat] [-W wordlist] [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [word]",
        misc::compgen
    ),
    now!(
        "complete",
        "complete [-abcdefgjksuv] [-pr] [-DEI] [-o option] [-A action] [-G globpat] [-W wordlist] [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [name ...]",
        misc::yes
    ),
    now!("compopt", "compopt [-o|+o option] [-DEI] [name ...]", misc::yes),
    now!("continue", "continue [n]", control::continue_),
    later!(
        "declare",
        "declare [-aAfFgiIlnrtux] [name[=value] ...] or declare -p [-aAfFilnrtux] [name ...]",
        declare::declare
    ),
    now!("dirs", "dirs [-clpv] [+N] [-N]", dirs::dirs),
    now!("disown", "disown [-h] [-ar] [jobspec ... | pid ...]", jobs::disown),
    now!("echo", "echo [-neE] [arg ...]", output::echo),
    now!("enable", "enable [-a] [-dnps] [-f filename] [name ...]", misc::enable),
    later!("eval", "eval [arg ...]", control::eval),
    later!("exec", "exec [-cl] [-a name] [command [argument ...]] [redirection ...]", control::exec),
    now!("exit", "exit [n]", control::exit),
    later!("export", "export [-fn] [name[=value] ...] or export -p", declare::export),
    now!("false", "false", misc::no),
    now!("fc", "fc [-e ename] [-lnr] [first] [last] or fc -s [pat=rep] [command]", misc::fc),
    later!("fg", "fg [job_spec]", jobs::fg),
    now!("getopts", "getopts optstring name [arg ...]", options::getopts),
    now!("hash", "hash [-lr] [-p pathname] [-dt] [name ...]", types::hash),
    now!("help", "help [-dms] [pattern ...]", help::help),
    now!(
        "history",
        "history [-c] [-d offset] [n] or history -anrw [filename] or history -ps arg [arg...]",
        misc::history
    ),
    now!("jobs", "jobs [-lnprs] [jobspec ...] or jobs -x command [args]", jobs::jobs),
    later!("kill", "kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]", jobs::kill),
    now!("let", "let arg [arg ...]", misc::let_),
    later!("local", "local [option] name[=value] ...", declare::local),
    now!("logout", "logout [n]", control::exit),
    later!(
        "mapfile",
        "mapfile [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]",
        read::mapfile
    ),
    now!("popd", "popd [-n] [+N | -N]", dirs::popd),
    now!("printf", "printf [-v var] format [arguments]", printf::printf),
    now!("pushd", "pushd [-n] [+N | -N | dir]", dirs::pushd),
    now!("pwd", "pwd [-LP]", dirs::pwd),
    later!(
        "read",
        "read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]",
        read::read
    ),
    later!(
        "readarray",
        "readarray [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]",
        read::mapfile
    ),
    later!("readonly", "readonly [-aAf] [name[=value] ...] or readonly -p", declare::readonly),
    now!("return", "return [n]", control::return_),
    now!("set", "set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]", options::set),
    now!("shift", "shift [n]", options::shift),
    now!("shopt", "shopt [-pqsu] [-o] [optname ...]", options::shopt),
    later!("source", "source filename [arguments]", control::source),
    now!("suspend", "suspend [-f]", misc::suspend),
    now!("test", "test [expr]", test::test),
    now!("times", "times", misc::times),
    now!("trap", "trap [-lp] [[arg] signal_spec ...]", control::trap),
    now!("true", "true", misc::yes),
    now!("type", "type [-afptP] name [name ...]", types::type_),
    later!(
        "typeset",
        "typeset [-aAfFgiIlnrtux] name[=value] ... or typeset -p [-aAfFilnrtux] [name ...]",
        declare::declare
    ),
    now!("ulimit", "ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]", misc::ulimit),
    now!("umask", "umask [-p] [-S] [mode]", misc::umask),
    now!("unalias", "unalias [-a] name [name ...]", types::unalias),
    now!("unset", "unset [-f] [-v] [-n] [name ...]", declare::unset),
    later!("wait", "wait [-fn] [-p var] [id ...]", jobs::wait),
];

pub fn find(name: &str) -> Option<&'static Builtin> {
    BUILTINS.binary_search_by_key(&name, |b| b.name).ok().map(|i| &BUILTINS[i])
}

impl Shell {
    /// `bash: NAME: text`.
    pub(super) fn complain_as(&self, name: &str, text: impl AsRef<str>) {
        self.complain(format!("{name}: {}", text.as_ref()));
    }
    /// An option that a builtin does not know: the message, its usage, status 2.
    pub(super) fn bad_option(&self, name: &str, option: &str) -> R {
        self.complain_as(name, format!("{option}: invalid option"));
        self.usage(name);
        Ok(2)
    }
    pub(super) fn usage(&self, name: &str) {
        if let Some(b) = find(name) {
            let _ = self.write(2, &format!("{name}: usage: {}\n", b.synopsis));
        }
    }
    /// A write of a builtin to standard output; a failed one says so.
    pub(super) fn say(&self, name: &str, text: &str) -> R {
        match self.write(1, text) {
            Ok(()) => Ok(0),
            Err(crate::host::Errno::Pipe) => Err(super::state::Flow::Exit(141)),
            Err(e) => {
                self.complain_as(name, format!("write error: {e}"));
                Ok(1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sorted() {
        assert!(super::BUILTINS.is_sorted_by_key(|b| b.name));
    }
}
