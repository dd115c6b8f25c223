//! The file `assignment.toml`.

use std::collections::BTreeMap;

use jiff::{Timestamp, Zoned};
use serde::Deserialize;
use toml::Spanned;

use crate::assignment::{AssignmentPreset, Deadline, LabAssignment};
use crate::entry::{QuestionEntry, are_points, is_arm, is_id, text_problem};
use crate::messages as say;
use crate::problem::{PaperProblem, Problems};
use crate::question_file::question_set;

/// The file of an assignment, where it is looked for in a folder.
pub const ASSIGNMENT_FILE: &str = "assignment.toml";

/// The most repeats that may be required.
const MOST_REPEATS: i64 = 10_000;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct AssignmentFile {
    title: Spanned<String>,
    lab: Spanned<String>,
    deadline: Option<Spanned<toml::Value>>,
    nonce: Option<Spanned<String>>,
    required_preset: Option<Spanned<String>>,
    #[serde(default)]
    required_arms: Vec<Spanned<String>>,
    least_repeats: Option<Spanned<i64>>,
    seed: Option<u64>,
    #[serde(default)]
    questions: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    points: BTreeMap<String, Spanned<f64>>,
    #[serde(default)]
    preset: BTreeMap<Spanned<String>, PresetEntry>,
    #[serde(default, rename = "question")]
    own: Vec<QuestionEntry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PresetEntry {
    help: Spanned<String>,
    repeats: Spanned<i64>,
    #[serde(default)]
    set: BTreeMap<String, Spanned<toml::Value>>,
}

impl LabAssignment {
    /// Reads the file.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its line.
    pub fn parse(text: &str) -> Result<Self, Vec<PaperProblem>> {
        let file: AssignmentFile =
            toml::from_str(text).map_err(|error| Problems::toml(text, &error))?;
        let mut problems = Problems::of(text);
        let assignment = file.assignment(&mut problems);
        problems.or(assignment)
    }
}

impl AssignmentFile {
    fn assignment(self, problems: &mut Problems<'_>) -> LabAssignment {
        if let Some(problem) = text_problem(self.title.get_ref()) {
            problems.at(self.title.span().start, problem);
        }
        let mut name = |name: &Spanned<String>| {
            if !is_id(name.get_ref()) {
                problems.at(name.span().start, say::BAD_NAME);
            }
            name.get_ref().clone()
        };
        let lab = name(&self.lab);
        let required_preset = self.required_preset.as_ref().map(&mut name);
        let names = self.questions.as_ref();
        let lab_questions = names.map(|ids| ids.iter().map(&mut name).collect());
        let mut arm = |name: &Spanned<String>| {
            if !is_arm(name.get_ref()) {
                problems.at(name.span().start, say::BAD_ARM);
            }
            name.get_ref().clone()
        };
        let required_arms = self.required_arms.iter().map(&mut arm).collect();
        LabAssignment {
            title: self.title.get_ref().trim().to_owned(),
            lab,
            deadline: self
                .deadline
                .as_ref()
                .and_then(|text| deadline(text, problems)),
            nonce: self.nonce.as_ref().map(|text| nonce(text, problems)),
            required_preset,
            presets: presets(&self.preset, problems),
            required_arms,
            least_repeats: self
                .least_repeats
                .as_ref()
                .map(|number| repeats(number, problems)),
            seed: self.seed,
            lab_questions,
            points: points(&self.points, problems),
            questions: question_set(&self.own, problems),
        }
    }
}

fn repeats(number: &Spanned<i64>, problems: &mut Problems<'_>) -> u32 {
    if !(1..=MOST_REPEATS).contains(number.get_ref()) {
        problems.at(number.span().start, say::REPEATS);
    }
    u32::try_from(*number.get_ref()).unwrap_or_default()
}

fn nonce(text: &Spanned<String>, problems: &mut Problems<'_>) -> String {
    let nonce = text.get_ref();
    let is_plain = nonce.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !(8..=64).contains(&nonce.len()) || !is_plain {
        problems.at(text.span().start, say::NONCE);
    }
    nonce.clone()
}

/// A time with its zone: a text, or TOML's own date and time with an offset.
fn deadline(value: &Spanned<toml::Value>, problems: &mut Problems<'_>) -> Option<Deadline> {
    let text = match value.get_ref() {
        toml::Value::String(text) => text.trim().to_owned(),
        toml::Value::Datetime(time) => time.to_string(),
        _ => String::new(),
    };
    let time = match text.parse::<Zoned>() {
        Ok(time) => Some(time.timestamp()),
        Err(_) => text.parse::<Timestamp>().ok(),
    };
    if time.is_none() {
        problems.at(value.span().start, say::DEADLINE);
    }
    Some(Deadline {
        unix_ms: time?.as_millisecond(),
        text,
    })
}

fn points(
    file: &BTreeMap<String, Spanned<f64>>,
    problems: &mut Problems<'_>,
) -> BTreeMap<String, f64> {
    for points in file.values() {
        if !are_points(*points.get_ref()) {
            problems.at(points.span().start, say::POINTS);
        }
    }
    let pair = |(id, points): (&String, &Spanned<f64>)| (id.clone(), *points.get_ref());
    file.iter().map(pair).collect()
}

fn presets(
    file: &BTreeMap<Spanned<String>, PresetEntry>,
    problems: &mut Problems<'_>,
) -> BTreeMap<String, AssignmentPreset> {
    let mut presets = BTreeMap::new();
    for (name, entry) in file {
        if !is_id(name.get_ref()) {
            problems.at(name.span().start, say::BAD_NAME);
        }
        if let Some(problem) = text_problem(entry.help.get_ref()) {
            problems.at(entry.help.span().start, problem);
        }
        let mut set = BTreeMap::new();
        for (key, value) in &entry.set {
            match typed(value.get_ref()) {
                Some(text) => drop(set.insert(key.clone(), text)),
                None => problems.at(value.span().start, say::PRESET_VALUE),
            }
        }
        let preset = AssignmentPreset {
            help: entry.help.get_ref().clone(),
            repeats: repeats(&entry.repeats, problems),
            set,
        };
        presets.insert(name.get_ref().clone(), preset);
    }
    presets
}

/// A value as it is typed after `--set NAME=`.
fn typed(value: &toml::Value) -> Option<String> {
    Some(match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(yes) => yes.to_string(),
        _ => return None,
    })
}
