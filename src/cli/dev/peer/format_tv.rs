//! `dev peer format-tv`: numbers in, the digits that `delay=` and `delays=` print out.

use crate::base::Span;
use crate::log::delivery::format_tv;

/// Each line is echoed after `>> ` and answered, unless it is blank or a comment.
pub fn run(input: &str) -> String {
    let mut out = String::new();
    for line in input.lines() {
        out.push_str(&format!(">> {line}\n"));
        let mut w = line.split_whitespace();
        let Some(first) = w.next().filter(|f| !f.starts_with('#')) else { continue };
        let Ok(seconds) = first.parse::<f64>() else { continue };
        let mut number = || w.next().and_then(|n| n.parse::<u32>().ok());
        let (Some(digits), Some(max)) = (number(), number()) else { continue };
        let micros = (seconds * 1e6).round() as i64;
        out.push_str(&format_tv(Span(micros), digits, max));
        out.push('\n');
    }
    out
}
