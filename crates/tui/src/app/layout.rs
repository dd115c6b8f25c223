//! Which panels are hidden, taller or lower: the same the next time, on every screen of a kind.

use super::state::{App, Screen};
use crate::event::{Effect, TerminalEffect};
use crate::views::ScreenLayout;

impl App {
    /// The name of the screen, where it has panels.
    fn screen_name(&self) -> Option<&'static str> {
        match self.screen {
            Screen::Run | Screen::Watch(_) => Some("run"),
            Screen::Result(_) => Some("result"),
            Screen::Compare(_) => Some("compare"),
            Screen::Monitor(_) => Some("monitor"),
            Screen::Home | Screen::Form | Screen::Runs | Screen::Questions(_) => None,
        }
    }

    /// Lays the panels of the screen out as they were the last time.
    pub(super) fn lay_out(&mut self) {
        let name = self.screen_name();
        let kept = name.and_then(|name| self.shared.layout.screens.get(name).cloned());
        if let Some(view) = self.view_mut() {
            view.lay_out(&kept.unwrap_or_default());
        }
    }

    /// Takes in how the panels are laid out by now; that is kept for the next time.
    pub(super) fn keep_layout(&mut self) -> Vec<Effect> {
        let (Some(name), Some(view)) = (self.screen_name(), self.view()) else {
            return Vec::new();
        };
        let kept = view.kept();
        let screens = &mut self.shared.layout.screens;
        if screens.get(name).cloned().unwrap_or_default() == kept {
            return Vec::new();
        }
        screens.insert(name.to_owned(), kept);
        screens.retain(|_, kept| *kept != ScreenLayout::default());
        let kept = TerminalEffect::KeepLayout(self.shared.layout.clone());
        vec![Effect::Terminal(kept)]
    }
}
