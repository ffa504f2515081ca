//! qshape(1): how old the mail in the queues is, by domain.

use crate::command::Ctx;
use crate::postfix::mail_queue;
use std::collections::BTreeMap;

const USAGE: &str = "\
Usage: /usr/sbin/qshape [ -s ] [ -p ] [ -m <min_subdomains> ] [ -l ]
\t[ -b <bucket_count> ] [ -t <bucket_time> ] [ -w <terminal_width> ]
\t[ -N <batch_msg_count> ] [ -n <batch_top_domains> ]
\t[ -c <config_directory> ] [ <queue_name> ... ]
The 's' option shows sender domain counts.
The 'p' option shows address counts by for parent domains.
Parent domains are shown with a leading '.' before the domain name.
Parent domains are only shown if the domain is not a TLD, and at
least <min_subdomains> (default 5) subdomains are shown in the output.

The bucket age ranges in units of <bucket_time> minutes are
[0,1), [1,2), [2,4), [4,8), [8, 16), ... i.e.:
\tthe first bucket is [0, bucket_time) minutes
\tthe second bucket is [bucket_time, 2*bucket_time) minutes
\tthe third bucket is [2*bucket_time, 4*bucket_time) minutes...
'-l' makes the ages linear, the number of buckets shown is <bucket_count>

The default summary is for the incoming and active queues. An explicit
list of queue names can be given on the command line. Non-absolute queue
names are interpreted relative to the Postfix queue directory. Use
<config_directory> to specify a non-default Postfix instance.  Values of
the main.cf queue_directory parameter that use variable expansions are
not supported. If necessary, use explicit absolute paths for all queues.
";

/// What perl says of a number that is none.
fn odd_number(ctx: &Ctx, value: Option<&str>) {
    let place = "in numeric gt (>) at /usr/sbin/qshape line 182.\n";
    match value {
        None => ctx.err(format!("Use of uninitialized value $opts{{\"b\"}} {place}")),
        Some(v) if v.parse::<i64>().is_err() => ctx.err(format!("Argument \"{v}\" isn't numeric {place}")),
        Some(_) => {}
    }
}

/// `-p`: the sums of the domains below a domain that is no TLD, if there are enough of them.
fn of_parents(rows: &BTreeMap<String, Vec<u64>>, least: usize) -> BTreeMap<String, Vec<u64>> {
    let mut out: BTreeMap<String, (usize, Vec<u64>)> = BTreeMap::new();
    for (domain, counts) in rows {
        let mut rest = domain.as_str();
        while let Some((_, parent)) = rest.split_once('.').filter(|(_, p)| p.contains('.')) {
            let sum = out.entry(format!(".{parent}")).or_insert_with(|| (0, vec![0; counts.len()]));
            sum.0 += 1;
            sum.1.iter_mut().zip(counts).for_each(|(s, c)| *s += c);
            rest = parent;
        }
    }
    out.into_iter().filter(|(_, (n, _))| *n >= least).map(|(d, (_, c))| (d, c)).collect()
}

pub async fn run(ctx: &mut Ctx) -> i32 {
    let (mut senders, mut linear, mut buckets, mut unit, mut width) = (false, false, 10_usize, 5_i64, 80_usize);
    let mut queues: Vec<String> = Vec::new();
    let mut it = ctx.args[1..].iter();
    let (mut parents, mut least) = (false, 5);
    while let Some(a) = it.next() {
        if a == "--" {
            queues.extend(it.by_ref().cloned());
            break;
        }
        let Some(o) = a.strip_prefix('-').filter(|o| !o.is_empty()) else {
            queues.push(a.clone());
            continue;
        };
        let mut letters = o.chars();
        while let Some(c) = letters.next() {
            match c {
                's' => senders = true,
                'l' => linear = true,
                'p' => parents = true,
                'b' | 't' | 'w' | 'm' | 'N' | 'n' | 'c' => {
                    let rest: String = letters.by_ref().collect();
                    let v = if rest.is_empty() { it.next().cloned() } else { Some(rest) };
                    let number = |least: usize| v.as_ref().and_then(|v| v.parse().ok()).filter(|n| *n > least);
                    match c {
                        'b' => {
                            odd_number(ctx, v.as_deref());
                            buckets = number(0).unwrap_or(buckets).min(50);
                        }
                        't' => unit = number(0).map_or(unit, |n| n as i64),
                        'w' => width = number(80).unwrap_or(width).min(1000),
                        'm' => least = number(0).unwrap_or(least),
                        'c' => {
                            let path = format!("{}/main.cf", v.unwrap_or_default());
                            let there = ctx.world().borrow().host.fs.stat(&ctx.io.cred, &ctx.path(&path)).err();
                            if let Some(e) = there {
                                ctx.err(format!("postconf: fatal: open {path}: {}\n", e.text()));
                                ctx.err("/usr/sbin/qshape: postconf failed\n");
                                return 1;
                            }
                        }
                        _ => {}
                    }
                }
                _ => {
                    if c != 'h' {
                        ctx.err(format!("/usr/sbin/qshape: Unknown option: {c}\n"));
                    }
                    ctx.err(USAGE);
                    return 255;
                }
            }
        }
    }
    if queues.is_empty() {
        queues = vec!["incoming".into(), "active".into()];
    }
    let bounds: Vec<i64> = (0..buckets)
        .map(|i| if linear { unit * (i as i64 + 1) } else { unit << i.min(40) })
        .take(buckets.saturating_sub(1))
        .collect();
    let slots = bounds.len() + 1;
    let mut rows: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut total = vec![0_u64; slots];
    for q in &queues {
        let path = if q.starts_with('/') { q.clone() } else { format!("{}/{q}", mail_queue::SPOOL) };
        if !ctx.world().borrow().host.fs.is_dir(&path) {
            ctx.err(format!("Can't stat {q}: No such file or directory\n at /usr/sbin/qshape line 375.\n"));
            continue;
        }
        let name = path.strip_prefix(mail_queue::SPOOL).unwrap_or("").trim_start_matches('/').to_owned();
        let world = ctx.world();
        let w = world.borrow();
        for e in mail_queue::scan(&w.host, &name) {
            let Some(env) = mail_queue::envelope(&w.host, &name, &e.id) else { continue };
            let age = (w.now().secs() - env.arrival.secs()) / 60;
            let slot = bounds.iter().position(|b| age < *b).unwrap_or(slots - 1);
            let addresses: Vec<String> = if senders {
                vec![if env.sender.is_empty() { "MAILER-DAEMON".into() } else { env.sender.clone() }]
            } else {
                env.recipients.iter().filter(|r| !r.done).map(|r| r.address.clone()).collect()
            };
            for a in addresses {
                let d = a.rsplit_once('@').map_or(a.as_str(), |(_, d)| d).to_lowercase();
                rows.entry(d).or_insert_with(|| vec![0; slots])[slot] += 1;
                total[slot] += 1;
            }
        }
    }
    if parents {
        rows.extend(of_parents(&rows, least));
    }
    let mut labels: Vec<String> = vec!["T".into()];
    labels.extend(bounds.iter().map(ToString::to_string));
    labels.push(format!("{}+", bounds.last().copied().unwrap_or(0)));
    let line = |name: &str, counts: &[u64], widths: &[usize], lead: usize| {
        let mut t = format!("{:>lead$}", name.chars().take(lead).collect::<String>());
        let all = std::iter::once(counts.iter().sum::<u64>()).chain(counts.iter().copied());
        for (n, w) in all.zip(widths) {
            t += &format!("{n:>w$}");
        }
        t + "\n"
    };
    let sums: Vec<u64> = std::iter::once(total.iter().sum()).chain(total.iter().copied()).collect();
    let widths: Vec<usize> =
        labels.iter().zip(&sums).map(|(l, n)| l.len().max(n.to_string().len()).max(2) + 1).collect();
    let lead = width.saturating_sub(widths.iter().sum()).max(8);
    let mut out = " ".repeat(lead);
    for (l, w) in labels.iter().zip(&widths) {
        out += &format!("{l:>w$}");
    }
    out.push('\n');
    out += &line("TOTAL", &total, &widths, lead);
    let mut sorted: Vec<_> = rows.into_iter().collect();
    sorted.sort_by_key(|(d, c)| (std::cmp::Reverse(c.iter().sum::<u64>()), d.clone()));
    for (d, c) in sorted {
        out += &line(&d, &c, &widths, lead);
    }
    ctx.out(out);
    0
}
