//! showq(8): what the queue holds, for postqueue(1) and mailq.

use crate::base::Time;
use crate::base::time::WEEKDAYS;
use crate::host::Host;
use crate::postfix::agent::quote_local;
use crate::postfix::mail_queue::{self, Entry};
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

/// Every file, in showq's order of queues.
pub fn files(host: &Host) -> Vec<(&'static str, Entry)> {
    let queues = ["active", "incoming", "deferred", "hold", "maildrop"];
    queues.into_iter().flat_map(|q| mail_queue::scan(host, q).into_iter().map(move |e| (q, e))).collect()
}

/// The message in a file, when it is complete.
pub fn message(host: &Host, queue: &'static str, e: &Entry) -> Option<Listed> {
    if e.mode & 0o100 == 0 {
        return None;
    }
    let env = mail_queue::envelope(host, queue, &e.id)?;
    Some(one(host, queue, &e.id, e.mode, &env))
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
    format!("{} {} ", WEEKDAYS[t.civil().weekday as usize], t.syslog())
}

/// `postqueue -p`, message by message.
pub struct Table {
    long: bool,
    messages: u64,
    bytes: u64,
}

impl Table {
    /// `long`: with `enable_long_queue_ids`.
    pub fn new(long: bool) -> Table {
        Table { long, messages: 0, bytes: 0 }
    }
    pub fn add(&mut self, out: &mut String, m: &Listed) {
        if self.messages == 0 {
            *out += if self.long {
                "----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------\n"
            } else {
                "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n"
            };
        }
        self.messages += 1;
        self.bytes += m.size;
        let mark = match m.queue {
            "active" => "*",
            "hold" => "!",
            _ if m.forced => "#",
            _ => "",
        };
        let id = format!("{}{mark}", m.id);
        let sender = if m.sender.is_empty() { "MAILER-DAEMON".to_owned() } else { quote_local(&m.sender) };
        let t = when(m.arrival);
        *out += &if self.long {
            format!("{id:<17} {:>8} {} {sender}\n", m.size, t.trim_end())
        } else {
            format!("{id:<11} {:>7} {t} {sender}\n", m.size)
        };
        let mut last = "";
        for (address, reason) in &m.recipients {
            if reason != last {
                // An alias that waits for one of its members has no reason of its own.
                let words = if reason.is_empty() { "reason unavailable" } else { reason };
                let n = 76_usize.saturating_sub(words.chars().count());
                *out += &format!("{}({words})\n", " ".repeat(n));
                last = reason;
            }
            *out += &format!("{}{}\n", " ".repeat(if self.long { 47 } else { 41 }), quote_local(address));
        }
        out.push('\n');
    }
    pub fn end(&self, out: &mut String) {
        *out += &match self.messages {
            0 => "Mail queue is empty\n".into(),
            n => format!("-- {} Kbytes in {n} Request{}.\n", self.bytes / 1024, if n == 1 { "" } else { "s" }),
        };
    }
}

fn quoted(s: &str) -> String {
    serde_json::Value::String(s.to_owned()).to_string()
}

/// A line of `postqueue -j`.
pub fn json(m: &Listed) -> String {
    let rcpts: Vec<String> = m
        .recipients
        .iter()
        .map(|(a, r)| {
            let reason = if r.is_empty() { String::new() } else { format!(", \"delay_reason\": {}", quoted(r)) };
            format!("{{\"address\": {}{reason}}}", quoted(a))
        })
        .collect();
    let sender = if m.sender.is_empty() { "MAILER-DAEMON" } else { &m.sender };
    format!(
        "{{\"queue_name\": {}, \"queue_id\": {}, \"arrival_time\": {}, \"message_size\": {}, \"forced_expire\": {}, \
         \"sender\": {}, \"recipients\": [{}]}}\n",
        quoted(m.queue),
        quoted(&m.id),
        m.arrival.secs(),
        m.size,
        m.forced,
        quoted(sender),
        rcpts.join(", ")
    )
}
