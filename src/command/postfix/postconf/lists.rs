//! `postconf -a`, `-A`, `-l`, `-m`, `-T`, and the bounce templates of `-b` and `-t`.

use super::super::tool::Tool;
use crate::log::bounce::Bounce;
use crate::postfix::bounce_template;
use crate::postfix::config::Config;
use crate::postfix::params::param;
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

/// Prints the templates, with `$name` expanded or as they are: bounce(8) does it, and says what is wrong with the file.
pub(super) async fn templates(tool: &Tool<'_>, conf: &Config, file: Option<&str>, expand: bool) -> i32 {
    let child =
        Tool { name: "postfix/bounce".to_owned(), tag: Some("postfix/bounce".to_owned()), ..Tool::quiet(tool.ctx) };
    let path = file.map_or_else(|| conf.get(param!("bounce_template_file")), str::to_owned);
    let read = tool.ctx.world().borrow().host.fs.read(&tool.ctx.io.cred, &tool.ctx.path(&path)).map(|b| b.text());
    let text = match read {
        _ if path.is_empty() => None,
        Ok(t) => Some(t),
        Err(e) => return child.fatal(Bounce::NoFile { path, error: e.text().into() }).await,
    };
    let mut say = Vec::new();
    let mut parts = Vec::new();
    let mut end = None;
    match bounce_template::all(text.as_deref().map(|t| (path.as_str(), t)), &mut say) {
        Err(fault) => end = Some(fault),
        Ok(list) => {
            for t in list {
                if !expand {
                    parts.push(t.dump());
                    continue;
                }
                match t.expanded(conf, &mut say) {
                    Ok(text) => parts.push(format!("expanded_{}_text = <<EOF\n{text}EOF\n", t.kind.name())),
                    Err(fault) => {
                        end = Some(fault);
                        break;
                    }
                }
            }
        }
    }
    for event in say {
        child.say(event);
    }
    if let Some(fault) = end {
        return child.fatal(fault).await;
    }
    tool.ctx.out(parts.join("\n"));
    0
}
