//! trivial-rewrite(8): addresses to standard form, and where they go.
//!
//! The answers are pure functions over [`super::lookups::Lookups`]. Left out: the warning about `user@localhost` under
//! backwards-compatible defaults.

pub mod resolve;
pub mod rewrite;

pub use resolve::{Class, Purpose, Resolved, resolve};
pub use rewrite::{Context, rewrite};
