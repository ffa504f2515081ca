//! openssl x509: shows a certificate, checks its end, signs a request.

use super::{certificate, keys, put, thread};
use crate::base::Span;
use crate::command::Ctx;
use crate::command::text::sums;
use crate::host::cert::{Cert, Key, Name, colons};
use crate::host::der::{oid, seq, tlv, to_pem};
use sha2::{Digest, Sha256};

fn hex_lines(bytes: &[u8], indent: usize, per: usize) -> String {
    let mut out = String::new();
    for (i, chunk) in bytes.chunks(per).enumerate() {
        let last = (i + 1) * per >= bytes.len();
        let text: Vec<String> = chunk.iter().map(|b| format!("{b:02x}")).collect();
        out.push_str(&format!("{}{}{}\n", " ".repeat(indent), text.join(":"), if last { "" } else { ":" }));
    }
    out
}

/// The old-style hash of a name, as links in /etc/ssl/certs have it.
fn name_hash(name: &Name) -> String {
    let ids = [
        ("CN", "2.5.4.3"),
        ("C", "2.5.4.6"),
        ("L", "2.5.4.7"),
        ("ST", "2.5.4.8"),
        ("O", "2.5.4.10"),
        ("OU", "2.5.4.11"),
        ("emailAddress", "1.2.840.113549.1.9.1"),
    ];
    let mut data = Vec::new();
    for (k, v) in &name.0 {
        let id = ids.iter().find(|(n, _)| n == k).map_or(k.as_str(), |(_, o)| o);
        let canonical = v.split_ascii_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        data.extend(tlv(0x31, &seq(&[oid(id), tlv(0x0c, canonical.as_bytes())])));
    }
    let digest = sums::sha1(&data);
    let byte = |i: usize| &digest[2 * i..2 * i + 2];
    format!("{}{}{}{}", byte(3), byte(2), byte(1), byte(0))
}

fn key_text(k: &Key) -> String {
    match k {
        Key::Rsa { modulus, exponent } => {
            let n = [&[0][..], modulus].concat();
            let e = exponent.iter().fold(0u64, |a, b| a << 8 | u64::from(*b));
            format!(
                "                Public-Key: ({} bit)\n                Modulus:\n{}                Exponent: {e} ({e:#x})\n",
                k.bits(),
                hex_lines(&n, 20, 15)
            )
        }
        Key::Ec { bits, point } => format!(
            "                Public-Key: ({bits} bit)\n                pub:\n{}                ASN1 OID: prime256v1\n                \
             NIST CURVE: P-256\n",
            hex_lines(point, 20, 15)
        ),
    }
}

/// The name and text of an extension.
fn extension(c: &Cert, id: &str) -> Option<(&'static str, String)> {
    Some(match id {
        "2.5.29.17" => ("X509v3 Subject Alternative Name", c.alternative_names().join(", ")),
        "2.5.29.14" => ("X509v3 Subject Key Identifier", colons(&c.subject_key()?)),
        "2.5.29.35" => ("X509v3 Authority Key Identifier", colons(&c.authority_key()?)),
        "2.5.29.19" => ("X509v3 Basic Constraints", if c.is_ca() { "CA:TRUE".into() } else { "CA:FALSE".into() }),
        _ => return None,
    })
}

fn extension_block(c: &Cert, id: &str, indent: usize) -> String {
    let Some((name, text)) = extension(c, id) else { return String::new() };
    let critical = c.extension(id).is_some_and(|e| e.1);
    let pad = " ".repeat(indent);
    format!("{pad}{name}: {}\n{pad}    {text}\n", if critical { "critical" } else { "" })
}

/// `-text`.
fn text(c: &Cert) -> String {
    let mut o = String::from("Certificate:\n    Data:\n        Version: 3 (0x2)\n        Serial Number:");
    if c.serial.len() > 8 {
        o.push('\n');
        o.push_str(&hex_lines(&c.serial, 12, 20));
    } else {
        let n = c.serial.iter().fold(0u64, |a, b| a << 8 | u64::from(*b));
        o.push_str(&format!(" {n} ({n:#x})\n"));
    }
    o.push_str(&format!(
        "        Signature Algorithm: sha256WithRSAEncryption\n        Issuer: {}\n        Validity\n            Not Before: \
         {}\n            Not After : {}\n        Subject: {}\n        Subject Public Key Info:\n            Public Key \
         Algorithm: {}\n{}",
        c.issuer.oneline(),
        Cert::date(c.not_before),
        Cert::date(c.not_after),
        c.subject.oneline(),
        c.key.algorithm(),
        key_text(&c.key)
    ));
    if !c.extensions.is_empty() {
        o.push_str("        X509v3 extensions:\n");
        for (id, _, _) in &c.extensions {
            o.push_str(&extension_block(c, id, 12));
        }
    }
    o.push_str(&format!(
        "    Signature Algorithm: sha256WithRSAEncryption\n    Signature Value:\n{}",
        hex_lines(&c.signature, 8, 18)
    ));
    o
}

/// openssl x509.
pub async fn x509(ctx: &mut Ctx, args: &[String]) -> i32 {
    let value = |name: &str| {
        args.iter()
            .position(|a| a.trim_start_matches('-') == name && a.starts_with('-'))
            .and_then(|i| args.get(i + 1))
            .cloned()
    };
    let has = |name: &str| args.iter().any(|a| a.starts_with('-') && a.trim_start_matches('-') == name);
    if has("req") {
        return keys::sign_request(ctx, args).await;
    }
    let Some(certs) = certificate(ctx, value("in").as_deref(), "certificate").await else { return 1 };
    let c = &certs[0];
    let rfc = value("nameopt").is_some_and(|n| n.eq_ignore_ascii_case("RFC2253"));
    let name = |n: &Name| if rfc { n.rfc2253() } else { n.oneline() };
    let mut status = 0;
    let mut late = String::new();
    let now = ctx.world().borrow().now();
    let mut it = args.iter();
    let mut out = String::new();
    while let Some(a) = it.next() {
        match a.trim_start_matches('-') {
            "in" | "out" | "nameopt" | "inform" | "outform" | "certopt" => {
                it.next();
            }
            "noout" | "sha1" | "sha256" => {}
            "text" => out.push_str(&text(c)),
            "subject" => out.push_str(&format!("subject={}\n", name(&c.subject))),
            "issuer" => out.push_str(&format!("issuer={}\n", name(&c.issuer))),
            "dates" => {
                out.push_str(&format!(
                    "notBefore={}\nnotAfter={}\n",
                    Cert::date(c.not_before),
                    Cert::date(c.not_after)
                ));
            }
            "startdate" => out.push_str(&format!("notBefore={}\n", Cert::date(c.not_before))),
            "enddate" => out.push_str(&format!("notAfter={}\n", Cert::date(c.not_after))),
            "serial" => out.push_str(&format!("serial={}\n", colons(&c.serial).replace(':', ""))),
            "hash" | "subject_hash" => out.push_str(&format!("{}\n", name_hash(&c.subject))),
            "issuer_hash" => out.push_str(&format!("{}\n", name_hash(&c.issuer))),
            "fingerprint" => {
                let (kind, hex) = if has("sha256") {
                    ("sha256", colons(&Sha256::digest(&c.der)))
                } else {
                    let hex = sums::sha1(&c.der).to_uppercase();
                    let pairs: Vec<&str> = (0..hex.len() / 2).map(|i| &hex[2 * i..2 * i + 2]).collect();
                    ("SHA1", pairs.join(":"))
                };
                out.push_str(&format!("{kind} Fingerprint={hex}\n"));
            }
            "modulus" => {
                if let Key::Rsa { modulus, .. } = &c.key {
                    out.push_str(&format!("Modulus={}\n", colons(modulus).replace(':', "")));
                }
            }
            "pubkey" => out.push_str(&to_pem("PUBLIC KEY", &c.key.to_der())),
            "ext" => {
                for e in it.next().map_or("", String::as_str).split(',') {
                    let id = match e {
                        "subjectAltName" => "2.5.29.17",
                        "basicConstraints" => "2.5.29.19",
                        "subjectKeyIdentifier" => "2.5.29.14",
                        "authorityKeyIdentifier" => "2.5.29.35",
                        _ => "",
                    };
                    out.push_str(&extension_block(c, id, 0));
                }
            }
            "checkend" => {
                let secs: i64 = it.next().and_then(|s| s.parse().ok()).unwrap_or(0);
                let ends = c.not_after < now + Span::secs(secs);
                late.push_str(if ends { "Certificate will expire\n" } else { "Certificate will not expire\n" });
                status = i32::from(ends);
            }
            "checkhost" => {
                let h = it.next().cloned().unwrap_or_default();
                let verb = if c.is_for(&h) { "does match" } else { "does NOT match" };
                late.push_str(&format!("Hostname {h} {verb} certificate\n"));
            }
            "checkip" => {
                let ip = it.next().cloned().unwrap_or_default();
                let fits = c.alternative_names().contains(&format!("IP Address:{ip}"));
                late.push_str(&format!("IP {ip} {} certificate\n", if fits { "does match" } else { "does NOT match" }));
            }
            _ => {
                ctx.err(format!("x509: Unknown option: {a}\nx509: Use -help for summary.\n"));
                return 1;
            }
        }
    }
    let _ = thread;
    out.push_str(&late);
    if !has("noout") {
        out.push_str(&c.to_pem());
    }
    if put(ctx, value("out").as_deref(), &out, 0o666) { status } else { 1 }
}
