//! `tail -f` and `watch`: time runs in step with the user's until Ctrl-C.

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// What ended a stretch of following.
pub enum Followed {
    /// That much real time went by, in microseconds.
    Tick(i64),
    Interrupt,
}

/// How often the simulation is moved on.
const STEP: Duration = Duration::from_millis(500);

/// Waits for one step of real time or for Ctrl-C. Other keys are swallowed but for Enter, which makes an empty line.
pub fn step() -> io::Result<Followed> {
    enable_raw_mode()?;
    let result = wait();
    disable_raw_mode()?;
    result
}

fn wait() -> io::Result<Followed> {
    let start = Instant::now();
    loop {
        let Some(left) = STEP.checked_sub(start.elapsed()) else {
            return Ok(Followed::Tick(start.elapsed().as_micros() as i64));
        };
        if !event::poll(left)? {
            continue;
        }
        if let Event::Key(k) = event::read()?
            && k.kind != KeyEventKind::Release
        {
            match k.code {
                KeyCode::Char('c') if k.modifiers.contains(KeyModifiers::CONTROL) => {
                    print("^C\r\n");
                    return Ok(Followed::Interrupt);
                }
                KeyCode::Enter => print("\r\n"),
                _ => {}
            }
        }
    }
}

fn print(s: &str) {
    let mut out = io::stdout();
    let _ = out.write_all(s.as_bytes());
    let _ = out.flush();
}
