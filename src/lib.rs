//! maillab: a flight simulator for postmasters. See `src/ARCHITECTURE.md`.
#![doc = include_str!("ARCHITECTURE.md")]

pub mod base;
pub mod codes;
pub mod command;
pub mod dovecot;
pub mod grading;
pub mod host;
pub mod i18n;
pub mod internet;
pub mod lab;
pub mod lesson;
pub mod log;
pub mod machine;
pub mod postfix;
pub mod proof;
pub mod session;
pub mod shell;
pub mod sim;

#[cfg(feature = "terminal")]
pub mod cli;
#[cfg(feature = "terminal")]
pub mod repl;
