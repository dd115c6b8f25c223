//! Which panels are hidden: the same the next time, on every screen of a kind.

use super::state::{App, Screen};
use crate::event::{Effect, TerminalEffect};

impl App {
    /// The name of the screen, where its panels can be hidden.
    fn screen_name(&self) -> Option<&'static str> {
        match self.screen {
            Screen::Run | Screen::Watch(_) => Some("run"),
            Screen::Result(_) => Some("result"),
            Screen::Compare(_) => Some("compare"),
            Screen::Monitor(_) => Some("monitor"),
            Screen::Home | Screen::Form | Screen::Runs | Screen::Questions(_) => None,
        }
    }

    /// Hides on the screen what was hidden there before.
    pub(super) fn lay_out(&mut self) {
        let name = self.screen_name();
        let hidden = name.and_then(|name| self.shared.layout.hidden.get(name).cloned());
        let hidden = hidden.unwrap_or_default();
        if let Some(view) = self.view_mut() {
            view.hide(&hidden);
        }
    }

    /// Takes in which panels are hidden by now; they are kept for the next time.
    pub(super) fn keep_layout(&mut self) -> Vec<Effect> {
        let (Some(name), Some(view)) = (self.screen_name(), self.view()) else {
            return Vec::new();
        };
        let hidden: Vec<String> = view.hidden().into_iter().map(str::to_owned).collect();
        let layout = &mut self.shared.layout;
        let known = layout.hidden.get(name).map_or(&[][..], Vec::as_slice);
        if known == hidden {
            return Vec::new();
        }
        layout.hidden.insert(name.to_owned(), hidden);
        layout.hidden.retain(|_, hidden| !hidden.is_empty());
        let kept = TerminalEffect::KeepLayout(layout.clone());
        vec![Effect::Terminal(kept)]
    }
}
