//! `[params]`: what varies by seed. The value of a parameter is keyed by seed and name, so adding one moves no other.
//!
//! A lab varies its surface only: names, addresses, times, noise. What is graded does not vary.

use super::diagnostic::{Diagnostic, nearest, one_of};
use super::read::{Reader, is_name};
use super::tree::{Entry, Node, Value};
use super::values::is_reserved;
use crate::base::Chance;
use ipnet::IpNet;
use serde_json::{Value as Json, json};
use std::net::IpAddr;

/// The kinds of a parameter: exactly one of these keys says how it varies.
pub const KINDS: [&str; 6] = ["pick", "int", "ip", "user", "host", "time"];

/// The people of the base host.
const USERS: [(&str, &str); 3] = [("maria", "María"), ("juan", "Juan"), ("ana", "Ana")];

/// Names of machines that nobody owns (RFC 2606, RFC 6761).
const HOSTS: [&str; 10] = [
    "correo.tienda.example",
    "mx.libreria.example",
    "mail.taller.example",
    "mx1.academia.example",
    "smtp.viajes.example",
    "mail.notaria.example",
    "mx.imprenta.example",
    "mail.clinica.example",
    "mx2.bodega.example",
    "correo.museo.example",
];

/// Reads `[params]` and gives each its value at `seed`.
pub fn read(node: &Node, seed: u64, r: &mut Reader) {
    let Value::Table(entries) = &node.value else {
        r.error(&node.span, format!("expected a table of parameters, found {}", node.type_name()));
        return;
    };
    let chance = Chance::new(seed);
    for e in entries {
        if !is_name(&e.key) || e.key.contains('.') {
            r.error(&e.key_span, format!("`{}` is no name for a parameter: small letters, digits and `_`", e.key));
        }
        one(e, chance, r);
    }
}

fn one(e: &Entry, chance: Chance, r: &mut Reader) {
    let name = e.key.as_str();
    let Value::Table(keys) = &e.node.value else {
        r.report(
            Diagnostic::error(e.node.span.clone(), format!("the parameter `{name}` does not say how it varies"))
                .label(format!("expected a table with one of {}", one_of(KINDS))),
        );
        set(r, name, String::new());
        return;
    };
    for k in keys {
        if !KINDS.contains(&k.key.as_str()) && k.key != "not" {
            r.unknown(&k.key_span, "kind of parameter", &k.key, &KINDS);
        }
    }
    let kinds: Vec<&Entry> = keys.iter().filter(|k| KINDS.contains(&k.key.as_str())).collect();
    let [kind] = kinds.as_slice() else {
        if kinds.len() > 1 || keys.is_empty() {
            r.error(&e.key_span, format!("the parameter `{name}` needs exactly one of {}", one_of(KINDS)));
        }
        // The references to it are right, whatever it was meant to be.
        set(r, name, String::new());
        return;
    };
    let taken = taken(&e.node, r);
    match kind.key.as_str() {
        "pick" => pick(name, &kind.node, &taken, chance, r),
        "int" => {
            if let Some((low, high)) = ends(&kind.node, r, |n| match n.value {
                Value::Int(i) => Some(i),
                _ => None,
            }) {
                set(r, name, chance.between("param", name, low, high).to_string());
            }
        }
        "time" => {
            if let Some((low, high)) = ends(&kind.node, r, |n| match &n.value {
                Value::Text(t) => clock(t),
                _ => None,
            }) {
                let t = chance.between("param", name, low, high);
                set(r, name, format!("{:02}:{:02}", t / 60, t % 60));
            } else if let Value::List(l) = &kind.node.value
                && let Some(Value::Text(t)) = l.first().map(|n| &n.value)
                && clock(t).is_some()
            {
                // What refers to it is right.
                set(r, name, t.clone());
            }
        }
        "ip" => ip(name, &kind.node, &taken, chance, r),
        "user" => {
            let free: Vec<_> = USERS.into_iter().filter(|(u, _)| !taken.contains(&(*u).to_owned())).collect();
            let (user, person) = free[chance.between("param", name, 0, free.len() as i64 - 1) as usize % free.len()];
            set(r, &format!("{name}.user"), user.into());
            set(r, &format!("{name}.name"), person.into());
            set(r, name, user.into());
        }
        _ => {
            let free: Vec<_> = HOSTS.into_iter().filter(|h| !taken.contains(&(*h).to_owned())).collect();
            let host = free[chance.between("param", name, 0, free.len() as i64 - 1) as usize % free.len()];
            set(r, name, host.into());
            set(r, &format!("{name}.domain"), host.split_once('.').map_or(host, |(_, d)| d).into());
        }
    }
    r.params.entry(name.into()).or_default();
}

fn set(r: &mut Reader, name: &str, value: String) {
    r.params.insert(name.into(), value);
}

/// The values of the parameters named in `not`: this one must differ from them.
fn taken(node: &Node, r: &mut Reader) -> Vec<String> {
    let Some(not) = node.get("not") else { return Vec::new() };
    let names: Vec<(&Node, &String)> = match &not.value {
        Value::Text(t) => vec![(not, t)],
        Value::List(l) => {
            l.iter().filter_map(|n| if let Value::Text(t) = &n.value { Some((n, t)) } else { None }).collect()
        }
        _ => Vec::new(),
    };
    if names.is_empty() {
        r.error(&not.span, "expected the name of a parameter that stands above");
    }
    let mut values = Vec::new();
    for (n, name) in names {
        if let Some(v) = r.params.get(name.as_str()) {
            values.push(v.clone());
        } else {
            let known: Vec<String> = r.params.keys().cloned().collect();
            let near = nearest(name, known.iter().map(String::as_str)).map(|n| format!("did you mean `{n}`?"));
            let mut d = Diagnostic::error(n.span.clone(), format!("no parameter `{name}` stands above"));
            d.help = near;
            r.report(d);
        }
    }
    values
}

fn pick(name: &str, list: &Node, taken: &[String], chance: Chance, r: &mut Reader) {
    let Value::List(all) = &list.value else {
        r.error(&list.span, format!("expected a list to pick from, found {}", list.type_name()));
        return;
    };
    // What a pick is called: itself, or the first field of its table.
    let main = |n: &Node| match &n.value {
        Value::Text(t) => Some(t.clone()),
        Value::Int(i) => Some(i.to_string()),
        Value::Table(t) => {
            t.first().and_then(|e| if let Value::Text(t) = &e.node.value { Some(t.clone()) } else { None })
        }
        _ => None,
    };
    for n in all {
        if main(n).is_none() {
            r.error(&n.span, format!("expected a text, a number or a table of texts, found {}", n.type_name()));
        }
    }
    let same_shape = |n: &Node| match (&n.value, all.first().map(|f| &f.value)) {
        (Value::Table(a), Some(Value::Table(b))) => a.iter().map(|e| &e.key).eq(b.iter().map(|e| &e.key)),
        (Value::Table(_), _) | (_, Some(Value::Table(_))) => false,
        _ => true,
    };
    if let Some(odd) = all.iter().find(|n| !same_shape(n)) {
        r.error(&odd.span, "the things to pick from must all have the same keys");
    }
    let free: Vec<&Node> = all.iter().filter(|n| main(n).is_some_and(|m| !taken.contains(&m))).collect();
    if free.is_empty() {
        r.error(&list.span, "nothing is left to pick from");
        return;
    }
    let chosen = free[chance.between("param", name, 0, free.len() as i64 - 1) as usize % free.len()];
    if let Value::Table(fields) = &chosen.value {
        for f in fields {
            if let Value::Text(t) = &f.node.value {
                let v = r.substitute(t, &f.node.span);
                set(r, &format!("{name}.{}", f.key), v);
            }
        }
    }
    let v = main(chosen).map(|m| r.substitute(&m, &chosen.span)).unwrap_or_default();
    set(r, name, v);
}

fn ends<T: PartialOrd>(node: &Node, r: &mut Reader, value: impl Fn(&Node) -> Option<T>) -> Option<(T, T)> {
    let two = match &node.value {
        Value::List(l) if l.len() == 2 => value(&l[0]).zip(value(&l[1])),
        _ => None,
    };
    let good = two.filter(|(a, b)| a <= b);
    if good.is_none() {
        r.report(
            Diagnostic::error(node.span.clone(), "expected a list of two, the lowest and the highest value")
                .label("such as `[2, 9]`, or `[\"09:40\", \"09:58\"]` for a time"),
        );
    }
    good
}

fn clock(t: &str) -> Option<i64> {
    let (h, m) = t.split_once(':')?;
    let (h, m): (i64, i64) = (h.parse().ok()?, m.parse().ok()?);
    ((0..24).contains(&h) && (0..60).contains(&m)).then_some(h * 60 + m)
}

fn ip(name: &str, node: &Node, taken: &[String], chance: Chance, r: &mut Reader) {
    let net = match &node.value {
        Value::Text(t) => t.parse::<IpNet>().ok(),
        _ => None,
    };
    let Some(net) = net else {
        r.report(Diagnostic::error(node.span.clone(), "expected a network such as `203.0.113.0/24`"));
        return;
    };
    if !is_reserved(net.addr()) {
        r.report(
            Diagnostic::error(node.span.clone(), format!("`{net}` could be somebody's"))
                .label("outside the reserved ranges")
                .help("use 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32 or a private network"),
        );
    }
    let hosts = match net {
        IpNet::V4(n) => (1i64 << (32 - u32::from(n.prefix_len())).min(16)) - 2,
        IpNet::V6(_) => 65_534,
    };
    for attempt in 0..20 {
        let n = chance.between("param", &format!("{name}/{attempt}"), 1, hosts.max(1)) as u32;
        let ip: IpAddr = match net {
            IpNet::V4(v) => IpAddr::V4((u32::from(v.network()).wrapping_add(n)).into()),
            IpNet::V6(v) => IpAddr::V6((u128::from(v.network()).wrapping_add(u128::from(n))).into()),
        };
        if !taken.contains(&ip.to_string()) {
            set(r, name, ip.to_string());
            return;
        }
    }
}

/// The JSON Schema of `[params]`.
pub fn schema() -> Json {
    let pair = |t: &str| json!({"type": "array", "items": {"type": t}, "minItems": 2, "maxItems": 2});
    json!({
        "type": "object",
        "description": "What varies by seed. `{name}` in any text below is replaced; a picked table gives `{name.field}`.",
        "additionalProperties": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "pick": {"type": "array", "description": "One of these; tables must have the same keys."},
                "int": pair("integer"),
                "ip": {"type": "string", "description": "An address of this network."},
                "user": {"const": "any", "description": "One of the people of the base host."},
                "host": {"const": "any", "description": "A machine's name that nobody owns."},
                "time": pair("string"),
                "not": {"description": "Parameters above that this one must differ from."}
            }
        }
    })
}
