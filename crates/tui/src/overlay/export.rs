//! Writing a report: a file's name, whose extension decides the format, and afterwards where it
//! lies.

use std::path::PathBuf;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use workbench_record::RunDir;
use workbench_report::{Format, format};

use super::file_name::{FileName, FileState};
use crate::action::Action;
use crate::event::{ExportRequest, Exported};
use crate::field::Editing;
use crate::screens::Preferences;
use crate::theme::Theme;

/// The longest name of a file that is suggested, in characters.
const LONGEST_NAME: usize = 80;

/// The dialog's state.
#[derive(Debug)]
pub struct Export {
    /// The file.
    pub file: FileName<ExportRequest, Exported>,
}

impl Export {
    /// Suggests a name for a run.
    pub fn new(run: RunDir, prefer: &Preferences) -> Self {
        let name = format::clean(&run.id(), LONGEST_NAME);
        Self::named(run, &name, prefer)
    }

    /// Suggests a name for runs side by side.
    pub fn of_comparison(runs: &[RunDir], prefer: &Preferences) -> Option<Self> {
        let ids: Vec<String> = runs.iter().map(RunDir::id).collect();
        let name = format::clean(&format!("compare-{}", ids.join("-")), LONGEST_NAME);
        Some(Self::named(runs.first()?.clone(), &name, prefer))
    }

    fn named(run: RunDir, name: &str, prefer: &Preferences) -> Self {
        let file = FileName::new(run, (name, prefer.export_format.extension()), prefer);
        Self { file }
    }

    /// Does what a key stands for; gives the answer where it is one.
    pub fn act(&mut self, action: &Action) -> Option<Action> {
        match action {
            Action::Choose => match self.file.state() {
                FileState::Writing(_) => {}
                FileState::Done(_, Exported::Written(_)) => return Some(Action::Close),
                FileState::Done(_, Exported::Exists(_)) => return self.write(true),
                FileState::Typing | FileState::Done(_, Exported::Refused(_)) => {
                    return self.write(false);
                }
            },
            Action::Complete => self.file.complete(),
            Action::Next => self.turn(1),
            Action::Previous => self.turn(Format::ALL.len() - 1),
            Action::Edit(Editing::Empty) => self.file.edit(|name| name.set("")),
            _ => {}
        }
        None
    }

    fn turn(&mut self, by: usize) {
        let path = PathBuf::from(self.file.text());
        let now = Format::from_path(&path).ok();
        let at = Format::ALL.iter().position(|format| Some(*format) == now);
        let next = at.map_or(0, |at| (at + by) % Format::ALL.len());
        let next = Format::ALL[next].extension();
        let name = if now.is_some() {
            path.with_extension(next).to_string_lossy().into_owned()
        } else {
            format!("{}.{next}", self.file.text().trim_end_matches('.'))
        };
        self.file.edit(|field| field.set(&name));
    }

    fn write(&mut self, replace: bool) -> Option<Action> {
        let path = self.file.path();
        let format = Format::from_path(&path);
        let request = ExportRequest { path, replace };
        if let Err(error) = format {
            let refused = Exported::Refused(error.to_string());
            self.file.refuse(request, refused);
            return None;
        }
        self.file.write(request.clone());
        Some(Action::Write(request))
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        let known: Vec<String> = Format::ALL
            .iter()
            .map(|f| format!(".{}", f.extension()))
            .collect();
        let decides = format!("The extension decides: {}.", known.join(", "));
        let texts = ("Write a report", decides.as_str(), "Writing.");
        let told = |exported: &Exported| told(exported, theme);
        self.file.draw((frame, area), texts, told, theme);
    }
}

fn told(exported: &Exported, theme: &Theme) -> (Vec<String>, Style) {
    let (told, style) = match exported {
        Exported::Written(path) => (format!("Written to {}", path.display()), theme.good),
        Exported::Exists(path) => (
            format!("{} exists already. Enter replaces it.", path.display()),
            theme.warn,
        ),
        Exported::Refused(error) => (error.clone(), theme.bad),
    };
    (vec![told], style)
}
