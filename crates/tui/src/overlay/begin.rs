//! Before a run that takes long, that another would disturb, or that runs programs which are no
//! part of this one: what to expect, and what else to do.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use workbench_report::format;

use super::choice::ButtonChoice;
use crate::action::Action;
use crate::kit::text::wrap_plain;
use crate::kit::{buttons, dialog_of};
use crate::theme::Theme;

/// The dialog's state.
#[derive(Debug)]
pub struct Begin {
    /// What there is to know before.
    reasons: Vec<String>,
    /// A shorter preset that can be run first.
    shorter: Option<String>,
    choice: ButtonChoice,
}

impl Begin {
    /// Asks; changing nothing is the button at the cursor.
    pub fn new(reasons: Vec<String>, shorter: Option<String>) -> Self {
        Self {
            reasons,
            shorter,
            choice: ButtonChoice::default(),
        }
    }

    fn buttons(&self) -> Vec<(String, Action)> {
        let mut buttons = vec![("[ Not now ]".to_owned(), Action::Close)];
        if let Some(preset) = &self.shorter {
            let label = format!("[ Run {} first ]", format::clean(preset, 24));
            buttons.push((label, Action::StartShorter(preset.clone())));
        }
        buttons.push(("[ Start ]".to_owned(), Action::StartNow));
        buttons
    }

    /// Does what a key stands for; gives the answer where it is one.
    pub fn act(&mut self, action: &Action) -> Option<Action> {
        let mut buttons = self.buttons();
        if *action == Action::Agree {
            return Some(Action::StartNow);
        }
        let pressed = self.choice.act(action, buttons.len())?;
        Some(buttons.swap_remove(pressed).1)
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        dialog_of(frame, area, ("Start this run?", 70), theme, |columns| {
            let mut text = Vec::new();
            for told in &self.reasons {
                for line in told.split('\n') {
                    text.extend(wrap_plain(line, columns, theme.text));
                }
                text.push(Line::default());
            }
            let labels = self.buttons().into_iter().map(|(label, _)| label);
            text.extend(buttons(labels, (self.choice.at(), columns), theme));
            text
        });
    }
}
