//! Native stack for what recurses: taken piece by piece, so that bounded nesting fits any thread.

/// With less native stack than this left, another piece is taken.
const LEFT: usize = 256 * 1024;
const PIECE: usize = 2 * 1024 * 1024;

/// Calls `f` with enough stack below it.
pub fn deep<T>(f: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(LEFT, PIECE, f)
}
