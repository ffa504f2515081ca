//! The interpreter behind the prompt: bash 5.2 as a learner meets it.
//!
//! [`parse`] reads, [`state::Shell`] holds what lives between lines (a plain value that a subshell clones), [`exec`] runs
//! it as futures that the machine polls. Left out: `coproc`, programmable completion, `fc -s`, restricted and POSIX mode.

pub mod arith;
pub mod ast;
pub mod brace;
pub mod builtins;
pub use crate::base::text as bytes;
pub mod complete;
mod compound;
pub mod escape;
pub mod exec;
pub mod expand;
pub mod glob;
mod param;
pub mod parse;
pub mod pattern;
pub mod print;
pub mod prompt;
pub mod redirect;
pub mod simple;
pub mod spawn;
pub mod state;
mod switches;
pub mod unsimulated;
pub mod vars;

pub use prompt::one_line;
pub use state::{Flow, Mode, Shell};
