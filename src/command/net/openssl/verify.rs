//! openssl verify.

use super::certificate;
use crate::command::Ctx;
use crate::host::cert::{Cert, flaw_text, verify as check};

/// Certificates trusted for a run: `-CAfile`, `-CApath`, and the system's.
pub(super) fn trusted(ctx: &Ctx, file: Option<&str>) -> Vec<Cert> {
    let mut out = ctx.world().borrow().host.trusted();
    if let Some(f) = file
        && let Ok(b) = ctx.read_file(f)
    {
        out.extend(Cert::all_from_pem(&b.text()));
    }
    out
}

/// openssl verify.
pub async fn verify(ctx: &mut Ctx, args: &[String]) -> i32 {
    let (mut ca, mut untrusted, mut host, mut files) = (None, None, None, Vec::new());
    let mut it = args.iter();
    while let Some(a) = it.next() {
        match a.trim_start_matches('-') {
            "CAfile" if a.starts_with('-') => ca = it.next().cloned(),
            "untrusted" if a.starts_with('-') => untrusted = it.next().cloned(),
            "verify_hostname" if a.starts_with('-') => host = it.next().cloned(),
            "CApath" | "purpose" | "trusted" if a.starts_with('-') => {
                it.next();
            }
            _ if a.starts_with('-') => {}
            _ => files.push(a.clone()),
        }
    }
    let trust = trusted(ctx, ca.as_deref());
    let extra =
        untrusted.and_then(|u| ctx.read_file(&u).ok()).map(|b| Cert::all_from_pem(&b.text())).unwrap_or_default();
    let now = ctx.world().borrow().now();
    let mut status = 0;
    let names: Vec<Option<String>> = if files.is_empty() { vec![None] } else { files.into_iter().map(Some).collect() };
    for name in names {
        let Some(certs) = certificate(ctx, name.as_deref(), "certificate file").await else { return 2 };
        let mut chain = vec![certs[0].clone()];
        chain.extend(extra.iter().cloned());
        let (built, mut flaws) = check(&chain, &trust, now);
        flaws.retain(|f| f.code != 21);
        let mut lines = String::new();
        if let Some(h) = &host
            && !certs[0].is_for(h)
        {
            lines.push_str(&format!("{}\nerror 62 at 0 depth lookup: {}\n", certs[0].subject.oneline(), flaw_text(62)));
        }
        for f in &flaws {
            let subject = built.get(f.depth).map(|c| c.subject.oneline()).unwrap_or_default();
            lines.push_str(&format!(
                "{subject}\nerror {} at {} depth lookup: {}\n",
                f.code,
                f.depth,
                flaw_text(f.code)
            ));
        }
        let shown = name.unwrap_or_else(|| "stdin".into());
        if lines.is_empty() {
            ctx.out(format!("{shown}: OK\n"));
        } else {
            ctx.err(format!("{lines}error {shown}: verification failed\n"));
            status = 2;
        }
    }
    status
}
