//! Runs side by side: which ones, and the state of their view. Drawing is [`views::compare`]'s, the facts are
//! [`workbench_history::comparison`]'s.

use std::sync::Arc;

use ratatui::Frame;
use ratatui::layout::Rect;

use super::Wish;
use crate::event::SideBySide;
use crate::keys::{Bound, bound, find};
use crate::theme::Theme;
use crate::views;
use crate::views::Keyed;
use crate::views::compare::CompareView;

/// What a key does here, besides those of the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Read the runs again.
    Reread,
    /// Go back to the history.
    Back,
}

/// The keys, besides those of the view.
pub const KEYS: &[Bound<Action>] = &[
    bound(&["esc"], Action::Back, "back", "Go back to the history."),
    bound(
        &["u"],
        Action::Reread,
        "",
        "Read the runs again, for those that are under way.",
    ),
];

/// Runs side by side.
pub struct Compare {
    runs: Arc<SideBySide>,
    /// The view's state.
    pub view: CompareView,
}

impl Compare {
    /// A comparison to look at.
    pub fn new(runs: Arc<SideBySide>) -> Self {
        Self {
            runs,
            view: CompareView::default(),
        }
    }

    /// Whether it shows these runs.
    pub fn is_of(&self, runs: &SideBySide) -> bool {
        self.runs.runs == runs.runs
    }

    /// Shows what was read anew.
    pub fn renew(&mut self, runs: Arc<SideBySide>) {
        self.runs = runs;
    }

    /// Does what a key stands for.
    pub fn key(&mut self, name: &str) -> Wish {
        match find(KEYS, name) {
            Some(Action::Back) => Wish::Back,
            Some(Action::Reread) => Wish::Compare(self.runs.runs.clone()),
            None => {
                let action = CompareView::action(name);
                if let Some(action) = action {
                    self.view.act(action);
                }
                Wish::Nothing
            }
        }
    }

    /// Draws the screen.
    pub fn draw(&mut self, frame: &mut Frame, area: Rect, theme: &Theme) {
        let runs = &self.runs;
        views::compare::draw(
            frame,
            area,
            &mut self.view,
            (&runs.comparison, &runs.curves),
            theme,
        );
    }
}
