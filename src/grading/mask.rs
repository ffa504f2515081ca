//! What two runs of one lab may differ in without meaning anything: times, pids, queue ids, sizes, mtimes, delays.
//!
//! [`line`] replaces them by marks, so that outputs of two worlds can be compared. Left alone: percentages, counts,
//! limits and everything else that tells one fault from another.

use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::LazyLock;

/// A pattern and what stands in its place.
type Rule = (Regex, &'static str);

fn rules(list: &[(&str, &'static str)]) -> Vec<Rule> {
    list.iter().filter_map(|(p, to)| Regex::new(p).ok().map(|r| (r, *to))).collect()
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    rules(&[
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:\+\d\d:?\d\d|Z| UTC)?", "<T>"),
        (
            r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d(?: [+-]\d{4})?(?: \(UTC\))?",
            "<T>",
        ),
        (
            r"\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d(?::\d\d)?(?: (?:UTC )?\d{4})?",
            "<T>",
        ),
        (r"\b\d\d?:\d\d:\d\d\b", "<T>"),
        // ls -l: links, owner and group stay, size and date go.
        (
            r"^([-dlspcb][-rwxsStT]{9}[.+@]?\s+\d+\s+\S+\s+\S+)\s+\d+\s+(?:<T>|[A-Z][a-z]{2}\s+\d+\s+\d{4})",
            "$1 <N> <T>",
        ),
        // df, du and -h sizes; the percentage stays.
        (r"(^|\s)\d+(?:\.\d+)?[KMGT](?:iB|B)?(\s|$)", "$1<N>$2"),
        (r"(^|\s)\d+(?:\.\d+)?[KMGT](?:iB|B)?(\s|$)", "$1<N>$2"),
        (r"\s\d+\s+\d+\s+\d+(\s+\d+%\s)", " <N>$1"),
        (r"^\d+(\t/|\t\.)", "<N>$1"),
        // Maildir file names.
        (r"\b\d{10}\.[A-Z][0-9A-Za-z]+[^\s/]*", "<F>"),
        (r"\b(size|S|W)=\d+", "$1=<N>"),
        (r"\b(delay|delays)=[\d./]+", "$1=<D>"),
        (r"\bsession=<[^>]*>", "session=<S>"),
        (r"<[^<>@\s]+@[^<>\s]*>(,? size|,? msgid)", "<M>$1"),
        (r"(?i)(message-id[=:] ?|msgid=|id )<[^>]*>", "$1<M>"),
        (r"\bpid[= ]\d+", "pid=<P>"),
        (r"\bmpid=\d+", "mpid=<P>"),
        (r"\[\d+\](:|$|\s)", "[<P>]$1"),
        (r"\((\d{2,})\)", "(<P>)"),
        // Queue ids: in upper-case hexadecimal, with a digit in them; the size after one in a queue listing.
        (r"\b(?:[0-9][0-9A-F]{7,11}|[A-F][0-9A-F]{7,11})\b([*!#]?\s+\d+\s)?", "<Q>"),
        (r"(?i)^(\s*(?:main pid|cpu|memory|tasks|active|loaded since)):.*?(?:since|:) .*", "$1: <T>"),
    ])
});

/// LMTP and session ids: long, with digits and capitals in them (a program's path has none).
static IDS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b[A-Za-z0-9+/]{18,}={0,2}").ok());

fn is_id(word: &str) -> bool {
    word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().any(|b| b.is_ascii_uppercase())
}

/// A line of `ps`: user, pid and figures.
static PS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(\S+)\s+\d+\s+[\d.]+\s+[\d.]+\s+\d+\s+\d+\s+(\S+)\s+(\S+)\s+\S+\s+\S+\s+(.*)$").ok()
});

/// One line with everything replaced that means nothing, and with single spaces.
pub fn line(s: &str) -> String {
    if let Some(c) = PS.as_ref().and_then(|r| r.captures(s)) {
        return format!("{} <PS> {}", &c[1], &c[4]);
    }
    let mut text = Cow::Borrowed(s);
    for (re, to) in RULES.iter() {
        if let Cow::Owned(new) = re.replace_all(&text, *to) {
            text = Cow::Owned(new);
        }
    }
    if let Some(re) = IDS.as_ref() {
        let ids = |c: &Captures<'_>| if is_id(&c[0]) { "<ID>".to_owned() } else { c[0].to_owned() };
        text = Cow::Owned(re.replace_all(&text, ids).into_owned());
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// All lines of an output, masked; empty ones dropped.
pub fn lines(output: &str) -> Vec<String> {
    output.lines().map(line).filter(|l| !l.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_nothing_is_masked_and_the_rest_stays() {
        let alike = [
            (
                "Feb  6 09:58:38 mail postfix/lmtp[3194]: 2FFA96FD12: to=<maria@ejemplo.com>, delay=0.2, delays=0.1/0/0/0.1, dsn=5.2.2",
                "Feb  6 10:03:01 mail postfix/lmtp[41]: 3A00B1CD0F: to=<maria@ejemplo.com>, delay=1, delays=1/0/0/0, dsn=5.2.2",
            ),
            ("from=<a@b.example>, size=512, nrcpt=1", "from=<a@b.example>, size=1734, nrcpt=1"),
            ("-rw-r--r-- 1 root root 1234 Feb  6 09:58 main.cf", "-rw-r--r-- 1 root root   99 Jan 12 11:01 main.cf"),
            (
                "root         714  0.0  0.2  43012  4716 ?        Ss   09:00   0:00 /usr/lib/postfix/sbin/master -w",
                "root        1714  0.0  0.1  43000  4700 ?        Ss   10:00   0:01 /usr/lib/postfix/sbin/master -w",
            ),
            (
                "LISTEN 0 100 0.0.0.0:25 users:((\"master\",pid=714,fd=13))",
                "LISTEN 0 100 0.0.0.0:25 users:((\"master\",pid=9,fd=13))",
            ),
            (
                "2FFA96FD12*     512 Fri Feb  6 09:58:38  marta@origen.com",
                "3FFA96FD00*    1512 Fri Feb  6 10:58:38  marta@origen.com",
            ),
        ];
        for (a, b) in alike {
            assert_eq!(line(a), line(b));
        }
        let unlike = [
            ("dsn=5.2.2, status=bounced", "dsn=4.2.2, status=deferred"),
            ("/dev/sda1 20G 20G 0 100% /", "/dev/sda1 20G 4G 16G 20% /"),
            ("mynetworks = 0.0.0.0/0", "mynetworks = 127.0.0.0/8"),
            ("user quota STORAGE 10240 10240 100", "user quota STORAGE 12 10240 0"),
        ];
        for (a, b) in unlike {
            assert_ne!(line(a), line(b));
        }
    }
}
