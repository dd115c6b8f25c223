//! When a lab lacks what the set-up brings: what that is, how large, where it goes, and whether to bring it now.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use workbench_report::format;

use crate::event::Lack;
use crate::keys::{Bound, bound};
use crate::kit::text::wrap_plain;
use crate::kit::{dialog, lines};
use crate::theme::Look;

/// What a key does here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Set it up.
    Yes,
    /// Leave it.
    No,
    /// Go to the other button.
    Other,
    /// Press the button.
    Press,
}

/// The keys.
pub const KEYS: &[Bound<Action>] = &[
    bound(
        &["y"],
        Action::Yes,
        "set up",
        "Leave the screen, set up what is missing, and come back.",
    ),
    bound(&["n", "esc", "q"], Action::No, "not now", "Change nothing."),
    bound(
        &["tab", "right", "l", "backtab", "left", "h"],
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
pub struct Lacking {
    /// What is missing, and for what.
    pub lack: Lack,
    /// Whether the cursor is on the button that does it.
    yes: bool,
}

impl Lacking {
    /// Asks; leaving it is the button at the cursor.
    pub fn new(lack: Lack) -> Self {
        Self { lack, yes: false }
    }

    /// Takes a key: `Some` is the answer.
    pub fn act(&mut self, action: Action) -> Option<bool> {
        let possible = self.lack.plan.is_ok();
        match action {
            Action::Yes => possible.then_some(true),
            Action::No => Some(false),
            Action::Press => Some(self.yes),
            Action::Other => {
                self.yes = possible && !self.yes;
                None
            }
        }
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let width = area.width.saturating_sub(4).min(74);
        let columns = usize::from(width).saturating_sub(4);
        let theme = &look.theme;
        let mut text = Vec::new();
        let mut say = |sentence: &str, style| {
            text.extend(wrap_plain(&format::clean(sentence, 700), columns, style));
            text.push(Line::default());
        };
        say(&format!("Not started: {}.", self.lack.why), theme.text);
        let mut buttons = vec![("[ Not now ]", !self.yes)];
        match &self.lack.plan {
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
        let inner = dialog(frame, area, size, "Something is missing", look);
        lines(frame, inner, &text);
    }
}
