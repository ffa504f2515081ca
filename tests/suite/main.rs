//! Tests over the whole crate; one file a subject.

mod dovecot;
mod lab_files;
mod rooms;
mod delivery;
