//! What comes from the terminal: keys, the mouse, pasted text, and its answers, which look like
//! keys.

use std::time::Duration;

use ratatui::crossterm::event::{self as input, KeyEvent};
use tokio::sync::mpsc::UnboundedSender;

use super::event::AppEvent;
use super::ground::{AnswerSieve, Sifted};

/// The longest silence within an answer of the terminal.
const ANSWER_GAP: Duration = Duration::from_millis(100);

/// Terminals report every cell that the mouse passes.
fn is_noise(kind: input::MouseEventKind) -> bool {
    use input::MouseEventKind::{Drag, Moved, Up};
    matches!(kind, Moved | Drag(_) | Up(_))
}

/// Tells what comes from the terminal, until it is gone or nobody listens.
pub fn read_input(events: &UnboundedSender<AppEvent>) {
    let mut sieve = AnswerSieve::default();
    let tell = |event: AppEvent| events.send(event).is_ok();
    let keys = |keys: Vec<KeyEvent>| keys.into_iter().all(|key| tell(AppEvent::Key(key)));
    loop {
        if sieve.is_holding() && !input::poll(ANSWER_GAP).unwrap_or(true) {
            if !keys(sieve.release()) {
                return;
            }
            continue;
        }
        let goes_on = match input::read() {
            Ok(input::Event::Key(key)) => match sieve.take(key) {
                Sifted::Keys(all) => keys(all),
                Sifted::Held => true,
                Sifted::Answer(ground) => tell(AppEvent::Ground(ground)),
            },
            Ok(input::Event::Mouse(mouse)) if is_noise(mouse.kind) => true,
            Ok(input::Event::Mouse(mouse)) => tell(AppEvent::Mouse(mouse)),
            Ok(input::Event::Paste(text)) => tell(AppEvent::Paste(text)),
            Ok(input::Event::Resize(..)) => tell(AppEvent::Redraw),
            Ok(_) => true,
            // The terminal is gone.
            Err(_) => {
                tell(AppEvent::TerminalLost);
                false
            }
        };
        if !goes_on {
            return;
        }
    }
}
