//! The set-ups that were kept, to open one or to delete it.
//!
//! ```text
//! ╭ Set-ups ──────────────────────────────────────────────╮
//! │ ▸ full on 8     rf full, 3 values                     │
//! │   two ranks     ddp quick                             │
//! ╰───────────────────────────────────────────────────────╯
//! ```

use ratatui::Frame;
use ratatui::crossterm::event::MouseEvent;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use workbench_experiment::setup::{NamedSetup, SavedSetup};
use workbench_report::format;

use super::choice::ButtonChoice;
use crate::action::Action;
use crate::bindings::{self, Keys};
use crate::kit::text::{cell, fit, safe, width, wrap_plain};
use crate::kit::{ListState, buttons, dialog, dialog_of, inside, lines, middle};
use crate::theme::Theme;

/// The widest column of names.
const WIDEST: usize = 24;
/// Lines of the list on a screen that has room.
const TALLEST: u16 = 16;

/// The dialog's state.
#[derive(Debug, Default)]
pub struct Setups {
    /// What there is, once it was read.
    read: Option<Result<Vec<NamedSetup>, String>>,
    list: ListState,
    /// Whether to delete the selected one is asked; the first button keeps it.
    deleting: Option<ButtonChoice>,
}

impl Setups {
    /// Takes in what there is.
    pub fn read(&mut self, read: Result<Vec<NamedSetup>, String>) {
        self.read = Some(read);
        self.deleting = None;
        self.list.selected = self.list.selected.min(self.all().len().saturating_sub(1));
    }

    fn all(&self) -> &[NamedSetup] {
        match &self.read {
            Some(Ok(all)) => all,
            _ => &[],
        }
    }

    fn selected(&self) -> Option<&NamedSetup> {
        self.all().get(self.list.selected)
    }

    /// The keys that work now.
    pub fn keys(&self) -> Keys {
        match self.deleting {
            Some(_) => bindings::DELETE_SETUP,
            None => bindings::SETUPS,
        }
    }

    /// Does what a key stands for; gives the answer where it is one.
    pub fn act(&mut self, action: &Action) -> Option<Action> {
        if let Some(choice) = &mut self.deleting {
            let pressed = match action {
                Action::Agree => 1,
                Action::Previous => 0,
                _ => choice.act(action, 2)?,
            };
            self.deleting = None;
            return (pressed == 1).then(|| self.delete()).flatten();
        }
        match action {
            Action::Choose => return self.open(),
            Action::Move(motion) => self.list.go(*motion, self.all().len()),
            Action::Delete if self.selected().is_some() => {
                self.deleting = Some(ButtonChoice::default());
            }
            _ => {}
        }
        None
    }

    /// Opens the selected one, unless it cannot be read.
    fn open(&self) -> Option<Action> {
        let named = self.selected()?;
        let (setup, problems) = named.setup.as_ref().ok()?;
        let (name, setup) = (named.name.clone(), Box::new(setup.clone()));
        Some(Action::OpenSetup(name, setup, problems.clone()))
    }

    fn delete(&self) -> Option<Action> {
        Some(Action::DeleteSetup(self.selected()?.name.clone()))
    }

    /// The wheel moves, a click selects, a click on what is selected opens it.
    pub fn mouse(&mut self, event: MouseEvent) -> Option<Action> {
        let len = self.all().len();
        let chosen = self.deleting.is_none() && self.list.mouse(event, len);
        chosen.then(|| self.open()).flatten()
    }

    fn area(&self, area: Rect) -> Rect {
        let height = (self.all().len().max(1) as u16 + 2)
            .min(TALLEST)
            .min(area.height);
        middle(area, (area.width.saturating_sub(4).min(76), height))
    }

    /// Takes in where it goes.
    pub fn arrange(&mut self, area: Rect) {
        let list = inside(self.area(area));
        self.list.arrange(list, self.all().len());
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        if let (Some(choice), Some(named)) = (&self.deleting, self.selected()) {
            dialog_of(frame, area, ("Delete a set-up", 60), theme, |columns| {
                let told = format!("Delete the set-up {} for good?", safe(&named.name));
                let mut text = wrap_plain(&told, columns, theme.text);
                text.push(Line::default());
                let labels = ["[ Keep it ]", "[ Delete it ]"].map(str::to_owned);
                text.extend(buttons(labels, (choice.at(), columns), theme));
                text
            });
            return;
        }
        let place = self.area(area);
        let inner = dialog(frame, area, (place.width, place.height), "Set-ups", theme);
        let told = match &self.read {
            None => Some(("Reading …".to_owned(), theme.dim)),
            Some(Err(error)) => Some((safe(error), theme.bad)),
            Some(Ok(all)) if all.is_empty() => Some((
                "None was kept yet: S in the form keeps one.".to_owned(),
                theme.dim,
            )),
            Some(Ok(_)) => None,
        };
        if let Some((told, style)) = told {
            lines(
                frame,
                inner,
                &wrap_plain(&told, usize::from(inner.width), style),
            );
            return;
        }
        let all = self.all();
        let ascii = theme.glyphs.ascii;
        let widest = all.iter().map(|named| width(&safe(&named.name))).max();
        let widest = widest.unwrap_or(0).min(WIDEST);
        self.list
            .draw(frame, (all.len(), true), theme, |index, columns| {
                let named = &all[index];
                let (told, style) = match &named.setup {
                    Ok((setup, _)) => (in_words(setup), theme.dim),
                    Err(error) => (safe(&error.to_string()), theme.bad),
                };
                let room = columns.saturating_sub(widest + 2);
                Line::from(vec![
                    Span::styled(cell(&safe(&named.name), widest, ascii), theme.text),
                    Span::raw("  "),
                    Span::styled(fit(&told, room, ascii), style),
                ])
            });
    }
}

/// What a set-up is, in a few words: `rf quick, 3 values`.
fn in_words(setup: &SavedSetup) -> String {
    let preset = setup.preset.as_deref().unwrap_or_default();
    let what = safe(format!("{} {preset}", setup.lab).trim());
    let given = [&setup.workers, &setup.repeats, &setup.until, &setup.seed];
    let given = given.into_iter().flatten().count() + setup.set.len();
    let data = setup.data.as_deref().map(safe);
    let values = (given > 0).then(|| format::counted(given as u64, "value"));
    let parts = [Some(what), values, data];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
