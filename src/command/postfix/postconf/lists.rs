//! `postconf -a`, `-A`, `-l`, `-m`, `-T`, and the bounce templates of `-b` and `-t`.

use super::super::tool::Tool;
use crate::postfix::config::Config;
use crate::postfix::table::TYPES;

/// Prints a list of what was compiled in.
pub(super) async fn run(tool: &Tool<'_>, what: char, mode: Option<&str>) -> i32 {
    let lines: Vec<&str> = match what {
        'a' => vec!["cyrus", "dovecot"],
        'A' => vec!["cyrus"],
        'l' => vec!["flock", "fcntl", "dotlock"],
        'm' => TYPES.to_vec(),
        _ => match mode {
            Some("compile-version") => vec!["OpenSSL 3.0.11 19 Sep 2023"],
            Some("public-key-algorithms") => vec!["dsa", "ecdsa", "rsa"],
            Some("run-version") => vec!["OpenSSL 3.0.17 1 Jul 2025"],
            Some(m) => {
                tool.warn(&format!("unknown 'postconf -T' mode: {m}"));
                return 1;
            }
            None => Vec::new(),
        },
    };
    for l in lines {
        tool.ctx.out(format!("{l}\n"));
    }
    0
}

const HELP: &str = "For further assistance, please send mail to postmaster.

If you do so, please include this problem report. You can
delete your own text from the attached returned message.

                   The mail system
";

/// The four built-in templates: name, head, body.
fn built_in() -> [(&'static str, &'static str, String); 4] {
    let host = "This is the mail system at host $myhostname.\n\n";
    [
        (
            "failure",
            "Subject: Undelivered Mail Returned to Sender\nPostmaster-Subject: Postmaster Copy: Undelivered Mail\n",
            format!(
                "{host}I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients. It's attached below.\n\n{HELP}"
            ),
        ),
        (
            "delay",
            "Subject: Delayed Mail (still being retried)\nPostmaster-Subject: Postmaster Warning: Delayed Mail\n",
            format!(
                "{host}####################################################################\n# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #\n####################################################################\n\nYour message could not be delivered for more than $delay_warning_time_hours hour(s).\nIt will be retried until it is $maximal_queue_lifetime_days day(s) old.\n\n{HELP}"
            ),
        ),
        (
            "success",
            "Subject: Successful Mail Delivery Report\n",
            format!(
                "{host}Your message was successfully delivered to the destination(s)\nlisted below. If the message was delivered to mailbox you will\nreceive no further notifications. Otherwise you may still receive\nnotifications of mail delivery errors from other systems.\n\n                   The mail system\n"
            ),
        ),
        (
            "verify",
            "Subject: Mail Delivery Status Report\n",
            format!(
                "{host}Enclosed is the mail delivery report that you requested.\n\n                   The mail system\n"
            ),
        ),
    ]
}

/// Prints the templates, with `$name` expanded or as they are.
pub(super) fn templates(tool: &Tool<'_>, conf: &Config, expand: bool) -> i32 {
    let mut parts = Vec::new();
    for (name, head, body) in built_in() {
        if expand {
            let hours = conf.time("delay_warning_time") / 3600;
            let days = conf.time("maximal_queue_lifetime") / 86_400;
            let text = body
                .replace("$delay_warning_time_hours", &hours.to_string())
                .replace("$maximal_queue_lifetime_days", &days.to_string());
            parts.push(format!("expanded_{name}_text = <<EOF\n{}EOF\n", conf.expand(&text).text));
        } else {
            let from = "Charset: us-ascii\nFrom: Mail Delivery System <MAILER-DAEMON>\n";
            parts.push(format!("{name}_template = <<EOF\n{from}{head}\n{body}EOF\n"));
        }
    }
    tool.ctx.out(parts.join("\n"));
    0
}
