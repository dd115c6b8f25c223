//! The time to go to in what is played again.
//!
//! ```text
//! ╭ Go to a time ─────────────────────────────────╮
//! │ From the beginning; it ends after 3 min 45 s. │
//! │                                               │
//! │ › 1:30                                        │
//! │                                               │
//! │ 1:30, 90s, 2m or 50% for example.             │
//! ╰───────────────────────────────────────────────╯
//! ```

use std::time::Duration;

use ratatui::Frame;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use ratatui::text::Line;
use workbench_report::format;

use crate::action::Action;
use crate::field::{Editing, TextField};
use crate::kit::text::wrap_plain;
use crate::kit::{dialog_of, typed};
use crate::theme::Theme;

/// The longest time, in characters.
const LONGEST: usize = 20;

/// The dialog's state.
#[derive(Debug)]
pub struct SeekTime {
    time: TextField,
    /// Where it ends.
    end: Duration,
    is_wrong: bool,
}

impl SeekTime {
    /// Asks for a time in what lasts so long.
    pub fn new(end: Duration) -> Self {
        Self {
            time: TextField::new("", LONGEST),
            end,
            is_wrong: false,
        }
    }

    /// Does what a key stands for; gives the answer where it is one.
    pub fn act(&mut self, action: &Action) -> Option<Action> {
        match action {
            Action::Choose => {
                let time = time_of(self.time.text(), self.end);
                self.is_wrong = time.is_none();
                time.map(Action::SeekTo)
            }
            Action::Edit(Editing::Empty) => {
                self.time.set("");
                None
            }
            _ => None,
        }
    }

    /// Takes a key into the time.
    pub fn type_key(&mut self, key: KeyEvent) {
        self.is_wrong = false;
        self.time.key(key);
    }

    /// Takes text into the time.
    pub fn paste(&mut self, text: &str) {
        self.is_wrong = false;
        self.time.paste(text);
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        let about = format!(
            "From the beginning; it ends after {}.",
            format::stretch(self.end.as_secs() as f64)
        );
        let (said, style) = if self.is_wrong {
            (
                "This is no time: give 1:30, 90s, 2m or 50% for example.",
                theme.bad,
            )
        } else {
            ("1:30, 90s, 2m or 50% for example.", theme.dim)
        };
        let mut line = 0;
        let inner = dialog_of(frame, area, ("Go to a time", 50), theme, |columns| {
            let mut text = wrap_plain(&about, columns, theme.dim);
            line = text.len() as u16 + 1;
            text.extend([Line::default(), Line::default(), Line::default()]);
            text.extend(wrap_plain(said, columns, style));
            text
        });
        let mark = theme.either("› ", "> ");
        let time = (self.time.text(), theme.title, true);
        typed(frame, (inner, line), mark, time, theme);
    }
}

/// A time as people type it: `1:30`, `1:02:03`, `90`, `90s`, `1h30m`, or a share of the whole,
/// `50%`.
fn time_of(typed: &str, end: Duration) -> Option<Duration> {
    let typed = typed.trim();
    let share = typed.strip_suffix('%').map(str::trim);
    if let Some(share) = share.map(str::parse::<f64>) {
        return Duration::try_from_secs_f64(end.as_secs_f64() * share.ok()? / 100.0).ok();
    }
    if let Ok(seconds) = typed.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let parts: Vec<&str> = typed.split(':').collect();
    if let (2..=3, [first, rest @ ..]) = (parts.len(), &parts[..]) {
        let mut seconds = first.trim().parse::<u64>().ok()?;
        for part in rest {
            let part = part.trim().parse::<u64>().ok().filter(|part| *part < 60)?;
            seconds = seconds.checked_mul(60)?.checked_add(part)?;
        }
        return Some(Duration::from_secs(seconds));
    }
    typed.parse::<jiff::SignedDuration>().ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_type_them() {
        let end = Duration::from_secs(200);
        for (typed, seconds) in [
            ("1:30", Some(90.0)),
            (" 1:02:03 ", Some(3723.0)),
            ("90", Some(90.0)),
            ("1.5", Some(1.5)),
            ("90s", Some(90.0)),
            ("1h30m", Some(5400.0)),
            ("2m", Some(120.0)),
            ("50%", Some(100.0)),
            ("100 %", Some(200.0)),
            ("", None),
            ("soon", None),
            ("1:75", None),
            ("-5", None),
            ("-5%", None),
            ("1:2:3:4", None),
            ("99999999999999999999:00", None),
            ("inf", None),
            ("nan%", None),
        ] {
            let read = time_of(typed, end).map(|time| time.as_secs_f64());
            assert_eq!(read, seconds, "{typed}");
        }
    }
}
