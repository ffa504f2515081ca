//! `deliver_dotforward`: a user's own forwarding file.

use super::{Expansion, Local, Target};
use crate::host::Cred;
use crate::log::delivery::Delivery;
use crate::postfix::Ctx;
use crate::postfix::agent;
use crate::postfix::delivery::Verdict;

impl Local<'_> {
    /// Expands the first file of `forward_path` that is there. True: it said where to deliver.
    pub(super) fn dotforward(&mut self, ctx: &mut Ctx<'_>, to: &Target, name: &str, extension: Option<&str>) -> bool {
        let Some(user) = ctx.host.user(name) else { return false };
        if self.been.contains(&format!("forward {name}")) {
            return false;
        }
        let paths = self.p.conf.raw("forward_path").unwrap_or_default();
        let as_user = Target { user: Some(user.clone()), ..to.clone() };
        for raw in agent::split_words(&paths) {
            if raw.contains("extension") && extension.is_none() {
                continue;
            }
            let path = self.expand(&raw, name, extension, &as_user);
            let Ok((_, node)) = ctx.host.fs.lstat(&Cred::root(), &path) else { continue };
            let (file, mode, uid) = (node.is_file(), node.mode, node.uid);
            let fault = if !file {
                Some("is not a regular file".to_owned())
            } else if uid != user.uid && uid != 0 {
                Some(format!("has bad owner uid {uid}"))
            } else if mode & 0o002 != 0 {
                Some("is world writable".to_owned())
            } else {
                None
            };
            self.been.insert(format!("forward {name}"));
            if let Some(why) = fault {
                self.log(Delivery::Forward { text: format!("file {path} {why}") });
                return false;
            }
            let cred = ctx.host.cred_of(&user);
            let text = match ctx.host.fs.read(&cred, &path) {
                Ok(b) => b.text(),
                Err(e) => {
                    let text = format!("cannot open file {path}: {}", e.text());
                    self.log(Delivery::Forward { text });
                    return false;
                }
            };
            if self.r.verify {
                self.item(ctx, to, Verdict::Sent, "2.0.0", format!("forward via file: {path}"));
                return true;
            }
            let lines: Vec<&str> =
                text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
            if lines.is_empty() {
                return false;
            }
            let before = std::mem::replace(&mut self.delivered, to.address.clone());
            let next = Target {
                address: to.address.clone(),
                level: to.level + 1,
                privileges: Some(cred),
                user: Some(user.clone()),
                exp: Expansion::Forward,
                exp_from: String::new(),
                owner: Some(name.to_owned()),
            };
            let keep = self.p.conf.list("propagate_unmatched_extensions").iter().any(|c| c == "forward");
            let unmatched = if keep && !raw.contains("extension") { extension } else { None };
            for l in lines {
                self.tokens(ctx, &next, l, unmatched);
            }
            self.delivered = before;
            return true;
        }
        false
    }
}
