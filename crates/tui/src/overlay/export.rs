//! Writing a report: a file's name, whose extension decides the format, and afterwards where it
//! lies.

use std::path::PathBuf;

use ratatui::Frame;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use ratatui::text::Line;
use workbench_report::Format;

use crate::action::Action;
use crate::event::Exported;
use crate::field::{Editing, TextField};
use crate::kit::text::wrap_plain;
use crate::kit::{dialog_of, typed};
use crate::screens::Preferences;
use crate::theme::Theme;

/// The longest path, in characters.
const LONGEST: usize = 1000;

/// How far it is.
#[derive(Debug, PartialEq)]
enum State {
    Typing,
    Writing,
    Done(Exported),
}

/// The dialog's state.
#[derive(Debug)]
pub struct Export {
    name: TextField,
    state: State,
}

impl Export {
    /// Suggests a name for a run.
    pub fn new(run_id: &str, prefer: &Preferences) -> Self {
        let id = workbench_report::format::clean(run_id, 80);
        let file = format!("{id}.{}", prefer.export_format.extension());
        let path = match &prefer.export_dir {
            Some(directory) => directory.join(file),
            None => PathBuf::from(file),
        };
        Self {
            name: TextField::new(&path.to_string_lossy(), LONGEST),
            state: State::Typing,
        }
    }

    /// Does what a key stands for; gives the answer where it is one.
    pub fn act(&mut self, action: &Action) -> Option<Action> {
        match action {
            Action::Choose => match &self.state {
                State::Writing => {}
                State::Done(Exported::Written(_)) => return Some(Action::Close),
                State::Done(Exported::Exists(_)) => return self.write(true),
                _ => return self.write(false),
            },
            Action::Next => self.turn(1),
            Action::Previous => self.turn(Format::ALL.len() - 1),
            Action::Edit(Editing::Empty) => self.edit(|name| name.set("")),
            _ => {}
        }
        None
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

    /// Changes the name, unless a report of that name is being written.
    fn edit(&mut self, change: impl FnOnce(&mut TextField)) {
        if self.state != State::Writing {
            change(&mut self.name);
            self.state = State::Typing;
        }
    }

    fn turn(&mut self, by: usize) {
        let path = PathBuf::from(self.name.text());
        let now = Format::from_path(&path).ok();
        let at = Format::ALL.iter().position(|format| Some(*format) == now);
        let next = Format::ALL[at.map_or(0, |at| (at + by) % Format::ALL.len())].extension();
        let name = if now.is_some() {
            path.with_extension(next).to_string_lossy().into_owned()
        } else {
            format!("{}.{next}", self.name.text().trim_end_matches('.'))
        };
        self.edit(|field| field.set(&name));
    }

    fn write(&mut self, replace: bool) -> Option<Action> {
        let path = PathBuf::from(self.name.text().trim());
        if let Err(error) = Format::from_path(&path) {
            self.state = State::Done(Exported::Refused(error.to_string()));
            return None;
        }
        self.state = State::Writing;
        Some(Action::Write { path, replace })
    }

    /// Takes in how it went.
    pub fn done(&mut self, exported: Exported) {
        self.state = State::Done(exported);
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        let (said, style) = match &self.state {
            State::Typing => ("Enter writes it.".to_owned(), theme.dim),
            State::Writing => ("Writing.".to_owned(), theme.dim),
            State::Done(Exported::Written(path)) => {
                (format!("Written to {}", path.display()), theme.good)
            }
            State::Done(Exported::Exists(path)) => (
                format!("{} exists already. Enter replaces it.", path.display()),
                theme.warn,
            ),
            State::Done(Exported::Refused(error)) => (error.clone(), theme.bad),
        };
        let known: Vec<String> = Format::ALL
            .iter()
            .map(|f| format!(".{}", f.extension()))
            .collect();
        let decides = format!("The extension decides: {}.", known.join(", "));
        let mut line = 0;
        let inner = dialog_of(frame, area, ("Write a report", 76), theme, |columns| {
            let mut text = wrap_plain(&decides, columns, theme.dim);
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
