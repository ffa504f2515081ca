//! The terminal: prompt, editor, pager, colours.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)]
