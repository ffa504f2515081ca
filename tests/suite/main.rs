//! Tests over the whole crate; one file a subject.

mod anything;
mod delivery;
mod dovecot;
mod filters;
mod lab_files;
mod local_delivery;
mod machine;
mod pfconf;
mod proof;
mod queue_tools;
mod rooms;
mod session;
mod smtpd;
