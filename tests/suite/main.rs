//! Tests over the whole crate; one file a subject.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::pedantic, clippy::type_complexity)]

mod accounts;
mod anything;
mod captures;
mod conserved;
mod delivery;
mod dovecot;
mod families;
mod filters;
mod lab_files;
mod lessons;
mod local_delivery;
mod machine;
mod pfconf;
mod proof;
mod queue_tools;
mod random;
mod rooms;
mod session;
mod sieve;
mod smtpd;
mod tampered;
