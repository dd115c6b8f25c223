//! Setting a run up: moving in the form, changing and typing values. What the form means is in [`super::form`], how it
//! looks in [`super::setup_draw`].

use std::collections::BTreeMap;

use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use workbench_experiment::lab::RunConfig;
use workbench_machine::UsableCores;

use super::form::{Form, Kind, Row};
use super::{Shared, Wish};
use crate::keys::{Bound, bound};
use crate::kit::ListState;

/// What a key does here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Start the run.
    Start,
    /// Change the row: flip, turn, type or press it.
    Change,
    /// Turn or count.
    Turn(i64),
    /// Move.
    Step(isize),
    /// Move by a page.
    Page(isize),
    /// Go to the top.
    First,
    /// Go to the bottom.
    Last,
    /// Give the row back to the preset.
    Reset,
    /// Put the command into the clipboard.
    Copy,
    /// Go back.
    Back,
}

/// The keys.
pub const KEYS: &[Bound<Action>] = &[
    bound(&["s"], Action::Start, "start", "Start the run."),
    bound(
        &["enter", "space"],
        Action::Change,
        "change",
        "Flip a switch, turn a choice, type a value, press the button. A digit starts typing at once.",
    ),
    bound(
        &["right", "l"],
        Action::Turn(1),
        "next value",
        "Turn a choice on, count a number up.",
    ),
    bound(
        &["left", "h"],
        Action::Turn(-1),
        "",
        "Turn a choice back, count a number down.",
    ),
    bound(
        &["backspace", "delete", "x"],
        Action::Reset,
        "reset",
        "Give the value back to the preset.",
    ),
    bound(&["esc"], Action::Back, "back", "Go back."),
    bound(
        &["Y"],
        Action::Copy,
        "copy",
        "Copy the command that runs this without a screen.",
    ),
    bound(&["up", "k", "backtab"], Action::Step(-1), "", "Move up."),
    bound(&["down", "j", "tab"], Action::Step(1), "", "Move down."),
    bound(&["pgup"], Action::Page(-1), "", "Move up by a page."),
    bound(&["pgdn"], Action::Page(1), "", "Move down by a page."),
    bound(&["home", "g"], Action::First, "", "Go to the top."),
    bound(&["end", "G"], Action::Last, "", "Go to the button."),
];

/// The keys while a value is typed.
pub const TYPING_KEYS: &[Bound<()>] = &[
    bound(&["enter", "tab"], (), "done", "Keep the value."),
    bound(&["esc"], (), "undo", "Take back what was typed."),
    bound(&["ctrl-u"], (), "empty", "Empty the field."),
];

/// The screen's own state.
#[derive(Debug)]
pub struct SetUp {
    /// The lab's place in the list.
    pub lab: usize,
    /// The form.
    pub form: Form,
    pub(super) list: ListState,
    /// Keys go into the field at the cursor.
    pub(super) typing: bool,
    /// What was typed into that field before, if anything.
    before: Option<String>,
    /// What the lab said when it was to run what the form stood for.
    refused: Option<Refused>,
}

/// Why a run could not be made, although the form alone had nothing against it.
#[derive(Debug)]
struct Refused {
    /// The command that the form stood for; with another one the lab has not been asked yet.
    command: String,
    /// The row to blame.
    row: Row,
    why: String,
}

/// Until the machine has been looked at.
pub(super) fn usable(shared: &Shared) -> UsableCores {
    shared.usable.clone().unwrap_or_else(|| UsableCores {
        cores: std::thread::available_parallelism().map_or(1.0, |n| n.get() as f64),
        limit: "the machine is still being looked at".to_owned(),
    })
}

impl SetUp {
    /// The form of a lab.
    pub fn new(lab: usize, shared: &Shared) -> Option<Self> {
        let mut form = Form::new(shared.labs.get(lab)?.definition());
        form.begin_with(shared.prefer.preset.as_deref(), shared.prefer.repeats);
        Some(Self {
            lab,
            form,
            list: ListState::default(),
            typing: false,
            before: None,
            refused: None,
        })
    }

    /// Whether keys go into a field.
    pub fn is_typing(&self) -> bool {
        self.typing
    }

    /// Takes in why a run could not be made; the cursor goes to the row to blame.
    pub fn refuse(&mut self, why: &str, shared: &Shared) {
        let Ok(config) = self.form.config(&usable(shared)) else {
            return;
        };
        let row = self.form.blamed(why);
        self.point_at(&row);
        self.refused = Some(Refused {
            command: config.command,
            row,
            why: why.to_owned(),
        });
    }

    /// What is wrong, row by row.
    pub(super) fn wrong(&self, usable: &UsableCores) -> BTreeMap<Row, String> {
        let rows = self.form.rows().into_iter();
        let mut wrong: BTreeMap<Row, String> = rows
            .filter_map(|row| Some((row.clone(), self.form.error(&row, usable)?)))
            .collect();
        if let Some(refused) = &self.refused
            && let Ok(config) = self.form.config(usable)
            && config.command == refused.command
        {
            wrong.insert(refused.row.clone(), refused.why.clone());
        }
        wrong
    }

    fn point_at(&mut self, row: &Row) {
        let at = self.form.rows().iter().position(|r| r == row);
        self.list.selected = at.unwrap_or(self.list.selected);
    }

    pub(super) fn row(&self) -> Row {
        let rows = self.form.rows();
        rows.get(self.list.selected).cloned().unwrap_or(Row::Start)
    }

    /// Whether a key that has no other meaning begins to type into the row at the cursor.
    pub fn begins_typing(&self, key: KeyEvent) -> bool {
        let KeyCode::Char(c) = key.code else {
            return false;
        };
        match self.form.kind(&self.row()) {
            Kind::Text(true) => c.is_ascii_digit() || c == '-' || c == '.',
            Kind::Text(false) => c == '/' || c == '.' || c == '~',
            _ => false,
        }
    }

    /// Takes a key into the field at the cursor.
    pub fn type_key(&mut self, key: KeyEvent, name: &str, shared: &Shared) {
        let row = self.row();
        if !self.typing {
            self.begin(&row);
            self.form.set(&row, "");
        }
        let text = self.form.value(&row, &usable(shared));
        match (key.code, name) {
            (KeyCode::Enter | KeyCode::Tab, _) => self.finish(&row),
            (KeyCode::Up | KeyCode::BackTab, _) => {
                self.finish(&row);
                self.list.step(-1, self.form.rows().len());
            }
            (KeyCode::Down, _) => {
                self.finish(&row);
                self.list.step(1, self.form.rows().len());
            }
            (KeyCode::Esc, _) => {
                self.typing = false;
                match self.before.take() {
                    Some(before) => self.form.set(&row, &before),
                    None => self.form.reset(&row),
                }
            }
            (_, "ctrl-u") => self.form.set(&row, ""),
            (KeyCode::Backspace, _) => {
                let mut text = text;
                text.pop();
                self.form.set(&row, &text);
            }
            (KeyCode::Char(c), name) if !name.starts_with("ctrl-") => {
                self.form.set(&row, &format!("{text}{c}"));
            }
            _ => {}
        }
    }

    /// Takes text into the field at the cursor.
    pub fn paste(&mut self, pasted: &str, shared: &Shared) {
        let row = self.row();
        if !matches!(self.form.kind(&row), Kind::Text(_)) {
            return;
        }
        let mut text = String::new();
        if self.is_typing() {
            text = self.form.value(&row, &usable(shared));
        } else {
            self.begin(&row);
        }
        // A pasted megabyte must not be copied around.
        text.extend(pasted.chars().take(1000));
        self.form.set(&row, &text);
    }

    fn begin(&mut self, row: &Row) {
        self.typing = true;
        self.before = self.form.typed(row);
    }

    /// An emptied field goes back to the preset.
    fn finish(&mut self, row: &Row) {
        self.typing = false;
        if self
            .form
            .typed(row)
            .is_some_and(|text| text.trim().is_empty())
        {
            self.form.reset(row);
        }
    }

    /// Does what a key stands for.
    pub fn act(&mut self, action: Action, shared: &Shared) -> Wish {
        let len = self.form.rows().len();
        let row = self.row();
        match action {
            Action::Start => return self.start(shared),
            Action::Copy => return self.command(shared),
            Action::Back => return Wish::Back,
            Action::Change => match self.form.kind(&row) {
                Kind::Button => return self.start(shared),
                Kind::Switch => return self.flip(&row),
                Kind::Choice => self.form.turn(&row, 1, &usable(shared)),
                Kind::Text(_) => {
                    let now = self.form.value(&row, &usable(shared));
                    self.begin(&row);
                    self.form.set(&row, &now);
                }
            },
            Action::Turn(by) => match self.form.kind(&row) {
                Kind::Switch => return self.flip(&row),
                Kind::Button | Kind::Text(false) => {}
                _ => self.form.turn(&row, by, &usable(shared)),
            },
            Action::Reset => self.form.reset(&row),
            Action::Step(by) => self.list.step(by, len),
            Action::Page(by) => self.list.step(by * self.list.page(), len),
            Action::First => self.list.selected = 0,
            Action::Last => self.list.selected = len - 1,
        }
        Wish::Nothing
    }

    fn flip(&mut self, row: &Row) -> Wish {
        if let Row::Arm(arm) = row
            && self.form.is_base(*arm)
        {
            return Wish::Say("The base always runs: speed-ups are stated against it.".to_owned());
        }
        self.form.toggle(row);
        Wish::Nothing
    }

    fn start(&mut self, shared: &Shared) -> Wish {
        match self.config(shared) {
            Ok(config) => Wish::Start(self.lab, Box::new(config)),
            Err(error) => Wish::Say(error),
        }
    }

    fn command(&mut self, shared: &Shared) -> Wish {
        match self.config(shared) {
            Ok(config) => Wish::Copy(config.command),
            Err(error) => Wish::Say(error),
        }
    }

    /// What the form stands for; where it is wrong, the cursor goes to the row that is.
    fn config(&mut self, shared: &Shared) -> Result<RunConfig, String> {
        self.form.config(&usable(shared)).map_err(|(row, error)| {
            self.point_at(&row);
            error
        })
    }

    /// A click selects a row, a click on the selected one changes it, the wheel moves.
    pub fn mouse(&mut self, event: MouseEvent, shared: &Shared) -> Wish {
        let len = self.form.rows().len();
        let row = self.row();
        match event.kind {
            MouseEventKind::ScrollDown | MouseEventKind::ScrollUp => {
                self.finish(&row);
                let down = event.kind == MouseEventKind::ScrollDown;
                self.list.step(if down { 1 } else { -1 }, len);
            }
            MouseEventKind::Down(MouseButton::Left) => {
                if let Some(index) = self.list.row_at(event.column, event.row, len) {
                    self.finish(&row);
                    if index == self.list.selected {
                        return self.act(Action::Change, shared);
                    }
                    self.list.selected = index;
                }
            }
            _ => {}
        }
        Wish::Nothing
    }
}
