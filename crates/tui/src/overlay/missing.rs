//! When a lab needs something that is not there and can be installed: what that is, how large,
//! where it goes, and whether to install it now.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use workbench_report::format;

use super::choice::ButtonChoice;
use crate::action::Action;
use crate::event::MissingSetup;
use crate::kit::text::wrap_plain;
use crate::kit::{buttons, dialog_of};
use crate::theme::Theme;

/// The dialog's state.
#[derive(Debug)]
pub struct Missing {
    /// What is missing, and for what.
    setup: MissingSetup,
    /// The second button installs it, where that can be done.
    choice: ButtonChoice,
}

impl Missing {
    /// Asks; leaving it is the button at the cursor.
    pub fn new(setup: MissingSetup) -> Self {
        Self {
            setup,
            choice: ButtonChoice::default(),
        }
    }

    /// Does what a key stands for; gives the answer where it is one.
    pub fn act(&mut self, action: &Action) -> Option<Action> {
        let possible = self.setup.plan.is_ok();
        match action {
            Action::Agree if possible => Some(self.install()),
            _ => match self.choice.act(action, 1 + usize::from(possible))? {
                0 => Some(Action::Close),
                _ => Some(self.install()),
            },
        }
    }

    fn install(&self) -> Action {
        Action::Install(Box::new(self.setup.clone()))
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        dialog_of(
            frame,
            area,
            ("Something is missing", 74),
            theme,
            |columns| self.text(columns, theme),
        );
    }

    fn text(&self, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
        let mut text = Vec::new();
        let mut say = |sentence: &str, style| {
            text.extend(wrap_plain(&format::clean(sentence, 700), columns, style));
            text.push(Line::default());
        };
        say(&format!("Not started: {}.", self.setup.what), theme.text);
        let mut labels = vec!["[ Not now ]".to_owned()];
        match &self.setup.plan {
            Ok(plan) => {
                say(plan, theme.text);
                say(
                    "The screen is left while that goes on, and comes back with the run. `workbench setup` does the same without it.",
                    theme.dim,
                );
                labels.push("[ Set it up ]".to_owned());
            }
            Err(problem) => say(problem, theme.bad),
        }
        text.extend(buttons(labels, (self.choice.at(), columns), theme));
        text
    }
}
