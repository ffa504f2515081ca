//! nano, as far as editing a configuration file needs it: the widget and its keys, without a terminal of its own.
//!
//! Left out: justify, spell check, several buffers, mouse. What `^O` wrote counts when the editor is left.

use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use ratatui_textarea::{CursorMove, TextArea};

/// The question in the status line.
enum Prompt {
    Write { name: String, leave: bool },
    SaveModified,
    Search { text: String },
    GoTo { text: String },
    Replace { text: String },
    ReplaceWith { what: String, text: String },
}

pub struct Nano {
    area: TextArea<'static>,
    path: String,
    saved: Option<String>,
    modified: bool,
    readonly: bool,
    status: String,
    prompt: Option<Prompt>,
    last_search: String,
    cut: Vec<String>,
    cutting: bool,
    /// Lines of the text at the last draw, for paging.
    height: u16,
}

/// What a key led to.
pub enum Step {
    Stay,
    /// The editor is left; the text that was written, if any.
    Leave(Option<String>),
}

/// The lines of a file's text.
pub(super) fn lines_of(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    if text.ends_with('\n') {
        lines.pop();
    }
    lines
}

/// A text area without a highlighted cursor line.
pub(super) fn plain_area(lines: Vec<String>) -> TextArea<'static> {
    let mut area = TextArea::new(lines);
    area.set_cursor_line_style(Style::default());
    area.set_search_style(Style::default().add_modifier(Modifier::REVERSED));
    area.set_tab_length(8);
    area.set_hard_tab_indent(true);
    area
}

/// The buffer's text as a file. nano shows an empty line after the last newline, which is no line of the file.
fn text_of(area: &TextArea<'_>) -> String {
    let mut s = area.lines().join("\n");
    if !s.is_empty() && !s.ends_with('\n') {
        s.push('\n');
    }
    s
}

impl Nano {
    pub fn new(path: &str, text: &str, readonly: bool) -> Nano {
        let area = plain_area(text.split('\n').map(str::to_owned).collect());
        let n = lines_of(text).len();
        let status = if text.is_empty() && path.is_empty() {
            String::new()
        } else if text.is_empty() {
            "[ New File ]".into()
        } else {
            format!("[ Read {n} line{} ]", if n == 1 { "" } else { "s" })
        };
        Nano {
            area,
            path: path.into(),
            saved: None,
            modified: false,
            readonly,
            status,
            prompt: None,
            last_search: String::new(),
            cut: Vec::new(),
            cutting: false,
            height: 20,
        }
    }

    pub fn key(&mut self, key: KeyEvent) -> Step {
        if let Some(p) = self.prompt.take() {
            return self.prompt_key(p, key);
        }
        self.status.clear();
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let was_cutting = std::mem::take(&mut self.cutting);
        match (key.code, ctrl, alt) {
            (KeyCode::Char('x'), true, _) | (KeyCode::F(2), ..) => {
                if self.modified && !self.readonly {
                    self.prompt = Some(Prompt::SaveModified);
                } else {
                    return Step::Leave(self.saved.take());
                }
            }
            (KeyCode::Char('o'), true, _) | (KeyCode::F(3), ..) => {
                self.prompt = Some(Prompt::Write { name: self.path.clone(), leave: false });
            }
            (KeyCode::Char('s'), true, _) => self.write(),
            (KeyCode::Char('w' | 'f'), true, _) | (KeyCode::F(6), ..) => {
                self.prompt = Some(Prompt::Search { text: String::new() });
            }
            (KeyCode::Char('w'), _, true) => self.search_again(),
            (KeyCode::Char('\\' | '4'), true, _) | (KeyCode::Char('r'), _, true) => {
                self.prompt = Some(Prompt::Replace { text: String::new() });
            }
            (KeyCode::Char('_' | '/' | '7'), true, _) | (KeyCode::Char('g'), _, true) => {
                self.prompt = Some(Prompt::GoTo { text: String::new() });
            }
            (KeyCode::Char('c'), true, _) => self.location(),
            (KeyCode::Char('k'), true, _) | (KeyCode::F(9), ..) => self.cut_line(was_cutting),
            (KeyCode::Char('u'), true, _) | (KeyCode::F(10), ..) => self.paste(),
            (KeyCode::Char('u'), _, true) => self.change(ratatui_textarea::TextArea::undo),
            (KeyCode::Char('e'), _, true) => self.change(ratatui_textarea::TextArea::redo),
            (KeyCode::Char('a'), true, _) | (KeyCode::Home, false, _) => self.area.move_cursor(CursorMove::Head),
            (KeyCode::Char('e'), true, _) | (KeyCode::End, false, _) => self.area.move_cursor(CursorMove::End),
            (KeyCode::Char('y'), true, _) | (KeyCode::PageUp, ..) => self.page(-1),
            (KeyCode::Char('v'), true, _) | (KeyCode::PageDown, ..) => self.page(1),
            (KeyCode::Home, true, _) | (KeyCode::Char('\\' | '|'), _, true) => self.area.move_cursor(CursorMove::Top),
            (KeyCode::End, true, _) | (KeyCode::Char('/' | '?'), _, true) => {
                self.area.move_cursor(CursorMove::Bottom);
                self.area.move_cursor(CursorMove::End);
            }
            (KeyCode::Char('p'), true, _) | (KeyCode::Up, ..) => self.area.move_cursor(CursorMove::Up),
            (KeyCode::Char('n'), true, _) | (KeyCode::Down, ..) => self.area.move_cursor(CursorMove::Down),
            (KeyCode::Char('b'), true, _) | (KeyCode::Left, false, _) => self.area.move_cursor(CursorMove::Back),
            (KeyCode::Char('f'), _, true) | (KeyCode::Right, false, _) => self.area.move_cursor(CursorMove::Forward),
            (KeyCode::Left, true, _) => self.area.move_cursor(CursorMove::WordBack),
            (KeyCode::Right, true, _) => self.area.move_cursor(CursorMove::WordForward),
            (KeyCode::Char('d'), true, _) | (KeyCode::Delete, ..) => {
                self.change(ratatui_textarea::TextArea::delete_next_char);
            }
            (KeyCode::Backspace, ..) | (KeyCode::Char('h'), true, _) => {
                self.change(ratatui_textarea::TextArea::delete_char);
            }
            (KeyCode::Enter, ..) | (KeyCode::Char('m'), true, _) => self.change(|a| {
                a.insert_newline();
                true
            }),
            (KeyCode::Tab, ..) => self.change(|a| {
                a.insert_char('\t');
                true
            }),
            (KeyCode::Char(c), false, false) => self.change(|a| {
                a.insert_char(c);
                true
            }),
            _ => {}
        }
        Step::Stay
    }

    fn change(&mut self, f: impl FnOnce(&mut TextArea<'static>) -> bool) {
        if self.readonly {
            self.status = "[ Key is invalid in view mode ]".into();
        } else if f(&mut self.area) {
            self.modified = true;
        }
    }
    fn page(&mut self, by: i32) {
        for _ in 0..self.height.max(3) - 2 {
            self.area.move_cursor(if by < 0 { CursorMove::Up } else { CursorMove::Down });
        }
    }
    fn cut_line(&mut self, more: bool) {
        if self.readonly {
            self.status = "[ Key is invalid in view mode ]".into();
            return;
        }
        if !more {
            self.cut.clear();
        }
        let row = self.area.cursor().0;
        let mut lines = self.area.lines().to_vec();
        self.cut.push(lines.remove(row));
        if lines.is_empty() {
            lines.push(String::new());
        }
        self.reload(lines, row);
        self.cutting = true;
    }
    fn paste(&mut self) {
        if self.cut.is_empty() || self.readonly {
            return;
        }
        let row = self.area.cursor().0;
        let mut lines = self.area.lines().to_vec();
        for (i, l) in self.cut.iter().enumerate() {
            lines.insert(row + i, l.clone());
        }
        self.reload(lines, row + self.cut.len());
    }
    fn reload(&mut self, lines: Vec<String>, row: usize) {
        let mut area = plain_area(Vec::new());
        area.insert_str(lines.join("\n"));
        area.move_cursor(CursorMove::Jump(row.min(lines.len() - 1) as u16, 0));
        self.area = area;
        self.modified = true;
    }
    fn location(&mut self) {
        let at = self.area.cursor();
        let (row, col) = (at.0, at.1);
        let lines = self.area.lines();
        let width = lines.get(row).map_or(0, |l| l.chars().count());
        self.status = format!(
            "[ line {}/{} ({}%), col {}/{} ({}%) ]",
            row + 1,
            lines.len(),
            (row + 1) * 100 / lines.len().max(1),
            col + 1,
            width + 1,
            (col + 1) * 100 / (width + 1)
        );
    }
    fn write(&mut self) {
        if self.readonly {
            self.status = "[ Key is invalid in view mode ]".into();
            return;
        }
        let text = text_of(&self.area);
        let n = lines_of(&text).len();
        self.status = format!("[ Wrote {n} line{} ]", if n == 1 { "" } else { "s" });
        self.saved = Some(text);
        self.modified = false;
    }
    fn search_again(&mut self) {
        let what = self.last_search.clone();
        let pattern = format!("(?i){}", regex::escape(&what));
        if what.is_empty() || self.area.set_search_pattern(pattern).is_err() || !self.area.search_forward(false) {
            self.status = format!("[ \"{what}\" not found ]");
        }
        let _ = self.area.set_search_pattern("");
    }
    fn replace_all(&mut self, what: &str, with: &str) {
        let text = text_of(&self.area);
        let count = text.matches(what).count();
        if count == 0 || what.is_empty() {
            self.status = format!("[ \"{what}\" not found ]");
            return;
        }
        let row = self.area.cursor().0;
        self.reload(text.replace(what, with).split('\n').map(str::to_owned).collect(), row);
        self.status = format!("[ Replaced {count} occurrence{} ]", if count == 1 { "" } else { "s" });
    }

    fn prompt_key(&mut self, mut prompt: Prompt, key: KeyEvent) -> Step {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        if ctrl && key.code == KeyCode::Char('c') || key.code == KeyCode::Esc {
            self.status = "[ Cancelled ]".into();
            return Step::Stay;
        }
        if let Prompt::SaveModified = prompt {
            match key.code {
                KeyCode::Char('y' | 'Y' | 's' | 'S') => {
                    self.prompt = Some(Prompt::Write { name: self.path.clone(), leave: true });
                }
                KeyCode::Char('n' | 'N') => return Step::Leave(self.saved.take()),
                _ => self.prompt = Some(prompt),
            }
            return Step::Stay;
        }
        let (Prompt::Write { name: text, .. }
        | Prompt::Search { text }
        | Prompt::GoTo { text }
        | Prompt::Replace { text }
        | Prompt::ReplaceWith { text, .. }) = &mut prompt
        else {
            return Step::Stay;
        };
        match key.code {
            KeyCode::Char(c) if !ctrl => text.push(c),
            KeyCode::Backspace => {
                text.pop();
            }
            KeyCode::Enter => return self.prompt_done(prompt),
            _ => {}
        }
        self.prompt = Some(prompt);
        Step::Stay
    }
    fn prompt_done(&mut self, prompt: Prompt) -> Step {
        match prompt {
            Prompt::Write { name, leave } => {
                if name != self.path {
                    self.status = "[ Writing to another name is not simulated; use cp ]".into();
                    return Step::Stay;
                }
                self.write();
                if leave {
                    return Step::Leave(self.saved.take());
                }
            }
            Prompt::Search { text } => {
                if !text.is_empty() {
                    self.last_search = text;
                }
                self.search_again();
            }
            Prompt::GoTo { text } => {
                let mut n = text.split([',', '.']).map(|x| x.trim().parse::<u16>().unwrap_or(1).max(1));
                let (row, col) = (n.next().unwrap_or(1), n.next().unwrap_or(1));
                self.area.move_cursor(CursorMove::Jump(row - 1, col - 1));
            }
            Prompt::Replace { text } => {
                self.prompt = Some(Prompt::ReplaceWith { what: text, text: String::new() });
            }
            Prompt::ReplaceWith { what, text } => self.replace_all(&what, &text),
            Prompt::SaveModified => {}
        }
        Step::Stay
    }

    pub fn draw(&mut self, frame: &mut Frame<'_>) {
        let [title, body, status, help1, help2] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Min(1),
            Constraint::Length(1),
            Constraint::Length(1),
            Constraint::Length(1),
        ])
        .areas(frame.area());
        self.height = body.height;
        let bar = Style::default().add_modifier(Modifier::REVERSED);
        frame.render_widget(Paragraph::new(self.title(title.width)).style(bar), title);
        frame.render_widget(&self.area, body);
        match &self.prompt {
            None => {
                let text = Line::from(Span::styled(self.status.clone(), bar)).centered();
                frame.render_widget(Paragraph::new(text), status);
            }
            Some(p) => {
                let text = match p {
                    Prompt::Write { name, .. } => format!("File Name to Write: {name}"),
                    Prompt::SaveModified => "Save modified buffer? ".into(),
                    Prompt::Search { text } => {
                        let old = &self.last_search;
                        let hint = if old.is_empty() { String::new() } else { format!(" [{old}]") };
                        format!("Search{hint}: {text}")
                    }
                    Prompt::GoTo { text } => format!("Enter line number, column number: {text}"),
                    Prompt::Replace { text } => format!("Search (to replace): {text}"),
                    Prompt::ReplaceWith { text, .. } => format!("Replace with: {text}"),
                };
                let col = status.x + (text.chars().count() as u16).min(status.width.saturating_sub(1));
                frame.render_widget(Paragraph::new(text).style(bar), status);
                frame.set_cursor_position((col, status.y));
            }
        }
        self.help(frame, help1, help2);
    }
    fn title(&self, width: u16) -> String {
        let state = match (self.readonly, self.modified) {
            (true, _) => "View",
            (_, true) => "Modified",
            _ => "",
        };
        let name = if self.path.is_empty() { "New Buffer" } else { &self.path };
        let left = "  GNU nano 7.2";
        let w = usize::from(width);
        let pad = w.saturating_sub(name.chars().count()) / 2;
        let mut s = format!("{left:<pad$}{name}");
        let used = s.chars().count();
        s.push_str(&format!("{state:>n$}", n = w.saturating_sub(used + 1)));
        s
    }
    fn help(&self, frame: &mut Frame<'_>, one: Rect, two: Rect) {
        let rows: [&[(&str, &str)]; 2] = match self.prompt {
            Some(Prompt::SaveModified) => [&[(" Y", "Yes")], &[(" N", "No"), ("^C", "Cancel")]],
            Some(_) => [&[("^G", "Help")], &[("^C", "Cancel"), ("M-↵", "Enter")]],
            None => [
                &[
                    ("^G", "Help"),
                    ("^O", "Write Out"),
                    ("^W", "Where Is"),
                    ("^K", "Cut"),
                    ("^C", "Location"),
                    ("M-U", "Undo"),
                ],
                &[
                    ("^X", "Exit"),
                    ("^S", "Save"),
                    ("^\\", "Replace"),
                    ("^U", "Paste"),
                    ("^/", "Go To Line"),
                    ("M-E", "Redo"),
                ],
            ],
        };
        let key = Style::default().add_modifier(Modifier::REVERSED);
        for (row, area) in rows.into_iter().zip([one, two]) {
            let mut spans = Vec::new();
            for (k, what) in row {
                spans.push(Span::styled((*k).to_owned(), key));
                spans.push(Span::raw(format!(" {what:<11}")));
            }
            frame.render_widget(Paragraph::new(Line::from(spans)), area);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(n: &mut Nano, keys: &str) -> Option<Option<String>> {
        let mut it = keys.chars();
        while let Some(c) = it.next() {
            let (code, m) = match c {
                '^' => (KeyCode::Char(it.next().unwrap()), KeyModifiers::CONTROL),
                '\n' => (KeyCode::Enter, KeyModifiers::NONE),
                '<' => (KeyCode::Backspace, KeyModifiers::NONE),
                'ↆ' => (KeyCode::Down, KeyModifiers::NONE),
                c => (KeyCode::Char(c), KeyModifiers::NONE),
            };
            if let Step::Leave(t) = n.key(KeyEvent::new(code, m)) {
                return Some(t);
            }
        }
        None
    }

    #[test]
    fn keys_and_what_is_saved() {
        for (text, keys, expected) in [
            ("a\nb\n", "^x", Some(None)),
            ("a\nb\n", "x^xn", Some(None)),
            ("a\nb\n", "x^xy\n", Some(Some("xa\nb\n"))),
            ("a\nb\n", "x^o\ny^xn", Some(Some("xa\nb\n"))),
            ("a\nb\nc\n", "^k^k^u^xy\n", Some(Some("a\nb\nc\n"))),
            ("a\nb\nc\n", "^k^s^x", Some(Some("b\nc\n"))),
            ("a\nb\nc\n", "^k^sz^x^c", None),
            ("uno\ndos\n", "^wdos\nX^s^x", Some(Some("uno\nXdos\n"))),
            ("uno\ndos\ntres\n", "^_3\nX^s^x", Some(Some("uno\ndos\nXtres\n"))),
            ("aa\na\n", "^\\a\nb\n^s^x", Some(Some("bb\nb\n"))),
            ("", "hola\n^s^x", Some(Some("hola\n"))),
            ("a\n\n", "x^s^x", Some(Some("xa\n\n"))),
        ] {
            let mut n = Nano::new("/etc/x", text, false);
            let got = press(&mut n, keys);
            assert_eq!(got.as_ref().map(|o| o.as_deref()), expected, "{text:?} {keys:?}");
        }
    }

    #[test]
    fn a_read_only_buffer_does_not_change() {
        let mut n = Nano::new("/etc/x", "a\n", true);
        assert_eq!(press(&mut n, "zz^k^x"), Some(None));
    }
}
