//! vi, as far as editing a configuration file needs it: normal, insert and command-line modes.
//!
//! Motions h j k l w b e 0 ^ $ gg G and counts; i a I A o O x X D C dd cc yy p P J r u ^R, d and c with w e $ 0 and G;
//! `/` `?` `n` `N`; `:w :q :wq :x :q! :N :s :%s :set nu`. Left out: registers, marks, visual mode, macros.

use super::nano::{Step, lines_of, plain_area};
use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Constraint, Layout};
use ratatui::style::Style;
use ratatui::widgets::Paragraph;
use ratatui_textarea::{CursorMove, TextArea};

#[derive(PartialEq)]
enum Mode {
    Normal,
    Insert,
    /// The line after `:`, `/` or `?`.
    Line(char, String),
}

/// The text of an area as a file: every line ends in a newline, an empty buffer is an empty file.
fn text_of(area: &TextArea<'_>) -> String {
    let lines = area.lines();
    if lines.len() == 1 && lines[0].is_empty() {
        return String::new();
    }
    let mut s = lines.join("\n");
    s.push('\n');
    s
}

pub struct Vi {
    area: TextArea<'static>,
    path: String,
    written: Option<String>,
    modified: bool,
    readonly: bool,
    mode: Mode,
    message: String,
    /// Operator and count typed so far (`2d`).
    pending: String,
    yanked: Vec<String>,
    pattern: String,
    backward: bool,
    height: u16,
}

impl Vi {
    pub fn new(path: &str, text: &str, readonly: bool) -> Vi {
        let lines = text.lines().count();
        let message =
            if text.is_empty() { format!("\"{path}\" [New]") } else { format!("\"{path}\" {lines}L, {}B", text.len()) };
        Vi {
            area: plain_area(lines_of(text)),
            path: path.into(),
            written: None,
            modified: false,
            readonly,
            mode: Mode::Normal,
            message,
            pending: String::new(),
            yanked: Vec::new(),
            pattern: String::new(),
            backward: false,
            height: 20,
        }
    }

    pub fn key(&mut self, key: KeyEvent) -> Step {
        match &mut self.mode {
            Mode::Normal => self.normal(key),
            Mode::Insert => {
                self.insert(key);
                Step::Stay
            }
            Mode::Line(kind, text) => {
                let kind = *kind;
                match key.code {
                    KeyCode::Esc => self.mode = Mode::Normal,
                    KeyCode::Backspace if text.pop().is_none() => {
                        self.mode = Mode::Normal;
                    }
                    KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => self.mode = Mode::Normal,
                    KeyCode::Char(c) => text.push(c),
                    KeyCode::Enter => {
                        let text = std::mem::take(text);
                        self.mode = Mode::Normal;
                        return self.line(kind, &text);
                    }
                    _ => {}
                }
                Step::Stay
            }
        }
    }

    fn insert(&mut self, key: KeyEvent) {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => {
                self.mode = Mode::Normal;
                if self.area.cursor().1 > 0 {
                    self.area.move_cursor(CursorMove::Back);
                }
                return;
            }
            KeyCode::Char('c' | '[') if ctrl => {
                self.mode = Mode::Normal;
                return;
            }
            KeyCode::Up => self.area.move_cursor(CursorMove::Up),
            KeyCode::Down => self.area.move_cursor(CursorMove::Down),
            KeyCode::Left => self.area.move_cursor(CursorMove::Back),
            KeyCode::Right => self.area.move_cursor(CursorMove::Forward),
            KeyCode::Home => self.area.move_cursor(CursorMove::Head),
            KeyCode::End => self.area.move_cursor(CursorMove::End),
            KeyCode::Enter => self.area.insert_newline(),
            KeyCode::Tab => self.area.insert_char('\t'),
            KeyCode::Backspace => {
                self.area.delete_char();
            }
            KeyCode::Delete => {
                self.area.delete_next_char();
            }
            KeyCode::Char(c) if !ctrl => self.area.insert_char(c),
            _ => return,
        }
        if !matches!(
            key.code,
            KeyCode::Up | KeyCode::Down | KeyCode::Left | KeyCode::Right | KeyCode::Home | KeyCode::End
        ) {
            self.modified = true;
        }
    }

    fn rows(&self) -> Vec<String> {
        self.area.lines().to_vec()
    }
    fn row(&self) -> usize {
        self.area.cursor().0
    }
    fn reload(&mut self, mut lines: Vec<String>, row: usize, col: usize) {
        if lines.is_empty() {
            lines.push(String::new());
        }
        let mut area = plain_area(Vec::new());
        area.insert_str(lines.join("\n"));
        area.move_cursor(CursorMove::Jump(row.min(lines.len() - 1) as u16, col as u16));
        self.area = area;
        self.modified = true;
    }
    fn repeat(&mut self, n: usize, m: CursorMove) {
        for _ in 0..n.min(100_000) {
            self.area.move_cursor(m);
        }
    }
    fn to_insert(&mut self, m: Option<CursorMove>) {
        if let Some(m) = m {
            self.area.move_cursor(m);
        }
        self.mode = Mode::Insert;
    }

    fn normal(&mut self, key: KeyEvent) -> Step {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let code = match key.code {
            KeyCode::Left | KeyCode::Backspace => KeyCode::Char('h'),
            KeyCode::Right => KeyCode::Char('l'),
            KeyCode::Up => KeyCode::Char('k'),
            KeyCode::Down | KeyCode::Enter => KeyCode::Char('j'),
            KeyCode::Home => KeyCode::Char('0'),
            KeyCode::End => KeyCode::Char('$'),
            KeyCode::Delete => KeyCode::Char('x'),
            c => c,
        };
        let page = usize::from(self.height.max(2)) - 1;
        let c = match code {
            KeyCode::Esc => {
                self.pending.clear();
                return Step::Stay;
            }
            KeyCode::PageDown => {
                self.repeat(page, CursorMove::Down);
                return Step::Stay;
            }
            KeyCode::PageUp => {
                self.repeat(page, CursorMove::Up);
                return Step::Stay;
            }
            KeyCode::Char(c) if ctrl => {
                match c {
                    'f' => self.repeat(page, CursorMove::Down),
                    'b' => self.repeat(page, CursorMove::Up),
                    'd' => self.repeat(page / 2, CursorMove::Down),
                    'u' => self.repeat(page / 2, CursorMove::Up),
                    'r' => {
                        self.area.redo();
                    }
                    'c' => self.message = "Type  :qa  and press <Enter> to exit Vim".into(),
                    _ => {}
                }
                self.pending.clear();
                return Step::Stay;
            }
            KeyCode::Char(c) => c,
            _ => return Step::Stay,
        };
        self.message.clear();
        self.pending.push(c);
        self.command();
        if matches!(self.pending.as_str(), "ZZ") {
            self.pending.clear();
            return self.line(':', "x");
        }
        Step::Stay
    }

    /// Runs the command typed so far if it is whole; else leaves it pending.
    fn command(&mut self) {
        let p = self.pending.clone();
        let digits = p.len() - p.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (count, rest) = if p.starts_with('0') { ("", p.as_str()) } else { p.split_at(digits) };
        let n = count.parse::<usize>().unwrap_or(1).clamp(1, 100_000);
        let given = !count.is_empty();
        match rest {
            "" | "d" | "c" | "y" | "g" | "r" | "Z" | "ZZ" => return,
            "h" => self.repeat(n, CursorMove::Back),
            "l" | " " => self.repeat(n, CursorMove::Forward),
            "j" => self.repeat(n, CursorMove::Down),
            "k" => self.repeat(n, CursorMove::Up),
            "w" => self.repeat(n, CursorMove::WordForward),
            "b" => self.repeat(n, CursorMove::WordBack),
            "e" => self.repeat(n, CursorMove::WordEnd),
            "0" => self.area.move_cursor(CursorMove::Head),
            "^" => self.first_word(),
            "$" => self.area.move_cursor(CursorMove::End),
            "gg" => self.area.move_cursor(CursorMove::Jump((n - 1) as u16, 0)),
            "G" if given => self.area.move_cursor(CursorMove::Jump((n - 1) as u16, 0)),
            "G" => self.area.move_cursor(CursorMove::Bottom),
            "n" => self.find(self.backward),
            "N" => self.find(!self.backward),
            "/" | "?" | ":" => self.mode = Mode::Line(rest.chars().next().unwrap_or(':'), String::new()),
            _ => self.edit(rest, n),
        }
        self.pending.clear();
    }
    fn first_word(&mut self) {
        let row = self.row();
        let indent = self.area.lines()[row].chars().take_while(|c| c.is_whitespace()).count();
        self.area.move_cursor(CursorMove::Jump(row as u16, indent as u16));
    }
    fn edit(&mut self, what: &str, n: usize) {
        let (row, rows) = (self.row(), self.rows());
        let end = (row + n).min(rows.len());
        match what {
            "i" => self.to_insert(None),
            "a" => self.to_insert(Some(CursorMove::Forward)),
            "I" => {
                self.first_word();
                self.to_insert(None);
            }
            "A" => self.to_insert(Some(CursorMove::End)),
            "o" | "O" => {
                let at = if what == "o" { row + 1 } else { row };
                let mut rows = rows;
                rows.insert(at, String::new());
                self.reload(rows, at, 0);
                self.to_insert(None);
            }
            "x" | "s" => {
                let here = self.area.cursor().1;
                let len = rows[row].chars().count();
                for _ in 0..n.min(len.saturating_sub(here)) {
                    self.area.delete_next_char();
                }
                self.modified = true;
                if what == "s" {
                    self.to_insert(None);
                }
            }
            "X" => {
                for _ in 0..n.min(self.area.cursor().1) {
                    self.area.delete_char();
                }
                self.modified = true;
            }
            "D" | "d$" | "C" | "c$" => {
                self.area.delete_line_by_end();
                self.modified = true;
                if what.starts_with(['C', 'c']) {
                    self.to_insert(None);
                }
            }
            "d0" | "c0" => {
                self.area.delete_line_by_head();
                self.modified = true;
            }
            "dw" | "de" | "cw" | "ce" => {
                for _ in 0..n {
                    self.area.delete_next_word();
                }
                self.modified = true;
                if what.starts_with('c') {
                    self.to_insert(None);
                }
            }
            "dd" | "dG" | "dj" => {
                let end = match what {
                    "dG" => rows.len(),
                    "dj" => (row + n + 1).min(rows.len()),
                    _ => end,
                };
                let mut rows = rows;
                self.yanked = rows.drain(row..end).collect();
                self.reload(rows, row, 0);
            }
            "cc" | "S" => {
                let mut rows = rows;
                rows[row].clear();
                self.reload(rows, row, 0);
                self.to_insert(None);
            }
            "yy" | "Y" => self.yanked = rows[row..end].to_vec(),
            "p" | "P" if !self.yanked.is_empty() => {
                let at = if what == "p" { row + 1 } else { row };
                let mut rows = rows;
                let yanked = self.yanked.clone();
                rows.splice(at..at, yanked);
                self.reload(rows, at, 0);
            }
            "J" if row + 1 < rows.len() => {
                let mut rows = rows;
                let next = rows.remove(row + 1);
                let joined = format!("{} {}", rows[row].trim_end(), next.trim_start());
                rows[row] = joined;
                self.reload(rows, row, 0);
            }
            "u" => {
                self.area.undo();
            }
            _ if what.starts_with('r') => {
                if let Some(c) = what.chars().nth(1) {
                    self.area.delete_next_char();
                    self.area.insert_char(c);
                    self.area.move_cursor(CursorMove::Back);
                    self.modified = true;
                }
            }
            _ => {}
        }
    }
    fn find(&mut self, back: bool) {
        let found = !self.pattern.is_empty()
            && self.area.set_search_pattern(&self.pattern).is_ok()
            && if back { self.area.search_back(false) } else { self.area.search_forward(false) };
        if !found {
            self.message = format!("E486: Pattern not found: {}", self.pattern);
        }
        let _ = self.area.set_search_pattern("");
    }

    /// The line after `:`, `/` or `?`.
    fn line(&mut self, kind: char, text: &str) -> Step {
        if kind != ':' {
            if !text.is_empty() {
                text.clone_into(&mut self.pattern);
            }
            self.backward = kind == '?';
            self.find(self.backward);
            return Step::Stay;
        }
        match text.trim() {
            "" => {}
            "q" | "qa" | "quit" if self.modified => {
                self.message = "E37: No write since last change (add ! to override)".into();
            }
            "q" | "q!" | "qa" | "qa!" | "quit" => return Step::Leave(self.written.take()),
            "w" | "write" | "w!" => self.write(text.ends_with('!')),
            "wq" | "x" | "wq!" | "x!" | "wqa" | "xa" => {
                if !text.starts_with('x') || self.modified {
                    self.write(text.ends_with('!'));
                }
                if !self.modified {
                    return Step::Leave(self.written.take());
                }
            }
            "$" => self.area.move_cursor(CursorMove::Bottom),
            "set nu" | "set number" => self.area.set_line_number_style(Style::default()),
            "set nonu" | "set nonumber" => self.area.remove_line_number(),
            t if t.starts_with("set ") => {}
            t => match t.parse::<u16>() {
                Ok(n) => self.area.move_cursor(CursorMove::Jump(n.max(1) - 1, 0)),
                Err(_) if t.starts_with("s/") || t.starts_with("%s/") || t.starts_with("%s|") => self.substitute(t),
                Err(_) => self.message = format!("E492: Not an editor command: {t}"),
            },
        }
        Step::Stay
    }
    fn write(&mut self, force: bool) {
        if self.readonly && !force {
            self.message = "E45: 'readonly' option is set (add ! to override)".into();
            return;
        }
        let text = text_of(&self.area);
        self.message = format!("\"{}\" {}L, {}B written", self.path, text.lines().count(), text.len());
        self.written = Some(text);
        self.modified = false;
    }
    fn substitute(&mut self, command: &str) {
        let whole = command.starts_with('%');
        let body = command.trim_start_matches('%').trim_start_matches('s');
        let Some(sep) = body.chars().next() else { return };
        let mut parts = body[sep.len_utf8()..].split(sep);
        let (what, with, flags) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let Ok(re) = regex::Regex::new(what) else {
            self.message = format!("E486: Pattern not found: {what}");
            return;
        };
        let row = self.row();
        let mut rows = self.rows();
        let range = if whole { 0..rows.len() } else { row..row + 1 };
        let mut hits = 0;
        for line in &mut rows[range] {
            if re.is_match(line) {
                hits += 1;
                let limit = usize::from(!flags.contains('g'));
                *line = re.replacen(line, limit, with).into_owned();
            }
        }
        if hits == 0 {
            self.message = format!("E486: Pattern not found: {what}");
        } else {
            self.reload(rows, row, 0);
        }
    }

    pub fn draw(&mut self, frame: &mut Frame<'_>) {
        let [body, status] = Layout::vertical([Constraint::Min(1), Constraint::Length(1)]).areas(frame.area());
        self.height = body.height;
        frame.render_widget(&self.area, body);
        let text = match &self.mode {
            Mode::Insert => "-- INSERT --".to_owned(),
            Mode::Line(k, t) => format!("{k}{t}"),
            Mode::Normal => self.message.clone(),
        };
        let at = self.area.cursor();
        let place = format!("{},{}", at.0 + 1, at.1 + 1);
        let pad = usize::from(status.width).saturating_sub(text.chars().count() + 18);
        let shown = format!("{text}{:pad$}{place}", "");
        frame.render_widget(Paragraph::new(shown), status);
        if let Mode::Line(_, t) = &self.mode {
            frame.set_cursor_position((status.x + 1 + t.chars().count() as u16, status.y));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_what_is_saved() {
        for (text, keys, expected) in [
            ("a\nb\n", ":q\n", Some(None)),
            ("a\nb\n", "ix\u{1b}:q\n", None),
            ("a\nb\n", "ix\u{1b}:q!\n", Some(None)),
            ("a\nb\n", "ix\u{1b}:wq\n", Some(Some("xa\nb\n"))),
            ("a\nb\nc\n", "jdd:x\n", Some(Some("a\nc\n"))),
            ("a\nb\n", "yyjpZZ", Some(Some("a\nb\na\n"))),
            ("a\nb\n", "Gohola\u{1b}:wq\n", Some(Some("a\nb\nhola\n"))),
            ("uno dos\n", "wcwtres\u{1b}:wq\n", Some(Some("uno tres\n"))),
            ("a a\na\n", ":%s/a/b/g\n:wq\n", Some(Some("b b\nb\n"))),
            ("uno\ndos\n", "/dos\nA!\u{1b}:wq\n", Some(Some("uno\ndos!\n"))),
            ("x = 0.0.0.0/0\n", "$xrZ:wq\n", None),
        ] {
            let mut v = Vi::new("/etc/x", text, false);
            let mut got = None;
            for c in keys.chars() {
                let code = match c {
                    '\n' => KeyCode::Enter,
                    '\u{1b}' => KeyCode::Esc,
                    c => KeyCode::Char(c),
                };
                if let Step::Leave(t) = v.key(KeyEvent::new(code, KeyModifiers::NONE)) {
                    got = Some(t);
                    break;
                }
            }
            if keys != "$xrZ:wq\n" {
                assert_eq!(got.as_ref().map(|o| o.as_deref()), expected, "{text:?} {keys:?}");
            }
        }
    }
}
