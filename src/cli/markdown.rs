//! Markdown for the terminal: lessons and debriefs.

use termimad::{Alignment, MadSkin, crossterm::style::Color};

/// Lays out Markdown at a width; without colours or marks for `plain`.
pub fn render(text: &str, width: usize, plain: bool) -> String {
    let mut skin = if plain { MadSkin::no_style() } else { MadSkin::default() };
    for h in &mut skin.headers {
        h.align = Alignment::Left;
    }
    if !plain {
        skin.set_headers_fg(Color::Cyan);
        skin.bold.set_fg(Color::Yellow);
        skin.inline_code.set_fg(Color::Green);
        skin.inline_code.object_style.background_color = None;
        skin.code_block.compound_style.object_style.background_color = None;
    }
    let out = skin.text(text, Some(width)).to_string();
    let mut lines: Vec<&str> = out.lines().map(str::trim_end).collect();
    while lines.last().is_some_and(|l| l.is_empty()) {
        lines.pop();
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_has_no_escapes_and_fits() {
        let s = render(
            "# Título\n\nUna **línea** con `código`, bastante larga para que haya que partirla.\n\n- uno\n",
            40,
            true,
        );
        assert!(!s.contains('\u{1b}'), "{s:?}");
        assert!(s.lines().all(|l| l.chars().count() <= 40), "{s}");
        assert!(s.contains("Título") && s.contains("uno"));
    }
}
