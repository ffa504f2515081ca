//! The start screen: the ticket, the host, the work, what costs and what does not.

use super::desk::Desk;
use crate::grading::text::{WIDTH, block, rule};
use crate::i18n::fill;

const WEEKDAYS: [(&str, &str); 7] = [
    ("domingo", "Sunday"),
    ("lunes", "Monday"),
    ("martes", "Tuesday"),
    ("miércoles", "Wednesday"),
    ("jueves", "Thursday"),
    ("viernes", "Friday"),
    ("sábado", "Saturday"),
];
const MONTHS: [(&str, &str); 12] = [
    ("enero", "January"),
    ("febrero", "February"),
    ("marzo", "March"),
    ("abril", "April"),
    ("mayo", "May"),
    ("junio", "June"),
    ("julio", "July"),
    ("agosto", "August"),
    ("septiembre", "September"),
    ("octubre", "October"),
    ("noviembre", "November"),
    ("diciembre", "December"),
];

/// `viernes 6 de febrero, 10:20`, `Friday 6 February, 10:20`.
fn date(d: &Desk) -> String {
    let c = d.worlds.lab.now.civil();
    let (wd, mo) = (WEEKDAYS[c.weekday as usize % 7], MONTHS[(c.month as usize + 11) % 12]);
    d.lang.pick(
        format!("{} {} de {}, {:02}:{:02}", wd.0, c.day, mo.0, c.hour, c.minute),
        format!("{} {} {}, {:02}:{:02}", wd.1, c.day, mo.1, c.hour, c.minute),
    )
}

/// Who complains, of what.
pub fn ticket(d: &Desk) -> String {
    let k = &d.worlds.lab.ticket;
    let mut out = block(" ", 1, &fill(d.t().notice_from, &[&k.from, &date(d)]));
    let (open, close) = d.lang.pick(('«', '»'), ('\u{201c}', '\u{201d}'));
    let words = format!("{open}{}{close}", d.pick(&k.es, &k.en));
    for paragraph in words.split("\n\n") {
        out.push_str(&block(" ", 2, paragraph));
    }
    out
}

/// `Label   text`, the text wrapped behind the label.
fn entry(label: &str, width: usize, text: &str) -> String {
    block(&format!(" {label}"), width, text)
}

/// The whole screen.
pub fn screen(d: &Desk) -> String {
    let t = d.t();
    let lab = &d.worlds.lab;
    let mut parts = vec![fill(t.start_head, &[&d.case()])];
    parts.push(fill(t.start_level, &[&lab.level]));
    parts.push(fill(t.start_minutes, &[&lab.minutes]));
    parts.push(if d.exam() { t.mode_exam } else { t.mode_learn }.to_owned());
    parts.push(fill(t.seed, &[&lab.seed]));
    let mut out = rule(&parts.join(" · "), '─', d.plain);
    out.push_str(&ticket(d));
    out.push('\n');
    out.push_str(&format!(" {}\n", t.you_are_root));
    out.push_str(&route(d));
    out.push('\n');
    let w = 15;
    let work = format!("{}   {}   {}", t.work_1, t.work_2, t.work_3);
    if work.chars().count() + w <= WIDTH {
        out.push_str(&format!(" {}{}{work}\n", t.work_label, " ".repeat(w - 1 - t.work_label.chars().count())));
    } else {
        out.push_str(&entry(t.work_label, w, &work));
    }
    out.push_str(&entry("", w, if d.exam() { t.work_order_exam } else { t.work_order }));
    out.push_str(&entry(t.pass_label, w, &format!("{} {}", t.pass_1, t.pass_2)));
    out.push_str(&entry(t.cost_label, w, if d.exam() { t.cost_exam } else { t.cost_1 }));
    out.push_str(&entry(t.free_label, w, if d.exam() { t.free_exam } else { t.free_1 }));
    out.push('\n');
    let begin = "tail -20 /var/log/mail.log   postqueue -p   doveadm user '*'";
    out.push_str(&format!(" {}{}{begin}\n", t.begin_label, " ".repeat(w + 1 - t.begin_label.chars().count())));
    out.push_str(&entry(t.help_label, w + 2, if d.exam() { t.help_exam } else { t.help_1 }));
    out.push_str(&entry(t.leave_label, w + 2, &fill(t.leave_1, &[&d.case()])));
    if !d.plain {
        out.push_str(&"─".repeat(WIDTH));
        out.push('\n');
    }
    out
}

/// The way of the mail on this host, as its configuration has it.
fn route(d: &Desk) -> String {
    let t = d.t();
    let world = d.worlds.start();
    let conf = world.host.fs.read_text("/etc/postfix/main.cf").unwrap_or_default();
    let by_lmtp = conf.lines().any(|l| l.starts_with("mailbox_transport") && l.contains("lmtp"));
    let last = if by_lmtp {
        format!("Dovecot (LMTP) ──▶ {} ──▶ IMAP", t.map_mailbox)
    } else {
        format!("local ──▶ {} ──▶ Dovecot (IMAP)", t.map_mailbox)
    };
    let line = format!("   {} ──25──▶ Postfix ──▶ {} ──▶ {last}", t.map_internet, t.map_queue);
    if d.plain {
        format!("{}\n", line.replace("──25──▶", "-25->").replace("──▶", "->"))
    } else {
        format!("{line}\n")
    }
}
