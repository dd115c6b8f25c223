//! Questions: whether any are asked where the person is, and showing them.

use std::sync::Arc;

use super::state::{App, Questions, Screen};
use crate::event::{AnswersEffect, Effect};
use crate::screens::questions::{AskedAbout, QuestionsScreen};

impl App {
    /// Shows what is asked about the selected lab, the one that is set up, or the run that is
    /// shown.
    pub(super) fn questions(&mut self) -> Vec<Effect> {
        let Some(screen) = QuestionsScreen::new(self.subject(), &self.shared) else {
            self.notice = Some("Nothing is asked here.".to_owned());
            return Vec::new();
        };
        let place = screen.place().clone();
        let from = std::mem::replace(&mut self.screen, Screen::Home);
        self.screen = Screen::Questions(Box::new(Questions { screen, from }));
        vec![Effect::Answers(AnswersEffect::Read(place))]
    }

    /// What questions would be about.
    fn subject(&self) -> AskedAbout {
        match (&self.screen, &self.form) {
            (Screen::Result(screen), _) => AskedAbout::Run(Arc::clone(&screen.loaded)),
            (Screen::Form, Some(form)) => AskedAbout::Lab(form.lab),
            _ => AskedAbout::Lab(self.home.lab()),
        }
    }

    /// Whether anything is asked where the person is.
    pub(super) fn is_asked(&self) -> bool {
        QuestionsScreen::new(self.subject(), &self.shared).is_some()
    }
}
