//! Going to a time in what is played again: typed, or a click on the bar of the last line.

use std::time::Duration;

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::state::{App, Feed, Screen};
use crate::action::Action;
use crate::overlay::Overlay;
use crate::overlay::seek_time::SeekTime;

impl App {
    /// Where what is played is, and where it ends.
    pub(crate) fn played(&self) -> Option<(Duration, Duration)> {
        match (&self.screen, &self.monitored.player) {
            (Screen::Monitor(_), Some(player)) => {
                let (at, end) = player.position();
                Some((Duration::from_millis(at), Duration::from_millis(end)))
            }
            (Screen::Watch(watched), _) => match &watched.feed {
                Feed::Replay(player) => {
                    let (at, end) = player.position();
                    Some((Duration::from_nanos(at), Duration::from_nanos(end)))
                }
                Feed::Follow => None,
            },
            _ => None,
        }
    }

    /// Asks for a time, where something is played.
    pub(super) fn ask_time(&mut self) {
        if let Some((_, end)) = self.played() {
            self.overlay = Some(Overlay::SeekTime(SeekTime::new(end)));
        }
    }

    /// The time that a click on the bar of the last line means.
    pub(super) fn clicked_time(&self, event: MouseEvent) -> Option<Action> {
        let bar = self.bar?;
        let pressed = event.kind == MouseEventKind::Down(MouseButton::Left);
        if !pressed || !bar.contains((event.column, event.row).into()) {
            return None;
        }
        let (_, end) = self.played()?;
        let share = f64::from(event.column - bar.x) / f64::from((bar.width - 1).max(1));
        Some(Action::SeekTo(end.mul_f64(share.min(1.0))))
    }
}
