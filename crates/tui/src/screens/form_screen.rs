//! Setting a run up: moving in the form, changing and typing values. What the form means is in
//! [`super::form`], how it looks in [`super::form_draw`].

use std::collections::BTreeMap;

use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::style::Style;
use workbench_experiment::lab::{ForeignLab, RunConfig};
use workbench_history::estimate::{RunEstimate, TimedLab, estimate};
use workbench_machine::UsableCores;

use super::SharedState;
use super::form::{Form, Kind, Row, longest};
use super::form_calibration::{CalibrationRequest, Timing};
use super::form_data::SurveyRequest;
use crate::action::Action;
use crate::bindings::{FORM_FIELD, FORM_PATH, Keys};
use crate::event::RunError;
use crate::field::{Editing, TextField};
use crate::keys::find;
use crate::kit::text::wrap_plain;
use crate::kit::{ListState, Motion};
use crate::path_completion::PathCompletion;

/// The screen's own state.
#[derive(Debug)]
pub struct FormScreen {
    /// The lab's place in the list.
    pub lab: usize,
    /// The form.
    pub form: Form,
    pub(super) list: ListState,
    /// The field at the cursor, while keys go into it.
    pub(super) typing: Option<Typing>,
    /// The name of the set-up that it was opened from, or kept as.
    pub opened: Option<String>,
    /// Columns of the screen that the form has.
    columns: usize,
    /// How long the lab's unit of work takes.
    pub(super) timing: Timing,
    /// What was to be started while that was being timed. What a person goes on to change is not
    /// started by itself.
    pub(super) starts_when_timed: Option<Box<RunConfig>>,
    /// What the lab said when it was to run what the form stood for.
    refused: Option<Refused>,
    /// What the form stands for; made when something changes, not when it is drawn.
    pub(super) checked: Checked,
}

/// The most lines that tell what is wrong with a row.
const MOST_TOLD: usize = 3;

/// A line of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FormLine {
    /// A row.
    Row(Row),
    /// A line of what is wrong with a row.
    Wrong(Row, String),
}

impl FormLine {
    fn is(&self, row: &Row) -> bool {
        matches!(self, Self::Row(own) if own == row)
    }

    /// The row that it is, or belongs to.
    pub(super) fn row(&self) -> &Row {
        match self {
            Self::Row(row) | Self::Wrong(row, _) => row,
        }
    }
}

fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let lines = wrap_plain(text, columns.saturating_sub(2).max(10), Style::new());
    lines.iter().map(ToString::to_string).collect()
}

/// A field that is typed into.
#[derive(Debug)]
pub(super) struct Typing {
    pub field: TextField,
    /// What was typed into it before, if anything.
    before: Option<String>,
    /// What it can become, where it is a path.
    pub completion: PathCompletion,
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
    /// How long the run would take; `None` while nothing can be run.
    pub estimate: Option<RunEstimate>,
    /// Whether the lab's work is being timed.
    pub is_timing: bool,
}

impl FormScreen {
    /// The form of a lab.
    pub fn new(lab: usize, shared: &SharedState) -> Option<Self> {
        let mut form = Form::new(shared.labs.get(lab)?.definition());
        let definition = &form.definition;
        // Whoever has made no run of the lab yet begins with a short one.
        let knows_it = shared.rows().iter().any(|row| row.lab == definition.name);
        let first = definition.first_preset.clone().filter(|_| !knows_it);
        let preset = shared.prefer.preset.clone().or(first);
        form.begin_with(preset.as_deref(), shared.prefer.repeats);
        let timing = Timing::default();
        Some(Self {
            lab,
            list: ListState::default(),
            typing: None,
            refused: None,
            checked: check(&form, (lab, None, &timing), shared),
            timing,
            starts_when_timed: None,
            columns: 40,
            opened: None,
            form,
        })
    }

    /// Judges what the form stands for by now.
    pub fn check(&mut self, shared: &SharedState) {
        if let Some(lab) = shared.labs.get(self.lab) {
            self.form.follow(lab.as_ref());
        }
        let row = self.row();
        let known = (self.lab, self.refused.as_ref(), &self.timing);
        self.checked = check(&self.form, known, shared);
        self.starts_when_timed = self.starts_when_timed.take().filter(|asked| {
            let is_same = |config| config == asked.as_ref();
            !self.is_typing() && self.checked.config.as_ref().is_ok_and(is_same)
        });
        self.point_at(&row);
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

    /// The lines of the form: its rows, each with what is wrong with it right below.
    pub(super) fn lines(&self) -> Vec<FormLine> {
        let mut lines = Vec::new();
        for row in self.form.rows() {
            let wrong = self.checked.wrong.get(&row).map(String::as_str);
            lines.push(FormLine::Row(row.clone()));
            let told = wrong.map(|wrong| wrapped(wrong, self.columns));
            let told = told.into_iter().flatten().take(MOST_TOLD);
            lines.extend(told.map(|text| FormLine::Wrong(row.clone(), text)));
        }
        lines
    }

    fn point_at(&mut self, row: &Row) {
        let at = self.lines().iter().position(|line| line.is(row));
        self.list.selected = at.unwrap_or(self.list.selected);
    }

    /// The row at the cursor.
    pub(super) fn row(&self) -> Row {
        let lines = self.lines();
        let line = lines.get(self.list.selected);
        line.map_or(Row::Start, |line| line.row().clone())
    }

    /// Moves the cursor, over rows alone.
    fn go(&mut self, motion: Motion) {
        let lines = self.lines();
        self.list.go(motion, lines.len());
        let forward = matches!(motion, Motion::Down | Motion::PageDown);
        while matches!(lines.get(self.list.selected), Some(FormLine::Wrong(..))) {
            let next = self.list.selected + 1;
            if forward && next < lines.len() {
                self.list.selected = next;
            } else {
                self.list.selected -= 1;
            }
        }
    }

    /// Takes in how wide the form is; the cursor stays on its row.
    pub(super) fn set_columns(&mut self, columns: usize) {
        let row = self.row();
        self.columns = columns;
        self.point_at(&row);
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

    /// The keys of the field at the cursor.
    pub fn field_keys(&self) -> Keys {
        if self.form.is_path(&self.row()) {
            FORM_PATH
        } else {
            FORM_FIELD
        }
    }

    /// Takes a key into the field at the cursor.
    pub fn type_key(&mut self, key: KeyEvent, name: &str) {
        let row = self.row();
        if self.typing.is_none() {
            self.begin(&row, "");
        }
        match find(self.field_keys(), name) {
            Some(Action::Complete) => self.typing.iter_mut().for_each(|t| t.completion.ask()),
            Some(Action::Edit(Editing::Keep)) => self.finish(&row),
            Some(Action::Move(motion)) => {
                self.finish(&row);
                self.go(motion);
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
            completion: PathCompletion::default(),
        });
        self.form.set(row, text);
    }

    fn edit(&mut self, row: &Row, change: impl FnOnce(&mut TextField)) {
        if let Some(typing) = &mut self.typing {
            typing.completion.forget();
        }
        self.change(row, change);
    }

    /// Changes what stands in the field, and keeps what it can become.
    pub(super) fn change(&mut self, row: &Row, change: impl FnOnce(&mut TextField)) {
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
            (Action::Move(motion), _) => self.go(*motion),
            _ => {}
        }
        Ok(())
    }

    /// Whether an action would do anything at the row of the cursor.
    pub fn offers(&self, action: &Action) -> bool {
        let row = self.row();
        match (action, self.form.kind(&row)) {
            (Action::Turn(_), kind) => !matches!(kind, Kind::Text(false) | Kind::Button),
            (Action::Reset, _) => self.form.is_changed(&row, &self.checked.usable),
            _ => true,
        }
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

    /// The file or folder to look at, where it has not been looked through yet. While it is being
    /// typed there is none.
    pub fn survey_request(&mut self) -> Option<SurveyRequest> {
        let kind = self.form.definition.takes_data.as_ref()?.kind;
        if self.is_typing() {
            return None;
        }
        let (path, _) = self.form.data();
        self.form.table.request(path, kind)
    }

    /// The form's lab, where it is not a part of this program and nobody has agreed to it.
    pub fn unagreed<'a>(&self, shared: &'a SharedState) -> Option<ForeignLab<'a>> {
        let foreign = shared.labs.get(self.lab)?.foreign();
        foreign.filter(|foreign| !foreign.is_agreed)
    }

    /// Turns to a preset.
    pub fn choose_preset(&mut self, name: &str) {
        self.form.begin_with(Some(name), None);
    }

    /// A click selects a row, a click on the selected one changes it, the wheel moves.
    pub fn mouse(&mut self, event: MouseEvent) -> Option<Action> {
        let row = self.row();
        self.finish(&row);
        let lines = self.lines();
        let chosen = self.list.mouse(event, lines.len());
        let row = self.row();
        let on_row = lines.get(self.list.selected).is_some_and(|l| l.is(&row));
        self.point_at(&row);
        (chosen && on_row).then_some(Action::Choose)
    }
}

fn check(
    form: &Form,
    (lab, refused, timing): (usize, Option<&Refused>, &Timing),
    shared: &SharedState,
) -> Checked {
    let usable = shared.usable();
    let rows = form.rows().into_iter();
    let mut wrong: BTreeMap<Row, String> = rows
        .filter_map(|row| Some((row.clone(), form.error(&row, &usable)?)))
        .collect();
    let judge = shared.labs.get(lab);
    let config = form.config(&usable).and_then(|config| {
        let refused = judge.and_then(|lab| lab.check(&config).err());
        refused.map_or(Ok(config), |refusal| {
            Err((form.row_of(Some(&refusal.option)), refusal.reason))
        })
    });
    if let Err((row, why)) = &config {
        wrong.entry(row.clone()).or_insert_with(|| why.clone());
    }
    if let (Some(refused), Ok(config)) = (refused, &config)
        && config.command == refused.command
    {
        wrong.insert(refused.row.clone(), refused.why.clone());
    }
    let past = shared.rows().iter().filter_map(|row| row.past.as_ref());
    let (estimate, is_timing) = config.as_ref().map_or((None, false), |config| {
        let asked = CalibrationRequest::new(lab, config);
        let timed = judge.zip(timing.of(&asked)).map(|(lab, found)| TimedLab {
            lab: lab.as_ref(),
            found,
            cores: usable.cores,
        });
        let told = estimate(past, config, &form.definition, timed);
        (Some(told), timing.is_timing(&asked))
    });
    Checked {
        usable,
        config,
        wrong,
        estimate,
        is_timing,
    }
}
