//! Masks what differs from run to run in the output of commands: times, pids, queue ids in order of appearance, delays,
//! sessions, sizes that follow from ids, certificates. The space around a mask is of no account.

use crate::cli::dev::normalise::{collect_ids, replace_id};
use regex::Regex;
use std::sync::OnceLock;

/// Patterns and what stands for them, in order. A table of rows.
#[rustfmt::skip]
const MASKS: &[(&str, &str)] = &[
    // Numbers of the machine that ran it.
    (r"\b[0-9A-F]{12,16}(:error:)", "<THREAD>${1}"),
    (r"\b(uidvalidity=|UIDVALIDITY |firstsaved=|guid=|uid_validity=)[0-9a-f]+", "${1}<N>"),
    (r"(dovecot-uidvalidity\.)[0-9a-f]+", "${1}<N>"),
    (r"(YP_LAST_MODIFIED:\t)\d+", "${1}<N>"),
    // The load of links and sockets in a folder's list: columns as wide as the sizes beside them.
    (r"(?m)^([-dlspcb][rwxsStT-]{9}) +(\d+) +(\S+) +(\S+) +(\d+) ", "${1} ${2} ${3} ${4} ${5} "),
    (r"(?m)^(total )\d+$", "${1}<N>"),
    (r"(?m)^(d[rwxsStT-]{9}) +\d+ +(\S+ +\S+ +)\d+", "${1} <N> ${2}<SIZE>"),
    (r"(?m)^(-[rwxsStT-]{9} +\d+ +\S+ +\S+ +)\d+( .*(mail\.log|master\.pid|/new/|Maildir|<QID\d+>|\d{10}\.))", "${1}<SIZE>${2}"),
    (r"\b(deferred|defer|bounce|active|incoming)/[0-9A-F]/", "${1}/<HASH>/"),
    (r"(?m)^(message_size: ) *\d+ +(\d+)( .*) +\d+( +\d+)$", "${1}<SIZE> ${2}${3} <SIZE>${4}"),
    (r"(job identifier is )\d+", "${1}<N>"),
    (r#"x-pid="\d+""#, "x-pid=<PID>"),
    (r"(running with PID )\d+", "${1}<PID>"),
    (r"(?m)^(stats|log|config|anvil|auth|lmtp|imap|imap-login) +\d+ (\d+ +\d+) +\d+ +\d+ +\d+ *$", "${1} <PID> ${2} <N>"),
    (r"name +pid +available_count total_count idle_start +last_status_update +last_kill_sent", "name pid available_count total_count"),
    (r"\(0\.\d+( \+ 0\.\d+)* secs\)", "(<D>)"),
    (r"<\d{14}\.\d{6}@[\w.]+>", "<MSGID>"),
    // What is of a certificate.
    (r"(?s)-----BEGIN ([A-Z ]+)-----.*?-----END [A-Z ]+-----", "<PEM ${1}>"),
    (r"(?m)^([0-9A-F]{2}:){19,31}[0-9A-F]{2}$", "<FINGERPRINT>"),
    (r"Fingerprint=([0-9A-F]{2}:)+[0-9A-F]{2}", "Fingerprint=<FINGERPRINT>"),
    (r"\b(?:[0-9A-Fa-f]{2}:){9,}[0-9A-Fa-f]{2}\b:?", "<HEX>"),
    (r"(?m)(^    [0-9a-f]{4} - .*\n?)+", "    <TICKET>\n"),
    (r"(Session-ID|Session-ID-ctx|Resumption PSK|Master-Key): [0-9A-F]+", "${1}: <HEX>"),
    (r"(?i)(serial=|serial: )[0-9A-F]+", "${1}<HEX>"),
    (r"(Start Time: )\d+", "${1}<N>"),
    (r"(SSL handshake has read )\d+( bytes and written )\d+", "${1}<N>${2}<N>"),
    (r"CRYPT\}\$2y\$\S+|SHA\d+-?CRYPT\}\S+", "<HASH>"),
    // Dates.
    (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), +\d+ \w{3} \d{4} [\d:]+ [+-]\d{4}( \(\w+\))?", "<DATE>"),
    (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "<DATE>"),
    (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d( UTC)?( \d{4})?\b", "<DATE>"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?([.,]\d+)?([+-]\d\d:?\d\d|Z)?", "<DATE>"),
    (r"\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d( \d{4} GMT)?", "<DATE>"),
    (r"\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d( \d\d:\d\d|  \d{4})", "<DATE>"),
    (r"\b\d{14}\.(<QID\d+>)@", "<DATE>.${1}@"),
    (r"\b\d\d:\d\d:\d\d\b", "<TIME>"),
    (r"\bsince <DATE>; (.* ago|now)", "since <DATE>; <AGO>"),
    (r"(?m)^( *Duration: ).*$", "${1}<SPAN>"),
    (r"(?m)^ *CPU: .*$", "CPU: <SPAN>"),
    // Processes.
    (r"(?m)^(\S+ +)\d+ +[\d.]+ +[\d.]+ +\d+ +\d+( \S+ +\S+ +)(\d\d:\d\d|\w{3}\d\d) +\d+:\d\d ", "${1}<PID> <CPU> <MEM>${2}<TIME> "),
    (r"(?m)^(\S+ +)\d+ +\d+ +\d+ (\d\d:\d\d|\w{3}\d\d) (\S+ +)<TIME> ", "${1}<PID> <PPID> <CPU> <TIME> ${3}<TIME> "),
    (r"(?m)^ *\d{2,7} ((root|postfix|dovecot|dovenull) )", "<PID> ${1}"),
    (r"(?m)^\d+ (/usr/lib/postfix|/usr/sbin|dovecot/)", "<PID> ${1}"),
    (r"\[\d+\]", "[<PID>]"),
    (r"\(pid=\d+|\bpid[= ]\d+|PID: ?\d+|\bpid: \d+", "pid <PID>"),
    (r",fd=\d+", ",fd=<FD>"),
    (r"(Process|Main PID|Cntrl pid|Cntrl PID):? ?(pid )?(\d+|<PID>)", "${1}: <PID>"),
    (r"Main pid <PID>", "Main PID: <PID>"),
    (r"([├└]─ ?)\d+ ", "${1}<PID> "),
    (r"(process \S+ pid) \d+", "${1} <PID>"),
    (r"(log|anvil|config|imap|lmtp|pop3|auth|stats)\(\d+\)", "${1}(<PID>)"),
    (r"(lmtp|imap|pop3|lda|doveadm)\(([\w.@-]+)\)<\d+><[^>]*>", "${1}(${2})<<PID>><<SESSION>>"),
    (r"mpid=\d+", "mpid=<PID>"),
    (r"session=<[^>]*>", "session=<SESSION>"),
    // Postfix.
    (r"(?m)^(<QID\d+>[*! ]?) *\d+ <DATE>", "${1} <SIZE> <DATE>"),
    (r"size=\d+, nrcpt", "size=<SIZE>, nrcpt"),
    (r"delay=[\d.]+, delays=[\d./]+", "delay=<D>, delays=<D>"),
    (r"queued as [0-9A-F]{10}\)", "queued as <REMOTEQID>)"),
    (r"(-- )\d+( Kbytes in )", "${1}<N>${2}"),
    (r" [A-Za-z0-9+/]{22}(:R?\d+)? Saved", " <LMTPID> Saved"),
    (r"(Refer to server log for more information\. )\[[^\]]*\]", "${1}[<DATE>]"),
    (r"\b\d{10}\.[VMP][\w.]+", "<MAILDIRNAME>"),
    (r"(/tmp/)\d{10}\.\S+", "${1}<FILE>"),
    (r"(not enough free space in mail queue: )\d+", "${1}<N>"),
    (r#""(arrival_time|message_size)": \d+"#, "\"${1}\": <N>"),
    (r"boundary=\S+|--<QID\d+>\.\d+/\S+|<QID\d+>\.\d+/", "<BOUNDARY>"),
    // Space around masks.
    (r" +(<[A-Z]+>)", " ${1}"),
    (r"(<[A-Z]+>) +", "${1} "),
];

/// Masks the texts of one side of a capture.
pub struct Masker {
    ids: Vec<String>,
}

fn rules() -> &'static [(Regex, &'static str)] {
    static SET: OnceLock<Vec<(Regex, &str)>> = OnceLock::new();
    SET.get_or_init(|| MASKS.iter().filter_map(|(p, w)| Some((Regex::new(p).ok()?, *w))).collect())
}

impl Masker {
    /// Knows the queue ids of everything that side printed and logged.
    pub fn new(everything: &str) -> Masker {
        Masker { ids: collect_ids(everything) }
    }
    pub fn mask(&self, text: &str) -> String {
        let mut t = text.replace('\r', "");
        for (n, id) in self.ids.iter().enumerate() {
            t = replace_id(&t, id, &format!("<QID{}>", n + 1));
        }
        for (r, with) in rules() {
            t = r.replace_all(&t, *with).into_owned();
        }
        t
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles_and_masks() {
        assert_eq!(rules().len(), MASKS.len());
        let m = Masker::new("postfix/smtpd[12]: 9C893526C: client=x\n");
        for (text, masked) in [
            (
                "Nov 24 03:27:39 mail postfix/smtpd[39415]: 9C893526C: client=x",
                "<DATE> mail postfix/smtpd[<PID>]: <QID1>: client=x",
            ),
            (
                "   Main PID: 33759 (code=exited, status=0/SUCCESS)",
                "   Main PID: <PID> (code=exited, status=0/SUCCESS)",
            ),
            ("             ├─24357 /usr/sbin/dovecot -F", "             ├─<PID> /usr/sbin/dovecot -F"),
        ] {
            assert_eq!(m.mask(text), masked);
        }
    }
}
