//! The set-up form: a lab's preset, arms and parameters as rows that can be changed, and the
//! request they stand for.
//!
//! What nobody touched stays unset in the request, so the preset decides it. Does not belong here:
//! the request and what is wrong with it ([`super::form_check`]), keys and drawing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use workbench_dataset::{DecimalSign, Delimiter, ReadOptions, column_list, column_names};
use workbench_experiment::lab::{DataKind, LabDefinition, ParamSpec, Preset};
use workbench_experiment::{DEFAULT_MAX_TIME, DEFAULT_SEED, MAX_REPEATS, at_home};
use workbench_machine::UsableCores;

use super::form_data::{TableForm, is_used, turned, with_toggled};

/// The longest text of a field, in characters.
const LONGEST: usize = 300;
/// The longest value of a parameter, in characters: a command line can be long.
const LONGEST_PARAM: usize = 4000;
/// The longest list of columns, in characters.
const LONGEST_LIST: usize = 20_000;

/// One row of the form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    /// Which preset.
    Preset,
    /// Whether an arm runs; its place in the definition.
    Arm(usize),
    /// Numbers of workers.
    Workers,
    /// More workers than cores.
    Oversubscribe,
    /// Repeats of every arm.
    Repeats,
    /// How narrow the intervals are to be.
    Until,
    /// The longest time until they are.
    MaxTime,
    /// Whether the base runs as a second, equal arm.
    Control,
    /// Seed of everything random.
    Seed,
    /// A parameter of the lab.
    Param(String),
    /// A file or folder instead of the lab's own data.
    Data,
    /// The column of a file to predict.
    Target,
    /// Whether the file has no line of column names.
    NoHeader,
    /// Whether rows with missing values are left out.
    DropMissing,
    /// What stands between columns.
    Delimiter,
    /// The decimal sign.
    Decimal,
    /// The columns to use, by name.
    Columns,
    /// Columns to leave out, by name.
    DropColumns,
    /// Whether a column is used; its place in the file.
    Column(usize),
    /// Run it.
    Start,
}

/// How a row is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One of several words, turned by left and right.
    Choice,
    /// On or off.
    Switch,
    /// Text that is typed; with whether left and right count it up and down.
    Text(bool),
    /// Pressed.
    Button,
}

/// The form of one lab.
#[derive(Debug, Clone)]
pub struct Form {
    /// What the lab's `lab.toml` says.
    pub definition: LabDefinition,
    presets: Vec<String>,
    preset: usize,
    pub(super) arms: Vec<bool>,
    pub(super) oversubscribe: bool,
    pub(super) control: bool,
    /// The file of a lab that takes a table.
    pub table: TableForm,
    /// The row whose value describes no arms, and why, for a lab whose parameters decide which it
    /// has.
    pub(super) unfit: Option<(Row, String)>,
    /// What was typed, by row; a row that is missing has the preset's value.
    pub(super) typed: BTreeMap<Row, String>,
}

impl Form {
    /// The form with the lab's default preset.
    pub fn new(definition: &LabDefinition) -> Self {
        let presets: Vec<String> = definition.presets.keys().cloned().collect();
        let preset = presets.iter().position(|p| *p == definition.default_preset);
        Self {
            // Peers are offered, and run only when they are chosen.
            arms: definition
                .arms
                .iter()
                .map(|arm| arm.peer.is_none())
                .collect(),
            preset: preset.unwrap_or(0),
            presets,
            oversubscribe: false,
            control: false,
            table: TableForm::new(definition.takes_data.as_ref()),
            unfit: None,
            typed: BTreeMap::new(),
            definition: definition.clone(),
        }
    }

    /// Begins with a preset, where the lab has it, and with a number of repeats.
    pub fn begin_with(&mut self, preset: Option<&str>, repeats: Option<u32>) {
        let known = self.presets.iter().position(|p| Some(p.as_str()) == preset);
        self.preset = known.unwrap_or(self.preset);
        if let Some(repeats) = repeats {
            self.set(&Row::Repeats, &repeats.to_string());
        }
    }

    /// All rows, from top to bottom.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = vec![Row::Preset];
        rows.extend((0..self.arms.len()).map(Row::Arm));
        rows.extend([Row::Workers, Row::Oversubscribe, Row::Repeats, Row::Until]);
        let until = self.typed.get(&Row::Until);
        if until.is_some_and(|typed| !typed.trim().is_empty()) {
            rows.push(Row::MaxTime);
        }
        rows.extend([Row::Control, Row::Seed]);
        rows.extend(self.definition.params.keys().cloned().map(Row::Param));
        match self.definition.takes_data.as_ref().map(|data| data.kind) {
            Some(DataKind::Table) => {
                rows.extend([Row::Data, Row::Target]);
                if self.data().0.is_some() {
                    rows.extend([Row::NoHeader, Row::DropMissing]);
                    rows.extend([Row::Delimiter, Row::Decimal]);
                    rows.extend([Row::Columns, Row::DropColumns]);
                    rows.extend((0..self.table.rows()).map(Row::Column));
                }
            }
            Some(DataKind::Folder) => rows.push(Row::Data),
            None => {}
        }
        rows.push(Row::Start);
        rows
    }

    /// How a row is changed.
    pub fn kind(&self, row: &Row) -> Kind {
        match row {
            Row::Preset | Row::Delimiter | Row::Decimal => Kind::Choice,
            Row::Arm(_)
            | Row::Oversubscribe
            | Row::Control
            | Row::NoHeader
            | Row::DropMissing
            | Row::Column(_) => Kind::Switch,
            Row::Param(name) => match self.spec(name) {
                Some(ParamSpec::Choice { .. } | ParamSpec::Boolean { .. }) => Kind::Choice,
                Some(ParamSpec::Text { .. }) => Kind::Text(false),
                _ => Kind::Text(true),
            },
            Row::Workers | Row::Repeats | Row::Seed => Kind::Text(true),
            Row::Target => Kind::Text(!self.table.columns().is_empty()),
            Row::Data | Row::Columns | Row::DropColumns | Row::Until | Row::MaxTime => {
                Kind::Text(false)
            }
            Row::Start => Kind::Button,
        }
    }

    /// Whether a row holds a path.
    pub fn is_path(&self, row: &Row) -> bool {
        match row {
            Row::Data => true,
            Row::Param(name) => self.definition.roles.directory.as_ref() == Some(name),
            _ => false,
        }
    }

    /// The name of the chosen preset.
    pub fn preset_name(&self) -> &str {
        self.presets.get(self.preset).map_or("", String::as_str)
    }

    /// The chosen preset.
    pub fn preset(&self) -> Option<&Preset> {
        self.definition.presets.get(self.preset_name())
    }

    /// A parameter's definition.
    pub fn spec(&self, name: &str) -> Option<&ParamSpec> {
        self.definition.params.get(name)
    }

    /// Whether a switch is on.
    pub fn is_on(&self, row: &Row) -> bool {
        match row {
            Row::Arm(arm) => self.arms.get(*arm).copied().unwrap_or(false),
            Row::Oversubscribe => self.oversubscribe,
            Row::Control => self.control,
            Row::NoHeader => self.table.no_header,
            Row::DropMissing => self.table.drop_missing,
            Row::Column(column) => self
                .column(*column)
                .is_some_and(|name| is_used(name, &self.reading(), &self.target())),
            _ => false,
        }
    }

    /// What is wrong with a column of the file, if it is used.
    pub fn column_error(&self, index: usize) -> Option<String> {
        self.table
            .column_error(index, &self.reading(), &self.target())
    }

    /// The name of a column of the file.
    pub fn column(&self, index: usize) -> Option<&str> {
        let column = self.table.columns().get(index)?;
        Some(&column.name)
    }

    /// The name of the column to predict, as it was typed.
    pub fn target(&self) -> String {
        self.data().1.unwrap_or_default()
    }

    /// How the file is read.
    pub fn reading(&self) -> ReadOptions {
        let names = |row: &Row| self.typed.get(row).map(|typed| column_names(typed));
        if self.data().0.is_none() {
            return ReadOptions::default();
        }
        ReadOptions {
            columns: names(&Row::Columns).unwrap_or_default(),
            drop_columns: names(&Row::DropColumns).unwrap_or_default(),
            no_header: self.table.no_header,
            drop_missing: self.table.drop_missing,
            delimiter: self.table.delimiter,
            decimal: self.table.decimal,
        }
    }

    /// Whether an arm is the base, which always runs.
    pub fn is_base(&self, arm: usize) -> bool {
        self.definition
            .arms
            .get(arm)
            .is_some_and(|arm| arm.name == self.definition.base)
    }

    /// The text of a row: what was typed, else what the preset gives.
    pub fn value(&self, row: &Row, usable: &UsableCores) -> String {
        self.typed
            .get(row)
            .cloned()
            .unwrap_or_else(|| self.preset_value(row, usable))
    }

    /// What a row has when nobody touches it.
    pub fn preset_value(&self, row: &Row, usable: &UsableCores) -> String {
        match row {
            Row::Preset => self.preset_name().to_owned(),
            Row::Workers => (usable.cores.floor() as u32).max(1).to_string(),
            Row::Repeats => self.preset().map_or(1, |p| p.repeats).to_string(),
            Row::Seed => DEFAULT_SEED.to_string(),
            Row::MaxTime => DEFAULT_MAX_TIME.to_string(),
            Row::Delimiter => recognised(self.table.delimiter.map(Delimiter::name)),
            Row::Decimal => recognised(self.table.decimal.map(DecimalSign::name)),
            Row::Param(name) => self
                .preset()
                .and_then(|preset| preset.set.get(name).cloned())
                .or_else(|| self.spec(name).map(ParamSpec::default_value))
                .map(|value| value.to_string())
                .unwrap_or_default(),
            _ => String::new(),
        }
    }

    /// Whether a row differs from the preset.
    pub fn is_changed(&self, row: &Row, usable: &UsableCores) -> bool {
        self.typed
            .get(row)
            .is_some_and(|text| *text != self.preset_value(row, usable))
    }

    /// What was typed into a row, if anything was.
    pub fn typed(&self, row: &Row) -> Option<String> {
        self.typed.get(row).cloned()
    }

    /// Sets a row's text; control characters and what is too long are left out.
    pub fn set(&mut self, row: &Row, text: &str) {
        let text: String = text
            .chars()
            .filter(|c| !c.is_control())
            .take(longest(row))
            .collect();
        self.typed.insert(row.clone(), text);
    }

    /// Gives a row back to the preset.
    pub fn reset(&mut self, row: &Row) {
        self.typed.remove(row);
        match row {
            Row::NoHeader => self.table.no_header = false,
            Row::DropMissing => self.table.drop_missing = false,
            Row::Delimiter => self.table.delimiter = None,
            Row::Decimal => self.table.decimal = None,
            _ => {}
        }
    }

    /// Flips a switch. The base stays on.
    pub fn toggle(&mut self, row: &Row) {
        match row {
            Row::Arm(arm) if !self.is_base(*arm) => {
                if let Some(on) = self.arms.get_mut(*arm) {
                    *on = !*on;
                }
            }
            Row::Oversubscribe => self.oversubscribe = !self.oversubscribe,
            Row::Control => self.control = !self.control,
            Row::NoHeader => self.table.no_header = !self.table.no_header,
            Row::DropMissing => self.table.drop_missing = !self.table.drop_missing,
            Row::Column(column) => {
                if let Some(name) = self.column(*column) {
                    self.select(&with_toggled(self.reading(), name));
                }
            }
            _ => {}
        }
    }

    fn select(&mut self, reading: &ReadOptions) {
        for (row, names) in [
            (Row::Columns, &reading.columns),
            (Row::DropColumns, &reading.drop_columns),
        ] {
            if names.is_empty() {
                self.reset(&row);
            } else {
                self.set(&row, &column_list(names.iter().map(String::as_str)));
            }
        }
    }

    /// Turns a choice, or counts a number up or down; what is no number stays what it is.
    pub fn turn(&mut self, row: &Row, by: i64, usable: &UsableCores) {
        match row {
            Row::Preset => self.preset = turned(self.preset, by, self.presets.len()),
            Row::Param(name) => self.turn_param(row, &name.clone(), by, usable),
            Row::Delimiter => self.table.turn_delimiter(by),
            Row::Decimal => self.table.turn_decimal(by),
            Row::Target => {
                if let Some(target) = self.table.turn_target(&self.target(), by) {
                    self.set(row, &target);
                }
            }
            Row::Workers | Row::Repeats | Row::Seed => {
                let most = match row {
                    Row::Seed => i64::from(u32::MAX),
                    Row::Repeats => i64::from(MAX_REPEATS),
                    _ => 1024,
                };
                let least = i64::from(*row != Row::Seed);
                if let Ok(number) = self.value(row, usable).trim().parse::<i64>() {
                    let number = number.saturating_add(by).clamp(least, most);
                    self.set(row, &number.to_string());
                }
            }
            _ => self.toggle(row),
        }
    }

    fn turn_param(&mut self, row: &Row, name: &str, by: i64, usable: &UsableCores) {
        let text = self.value(row, usable);
        let turned = match self.spec(name) {
            Some(ParamSpec::Choice { choices, .. }) => {
                let now = choices.iter().position(|choice| *choice == text);
                choices
                    .get(turned(now.unwrap_or(0), by, choices.len()))
                    .cloned()
            }
            Some(ParamSpec::Boolean { .. }) => Some((text.trim() != "true").to_string()),
            Some(ParamSpec::Integer { min, max, .. }) => text
                .trim()
                .parse::<i64>()
                .ok()
                .map(|n| n.saturating_add(by).clamp(*min, *max).to_string()),
            Some(ParamSpec::Float { min, max, .. }) => text.trim().parse::<f64>().ok().map(|x| {
                let next = (x + by as f64 * 0.01).clamp(*min, *max);
                // Two decimals, so that counting up and down comes back to where it was.
                ((next * 100.0).round() / 100.0)
                    .clamp(*min, *max)
                    .to_string()
            }),
            Some(ParamSpec::Text { .. }) | None => None,
        };
        if let Some(turned) = turned {
            self.set(row, &turned);
        }
    }

    /// The file and the column to predict, as far as they were typed.
    pub fn data(&self) -> (Option<PathBuf>, Option<String>) {
        let given = |row: &Row| {
            let text = self.typed.get(row)?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let path = given(&Row::Data).map(|path| at_home(Path::new(&path)));
        (path, given(&Row::Target))
    }
}

/// What is stated of a file, if anything is.
fn recognised(stated: Option<&str>) -> String {
    stated.unwrap_or("recognised").to_owned()
}

/// The longest text of a row, in characters.
pub fn longest(row: &Row) -> usize {
    match row {
        Row::Columns | Row::DropColumns => LONGEST_LIST,
        Row::Param(_) => LONGEST_PARAM,
        _ => LONGEST,
    }
}
