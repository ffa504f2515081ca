//! Tests over the whole crate; one file a subject.

mod delivery;
mod dovecot;
mod lab_files;
mod queue_tools;
mod anything;
mod proof;
mod rooms;
mod session;
