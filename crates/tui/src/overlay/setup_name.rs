//! The name under which the form is kept.
//!
//! ```text
//! ╭ Keep this set-up ─────────────────────────────────────╮
//! │ It can be opened again in the form, and run without a │
//! │ screen: workbench --setup NAME.                       │
//! │                                                       │
//! │ › full on 8                                           │
//! │                                                       │
//! │ Enter keeps it.                                       │
//! ╰───────────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use ratatui::text::Line;
use workbench_experiment::setup::{SavedSetup, SavedSetupError};

use crate::action::Action;
use crate::event::KeepSetup;
use crate::field::{Editing, TextField};
use crate::kit::text::{safe, wrap_plain};
use crate::kit::{dialog_of, typed};
use crate::theme::Theme;

/// The longest name, in characters.
const LONGEST: usize = 60;

/// How far it is.
#[derive(Debug)]
enum State {
    Typing,
    Keeping,
    Exists,
    Refused(String),
}

/// The dialog's state.
#[derive(Debug)]
pub struct SetupName {
    setup: SavedSetup,
    name: TextField,
    state: State,
}

impl SetupName {
    /// Asks for the name of a set-up; the one that it was opened under is suggested.
    pub fn new(setup: SavedSetup, suggested: &str) -> Self {
        Self {
            setup,
            name: TextField::new(suggested, LONGEST),
            state: State::Typing,
        }
    }

    /// Does what a key stands for; gives the answer where it is one.
    pub fn act(&mut self, action: &Action) -> Option<Action> {
        match action {
            Action::Choose if !matches!(self.state, State::Keeping) => {
                let asked = KeepSetup {
                    name: self.name.text().trim().to_owned(),
                    setup: self.setup.clone(),
                    replace: matches!(self.state, State::Exists),
                };
                self.state = State::Keeping;
                Some(Action::KeepSetup(Box::new(asked)))
            }
            Action::Edit(Editing::Empty) => {
                self.edit(|name| name.set(""));
                None
            }
            _ => None,
        }
    }

    /// Takes a key into the name.
    pub fn type_key(&mut self, key: KeyEvent) {
        self.edit(|name| {
            name.key(key);
        });
    }

    /// Takes text into the name.
    pub fn paste(&mut self, text: &str) {
        self.edit(|name| name.paste(text));
    }

    fn edit(&mut self, change: impl FnOnce(&mut TextField)) {
        if !matches!(self.state, State::Keeping) {
            change(&mut self.name);
            self.state = State::Typing;
        }
    }

    /// Takes in why it was not kept.
    pub fn refused(&mut self, error: &SavedSetupError) {
        self.state = match error {
            SavedSetupError::Exists(_) => State::Exists,
            other => State::Refused(other.to_string()),
        };
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        let about = "It can be opened again in the form, and run without a screen: workbench \
                     --setup NAME.";
        let (said, style) = match &self.state {
            State::Typing => ("Enter keeps it.".to_owned(), theme.dim),
            State::Keeping => ("Writing.".to_owned(), theme.dim),
            State::Exists => (
                "There is a set-up of this name already. Enter replaces it.".to_owned(),
                theme.warn,
            ),
            State::Refused(why) => (safe(why), theme.bad),
        };
        let mut line = 0;
        let inner = dialog_of(frame, area, ("Keep this set-up", 70), theme, |columns| {
            let mut text = wrap_plain(about, columns, theme.dim);
            line = text.len() as u16 + 1;
            text.extend([Line::default(), Line::default(), Line::default()]);
            text.extend(wrap_plain(&said, columns, style));
            text
        });
        let mark = theme.either("› ", "> ");
        let name = (self.name.text(), theme.title, true);
        typed(frame, (inner, line), mark, name, theme);
    }
}
