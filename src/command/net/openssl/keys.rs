//! openssl's keys and small tools: rsa, pkey, genrsa, rand, digests; and the signing of requests.

use super::{certificate, no_file, put};
use crate::command::Ctx;
use crate::command::text::sums;
use crate::host::cert::{Draft, Key, Name, colons, issue, new_key, private_key};
use crate::host::der::{pem, to_pem};

fn value(args: &[String], name: &str) -> Option<String> {
    args.iter().position(|a| a == &format!("-{name}")).and_then(|i| args.get(i + 1)).cloned()
}

fn has(args: &[String], name: &str) -> bool {
    args.iter().any(|a| a == &format!("-{name}"))
}

/// A new key by keyed chance, with the dots that OpenSSL shows while it looks for primes.
pub(super) fn fresh(ctx: &Ctx, bits: u32) -> (Key, String) {
    let world = ctx.world();
    let w = world.borrow();
    let entity = format!("{}/{}", w.host.now.0, ctx.pid);
    new_key(w.host.chance, &entity, bits)
}

/// The wait of a key generation, as it looks on standard error.
pub(super) fn dots(ctx: &Ctx) {
    let world = ctx.world();
    let w = world.borrow();
    let mut line = String::new();
    for i in 0..2 {
        let n = w.host.chance.between("keygen-dots", &format!("{}/{i}", w.host.now.0), 8, 60) as usize;
        line.push_str(&".+".repeat(n / 2));
        line.push_str(&"+".repeat(65));
        line.push_str("*\n");
    }
    drop(w);
    ctx.err(line);
}

/// openssl genrsa, genpkey, ecparam -genkey.
pub fn generate(ctx: &mut Ctx, command: &str, args: &[String]) -> i32 {
    let bits = args.iter().find_map(|a| a.parse().ok());
    let bits =
        bits.or_else(|| args.iter().find_map(|a| a.strip_prefix("rsa_keygen_bits:")).and_then(|b| b.parse().ok()));
    let (_, text) = fresh(ctx, bits.unwrap_or(2048));
    if command == "genpkey" {
        dots(ctx);
    }
    i32::from(!put(ctx, value(args, "out").as_deref(), &text, 0o600))
}

/// openssl rsa, pkey, ec: checks and shows a private key.
pub async fn key(ctx: &mut Ctx, command: &str, args: &[String]) -> i32 {
    let path = value(args, "in");
    let text = match &path {
        Some(p) => match ctx.read_file(p) {
            Ok(b) => b.text(),
            Err(e) => {
                no_file(ctx, "private key", p, e);
                return 1;
            }
        },
        None => String::from_utf8_lossy(&ctx.io.read_all(0).await.unwrap_or_default()).into_owned(),
    };
    let Some(k) = private_key(&text) else {
        let from = path.unwrap_or_else(|| "<stdin>".into());
        let t = super::thread(ctx);
        ctx.err(format!(
            "Could not read private key from {from}\n{t}:error:1608010C:STORE \
             routines:ossl_store_handle_load_result:unsupported:../crypto/store/store_result.c:149:\n"
        ));
        return 1;
    };
    if has(args, "check") {
        if command == "rsa" {
            ctx.out("RSA key ok\n");
        } else {
            ctx.out("Key is valid\n");
        }
    }
    if has(args, "modulus")
        && let Key::Rsa { modulus, .. } = &k
    {
        ctx.out(format!("Modulus={}\n", colons(modulus).replace(':', "")));
    }
    if has(args, "noout") {
        return 0;
    }
    if command != "pkey" {
        ctx.err(if command == "rsa" { "writing RSA key\n" } else { "writing EC key\n" });
    }
    let out = if has(args, "pubout") {
        to_pem("PUBLIC KEY", &k.to_der())
    } else {
        pem(&text).iter().find(|(l, _)| l.ends_with("PRIVATE KEY")).map(|(l, d)| to_pem(l, d)).unwrap_or_default()
    };
    i32::from(!put(ctx, value(args, "out").as_deref(), &out, 0o600))
}

/// openssl rand, passwd, md5, sha1, sha256, dgst.
pub async fn small(ctx: &mut Ctx, command: &str, args: &[String]) -> i32 {
    if command == "rand" {
        let n: usize = args.iter().rev().find_map(|a| a.parse().ok()).unwrap_or(0).min(1 << 16);
        let bytes: Vec<u8> = {
            let w = ctx.io.world.borrow();
            (0..n).map(|i| w.host.chance.value("openssl-rand", &format!("{}/{i}", w.host.now.0)) as u8).collect()
        };
        if has(args, "base64") {
            use base64::Engine;
            ctx.out(base64::engine::general_purpose::STANDARD.encode(&bytes) + "\n");
        } else if has(args, "hex") {
            ctx.out(bytes.iter().map(|b| format!("{b:02x}")).collect::<String>() + "\n");
        } else {
            ctx.out(bytes);
        }
        return 0;
    }
    if command == "passwd" {
        let id = if has(args, "5") { "5" } else { "6" };
        let salt = value(args, "salt").unwrap_or_else(|| {
            let w = ctx.io.world.borrow();
            format!("{:016x}", w.host.chance.value("openssl-salt", &w.host.now.0.to_string()))
        });
        let word = args.iter().rev().find(|a| !a.starts_with('-') && **a != salt).cloned();
        let password = if let Some(p) = word {
            p
        } else {
            let line = ctx.io.read_line(0).await.ok().flatten().unwrap_or_default();
            String::from_utf8_lossy(&line).trim_end().to_owned()
        };
        let hash = crate::host::crypt::crypt(&password, &format!("${id}${salt}")).unwrap_or_default();
        ctx.out(format!("{hash}\n"));
        return 0;
    }
    let algorithm = if command == "dgst" {
        args.iter().find_map(|a| a.strip_prefix('-')).unwrap_or("sha256").to_owned()
    } else {
        command.to_owned()
    };
    let files: Vec<&String> = args.iter().filter(|a| !a.starts_with('-')).collect();
    let mut inputs: Vec<(String, Vec<u8>)> = Vec::new();
    if files.is_empty() {
        inputs.push(("stdin".into(), ctx.io.read_all(0).await.unwrap_or_default()));
    }
    for f in files {
        match ctx.read_file(f) {
            Ok(b) => inputs.push((f.clone(), b.bytes().into_owned())),
            Err(e) => {
                ctx.err(format!("{f}: {e}\n"));
                return 1;
            }
        }
    }
    for (name, data) in inputs {
        let hex = match algorithm.as_str() {
            "md5" => sums::md5(&data),
            "sha1" => sums::sha1(&data),
            _ => {
                use sha2::{Digest, Sha256};
                Sha256::digest(&data).iter().map(|b| format!("{b:02x}")).collect()
            }
        };
        let label = match algorithm.as_str() {
            "md5" => "MD5",
            "sha1" => "SHA1",
            _ => "SHA2-256",
        };
        ctx.out(format!("{label}({name})= {hex}\n"));
    }
    0
}

/// openssl x509 -req: signs a request with a CA or its own key.
pub async fn sign_request(ctx: &mut Ctx, args: &[String]) -> i32 {
    let Some(path) = value(args, "in") else {
        ctx.err("Could not read certificate request from <stdin>\n");
        return 1;
    };
    let text = match ctx.read_file(&path) {
        Ok(b) => b.text(),
        Err(e) => {
            no_file(ctx, "certificate request", &path, e);
            return 1;
        }
    };
    let Some((subject, key)) = super::req::read_request(&text) else {
        ctx.err(format!("Could not read certificate request from {path}\nUnable to load X509 request\n"));
        return 1;
    };
    let issuer = match value(args, "CA") {
        Some(ca) => match certificate(ctx, Some(&ca), "CA certificate").await {
            Some(c) => Some(c[0].clone()),
            None => return 1,
        },
        None => None,
    };
    let names = value(args, "extfile")
        .and_then(|f| ctx.read_file(&f).ok())
        .map(|b| super::req::san_of(&b.text()))
        .unwrap_or_default();
    let days = value(args, "days").and_then(|d| d.parse().ok()).unwrap_or(30);
    let cert = {
        let world = ctx.world();
        let w = world.borrow();
        let draft = Draft { subject: subject.clone(), key, from: w.host.now, days, names, ca: None };
        issue(w.host.chance, &draft, issuer.as_ref())
    };
    ctx.err(format!("Certificate request self-signature ok\nsubject={}\n", Name::oneline(&subject)));
    i32::from(!put(ctx, value(args, "out").as_deref(), &cert.to_pem(), 0o666))
}
