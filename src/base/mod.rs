//! Instants, keyed chance, timers: what every room stands on. Knows nothing of mail.

pub mod addresses;
pub mod chance;
pub mod lang;
pub mod stack;
pub mod text;
pub mod time;
pub mod timers;

pub use chance::Chance;
pub use lang::{Lang, Text};
pub use time::{Span, Time};
pub use timers::Timers;
