//! Completing a path that is typed into the form.

use super::form_screen::FormScreen;

impl FormScreen {
    /// The path to complete, once after it was asked for.
    pub fn completion_request(&mut self) -> Option<String> {
        let typing = self.typing.as_mut()?;
        typing.completion.request(typing.field.text())
    }

    /// Takes in what a path can become.
    pub fn completed(&mut self, asked: &str, found: Vec<String>) {
        let row = self.row();
        let Some(typing) = &mut self.typing else {
            return;
        };
        let longer = typing.completion.answer(typing.field.text(), asked, found);
        if let Some(longer) = longer {
            self.change(&row, |field| field.set(&longer));
        }
    }
}
