//! Runs side by side: which ones, and the state of their view. Drawing is [`views::compare`]'s, the
//! facts are [`workbench_history::comparison`]'s.

use std::sync::Arc;

use ratatui::Frame;
use ratatui::layout::Rect;

use workbench_record::RunDir;

use crate::event::SideBySide;
use crate::theme::Theme;
use crate::views;
use crate::views::compare::{ComparePanel, CompareView};
use crate::views::panels::Panels;

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

    /// The runs.
    pub fn runs(&self) -> &[RunDir] {
        &self.runs.runs
    }

    /// Draws the screen; tells where its panels are.
    pub fn draw(&self, frame: &mut Frame, area: Rect, theme: &Theme) -> Panels<ComparePanel> {
        views::compare::draw(frame, area, &self.view, &self.runs, theme)
    }
}
