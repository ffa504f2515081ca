//! The full screen: shows an editor or the pager until it is left, then gives the terminal back as it was.

use super::{nano, pager, vi};
use crate::command::io::Screen;
use ratatui::crossterm::event::{self, Event, KeyEvent, KeyEventKind};
use std::io;

enum Widget {
    Nano(Box<nano::Nano>),
    Vi(Box<vi::Vi>),
    Pager(pager::Pager),
}

/// Shows the screen; gives the text that was saved. An error is the terminal's (it went away).
pub fn show(screen: &Screen) -> io::Result<Option<String>> {
    let mut widget = match screen {
        Screen::Editor { program: "nano", path, text, readonly } => {
            Widget::Nano(Box::new(nano::Nano::new(path, text, *readonly)))
        }
        Screen::Editor { path, text, readonly, .. } => Widget::Vi(Box::new(vi::Vi::new(path, text, *readonly))),
        Screen::Pager { title, text } => Widget::Pager(pager::Pager::new(title, text)),
    };
    let mut terminal = ratatui::try_init()?;
    // What stands there may be anything: a killed program leaves its screen behind.
    let result = terminal.clear().and_then(|()| run(&mut terminal, &mut widget));
    ratatui::try_restore()?;
    result
}

fn run(terminal: &mut ratatui::DefaultTerminal, widget: &mut Widget) -> io::Result<Option<String>> {
    loop {
        terminal.draw(|f| match widget {
            Widget::Nano(n) => n.draw(f),
            Widget::Vi(v) => v.draw(f),
            Widget::Pager(p) => p.draw(f),
        })?;
        if let Event::Key(key) = event::read()?
            && key.kind != KeyEventKind::Release
            && let Some(done) = press(widget, key)
        {
            return Ok(done);
        }
    }
}

fn press(widget: &mut Widget, key: KeyEvent) -> Option<Option<String>> {
    let step = match widget {
        Widget::Nano(n) => n.key(key),
        Widget::Vi(v) => v.key(key),
        Widget::Pager(p) => {
            if p.key(key) {
                nano::Step::Leave(None)
            } else {
                nano::Step::Stay
            }
        }
    };
    match step {
        nano::Step::Stay => None,
        nano::Step::Leave(t) => Some(t),
    }
}
