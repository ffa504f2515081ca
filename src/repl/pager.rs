//! less, as far as reading a log or a page needs it.
//!
//! Space b j k g G, arrows and pages, `/` `?` `n` `N`, `q`. Left out: marks, filters, following.

use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

pub struct Pager {
    lines: Vec<String>,
    title: String,
    top: usize,
    height: usize,
    width: usize,
    search: Option<(bool, String)>,
    pattern: Option<regex::Regex>,
    backward: bool,
    message: String,
}

/// Cuts a line into pieces that fit the width.
fn wrap(line: &str, width: usize) -> Vec<String> {
    let chars: Vec<char> = line.replace('\t', "        ").chars().collect();
    if chars.is_empty() {
        return vec![String::new()];
    }
    chars.chunks(width.max(1)).map(|c| c.iter().collect()).collect()
}

impl Pager {
    pub fn new(title: &str, text: &str) -> Pager {
        Pager {
            lines: text.lines().map(str::to_owned).collect(),
            title: title.into(),
            top: 0,
            height: 22,
            width: 80,
            search: None,
            pattern: None,
            backward: false,
            message: String::new(),
        }
    }
    /// True when the pager is left.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        if let Some((back, mut text)) = self.search.take() {
            match key.code {
                KeyCode::Esc => {}
                KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {}
                KeyCode::Enter => {
                    if !text.is_empty() {
                        let re = regex::RegexBuilder::new(&text).size_limit(1 << 20).build();
                        self.pattern = re.or_else(|_| regex::Regex::new(&regex::escape(&text))).ok();
                    }
                    self.backward = back;
                    self.find(back);
                }
                KeyCode::Backspace => {
                    if text.pop().is_some() {
                        self.search = Some((back, text));
                    }
                }
                KeyCode::Char(c) => {
                    text.push(c);
                    self.search = Some((back, text));
                }
                _ => self.search = Some((back, text)),
            }
            return false;
        }
        self.message.clear();
        let last = self.last();
        match key.code {
            KeyCode::Char('q' | 'Q') => return true,
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {}
            KeyCode::Char(' ' | 'f') | KeyCode::PageDown => self.top = (self.top + self.height).min(last),
            KeyCode::Char('b') | KeyCode::PageUp => self.top = self.top.saturating_sub(self.height),
            KeyCode::Char('d') => self.top = (self.top + self.height / 2).min(last),
            KeyCode::Char('u') => self.top = self.top.saturating_sub(self.height / 2),
            KeyCode::Char('j' | 'e') | KeyCode::Down | KeyCode::Enter => self.top = (self.top + 1).min(last),
            KeyCode::Char('k' | 'y') | KeyCode::Up => self.top = self.top.saturating_sub(1),
            KeyCode::Char('g' | '<') | KeyCode::Home => self.top = 0,
            KeyCode::Char('G' | '>') | KeyCode::End => self.top = last,
            KeyCode::Char('/') => self.search = Some((false, String::new())),
            KeyCode::Char('?') => self.search = Some((true, String::new())),
            KeyCode::Char('n') => self.find(self.backward),
            KeyCode::Char('N') => self.find(!self.backward),
            _ => {}
        }
        false
    }
    /// The first top line from which the rest fits the screen.
    fn last(&self) -> usize {
        let mut rows = 0;
        for (i, l) in self.lines.iter().enumerate().rev() {
            rows += wrap(l, self.width).len();
            if rows > self.height {
                return i + 1;
            }
        }
        0
    }
    fn find(&mut self, back: bool) {
        let Some(re) = &self.pattern else { return };
        let hit = if back {
            (0..self.top).rev().find(|i| re.is_match(&self.lines[*i]))
        } else {
            (self.top + 1..self.lines.len()).find(|i| re.is_match(&self.lines[*i]))
        };
        match hit {
            Some(i) => self.top = i,
            None => self.message = "Pattern not found  (press RETURN)".into(),
        }
    }
    pub fn draw(&mut self, frame: &mut Frame<'_>) {
        let [body, status] = Layout::vertical([Constraint::Min(1), Constraint::Length(1)]).areas(frame.area());
        self.height = usize::from(body.height);
        self.width = usize::from(body.width);
        let mut rows: Vec<Line<'_>> = Vec::new();
        let mut next = self.top;
        while rows.len() < self.height && next < self.lines.len() {
            for piece in wrap(&self.lines[next], self.width) {
                rows.push(self.marked(piece));
            }
            next += 1;
        }
        rows.truncate(self.height);
        while rows.len() < self.height {
            rows.push(Line::from("~"));
        }
        frame.render_widget(Paragraph::new(rows), body);
        let at_end = next >= self.lines.len();
        let text = match &self.search {
            Some((back, t)) => format!("{}{t}", if *back { '?' } else { '/' }),
            None if !self.message.is_empty() => self.message.clone(),
            None if at_end => "(END)".into(),
            None if self.top == 0 && !self.title.is_empty() => self.title.clone(),
            None => ":".into(),
        };
        let reversed = self.search.is_none() && text != ":";
        let style = if reversed { Style::default().add_modifier(Modifier::REVERSED) } else { Style::default() };
        let col = status.x + text.chars().count() as u16;
        frame.render_widget(Paragraph::new(Span::styled(text, style)), status);
        frame.set_cursor_position((col, status.y));
    }
    fn marked(&self, piece: String) -> Line<'static> {
        let Some(re) = &self.pattern else { return Line::from(piece) };
        let mut spans = Vec::new();
        let mut at = 0;
        for m in re.find_iter(&piece) {
            spans.push(Span::raw(piece[at..m.start()].to_owned()));
            spans.push(Span::styled(m.as_str().to_owned(), Style::default().add_modifier(Modifier::REVERSED)));
            at = m.end();
        }
        spans.push(Span::raw(piece[at..].to_owned()));
        Line::from(spans)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_finds() {
        let text: String = (1..=100).map(|i| format!("linea {i}\n")).collect();
        let mut p = Pager::new("x", &text);
        p.height = 10;
        for (keys, top) in [("f", 10), ("b", 0), ("G", 90), ("g", 0), ("/linea 55\n", 54), ("n", 54), ("k", 53)] {
            for c in keys.chars() {
                let code = if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) };
                assert!(!p.key(KeyEvent::new(code, KeyModifiers::NONE)));
            }
            assert_eq!(p.top, top, "{keys:?}");
        }
        assert!(p.key(KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE)));
    }
}
