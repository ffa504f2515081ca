//! `help`: the synopsis of each builtin. The longer texts are the model's own pages (`lab man`), not bash's.

use super::super::pattern::Pattern;
use super::super::state::{R, Shell};
use super::{BUILTINS, Call};

pub fn help(sh: &mut Shell, c: Call<'_>) -> R {
    let args: Vec<&String> = c.args().iter().filter(|a| !a.starts_with('-')).collect();
    let short = c.args().iter().any(|a| a == "-s");
    if args.is_empty() {
        let mut text = String::from(
            "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\nThese shell commands are defined internally.  Type `help' to see this list.\n\
             Type `help name' to find out more about the function `name'.\n\n",
        );
        for b in BUILTINS {
            text.push_str(&format!(" {}\n", b.synopsis));
        }
        return sh.say("help", &text);
    }
    let mut status = 0;
    for a in args {
        let p = Pattern::new(a, false);
        let mut hits: Vec<_> = BUILTINS.iter().filter(|b| b.name == *a).collect();
        if hits.is_empty() {
            hits = BUILTINS.iter().filter(|b| p.matches(b.name) || b.name.starts_with(a.as_str())).collect();
        }
        if hits.is_empty() {
            sh.complain_as(
                "help",
                format!("no help topics match `{a}'.  Try `help help' or `man -k {a}' or `info {a}'."),
            );
            status = 1;
        }
        for b in hits {
            sh.say("help", &format!("{}: {}\n", b.name, b.synopsis))?;
            if !short {
                sh.say("help", "    Shell builtin; see `lab man bash'.\n")?;
            }
        }
    }
    Ok(status)
}
