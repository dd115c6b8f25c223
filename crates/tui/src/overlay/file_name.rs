//! The name of a file that is made of a run: typed, written to, and how that went.
//!
//! ```text
//! typing --request--> writing --answer--> done
//!    ^------------------ a key ------------/
//! ```

use std::path::{Path, PathBuf};

use ratatui::Frame;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use workbench_experiment::at_home;
use workbench_record::RunDir;

use crate::field::TextField;
use crate::kit::text::wrap_plain;
use crate::kit::{dialog_of, typed};
use crate::path_completion::PathCompletion;
use crate::screens::Preferences;
use crate::theme::Theme;

/// The longest path, in characters.
const LONGEST: usize = 1000;

/// How far it is.
#[derive(Debug, PartialEq)]
pub enum FileState<R, A> {
    /// The name can be changed.
    Typing,
    /// What was asked for is being written.
    Writing(R),
    /// What was asked for, and how it went.
    Done(R, A),
}

/// The name of a file, for requests of one kind and their answers.
#[derive(Debug)]
pub struct FileName<R, A> {
    run: RunDir,
    name: TextField,
    completion: PathCompletion,
    state: FileState<R, A>,
}

impl<R: PartialEq, A> FileName<R, A> {
    /// Suggests a name for a run.
    pub fn new(run: RunDir, (name, extension): (&str, &str), prefer: &Preferences) -> Self {
        let file = format!("{name}.{extension}");
        let path = match &prefer.export_dir {
            Some(directory) => directory.join(file),
            None => PathBuf::from(file),
        };
        Self {
            run,
            name: TextField::new(&path.to_string_lossy(), LONGEST),
            completion: PathCompletion::default(),
            state: FileState::Typing,
        }
    }

    /// The run that the file is made of.
    pub fn run(&self) -> &RunDir {
        &self.run
    }

    /// The name as it was typed.
    pub fn text(&self) -> &str {
        self.name.text()
    }

    /// The file that the name stands for.
    pub fn path(&self) -> PathBuf {
        at_home(Path::new(self.text().trim()))
    }

    /// How far it is.
    pub fn state(&self) -> &FileState<R, A> {
        &self.state
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
    pub fn edit(&mut self, change: impl FnOnce(&mut TextField)) {
        if !matches!(self.state, FileState::Writing(_)) {
            self.completion.forget();
            change(&mut self.name);
            self.state = FileState::Typing;
        }
    }

    /// The key that completes the name was pressed.
    pub fn complete(&mut self) {
        if !matches!(self.state, FileState::Writing(_)) {
            self.completion.ask();
            self.state = FileState::Typing;
        }
    }

    /// The path to complete, once after it was asked for.
    pub fn completion_request(&mut self) -> Option<String> {
        self.completion.request(self.name.text())
    }

    /// Takes in what a path can become.
    pub fn completed(&mut self, asked: &str, found: Vec<String>) {
        if !matches!(self.state, FileState::Writing(_))
            && let Some(longer) = self.completion.answer(self.name.text(), asked, found)
        {
            self.name.set(&longer);
        }
    }

    /// A file is being written.
    pub fn write(&mut self, request: R) {
        self.state = FileState::Writing(request);
    }

    /// Nothing is written.
    pub fn refuse(&mut self, request: R, answer: A) {
        self.state = FileState::Done(request, answer);
    }

    /// Takes in how it went.
    ///
    /// # Errors
    /// The answer, where it belongs to another dialog: one that was closed before it came.
    pub fn done(&mut self, run: &RunDir, request: R, answer: A) -> Result<(), A> {
        let is_own = matches!(&self.state, FileState::Writing(asked) if *asked == request);
        if !is_own || *run != self.run {
            return Err(answer);
        }
        self.state = FileState::Done(request, answer);
        Ok(())
    }

    /// Draws the dialog: its title, what there is to know, the name, and how far it is.
    pub fn draw(
        &self,
        (frame, area): (&mut Frame, Rect),
        (title, about, writing): (&str, &str, &str),
        told: impl FnOnce(&A) -> (Vec<String>, Style),
        theme: &Theme,
    ) {
        let (said, style) = match &self.state {
            FileState::Typing => (vec!["Enter writes it.".to_owned()], theme.dim),
            FileState::Writing(_) => (vec![writing.to_owned()], theme.dim),
            FileState::Done(_, answer) => told(answer),
        };
        let mut line = 0;
        let inner = dialog_of(frame, area, (title, 76), theme, |columns| {
            let mut text = wrap_plain(about, columns, theme.dim);
            line = text.len() as u16 + 1;
            text.extend([Line::default(), Line::default()]);
            text.extend(self.completion.lines(columns, theme));
            text.push(Line::default());
            let said = said.iter();
            text.extend(said.flat_map(|said| wrap_plain(said, columns, style)));
            text
        });
        let mark = theme.either("› ", "> ");
        let name = (self.text(), theme.title, true);
        typed(frame, (inner, line), mark, name, theme);
    }
}
