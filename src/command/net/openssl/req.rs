//! openssl req: new requests and self-signed certificates.
//!
//! Left out: the questions it asks without `-subj`; the subject is empty then.

use super::{keys, no_file, put};
use crate::command::Ctx;
use crate::host::cert::{Cert, Draft, Key, Name, issue, private_key};
use crate::host::der::{items, pem, read, to_pem};

/// `DNS:a,DNS:b` after `subjectAltName=` in a text.
pub(super) fn san_of(text: &str) -> Vec<String> {
    let line = text
        .lines()
        .find_map(|l| l.trim().strip_prefix("subjectAltName").map(|r| r.trim_start_matches([' ', '=']).to_owned()));
    line.map(|l| l.split(',').map(|n| n.trim().to_owned()).filter(|n| !n.is_empty()).collect()).unwrap_or_default()
}

/// Subject and key of a request: the model keeps a certificate's body in it.
pub(super) fn read_request(text: &str) -> Option<(Name, Key)> {
    let (_, der) = pem(text).into_iter().find(|(l, _)| l == "CERTIFICATE REQUEST")?;
    let (outer, _) = read(&der)?;
    let inner = items(outer.body).first()?.all.to_vec();
    let c = Cert::from_der(&inner)?;
    Some((c.subject, c.key))
}

/// openssl req.
pub async fn req(ctx: &mut Ctx, args: &[String]) -> i32 {
    let value = |name: &str| args.iter().position(|a| a == &format!("-{name}")).and_then(|i| args.get(i + 1)).cloned();
    let has = |name: &str| args.iter().any(|a| a == &format!("-{name}"));
    if let Some(path) = value("in") {
        let text = match ctx.read_file(&path) {
            Ok(b) => b.text(),
            Err(e) => {
                no_file(ctx, "certificate request", &path, e);
                return 1;
            }
        };
        let Some((subject, _)) = read_request(&text) else {
            ctx.err(format!("Could not read certificate request from {path}\nUnable to load X509 request\n"));
            return 1;
        };
        if has("subject") {
            ctx.out(format!("subject={}\n", subject.oneline()));
        }
        if !has("noout") {
            ctx.out(text);
        }
        return 0;
    }
    let subject = match value("subj") {
        Some(s) => {
            if let Some(n) = Name::parse(&s) {
                n
            } else {
                ctx.err(format!(
                "req: subject name is expected to be in the format /type0=value0/type1=value1/type2=... where characters \
                 may be escaped by \\. This name is not in that format: '{}'\n",
                s.trim_start_matches('/')
            ));
                return 1;
            }
        }
        None => Name::default(),
    };
    let key = if let Some(k) = value("key") {
        match ctx.read_file(&k) {
            Ok(b) => {
                if let Some(key) = private_key(&b.text()) {
                    key
                } else {
                    ctx.err(format!("Could not read private key from {k}\n"));
                    return 1;
                }
            }
            Err(e) => {
                no_file(ctx, "private key", &k, e);
                return 1;
            }
        }
    } else {
        let bits = value("newkey").and_then(|n| n.strip_prefix("rsa:").and_then(|b| b.parse().ok())).unwrap_or(2048);
        let (key, text) = keys::fresh(ctx, bits);
        keys::dots(ctx);
        let out = value("keyout").unwrap_or_else(|| "privkey.pem".into());
        if !put(ctx, Some(&out), &text, 0o600) {
            return 1;
        }
        ctx.err("-----\n");
        key
    };
    let names = args
        .iter()
        .enumerate()
        .filter(|(_, a)| *a == "-addext")
        .filter_map(|(i, _)| args.get(i + 1))
        .flat_map(|e| san_of(e))
        .collect();
    let self_signed = has("x509");
    let days = value("days").and_then(|d| d.parse().ok()).unwrap_or(30);
    let cert = {
        let world = ctx.world();
        let w = world.borrow();
        let draft = Draft { subject, key, from: w.host.now, days, names, ca: self_signed.then_some(true) };
        issue(w.host.chance, &draft, None)
    };
    let text = if self_signed {
        cert.to_pem()
    } else {
        to_pem("CERTIFICATE REQUEST", &crate::host::der::seq(std::slice::from_ref(&cert.der)))
    };
    i32::from(!put(ctx, value("out").as_deref(), &text, 0o666))
}
