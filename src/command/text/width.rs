//! How many columns a character takes on the terminal (wcwidth(3), roughly: combining marks none, East Asian wide two).

/// Columns of one character.
pub fn width(c: char) -> usize {
    match c as u32 {
        0..32 | 127..160 => 0,
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff => 2,
        0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff => 2,
        _ => 1,
    }
}

/// Columns of a text.
pub fn text_width(s: &str) -> usize {
    s.chars().map(width).sum()
}
