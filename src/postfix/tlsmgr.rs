//! tlsmgr(8) as its clients see it: without it there are no random numbers, and so no TLS (`tls_mgr.c`, `attr_clnt.c`).

use super::Ctx;
use crate::base::Span;
use crate::host::Errno;
use crate::log::Event;
use crate::log::delivery::Delivery;
use crate::log::tls::Tls;

/// Whether master.cf lacks the service.
pub fn is_missing(ctx: &Ctx<'_>) -> bool {
    ctx.pf.master.service("tlsmgr/unix").is_none()
}

/// How long a client tries.
pub const PATIENCE: Span = Span::secs(1);

/// What a client says, counted from its start.
pub fn refused() -> impl Iterator<Item = (Span, Event)> {
    let gone = || Delivery::NoService { service: "private/tlsmgr".to_owned(), errno: Errno::ConnRefused.text() };
    let once = |at: Span| [(at, gone().into()), (at, Tls::Manager.into())];
    once(Span::ZERO).into_iter().chain(once(PATIENCE)).chain([(PATIENCE, Tls::NoEntropy.into())])
}
