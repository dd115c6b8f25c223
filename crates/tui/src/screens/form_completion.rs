//! Completing a path that is typed into the form.

use super::form_screen::FormScreen;
use crate::path_completion::common;

impl FormScreen {
    /// The path to complete, once after it was asked for.
    pub fn completion_request(&mut self) -> Option<String> {
        let typing = self.typing.as_mut()?;
        let asked = std::mem::take(&mut typing.completes);
        asked.then(|| typing.field.text().to_owned())
    }

    /// Takes in what a path can become, unless something else stands there by now. Where nothing is
    /// certain beyond what was typed, the person chooses.
    pub fn completed(&mut self, asked: &str, found: Vec<String>) {
        let row = self.row();
        let typing = self.typing.as_ref();
        if typing.is_none_or(|typing| typing.field.text() != asked) {
            return;
        }
        let certain = common(&found).to_owned();
        if certain.len() > asked.len() {
            self.edit(&row, |field| field.set(&certain));
        }
        if let Some(typing) = &mut self.typing {
            typing.found = Some(found);
        }
    }

    /// What the path that is typed can become, once that was asked for and until a key is typed.
    pub(super) fn found(&self) -> Option<&[String]> {
        self.typing.as_ref()?.found.as_deref()
    }
}
