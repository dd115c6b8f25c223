//! Before a run is stopped: what would be lost, what is kept, and how to go on later.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use workbench_engine::record::Snapshot;
use workbench_engine::report::format;

use crate::tui::chrome::{Look, dialog, lines};
use crate::tui::keys::{Bound, bound};
use crate::tui::text::wrap_plain;

/// What a key does here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Stop the run.
    Yes,
    /// Let it go on.
    No,
    /// Go to the other button.
    Other,
    /// Press the button.
    Press,
}

/// The keys.
pub const KEYS: &[Bound<Action>] = &[
    bound(&["y"], Action::Yes, "stop it", "Stop the run."),
    bound(
        &["n", "esc", "q"],
        Action::No,
        "go on",
        "Let the run go on.",
    ),
    bound(
        &["tab", "left", "right", "h", "l", "backtab"],
        Action::Other,
        "other button",
        "Go to the other button.",
    ),
    bound(
        &["enter", "space"],
        Action::Press,
        "press",
        "Press the button.",
    ),
];

/// The dialog's state.
#[derive(Debug)]
pub struct Stop {
    /// Whether the program is left afterwards.
    pub leaving: bool,
    yes: bool,
}

impl Stop {
    /// Asks; letting the run go on is the button at the cursor.
    pub fn new(leaving: bool) -> Self {
        Self {
            leaving,
            yes: false,
        }
    }

    /// Takes a key: `Some` is the answer.
    pub fn act(&mut self, action: Action) -> Option<bool> {
        match action {
            Action::Yes => Some(true),
            Action::No => Some(false),
            Action::Press => Some(self.yes),
            Action::Other => {
                self.yes = !self.yes;
                None
            }
        }
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, snapshot: &Snapshot, look: &Look) {
        let width = area.width.saturating_sub(4).min(66);
        let columns = usize::from(width).saturating_sub(4);
        let mut text = Vec::new();
        for sentence in sentences(snapshot) {
            text.extend(wrap_plain(&sentence, columns, look.theme.text));
            text.push(Line::default());
        }
        let yes = if self.leaving {
            "[ Stop it and leave ]"
        } else {
            "[ Stop it ]"
        };
        let style = |on: bool| {
            if on {
                look.theme.selected
            } else {
                look.theme.text
            }
        };
        text.push(Line::from(vec![
            Span::styled("[ Go on ]", style(!self.yes)),
            Span::raw("  "),
            Span::styled(yes, style(self.yes)),
        ]));
        let title = if self.leaving {
            "A run is under way. Leave?"
        } else {
            "Stop the run?"
        };
        let inner = dialog(frame, area, (width, text.len() as u16 + 2), title, look);
        lines(frame, inner, &text);
    }
}

/// What stopping now keeps and loses.
fn sentences(snapshot: &Snapshot) -> Vec<String> {
    let Some(started) = &snapshot.started else {
        return vec!["The run has not begun yet: nothing would be lost.".to_owned()];
    };
    let finished = snapshot
        .repeats
        .iter()
        .filter(|r| r.finished.is_some())
        .count() as u64;
    let mut out = vec![match finished {
        0 => format!(
            "None of {} is finished yet.",
            format::counted(u64::from(started.planned_repeats), "repeat")
        ),
        _ => format!(
            "Kept: {finished} of {} finished; they stay in the record.",
            format::counted(u64::from(started.planned_repeats), "repeat")
        ),
    }];
    if let Some(now) = snapshot.repeats.last().filter(|r| r.finished.is_none()) {
        let (done, total) = now.progress;
        let share = if total == 0 {
            0.0
        } else {
            done as f64 / total as f64
        };
        out.push(format!(
            "Lost: the repeat under way ({}, {} done).",
            format::clean(&now.id.arm, 40),
            format::percent(share)
        ));
    }
    out.push(format!(
        "Go on later with: workbench resume {}",
        format::clean(&started.run_id, 60)
    ));
    out
}
