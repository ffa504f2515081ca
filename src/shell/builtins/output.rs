//! `echo`.

use super::super::escape;
use super::super::state::{R, Shell};
use super::Call;

pub fn echo(sh: &mut Shell, c: Call<'_>) -> R {
    let mut args = c.args();
    let mut newline = true;
    let mut escapes = sh.is_shopt("xpg_echo");
    while let Some(a) = args.first() {
        let flags = a.strip_prefix('-').filter(|f| !f.is_empty() && f.chars().all(|c| "neE".contains(c)));
        let Some(flags) = flags else { break };
        for f in flags.chars() {
            match f {
                'n' => newline = false,
                'e' => escapes = true,
                _ => escapes = false,
            }
        }
        args = &args[1..];
    }
    let mut text = args.join(" ");
    if escapes {
        let (t, ended) = escape::echo(&text);
        text = t;
        newline &= !ended;
    }
    if newline {
        text.push('\n');
    }
    sh.say("echo", &text)
}
