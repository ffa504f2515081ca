//! showq(8): what the queue holds, for postqueue(1) and mailq.

use crate::base::Time;
use crate::base::time::{MONTHS, WEEKDAYS};
use crate::host::Host;
use crate::postfix::agent::quote_local;
use crate::postfix::mail_queue;
use crate::postfix::queue_file::Envelope;

/// A message in the queue.
pub struct Listed {
    pub queue: &'static str,
    pub id: String,
    pub arrival: Time,
    pub size: u64,
    pub forced: bool,
    pub sender: String,
    /// Address and why it is still there.
    pub recipients: Vec<(String, String)>,
}

/// Everything, in showq's order of queues.
pub fn list(host: &Host) -> Vec<Listed> {
    let mut out = Vec::new();
    for queue in ["active", "incoming", "deferred", "hold", "maildrop"] {
        for e in mail_queue::scan(host, queue) {
            if e.mode & 0o100 == 0 {
                continue;
            }
            let Some(env) = mail_queue::envelope(host, queue, &e.id) else { continue };
            out.push(one(host, queue, &e.id, e.mode, &env));
        }
    }
    out
}

fn one(host: &Host, queue: &'static str, id: &str, mode: u32, env: &Envelope) -> Listed {
    let log = mail_queue::read_log(host, "defer", id);
    let mut recipients: Vec<(String, String)> = Vec::new();
    for l in &log {
        // What local(8) expanded is listed as it was logged.
        recipients.push((l.recipient.clone(), l.reason.clone()));
    }
    for r in env.recipients.iter().filter(|r| !r.done) {
        if !log.iter().any(|l| l.recipient == r.address) {
            recipients.push((r.address.clone(), String::new()));
        }
    }
    let size = if env.size > 0 { env.size } else { mail_queue::read(host, queue, id).map_or(0, |b| b.len() as u64) };
    Listed {
        queue,
        id: id.to_owned(),
        arrival: env.arrival,
        size,
        forced: mode & 0o070 == 0o050,
        sender: env.sender.clone(),
        recipients,
    }
}

/// ctime(3) without its year.
fn when(t: Time) -> String {
    let c = t.civil();
    format!(
        "{} {} {:2} {:02}:{:02}:{:02} ",
        WEEKDAYS[c.weekday as usize],
        MONTHS[c.month as usize - 1],
        c.day,
        c.hour,
        c.minute,
        c.second
    )
}

/// `postqueue -p`.
pub fn table(list: &[Listed], long: bool) -> String {
    if list.is_empty() {
        return "Mail queue is empty\n".into();
    }
    let width = if long { 17 } else { 11 };
    let mut out = if long {
        "----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------\n".to_owned()
    } else {
        "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n".to_owned()
    };
    let mut bytes = 0;
    for m in list {
        let mark = match m.queue {
            "active" => "*",
            "hold" => "!",
            _ if m.forced => "#",
            _ => "",
        };
        let id = format!("{}{mark}", m.id);
        let sender = if m.sender.is_empty() { "MAILER-DAEMON".to_owned() } else { quote_local(&m.sender) };
        let t = when(m.arrival);
        if long {
            out += &format!("{id:<width$} {:>8} {} {sender}\n", m.size, t.trim_end());
        } else {
            out += &format!("{id:<width$} {:>7} {t} {sender}\n", m.size);
        }
        let mut last = "";
        for (address, reason) in &m.recipients {
            if reason != last {
                // An alias that waits for one of its members has no reason of its own.
                let words = if reason.is_empty() { "reason unavailable" } else { reason };
                let n = 76_usize.saturating_sub(words.chars().count());
                out += &format!("{}({words})\n", " ".repeat(n));
                last = reason;
            }
            out += &format!("{}{}\n", " ".repeat(if long { 47 } else { 41 }), quote_local(address));
        }
        out.push('\n');
        bytes += m.size;
    }
    let n = list.len();
    out + &format!("-- {} Kbytes in {n} Request{}.\n", bytes / 1024, if n == 1 { "" } else { "s" })
}

fn quoted(s: &str) -> String {
    serde_json::Value::String(s.to_owned()).to_string()
}

/// `postqueue -j`.
pub fn json(list: &[Listed]) -> String {
    let mut out = String::new();
    for m in list {
        let rcpts: Vec<String> = m
            .recipients
            .iter()
            .map(|(a, r)| {
                let reason = if r.is_empty() { String::new() } else { format!(", \"delay_reason\": {}", quoted(r)) };
                format!("{{\"address\": {}{reason}}}", quoted(a))
            })
            .collect();
        let sender = if m.sender.is_empty() { "MAILER-DAEMON" } else { &m.sender };
        out += &format!(
            "{{\"queue_name\": {}, \"queue_id\": {}, \"arrival_time\": {}, \"message_size\": {}, \"forced_expire\": {}, \
             \"sender\": {}, \"recipients\": [{}]}}\n",
            quoted(m.queue),
            quoted(&m.id),
            m.arrival.secs(),
            m.size,
            m.forced,
            quoted(sender),
            rcpts.join(", ")
        );
    }
    out
}
