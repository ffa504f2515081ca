//! The terminal: prompt, editor, pager, colours.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)]

mod nano;
mod pager;
pub mod screen;
mod vi;
