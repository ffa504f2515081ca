//! date(1): formats and the dates that GNU's parser reads. The zone is UTC. Left out: other zones, `--debug`; setting the
//! clock answers as for one who may not.

mod format;
mod parse;

use super::super::Ctx;
use super::super::input::{Status, emit, slurp, status};
use super::super::opt::{getopt, hint, quote};
use crate::base::Time;
pub use format::format;
pub use parse::{parse, stamp};

/// date(1).
pub async fn date(ctx: &mut Ctx) -> i32 {
    status(run(ctx).await)
}

async fn run(ctx: &mut Ctx) -> Status {
    let p = getopt(
        ctx,
        "d|date= f|file= I|iso-8601=? R|rfc-email |rfc-822 |rfc-3339= r|reference= s|set= u|utc |universal |debug",
        1,
    )?;
    let now = ctx.io.world.borrow().now();
    let mut layout = "%a %b %e %H:%M:%S %Z %Y".to_owned();
    if let Some((_, v)) = p.opts.iter().rev().find(|(k, _)| k == "I") {
        layout = match v.as_deref().unwrap_or("date") {
            "date" => "%F",
            "hours" => "%FT%H%:z",
            "minutes" => "%FT%H:%M%:z",
            "seconds" => "%FT%T%:z",
            "ns" => "%FT%T,%N%:z",
            bad => {
                ctx.complain(format!("invalid argument {} for {}", quote(bad), quote("--iso-8601")));
                ctx.err(format!(
                    "Valid arguments are:\n  - ‘hours’\n  - ‘minutes’\n  - ‘date’\n  - ‘seconds’\n  - ‘ns’\n{}",
                    hint(ctx)
                ));
                return Err(1);
            }
        }
        .into();
    }
    if p.has("R") || p.has("rfc-822") {
        layout = "%a, %d %b %Y %T %z".into();
    }
    if let Some(v) = p.value("rfc-3339") {
        layout = match v {
            "date" => "%F",
            "ns" => "%F %T.%N%:z",
            _ => "%F %T%:z",
        }
        .into();
    }
    match &p.args[..] {
        [] => {}
        [f] if f.starts_with('+') => layout = f[1..].to_owned(),
        [x] => {
            if p.has("d") {
                ctx.complain(format!(
                    "the argument {} lacks a leading '+';\nwhen using an option to specify date(s), any non-option\nargument must be a format string beginning with '+'",
                    quote(x)
                ));
            } else if !x.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
                ctx.complain(format!("invalid date {}", quote(x)));
                return Err(1);
            } else {
                ctx.complain("cannot set date: Operation not permitted");
            }
            ctx.err(if p.has("d") { hint(ctx) } else { String::new() });
            return Err(1);
        }
        [_, x, ..] => return Err(super::super::opt::extra_operand(ctx, x)),
    }
    if let Some(f) = p.value("f") {
        let f = f.to_owned();
        let data = match slurp(ctx, &f).await {
            Ok(d) => d,
            Err(e) => {
                ctx.complain(format!("{f}: {e}"));
                return Err(1);
            }
        };
        let mut code = 0;
        for l in String::from_utf8_lossy(&data).lines() {
            match parse(l, now) {
                Some(t) => emit(ctx, format(t, &layout) + "\n").await?,
                None => {
                    ctx.complain(format!("invalid date {}", quote(l)));
                    code = 1;
                }
            }
        }
        return Ok(code);
    }
    let t = if let Some(r) = p.value("r") {
        let got = ctx.io.world.borrow().host.fs.stat(&ctx.io.cred, &ctx.path(r)).map(|(_, n)| n.mtime);
        match got {
            Ok(t) => t,
            Err(e) => {
                ctx.complain(format!("{}: {e}", super::super::opt::quotef(r)));
                return Err(1);
            }
        }
    } else if let Some(d) = p.value("d") {
        match if d.trim().is_empty() {
            Some(Time::from_secs(now.secs().div_euclid(86_400) * 86_400))
        } else {
            parse(d, now)
        } {
            Some(t) => t,
            None => {
                ctx.complain(format!("invalid date {}", quote(d)));
                return Err(1);
            }
        }
    } else if p.has("s") {
        ctx.complain("cannot set date: Operation not permitted");
        now
    } else {
        now
    };
    emit(ctx, format(t, &layout) + "\n").await?;
    Ok(i32::from(p.has("s")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates() {
        let now = Time::from_civil(2026, 11, 24, 2, 40, 0);
        for (text, expected) in [
            ("2026-02-06 11:30:15", Some("2026-02-06 11:30:15")),
            ("2026-02-06 + 3 days", Some("2026-02-09 00:00:00")),
            ("@0", Some("1970-01-01 00:00:00")),
            ("yesterday", Some("2026-11-23 02:40:00")),
            ("3 days ago", Some("2026-11-21 02:40:00")),
            ("-1 hour", Some("2026-11-24 01:40:00")),
            ("next month", Some("2026-12-24 02:40:00")),
            ("Feb 6 2026 10:00", Some("2026-02-06 10:00:00")),
            ("6 Feb 2026", Some("2026-02-06 00:00:00")),
            ("10:05", Some("2026-11-24 10:05:00")),
            ("10:05 pm", Some("2026-11-24 22:05:00")),
            ("next friday", Some("2026-11-27 00:00:00")),
            ("2026-02-06T11:30:15Z", Some("2026-02-06 11:30:15")),
            ("Fri, 6 Feb 2026 11:30:15 +0100", Some("2026-02-06 10:30:15")),
            ("20260206", Some("2026-02-06 00:00:00")),
            ("02/06/2026", Some("2026-02-06 00:00:00")),
            ("foo", None),
            ("2026-02-30", None),
        ] {
            assert_eq!(parse(text, now).map(|t| format(t, "%F %T")).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn formats() {
        let t = Time::from_civil(2026, 2, 6, 11, 30, 15);
        for (text, expected) in [
            ("%a %d %b %Y", "Fri 06 Feb 2026"),
            ("%b %e", "Feb  6"),
            ("%j %U %V %u", "037 05 06 5"),
            ("%-d/%-m %I %p %N", "6/2 11 AM 000000000"),
            ("%s %:z %%", "1770377415 +00:00 %"),
        ] {
            assert_eq!(format(t, text), expected, "{text}");
        }
    }
}
