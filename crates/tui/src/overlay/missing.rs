//! When a lab needs something that is not there and can be installed: what that is, how large,
//! where it goes, and whether to install it now.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use workbench_report::format;

use crate::action::Action;
use crate::event::MissingSetup;
use crate::kit::text::wrap_plain;
use crate::kit::{dialog, lines};
use crate::theme::Theme;

/// The dialog's state.
#[derive(Debug)]
pub struct Missing {
    /// What is missing, and for what.
    setup: MissingSetup,
    /// Whether the cursor is on the button that installs it.
    yes: bool,
}

impl Missing {
    /// Asks; leaving it is the button at the cursor.
    pub fn new(setup: MissingSetup) -> Self {
        Self { setup, yes: false }
    }

    /// Does what a key stands for; gives the answer where it is one.
    pub fn act(&mut self, action: &Action) -> Option<Action> {
        let possible = self.setup.plan.is_ok();
        match action {
            Action::Agree if possible => Some(self.install()),
            Action::Choose if self.yes => Some(self.install()),
            Action::Choose => Some(Action::Close),
            Action::Next => {
                self.yes = possible && !self.yes;
                None
            }
            _ => None,
        }
    }

    fn install(&self) -> Action {
        Action::Install(Box::new(self.setup.clone()))
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        let width = area.width.saturating_sub(4).min(74);
        let columns = usize::from(width).saturating_sub(4);
        let mut text = Vec::new();
        let mut say = |sentence: &str, style| {
            text.extend(wrap_plain(&format::clean(sentence, 700), columns, style));
            text.push(Line::default());
        };
        say(&format!("Not started: {}.", self.setup.what), theme.text);
        let mut buttons = vec![("[ Not now ]", !self.yes)];
        match &self.setup.plan {
            Ok(plan) => {
                say(plan, theme.text);
                say(
                    "The screen is left while that goes on, and comes back with the run. `workbench setup` does the same without it.",
                    theme.dim,
                );
                buttons.push(("[ Set it up ]", self.yes));
            }
            Err(problem) => say(problem, theme.bad),
        }
        let button = |(label, chosen): (&'static str, bool)| {
            let style = if chosen { theme.selected } else { theme.text };
            [Span::styled(label, style), Span::raw("  ")]
        };
        text.push(buttons.into_iter().flat_map(button).collect());
        let size = (width, text.len() as u16 + 2);
        let inner = dialog(frame, area, size, "Something is missing", theme);
        lines(frame, inner, &text);
    }
}
