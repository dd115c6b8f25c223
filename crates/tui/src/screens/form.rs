//! The set-up form: a lab's preset, arms and parameters as rows that can be changed, and the
//! request they stand for.
//!
//! What nobody touched stays unset in the request, so the preset decides it; values are judged by
//! the same code as the command line's. Does not belong here: keys and drawing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use workbench_dataset::ReadOptions;
use workbench_experiment::lab::{DataKind, LabDefinition, Opt, ParamSpec, Preset, RunConfig};
use workbench_experiment::{AskedWorkers, DEFAULT_SEED, MAX_REPEATS, Request, resolve};
use workbench_machine::UsableCores;

/// The longest text of a field, in characters.
pub const LONGEST: usize = 300;

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
    /// Seed of everything random.
    Seed,
    /// A parameter of the lab.
    Param(String),
    /// A file or folder instead of the lab's own data.
    Data,
    /// The column of a file to predict.
    Target,
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
    arms: Vec<bool>,
    oversubscribe: bool,
    /// What was typed, by row; a row that is missing has the preset's value.
    typed: BTreeMap<Row, String>,
}

impl Form {
    /// The form with the lab's default preset.
    pub fn new(definition: &LabDefinition) -> Self {
        let presets: Vec<String> = definition.presets.keys().cloned().collect();
        let preset = presets.iter().position(|p| *p == definition.default_preset);
        Self {
            arms: vec![true; definition.arms.len()],
            preset: preset.unwrap_or(0),
            presets,
            oversubscribe: false,
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
        rows.extend([Row::Workers, Row::Oversubscribe, Row::Repeats, Row::Seed]);
        rows.extend(self.definition.params.keys().cloned().map(Row::Param));
        match self.definition.takes_data.as_ref().map(|data| data.kind) {
            Some(DataKind::Table) => rows.extend([Row::Data, Row::Target]),
            Some(DataKind::Folder) => rows.push(Row::Data),
            None => {}
        }
        rows.push(Row::Start);
        rows
    }

    /// How a row is changed.
    pub fn kind(&self, row: &Row) -> Kind {
        match row {
            Row::Preset => Kind::Choice,
            Row::Arm(_) | Row::Oversubscribe => Kind::Switch,
            Row::Param(name) => match self.spec(name) {
                Some(ParamSpec::Choice { .. } | ParamSpec::Boolean { .. }) => Kind::Choice,
                Some(ParamSpec::Text { .. }) => Kind::Text(false),
                _ => Kind::Text(true),
            },
            Row::Workers | Row::Repeats | Row::Seed => Kind::Text(true),
            Row::Data | Row::Target => Kind::Text(false),
            Row::Start => Kind::Button,
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
            _ => false,
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
            Row::Param(name) => self
                .preset()
                .and_then(|preset| preset.set.get(name).cloned())
                .or_else(|| self.spec(name).map(ParamSpec::default_value))
                .map(|value| value.to_string())
                .unwrap_or_default(),
            Row::Arm(_) | Row::Oversubscribe | Row::Data | Row::Target | Row::Start => {
                String::new()
            }
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
            .take(LONGEST)
            .collect();
        self.typed.insert(row.clone(), text);
    }

    /// Gives a row back to the preset.
    pub fn reset(&mut self, row: &Row) {
        self.typed.remove(row);
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
            _ => {}
        }
    }

    /// Turns a choice, or counts a number up or down; what is no number stays what it is.
    pub fn turn(&mut self, row: &Row, by: i64, usable: &UsableCores) {
        match row {
            Row::Preset => self.preset = turned(self.preset, by, self.presets.len()),
            Row::Param(name) => self.turn_param(row, &name.clone(), by, usable),
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

    /// What is wrong with a row, in one line.
    pub fn error(&self, row: &Row, usable: &UsableCores) -> Option<String> {
        let text = self.typed.get(row);
        let judge = |request: Request| {
            resolve(&self.definition, &request, usable)
                .err()
                .map(|error| error.to_string())
        };
        let only = Request {
            oversubscribe: self.oversubscribe,
            ..Request::default()
        };
        match row {
            Row::Param(name) => self
                .spec(name)?
                .parse(name, text?)
                .err()
                .map(|e| e.to_string()),
            Row::Workers => match workers(text?) {
                Ok(workers) => judge(Request { workers, ..only }),
                Err(error) => Some(error),
            },
            Row::Repeats => match whole(text?, "--repeats", MAX_REPEATS) {
                Ok(number) => judge(Request {
                    repeats: Some(number),
                    ..only
                }),
                Err(error) => Some(error),
            },
            Row::Seed => whole(text?, "--seed", u32::MAX).err(),
            Row::Data | Row::Target => {
                let (data, target) = self.data();
                if (*row == Row::Data) == data.is_some() {
                    return judge(Request {
                        data,
                        target,
                        ..only
                    });
                }
                None
            }
            _ => None,
        }
    }

    /// The row of an option; the button where there is none.
    pub fn row_of(&self, option: Option<&Opt>) -> Row {
        let row = match option {
            Some(Opt::Set(name)) => Some(Row::Param(name.clone())),
            Some(Opt::Fault) => self.definition.roles.faults.clone().map(Row::Param),
            Some(Opt::Preset) => Some(Row::Preset),
            Some(Opt::Arms) => Some(Row::Arm(0)),
            Some(Opt::Workers) => Some(Row::Workers),
            Some(Opt::Repeats) => Some(Row::Repeats),
            Some(Opt::Seed) => Some(Row::Seed),
            Some(Opt::Data) => Some(Row::Data),
            Some(Opt::Target) => Some(Row::Target),
            None => None,
        };
        row.filter(|row| self.rows().contains(row))
            .unwrap_or(Row::Start)
    }

    fn data(&self) -> (Option<PathBuf>, Option<String>) {
        let given = |row: &Row| {
            let text = self.typed.get(row)?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        (given(&Row::Data).map(PathBuf::from), given(&Row::Target))
    }

    /// The configuration that the form stands for, or the first row that is wrong and why.
    ///
    /// # Errors
    /// The row, where one is to blame, and what is wrong with it.
    pub fn config(&self, usable: &UsableCores) -> Result<RunConfig, (Row, String)> {
        for row in self.rows() {
            if let Some(error) = self.error(&row, usable) {
                return Err((row, error));
            }
        }
        let start = |error: String| (Row::Start, error);
        let (data, target) = self.data();
        let number = |row: &Row| match self.typed.get(row) {
            Some(text) => whole(text, "--seed", u32::MAX).map(Some).map_err(start),
            None => Ok(None),
        };
        let arms = self.definition.arms.iter().zip(&self.arms);
        let request = Request {
            preset: Some(self.preset_name().to_owned()),
            set: self.settings(),
            arms: arms
                .filter(|(_, on)| **on)
                .map(|(arm, _)| arm.name.clone())
                .collect(),
            workers: match self.typed.get(&Row::Workers) {
                Some(text) => workers(text).map_err(start)?,
                None => AskedWorkers::default(),
            },
            repeats: number(&Row::Repeats)?,
            seed: number(&Row::Seed)?.map(u64::from),
            faults: Vec::new(),
            data,
            target,
            reading: ReadOptions::default(),
            oversubscribe: self.oversubscribe,
        };
        resolve(&self.definition, &request, usable)
            .map_err(|error| (self.row_of(error.option().as_ref()), error.to_string()))
    }

    fn settings(&self) -> Vec<String> {
        self.typed
            .iter()
            .filter_map(|(row, text)| match row {
                Row::Param(name) => Some(format!("{name}={}", text.trim())),
                _ => None,
            })
            .collect()
    }
}

fn turned(now: usize, by: i64, len: usize) -> usize {
    if len == 0 {
        return 0;
    }
    let len = len as i128;
    (now as i128 + i128::from(by)).rem_euclid(len) as usize
}

fn whole(text: &str, option: &str, most: u32) -> Result<u32, String> {
    text.trim()
        .parse::<u32>()
        .ok()
        .filter(|number| *number <= most)
        .ok_or_else(|| {
            format!(
                "`{option} {}`: give a whole number up to {most}",
                text.trim()
            )
        })
}

fn workers(text: &str) -> Result<AskedWorkers, String> {
    let text = text.trim();
    text.parse()
        .map_err(|error| format!("`--workers {text}`: {error}"))
}
