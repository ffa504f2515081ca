//! How a random case is put together. Left out: what the real host answers differently from run to run (time limits,
//! several sessions at once, remote servers that do not answer).

use super::pools;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

fn one(from: &'static [&'static str]) -> BoxedStrategy<String> {
    select(from).prop_map(str::to_owned).boxed()
}

/// A restriction list.
fn restrictions() -> BoxedStrategy<String> {
    let word = prop_oneof![
        6 => one(pools::RESTRICTIONS),
        3 => (one(pools::CHECKS), table()).prop_map(|(check, table)| format!("{check} {table}")),
        1 => Just("warn_if_reject".to_owned()),
    ];
    let separator = one(&[", ", " ", ","]);
    (prop::collection::vec(word, 1..4), separator).prop_map(|(w, s)| w.join(&s)).boxed()
}

/// Restrictions for recipients, such that nobody relays.
fn safe_restrictions() -> BoxedStrategy<String> {
    let head = one(&[
        "permit_mynetworks, reject_unauth_destination",
        "reject_unauth_destination",
        "permit_mynetworks,defer_unauth_destination",
    ]);
    (head, restrictions(), any::<bool>())
        .prop_map(|(h, r, last)| if last { format!("{h}, {r}") } else { format!("{r}, {h}") })
        .boxed()
}

/// A table that a restriction asks.
fn table() -> BoxedStrategy<String> {
    let action = one(pools::ACTIONS);
    prop_oneof![
        4 => select(vec!["hash:/etc/postfix/acc", "texthash:/etc/postfix/acc", "regexp:/etc/postfix/re", "pcre:/etc/postfix/re", "cidr:/etc/postfix/nets", "hash:/etc/postfix/nohay"]).prop_map(str::to_owned),
        1 => action.clone().prop_map(|a| format!("static:{{{a}}}")),
        2 => (one(pools::KEYS), action).prop_map(|(k, a)| format!("inline:{{ {{ {k} = {a} }} }}")),
    ]
    .boxed()
}

/// The text of a table of fixed keys.
fn entries(keys: &'static [&'static str], values: &'static [&'static str]) -> BoxedStrategy<String> {
    let line = (one(keys), one(values)).prop_map(|(k, v)| format!("{k} {v}\n"));
    prop::collection::vec(line, 1..5).prop_map(|l| l.concat()).boxed()
}

fn setting() -> BoxedStrategy<(String, String)> {
    let plain = select(pools::SETTINGS).prop_flat_map(|(name, values)| (Just((*name).to_owned()), one(values)));
    let early = (one(pools::EARLY_LISTS), restrictions());
    let late = (one(pools::LATE_LISTS), restrictions());
    let recipient = (one(pools::RECIPIENT_LISTS), safe_restrictions());
    prop_oneof![6 => plain, 2 => early, 1 => late, 2 => recipient].boxed()
}

/// Words of a dialogue that are complete in themselves.
fn aside() -> BoxedStrategy<Value> {
    one(pools::ASIDES).prop_map(Value::from).boxed()
}

fn mail() -> BoxedStrategy<Value> {
    (one(pools::SENDERS), one(pools::MAIL_OPTIONS)).prop_map(|(s, o)| Value::from(format!("MAIL FROM:{s}{o}"))).boxed()
}

fn rcpt() -> BoxedStrategy<Value> {
    (one(pools::RECIPIENTS), one(pools::RCPT_OPTIONS)).prop_map(|(r, o)| Value::from(format!("RCPT TO:{r}{o}"))).boxed()
}

fn message() -> BoxedStrategy<Value> {
    let head = subsequence(pools::HEADERS.to_vec(), 0..pools::HEADERS.len());
    let body = subsequence(pools::BODY.to_vec(), 0..pools::BODY.len());
    (head, body)
        .prop_map(|(h, b)| {
            let mut lines: Vec<&str> =
                vec!["From: usuario@origen.com", "Message-ID: <1@origen.com>", "Date: Fri, 06 Feb 2026 11:30:15 +0100"];
            lines.extend(h);
            lines.push("");
            lines.extend(b);
            json!({ "data": lines })
        })
        .boxed()
}

/// The end of a transaction.
fn content() -> BoxedStrategy<Vec<Value>> {
    prop_oneof![
        6 => message().prop_map(|m| vec![json!("DATA"), m]),
        1 => Just(vec![json!({ "raw": "BDAT 12 LAST\r\nSubject: x\r\n" })]),
        1 => Just(vec![json!({ "raw": "BDAT 12\r\nSubject: x\r\n" }), json!("BDAT 0 LAST")]),
        1 => Just(vec![json!("RSET")]),
        2 => Just(Vec::new()),
    ]
    .boxed()
}

fn transaction() -> BoxedStrategy<Vec<Value>> {
    let usual = (mail(), prop::collection::vec(rcpt(), 1..4), content()).prop_map(|(m, r, c)| {
        let mut out = vec![m];
        out.extend(r);
        out.extend(c);
        out
    });
    let rough = prop::collection::vec(prop_oneof![aside(), mail(), rcpt(), Just(json!("DATA")).boxed()], 1..4);
    let piped = (mail(), rcpt()).prop_map(|(m, r)| vec![json!({ "pipeline": [m, r, "RSET"] })]);
    prop_oneof![7 => usual, 2 => rough.prop_map(no_open_data), 1 => piped].boxed()
}

/// DATA is followed by what ends it, whatever the answer was.
fn no_open_data(items: Vec<Value>) -> Vec<Value> {
    let mut out = Vec::new();
    for i in items {
        let open = i == json!("DATA");
        out.push(i);
        if open {
            out.push(json!("."));
        }
    }
    out
}

fn dialogue() -> BoxedStrategy<Vec<Value>> {
    let hello =
        (one(&["EHLO", "EHLO", "EHLO", "HELO"]), one(pools::HELLOS)).prop_map(|(v, n)| json!(format!("{v} {n}")));
    let aside = prop::option::weighted(0.2, aside());
    let end = prop::option::weighted(0.9, Just(json!("QUIT")));
    (prop::option::weighted(0.95, hello), aside, prop::collection::vec(transaction(), 1..3), end)
        .prop_map(|(h, a, t, q)| h.into_iter().chain(a).chain(t.into_iter().flatten()).chain(q).collect())
        .boxed()
}

/// A whole case.
pub fn case() -> BoxedStrategy<Value> {
    let files = (
        entries(pools::KEYS, pools::ACTIONS),
        entries(pools::PATTERNS, pools::ACTIONS),
        entries(pools::NETS, pools::ACTIONS),
        entries(pools::ADDRESSES, pools::TARGETS),
        entries(pools::ROUTED, pools::ROUTES),
        entries(pools::HEADER_PATTERNS, pools::HEADER_ACTIONS),
    );
    (prop::collection::vec(setting(), 1..6), files, one(pools::CLIENTS), dialogue())
        .prop_map(|(settings, files, client, dialogue)| {
            let main: Map<String, Value> = settings.into_iter().map(|(k, v)| (k, Value::from(v))).collect();
            let (acc, re, nets, map, transport, checks) = files;
            json!({
                "main_cf": main,
                "files": {
                    "/etc/postfix/acc": acc, "/etc/postfix/re": re, "/etc/postfix/nets": nets,
                    "/etc/postfix/map": map, "/etc/postfix/transport": transport, "/etc/postfix/checks": checks,
                },
                "postmap": ["hash:/etc/postfix/acc", "hash:/etc/postfix/map", "hash:/etc/postfix/transport"],
                "client_ip": client,
                "timeout": 8,
                "dialog": dialogue,
            })
        })
        .boxed()
}
