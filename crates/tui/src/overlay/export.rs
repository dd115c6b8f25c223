//! Writing a report: a file's name, whose extension decides the format, and afterwards where it lies.

use std::path::{Path, PathBuf};

use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use workbench_report::Format;

use crate::event::Exported;
use crate::keys::{Bound, bound};
use crate::kit::text::{fit, width, wrap_plain};
use crate::kit::{dialog, lines};
use crate::screens::Preferences;
use crate::theme::Look;

/// The keys.
pub const KEYS: &[Bound<()>] = &[
    bound(&["enter"], (), "write", "Write the report."),
    bound(
        &["tab", "down"],
        (),
        "next format",
        "Change the name to the next format's.",
    ),
    bound(
        &["backtab", "up"],
        (),
        "",
        "Change the name to the previous format's.",
    ),
    bound(&["ctrl-u"], (), "empty", "Empty the field."),
    bound(&["esc"], (), "close", "Close the dialog."),
];

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
    name: String,
    state: State,
}

/// What the dialog wants.
#[derive(Debug, PartialEq)]
pub enum Answer {
    /// Nothing more.
    Stay,
    /// To be closed.
    Close,
    /// A report to be written.
    Write(PathBuf, bool),
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
            name: path.to_string_lossy().chars().take(LONGEST).collect(),
            state: State::Typing,
        }
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent, name: &str) -> Answer {
        match (key.code, name) {
            (KeyCode::Esc, _) | (_, "ctrl-c") => return Answer::Close,
            (KeyCode::Enter, _) => match &self.state {
                State::Writing => {}
                State::Done(Exported::Written(_)) => return Answer::Close,
                State::Done(Exported::Exists(_)) => return self.write(true),
                _ => return self.write(false),
            },
            (KeyCode::Tab | KeyCode::Down, _) => self.turn(1),
            (KeyCode::BackTab | KeyCode::Up, _) => self.turn(Format::ALL.len() - 1),
            (_, "ctrl-u") => self.edit(String::new()),
            (KeyCode::Backspace, _) => {
                let mut name = self.name.clone();
                name.pop();
                self.edit(name);
            }
            (KeyCode::Char(c), name) if !name.starts_with("ctrl-") => self.paste(&c.to_string()),
            _ => {}
        }
        Answer::Stay
    }

    /// Takes text into the name.
    pub fn paste(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.name.chars().count());
        let mut name = self.name.clone();
        name.extend(text.chars().filter(|c| !c.is_control()).take(room));
        self.edit(name);
    }

    fn edit(&mut self, name: String) {
        if self.state != State::Writing {
            self.name = name;
            self.state = State::Typing;
        }
    }

    fn turn(&mut self, by: usize) {
        let now = Format::from_path(Path::new(&self.name)).ok();
        let at = Format::ALL.iter().position(|format| Some(*format) == now);
        let next = Format::ALL[at.map_or(0, |at| (at + by) % Format::ALL.len())];
        let stem = Path::new(&self.name).with_extension(next.extension());
        if now.is_some() {
            self.edit(stem.to_string_lossy().into_owned());
        } else {
            self.edit(format!(
                "{}.{}",
                self.name.trim_end_matches('.'),
                next.extension()
            ));
        }
    }

    fn write(&mut self, replace: bool) -> Answer {
        let path = PathBuf::from(self.name.trim());
        if let Err(error) = Format::from_path(&path) {
            self.state = State::Done(Exported::Refused(error.to_string()));
            return Answer::Stay;
        }
        self.state = State::Writing;
        Answer::Write(path, replace)
    }

    /// Takes in how it went.
    pub fn done(&mut self, exported: Exported) {
        self.state = State::Done(exported);
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let wide = area.width.saturating_sub(4).min(76);
        let columns = usize::from(wide).saturating_sub(4);
        let known: Vec<String> = Format::ALL
            .iter()
            .map(|f| format!(".{}", f.extension()))
            .collect();
        let mut text = wrap_plain(
            &format!("The extension decides: {}.", known.join(", ")),
            columns,
            look.theme.dim,
        );
        text.push(Line::default());
        let field = text.len() as u16;
        let tail = tail(&self.name, columns.saturating_sub(3));
        text.push(Line::from(vec![
            Span::styled(look.either("› ", "> "), look.theme.accent),
            Span::styled(
                fit(&tail, columns.saturating_sub(2), look.ascii),
                look.theme.title,
            ),
        ]));
        text.push(Line::default());
        let theme = &look.theme;
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
        text.extend(wrap_plain(&said, columns, style));
        let inner = dialog(
            frame,
            area,
            (wide, text.len() as u16 + 2),
            "Write a report",
            look,
        );
        lines(frame, inner, &text);
        let x = inner.x + 2 + width(&tail) as u16;
        if field < inner.height && x < inner.right() {
            frame.set_cursor_position((x, inner.y + field));
        }
    }
}

/// The end of a text that fits into some columns: where one types must stay in sight.
fn tail(text: &str, columns: usize) -> String {
    let mut out: Vec<char> = Vec::new();
    let mut used = 0;
    for c in text.chars().rev() {
        used += width(c.encode_utf8(&mut [0; 4]));
        if used > columns {
            break;
        }
        out.push(c);
    }
    out.iter().rev().collect()
}
