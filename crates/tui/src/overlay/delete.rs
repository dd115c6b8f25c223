//! Before a run is removed for good: which one, and how much it takes.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use workbench_history::list::RunRow;
use workbench_record::RunDir;
use workbench_report::format;

use super::choice::ButtonChoice;
use crate::action::Action;
use crate::kit::text::wrap_plain;
use crate::kit::{buttons, dialog_of};
use crate::theme::Theme;

/// The dialog's state.
#[derive(Debug)]
pub struct Delete {
    run: RunDir,
    told: String,
    choice: ButtonChoice,
}

impl Delete {
    /// Asks; keeping the run is the button at the cursor.
    pub fn new(row: &RunRow) -> Self {
        let star = if row.label.starred {
            " It has a star."
        } else {
            ""
        };
        let told = format!(
            "{} ({}, {}) would be removed for good, with its record.{star}",
            row.id,
            row.status(),
            format::bytes(row.disk_bytes)
        );
        Self {
            run: row.run.clone(),
            told,
            choice: ButtonChoice::default(),
        }
    }

    /// Does what a key stands for; gives the answer where it is one.
    pub fn act(&mut self, action: &Action) -> Option<Action> {
        let delete = Action::DeleteNow(self.run.clone());
        match action {
            Action::Agree => Some(delete),
            _ => match self.choice.act(action, 2)? {
                0 => Some(Action::Close),
                _ => Some(delete),
            },
        }
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        dialog_of(frame, area, ("Delete this run?", 66), theme, |columns| {
            let mut text = wrap_plain(&self.told, columns, theme.text);
            text.push(Line::default());
            let labels = ["[ Keep it ]", "[ Delete it ]"].map(str::to_owned);
            text.extend(buttons(labels, (self.choice.at(), columns), theme));
            text
        });
    }
}
