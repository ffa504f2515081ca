//! postdrop(1): a message into the maildrop queue. The caller wakes pickup(8).

use super::cleanup::Recipient;
use super::mail_queue;
use super::queue_file::{self, rec};
use crate::host::{Cred, Errno, Host};

/// A message as sendmail(1) hands it to postdrop(1).
#[derive(Clone, Copy, Debug, Default)]
pub struct Post<'a> {
    pub uid: u32,
    /// Empty for `<>`.
    pub sender: &'a str,
    pub fullname: &'a str,
    pub recipients: &'a [Recipient],
    /// Attributes of the message (`encoding`, `ret_flags`, …); empty values are left out.
    pub attributes: &'a [(&'a str, &'a str)],
    /// sendmail -G: the mail of others, whose headers are left alone.
    pub gateway: bool,
    pub text: &'a [u8],
    /// `message_size_limit`: the file may not be larger (postdrop's limit of file sizes); zero for none.
    pub limit: i64,
    /// The name of the file, when it was given out already.
    pub id: &'a str,
}

/// Writes the queue file, owned by the user.
pub fn post(host: &mut Host, p: &Post<'_>) -> Result<(), Errno> {
    let now = host.now;
    let mut file = Vec::new();
    let put = |f: &mut Vec<u8>, k: u8, s: &str| queue_file::put(f, k, s.as_bytes());
    put(&mut file, rec::TIME, &format!("{} {}", now.secs(), now.subsec_micros()));
    let context = if p.gateway { "remote" } else { "local" };
    let attributes = |file: &mut Vec<u8>, first: bool| {
        let of_report = |n: &str| n == "envelope_id" || n == "ret_flags";
        for (n, v) in p.attributes.iter().filter(|(n, v)| !v.is_empty() && of_report(n) == first) {
            put(file, rec::ATTR, &format!("{n}={v}"));
        }
    };
    attributes(&mut file, true);
    put(&mut file, rec::ATTR, &format!("rewrite_context={context}"));
    if !p.fullname.is_empty() {
        put(&mut file, rec::FULL, p.fullname);
    }
    put(&mut file, rec::FROM, p.sender);
    attributes(&mut file, false);
    for r in p.recipients {
        if r.notify != 0 {
            put(&mut file, rec::ATTR, &format!("notify_flags={}", r.notify));
        }
        if !r.orcpt.is_empty() {
            put(&mut file, rec::ATTR, &format!("dsn_orig_rcpt={}", r.orcpt));
        }
        put(&mut file, rec::RCPT, &r.address);
    }
    put(&mut file, rec::MESG, "");
    queue_file::put_text(&mut file, p.text, 2048);
    put(&mut file, rec::XTRA, "");
    put(&mut file, rec::END, "");
    if p.limit > 0 && file.len() as i64 > p.limit {
        return Err(Errno::FBig);
    }
    let id = if p.id.is_empty() { queue_file::new_id(host, false) } else { p.id.to_owned() };
    mail_queue::create(host, "maildrop", &id, file)?;
    let path = mail_queue::path("maildrop", &id);
    let root = Cred::root();
    let gid = host.group("postdrop").map(|g| g.gid);
    let _ = host.fs.chown(&root, &path, Some(p.uid), gid, true);
    let _ = host.fs.chmod(&root, &path, 0o744);
    Ok(())
}
