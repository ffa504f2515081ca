//! What the program learns from its surroundings: language, folder for its state, terminal, colours.

use crate::base::Lang;
use std::env;
use std::io::IsTerminal;
use std::path::PathBuf;

/// The language: `--lang`, then MAILLAB_LANG, then the locale (`es*` is Spanish, all else English).
pub fn language(asked: Option<&str>) -> Lang {
    if let Some(l) = asked.and_then(Lang::parse) {
        return l;
    }
    if let Some(l) = env::var("MAILLAB_LANG").ok().and_then(|v| Lang::parse(&v)) {
        return l;
    }
    for name in ["LC_ALL", "LC_MESSAGES", "LANG"] {
        if let Ok(v) = env::var(name)
            && !v.is_empty()
        {
            return if v.starts_with("es") { Lang::Es } else { Lang::En };
        }
    }
    Lang::En
}

/// `--lang X` or `--lang=X` among raw arguments, before they are parsed (the help itself depends on it).
pub fn language_in(args: &[String]) -> Lang {
    let after = args.iter().position(|a| a == "--lang").and_then(|i| args.get(i + 1)).map(String::as_str);
    let joined = args.iter().find_map(|a| a.strip_prefix("--lang="));
    language(after.or(joined))
}

/// The folder for sessions and progress: MAILLAB_STATE, else `maillab` below XDG_STATE_HOME, else ~/.local/state.
pub fn state_folder() -> PathBuf {
    if let Some(p) = env::var_os("MAILLAB_STATE").filter(|p| !p.is_empty()) {
        return p.into();
    }
    let base = env::var_os("XDG_STATE_HOME").filter(|p| !p.is_empty()).map(PathBuf::from);
    base.unwrap_or_else(|| home().join(".local/state")).join("maillab")
}

fn home() -> PathBuf {
    env::var_os("HOME").filter(|h| !h.is_empty()).map_or_else(|| PathBuf::from("."), PathBuf::from)
}

/// Whether the user sits at a terminal: both ends are one.
pub fn interactive() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Columns and rows; 80×24 unless the terminal says otherwise.
pub fn size() -> (u16, u16) {
    if !std::io::stdout().is_terminal() {
        return (80, 24);
    }
    match ratatui::crossterm::terminal::size() {
        Ok((c, r)) if c >= 20 && r >= 5 => (c, r),
        _ => (80, 24),
    }
}
