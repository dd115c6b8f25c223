//! Handing in: the name of the file, then what is missing or where it lies.

use std::path::PathBuf;

use ratatui::Frame;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use ratatui::text::Line;
use workbench_report::format;

use crate::action::Action;
use crate::event::{HandInRequest, HandedIn};
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
    Writing(HandInRequest),
    Done(HandInRequest, HandedIn),
}

/// The dialog's state.
#[derive(Debug)]
pub struct HandIn {
    name: TextField,
    state: State,
}

impl HandIn {
    /// Suggests a name for a run.
    pub fn new(run_id: &str, prefer: &Preferences) -> Self {
        let file = format!("{}.zip", format::clean(run_id, 80));
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
            Action::Choose => {
                let request = match &self.state {
                    State::Writing(_) => return None,
                    State::Done(_, HandedIn::Written { .. }) => return Some(Action::Close),
                    State::Done(request, HandedIn::Incomplete(_)) => HandInRequest {
                        draft: true,
                        ..request.clone()
                    },
                    State::Done(request, HandedIn::Exists(_)) => HandInRequest {
                        replace: true,
                        ..request.clone()
                    },
                    State::Typing | State::Done(_, HandedIn::Refused(_)) => HandInRequest {
                        path: PathBuf::from(self.name.text().trim()),
                        replace: false,
                        draft: false,
                    },
                };
                self.state = State::Writing(request.clone());
                return Some(Action::WriteHandIn(request));
            }
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

    /// Changes the name, unless a file of that name is being written.
    fn edit(&mut self, change: impl FnOnce(&mut TextField)) {
        if !matches!(self.state, State::Writing(_)) {
            change(&mut self.name);
            self.state = State::Typing;
        }
    }

    /// Takes in how it went.
    pub fn done(&mut self, handed_in: HandedIn) {
        if let State::Writing(request) = &self.state {
            self.state = State::Done(request.clone(), handed_in);
        }
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        let (said, style) = match &self.state {
            State::Typing => (vec!["Enter writes it.".to_owned()], theme.dim),
            State::Writing(_) => (vec!["Packing.".to_owned()], theme.dim),
            State::Done(_, handed_in) => {
                let style = match handed_in {
                    HandedIn::Written { missing, .. } if missing.is_empty() => theme.good,
                    HandedIn::Refused(_) => theme.bad,
                    _ => theme.warn,
                };
                (told(handed_in), style)
            }
        };
        let holds = "The file holds the log of the run, its result, its report and your answers. No name \
                     of account, machine or home folder is in it, unless you typed it into an answer.";
        let mut line = 0;
        let inner = dialog_of(frame, area, ("Hand in", 76), theme, |columns| {
            let mut text = wrap_plain(holds, columns, theme.dim);
            line = text.len() as u16 + 1;
            text.extend([Line::default(), Line::default(), Line::default()]);
            text.extend(
                said.iter()
                    .flat_map(|said| wrap_plain(said, columns, style)),
            );
            text
        });
        let mark = theme.either("› ", "> ");
        let name = (self.name.text(), theme.title, true);
        typed(frame, (inner, line), mark, name, theme);
    }
}

/// How it went, in sentences of a line each.
fn told(handed_in: &HandedIn) -> Vec<String> {
    let mut told = vec![sentence(handed_in)];
    match handed_in {
        HandedIn::Written { missing, .. } if missing.is_empty() => {}
        HandedIn::Written { missing, .. } => {
            told.push("It is a draft, and says so inside. Missing:".to_owned());
            told.extend(missing.iter().map(|part| format!("- {part}")));
        }
        HandedIn::Incomplete(missing) => {
            told.extend(missing.iter().map(|part| format!("- {part}")));
            told.push("Enter writes it all the same, as a draft.".to_owned());
        }
        HandedIn::Exists(_) | HandedIn::Refused(_) => {}
    }
    told
}

/// How it went, in one sentence.
pub fn sentence(handed_in: &HandedIn) -> String {
    match handed_in {
        HandedIn::Written { path, files, .. } => format!(
            "Written to {}: {}, {}.",
            path.display(),
            format::counted(files.len() as u64, "file"),
            format::bytes(files.iter().map(|(_, bytes)| bytes).sum())
        ),
        HandedIn::Incomplete(_) => "Nothing is written yet. Missing:".to_owned(),
        HandedIn::Exists(path) => format!("{} exists already. Enter replaces it.", path.display()),
        HandedIn::Refused(error) => error.clone(),
    }
}
