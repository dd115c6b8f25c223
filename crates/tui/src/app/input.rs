//! What keys, mouse and pasted text go to: the dialog that is open, the field that is typed into,
//! or the screen. What they ask for is an [`Action`].

use ratatui::crossterm::event::{KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::state::{App, Screen};
use crate::action::Action;
use crate::bindings;
use crate::event::{AnswersEffect, Effect};
use crate::field::FilterField;
use crate::keys::{find, name};
use crate::views::filter;

impl App {
    pub(super) fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let name = name(key);
        if let Some(overlay) = &mut self.overlay {
            let action = overlay.key(key, &name);
            return self.answered(action);
        }
        if self.is_typing() && opens_palette(key, &name) {
            self.keep_typed();
        }
        if let Some(effects) = self.type_answer(key, &name) {
            return effects;
        }
        if self.type_key(key, &name) {
            return Vec::new();
        }
        find(&self.keys(), &name).map_or_else(Vec::new, |action| self.act(action))
    }

    /// Gives a key to the answer that is typed, if one is; every change is kept.
    fn type_answer(&mut self, key: KeyEvent, name: &str) -> Option<Vec<Effect>> {
        let Screen::Questions(questions) = &mut self.screen else {
            return None;
        };
        let screen = &mut questions.screen;
        if name == "ctrl-c" || !screen.is_typing() {
            return None;
        }
        let sheet = screen.type_key(key, find(bindings::QUESTIONS_FIELD, name));
        let keep = |sheet| Effect::Answers(AnswersEffect::Keep(screen.place().clone(), sheet));
        Some(sheet.map(keep).into_iter().collect())
    }

    /// Gives a key to the field that is typed into, if there is one.
    fn type_key(&mut self, key: KeyEvent, name: &str) -> bool {
        if name == "ctrl-c" {
            return false;
        }
        if self.is_searching() {
            if let Some(handout) = self.handout_mut() {
                handout.type_key(key, find(bindings::HANDOUT_SEARCH, name));
            }
            return true;
        }
        match (&self.screen, &mut self.form) {
            (Screen::Runs, _) if self.runs.is_typing() => {
                self.runs.type_key(key, name, &self.shared);
            }
            (Screen::Form, Some(form)) if form.is_typing() || form.begins_typing(key) => {
                form.type_key(key, name);
            }
            _ => match self.typed_into() {
                Some(filter) => filter.key(key, find(filter::KEYS, name)),
                None => return false,
            },
        }
        true
    }

    /// The filter of the view on the screen, where keys go into it.
    fn typed_into(&mut self) -> Option<&mut FilterField> {
        let filter = self.view_mut()?.filter_mut()?;
        filter.is_typing().then_some(filter)
    }

    /// Ends typing as Enter does.
    fn keep_typed(&mut self) {
        if let Some(enter) = crate::keys::event("enter") {
            self.type_key(enter, "enter");
        }
    }

    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        if self.overlay.is_none() && self.is_searching() {
            if let Some(handout) = self.handout_mut() {
                handout.paste(text);
            }
            return Vec::new();
        }
        if let (None, Screen::Questions(questions)) = (&self.overlay, &mut self.screen) {
            let screen = &mut questions.screen;
            let sheet = screen.paste(text);
            let keep = |sheet| Effect::Answers(AnswersEffect::Keep(screen.place().clone(), sheet));
            return sheet.map(keep).into_iter().collect();
        }
        match (&mut self.overlay, &self.screen, &mut self.form) {
            (Some(overlay), ..) => overlay.paste(text),
            (None, Screen::Runs, _) if self.runs.is_typing() => self.runs.paste(text, &self.shared),
            (None, Screen::Form, Some(form)) => form.paste(text),
            (None, ..) => {
                if let Some(filter) = self.typed_into() {
                    filter.paste(text);
                }
            }
        }
        Vec::new()
    }

    pub(super) fn mouse(&mut self, event: MouseEvent) -> Vec<Effect> {
        if let Some(key) = self.clicked_key(event) {
            return self.key(key);
        }
        if let (None, Some(action)) = (&self.overlay, self.clicked_time(event)) {
            return self.act(action);
        }
        if let Some(overlay) = &mut self.overlay {
            let action = overlay.mouse(event);
            return self.answered(action);
        }
        let shared = &self.shared;
        let action = match (&mut self.screen, &mut self.form) {
            (Screen::Home, _) => self.home.mouse(event, shared),
            (Screen::Runs, _) => self.runs.mouse(event),
            (Screen::Form, Some(form)) => form.mouse(event),
            (Screen::Questions(questions), _) => questions.screen.mouse(event),
            _ => {
                if let Some(view) = self.view_mut() {
                    view.mouse(event);
                }
                None
            }
        };
        action.map_or_else(Vec::new, |action| self.act(action))
    }

    /// The key of the last line that is clicked on; it does what it does when it is pressed.
    fn clicked_key(&self, event: MouseEvent) -> Option<KeyEvent> {
        let at = (event.column, event.row).into();
        let mut places = self.foot.iter();
        let (_, key) = places.find(|(place, _)| place.contains(at))?;
        let pressed = event.kind == MouseEventKind::Down(MouseButton::Left);
        pressed.then(|| crate::keys::event(key)).flatten()
    }

    /// Does what a dialog was answered with. All close but those that wait for
    /// what is written.
    fn answered(&mut self, action: Option<Action>) -> Vec<Effect> {
        let Some(action) = action else {
            return Vec::new();
        };
        let waits = matches!(
            action,
            Action::Write(_)
                | Action::WriteHandIn(..)
                | Action::KeepSetup(_)
                | Action::DeleteSetup(_)
        );
        if !waits {
            self.overlay = None;
        }
        self.act(action)
    }
}

/// Whether a key opens the palette even while something is typed. A plain character is text there.
fn opens_palette(key: KeyEvent, name: &str) -> bool {
    key.modifiers.contains(KeyModifiers::CONTROL)
        && find(bindings::GLOBAL, name) == Some(Action::Palette)
}
