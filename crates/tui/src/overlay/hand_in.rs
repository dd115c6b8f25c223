//! Handing in: the name of the file, then what is missing or where it lies.

use ratatui::Frame;
use ratatui::layout::Rect;
use workbench_record::RunDir;
use workbench_report::format;

use super::file_name::{FileName, FileState};
use crate::action::Action;
use crate::event::{HandInRequest, HandedIn};
use crate::field::Editing;
use crate::screens::Preferences;
use crate::theme::Theme;

/// What is told before.
const HOLDS: &str = "The file holds the log of the run, its result, its report and your answers. \
                     No name of account, machine or home folder is in it, unless you typed it into \
                     an answer.";

/// The longest name of a file that is suggested, in characters.
const LONGEST_NAME: usize = 80;

/// The dialog's state.
#[derive(Debug)]
pub struct HandIn {
    /// The file.
    pub file: FileName<HandInRequest, HandedIn>,
}

impl HandIn {
    /// Suggests a name for a run.
    pub fn new(run: RunDir, prefer: &Preferences) -> Self {
        let name = format::clean(&run.id(), LONGEST_NAME);
        let file = FileName::new(run, (&name, "zip"), prefer);
        Self { file }
    }

    /// Does what a key stands for; gives the answer where it is one.
    pub fn act(&mut self, action: &Action) -> Option<Action> {
        match action {
            Action::Choose => {
                let request = match self.file.state() {
                    FileState::Writing(_) => return None,
                    FileState::Done(_, HandedIn::Written { .. }) => return Some(Action::Close),
                    FileState::Done(request, HandedIn::Incomplete(_)) => HandInRequest {
                        draft: true,
                        ..request.clone()
                    },
                    FileState::Done(request, HandedIn::Exists(_)) => HandInRequest {
                        replace: true,
                        ..request.clone()
                    },
                    FileState::Typing | FileState::Done(_, HandedIn::Refused(_)) => HandInRequest {
                        path: self.file.path(),
                        replace: false,
                        draft: false,
                    },
                };
                self.file.write(request.clone());
                return Some(Action::WriteHandIn(self.file.run().clone(), request));
            }
            Action::Complete => self.file.complete(),
            Action::Edit(Editing::Empty) => self.file.edit(|name| name.set("")),
            _ => {}
        }
        None
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        let texts = ("Hand in", HOLDS, "Packing.");
        let told = |handed_in: &HandedIn| {
            let style = match handed_in {
                HandedIn::Written { missing, .. } if missing.is_empty() => theme.good,
                HandedIn::Refused(_) => theme.bad,
                _ => theme.warn,
            };
            (told(handed_in), style)
        };
        self.file.draw((frame, area), texts, told, theme);
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
