//! openssl(1): s_client, x509, verify, req, keys, and a few digests.
//!
//! Left out: ciphers, CA databases, CRLs, S/MIME and everything else; a command that the model lacks says so.

mod client;
mod keys;
mod req;
mod verify;
mod x509;

use crate::command::Ctx;
use crate::host::Errno;
use crate::host::cert::Cert;

/// A number that stands for a thread, as every line of the error queue begins.
fn thread(ctx: &Ctx) -> String {
    let w = ctx.io.world.borrow();
    let v = w.host.chance.value("openssl-thread", &w.host.now.0.to_string());
    format!("40{:08X}7F0000", v as u32)
}

/// What is said of a file that cannot be opened.
fn no_file(ctx: &Ctx, what: &str, path: &str, errno: Errno) {
    let t = thread(ctx);
    ctx.err(format!(
        "Could not open file or uri for loading {what} from {path}\n{t}:error:16000069:STORE \
         routines:ossl_store_get0_loader_int:unregistered scheme:../crypto/store/store_register.c:237:scheme=file\n\
         {t}:error:800000{:02X}:system library:file_open:{errno}:../providers/implementations/storemgmt/file_store.c:268:calling \
         stat({path})\n",
        number(errno)
    ));
}

/// errno(3)'s number, for those that files and sockets meet here.
fn number(e: Errno) -> u32 {
    match e {
        Errno::Perm => 1,
        Errno::NoEnt => 2,
        Errno::Acces => 13,
        Errno::NotDir => 20,
        Errno::IsDir => 21,
        Errno::NetUnreach => 101,
        Errno::ConnReset => 104,
        Errno::TimedOut => 110,
        Errno::ConnRefused => 111,
        Errno::HostUnreach => 113,
        _ => 22,
    }
}

/// Reads a certificate from a file or standard input, with OpenSSL's complaints.
async fn certificate(ctx: &mut Ctx, path: Option<&str>, what: &str) -> Option<Vec<Cert>> {
    let (text, name) = if let Some(p) = path {
        match ctx.read_file(p) {
            Ok(b) => (b.text(), p.to_owned()),
            Err(e) => {
                no_file(ctx, what, p, e);
                ctx.err(format!("Unable to load {what}\n"));
                return None;
            }
        }
    } else {
        let all = ctx.io.read_all(0).await.unwrap_or_default();
        (String::from_utf8_lossy(&all).into_owned(), "<stdin>".to_owned())
    };
    let certs = Cert::all_from_pem(&text);
    if certs.is_empty() {
        let t = thread(ctx);
        ctx.err(format!(
            "Could not read {what} from {name}\n{t}:error:1608010C:STORE \
             routines:ossl_store_handle_load_result:unsupported:../crypto/store/store_result.c:149:\nUnable to load {what}\n"
        ));
        return None;
    }
    Some(certs)
}

/// Writes to a file of `-out`, or standard output.
fn put(ctx: &Ctx, out: Option<&str>, text: &str, mode: u32) -> bool {
    let Some(path) = out else {
        ctx.out(text);
        return true;
    };
    let full = ctx.path(path);
    let result = {
        let world = ctx.world();
        let mut w = world.borrow_mut();
        w.host.fs.write(&ctx.io.cred, &full, text, mode & !ctx.umask)
    };
    match result {
        Ok(_) => true,
        Err(e) => {
            ctx.err(format!("Can't open \"{path}\" for writing, {e}\n"));
            false
        }
    }
}

/// openssl(1).
pub async fn openssl(ctx: &mut Ctx) -> i32 {
    let args: Vec<String> = ctx.args[1..].to_vec();
    let Some(command) = args.first().cloned() else {
        ctx.err(
            "maillab: openssl has no prompt here; say what it shall do: s_client, x509, verify, req, rsa, genrsa\n",
        );
        return 1;
    };
    let rest = &args[1..];
    match command.as_str() {
        "version" => {
            ctx.out("OpenSSL 3.0.22 25 Aug 2026 (Library: OpenSSL 3.0.22 25 Aug 2026)\n");
            0
        }
        "s_client" => client::s_client(ctx, rest).await,
        "x509" => x509::x509(ctx, rest).await,
        "verify" => verify::verify(ctx, rest).await,
        "req" => req::req(ctx, rest).await,
        "rsa" | "pkey" | "ec" => keys::key(ctx, &command, rest).await,
        "genrsa" | "genpkey" | "ecparam" => keys::generate(ctx, &command, rest),
        "rand" | "passwd" | "md5" | "sha1" | "sha256" | "dgst" => keys::small(ctx, &command, rest).await,
        "ca" | "ciphers" | "crl" | "enc" | "dhparam" | "pkcs12" | "s_server" | "speed" | "list" | "help" | "rehash"
        | "ocsp" | "s_time" | "smime" | "cms" | "asn1parse" | "storeutl" | "base64" => {
            ctx.err(format!(
                "maillab: openssl {command} is not simulated here; see: openssl s_client, openssl x509, openssl verify, \
                 openssl req\n"
            ));
            1
        }
        other => {
            ctx.err(format!("Invalid command '{other}'; type \"help\" for a list.\n"));
            1
        }
    }
}
