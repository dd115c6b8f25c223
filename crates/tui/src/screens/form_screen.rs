//! Setting a run up: moving in the form, changing and typing values. What the form means is in
//! [`super::form`], how it looks in [`super::form_draw`].

use std::collections::BTreeMap;

use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use workbench_experiment::lab::{DataKind, RunConfig};
use workbench_history::estimate::estimate;
use workbench_machine::UsableCores;

use super::SharedState;
use super::form::{Form, Kind, Row, longest};
use super::form_data::SurveyRequest;
use crate::action::Action;
use crate::bindings::FORM_FIELD;
use crate::event::RunError;
use crate::field::{Editing, TextField};
use crate::keys::find;
use crate::kit::ListState;

/// The screen's own state.
#[derive(Debug)]
pub struct FormScreen {
    /// The lab's place in the list.
    pub lab: usize,
    /// The form.
    pub form: Form,
    pub(super) list: ListState,
    /// The field at the cursor, while keys go into it.
    typing: Option<Typing>,
    /// What the lab said when it was to run what the form stood for.
    refused: Option<Refused>,
    /// What the form stands for; made when something changes, not when it is drawn.
    pub(super) checked: Checked,
}

/// A field that is typed into.
#[derive(Debug)]
struct Typing {
    field: TextField,
    /// What was typed into it before, if anything.
    before: Option<String>,
}

/// Why a run could not be made, although the form alone had nothing against it.
#[derive(Debug)]
struct Refused {
    /// The command that the form stood for; with another one the lab has not been asked yet.
    command: String,
    /// The row whose value is refused.
    row: Row,
    why: String,
}

/// What a form stands for.
#[derive(Debug)]
pub(super) struct Checked {
    /// The cores that it was judged by.
    pub usable: UsableCores,
    /// The configuration, or the first row that is wrong and why.
    pub config: Result<RunConfig, (Row, String)>,
    /// What is wrong, row by row.
    pub wrong: BTreeMap<Row, String>,
    /// How long the run would take, in words.
    pub estimate: String,
}

impl FormScreen {
    /// The form of a lab.
    pub fn new(lab: usize, shared: &SharedState) -> Option<Self> {
        let mut form = Form::new(shared.labs.get(lab)?.definition());
        form.begin_with(shared.prefer.preset.as_deref(), shared.prefer.repeats);
        Some(Self {
            lab,
            list: ListState::default(),
            typing: None,
            refused: None,
            checked: check(&form, None, shared),
            form,
        })
    }

    /// Judges what the form stands for by now.
    pub fn check(&mut self, shared: &SharedState) {
        if let Some(lab) = shared.labs.get(self.lab) {
            self.form.follow(lab.as_ref());
        }
        self.checked = check(&self.form, self.refused.as_ref(), shared);
    }

    /// Whether keys go into a field.
    pub fn is_typing(&self) -> bool {
        self.typing.is_some()
    }

    /// Takes in why a run could not be made; the cursor goes to the row that is refused.
    pub fn refuse(&mut self, error: &RunError, shared: &SharedState) {
        self.check(shared);
        let Ok(config) = &self.checked.config else {
            return;
        };
        let row = self.form.row_of(error.option.as_ref());
        self.refused = Some(Refused {
            command: config.command.clone(),
            row: row.clone(),
            why: error.message.clone(),
        });
        self.point_at(&row);
        self.check(shared);
    }

    fn point_at(&mut self, row: &Row) {
        let at = self.form.rows().iter().position(|r| r == row);
        self.list.selected = at.unwrap_or(self.list.selected);
    }

    /// The row at the cursor.
    pub(super) fn row(&self) -> Row {
        let rows = self.form.rows();
        rows.get(self.list.selected).cloned().unwrap_or(Row::Start)
    }

    /// Whether the cursor is on the button that starts the run.
    pub fn is_at_button(&self) -> bool {
        self.row() == Row::Start
    }

    /// What the form stands for.
    ///
    /// # Errors
    /// What is wrong with it; the cursor goes to the row that is.
    pub fn config(&mut self) -> Result<RunConfig, String> {
        self.checked.config.clone().map_err(|(row, error)| {
            self.point_at(&row);
            error
        })
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
    pub fn type_key(&mut self, key: KeyEvent, name: &str) {
        let row = self.row();
        if self.typing.is_none() {
            self.begin(&row, "");
        }
        match find(FORM_FIELD, name) {
            Some(Action::Edit(Editing::Keep)) => self.finish(&row),
            Some(Action::Move(motion)) => {
                self.finish(&row);
                self.list.go(motion, self.form.rows().len());
            }
            Some(Action::Edit(Editing::Discard)) => {
                match self.typing.take().and_then(|typing| typing.before) {
                    Some(before) => self.form.set(&row, &before),
                    None => self.form.reset(&row),
                }
            }
            Some(Action::Edit(Editing::Empty)) => self.edit(&row, |field| field.set("")),
            _ => self.edit(&row, |field| {
                field.key(key);
            }),
        }
    }

    /// Takes text into the field at the cursor.
    pub fn paste(&mut self, pasted: &str) {
        let row = self.row();
        if !matches!(self.form.kind(&row), Kind::Text(_)) {
            return;
        }
        if self.typing.is_none() {
            self.begin(&row, "");
        }
        self.edit(&row, |field| field.paste(pasted));
    }

    /// Begins to type into a row that holds a text.
    fn begin(&mut self, row: &Row, text: &str) {
        self.typing = Some(Typing {
            field: TextField::new(text, longest(row)),
            before: self.form.typed(row),
        });
        self.form.set(row, text);
    }

    fn edit(&mut self, row: &Row, change: impl FnOnce(&mut TextField)) {
        if let Some(typing) = &mut self.typing {
            change(&mut typing.field);
            self.form.set(row, typing.field.text());
        }
    }

    /// Ends typing. An emptied field goes back to the preset.
    fn finish(&mut self, row: &Row) {
        self.typing = None;
        let is_empty = |text: String| text.trim().is_empty();
        if self.form.typed(row).is_some_and(is_empty) {
            self.form.reset(row);
        }
    }

    /// Moves in the form and changes it.
    ///
    /// # Errors
    /// Why it cannot be done.
    pub fn act(&mut self, action: &Action) -> Result<(), String> {
        let row = self.row();
        let usable = &self.checked.usable;
        match (action, self.form.kind(&row)) {
            (Action::Choose | Action::Turn(_), Kind::Switch) => return self.flip(&row),
            (Action::Choose, Kind::Choice) => self.form.turn(&row, 1, usable),
            (Action::Choose, Kind::Text(_)) => {
                let text = self.form.value(&row, usable);
                self.begin(&row, &text);
            }
            (Action::Turn(by), Kind::Choice | Kind::Text(true)) => {
                self.form.turn(&row, *by, usable);
            }
            (Action::Reset, _) => self.form.reset(&row),
            (Action::Move(motion), _) => self.list.go(*motion, self.form.rows().len()),
            _ => {}
        }
        Ok(())
    }

    fn flip(&mut self, row: &Row) -> Result<(), String> {
        if let Row::Arm(arm) = row
            && self.form.is_base(*arm)
        {
            return Err("The base always runs: speed-ups are stated against it.".to_owned());
        }
        if let Row::Column(column) = row
            && self.form.column(*column) == Some(self.form.target().as_str())
        {
            return Err("The column to predict is always used.".to_owned());
        }
        self.form.toggle(row);
        Ok(())
    }

    /// The file to look through, where it has not been looked through yet. While it is being typed
    /// there is none.
    pub fn survey_request(&mut self) -> Option<SurveyRequest> {
        let has_table = self.form.definition.takes_data.as_ref();
        let has_table = has_table.is_some_and(|data| data.kind == DataKind::Table);
        if !has_table || self.is_typing() {
            return None;
        }
        let (path, _) = self.form.data();
        self.form.table.request(path)
    }

    /// A click selects a row, a click on the selected one changes it, the wheel moves.
    pub fn mouse(&mut self, event: MouseEvent) -> Option<Action> {
        let row = self.row();
        self.finish(&row);
        let chosen = self.list.mouse(event, self.form.rows().len());
        chosen.then_some(Action::Choose)
    }
}

fn check(form: &Form, refused: Option<&Refused>, shared: &SharedState) -> Checked {
    let usable = shared.usable();
    let rows = form.rows().into_iter();
    let mut wrong: BTreeMap<Row, String> = rows
        .filter_map(|row| Some((row.clone(), form.error(&row, &usable)?)))
        .collect();
    let config = form.config(&usable);
    if let (Some(refused), Ok(config)) = (refused, &config)
        && config.command == refused.command
    {
        wrong.insert(refused.row.clone(), refused.why.clone());
    }
    let estimate = config.as_ref().map_or_else(
        |_| String::new(),
        |config| {
            let past = shared.rows().iter().filter_map(|row| row.past.as_ref());
            estimate(past, config, &form.definition)
        },
    );
    Checked {
        usable,
        config,
        wrong,
        estimate,
    }
}
