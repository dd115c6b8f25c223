//! The facts of a run that a filter compares, made once when the history is read, so that filtering
//! builds nothing.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use workbench_record::RunLabel;
use workbench_result::RunResult;

use super::field::Field;

/// The facts of a run that a filter can ask for, in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilterFacts {
    /// The text that words are searched in.
    pub(super) line: String,
    lab: String,
    preset: String,
    status: String,
    arms: Vec<String>,
    /// When it started, in seconds since the Unix epoch.
    pub(super) started_s: Option<i64>,
}

impl FilterFacts {
    /// The facts of a run: its id, its result, and its status and best speed-up as lists show them.
    pub fn of(id: &str, result: &RunResult, status: &str, best: &str) -> Self {
        let line = format!("{id} {} {} {status} {best}", result.lab, result.preset);
        let mut arms: Vec<String> = result
            .arms
            .iter()
            .filter(|arm| !arm.wall_s.is_empty())
            .map(|arm| arm.name.to_lowercase())
            .collect();
        arms.dedup();
        let at = result.started_at.parse::<Timestamp>();
        Self {
            line: line.to_lowercase(),
            lab: result.lab.to_lowercase(),
            preset: result.preset.to_lowercase(),
            status: status.to_lowercase(),
            arms,
            started_s: at.map_or_else(|_| time_in(id), |at| Some(at.as_second())),
        }
    }

    /// The same with what a person says about the run: its name, its note, its tags.
    #[must_use]
    pub fn labelled(mut self, label: &RunLabel) -> Self {
        let said = [&label.name, &label.note].into_iter().chain(&label.tags);
        for text in said.filter(|text| !text.is_empty()) {
            self.line.push(' ');
            self.line.push_str(&text.to_lowercase());
        }
        if label.starred {
            self.line.push_str(" starred");
        }
        self
    }

    /// The facts of a run that cannot be read: its id, which begins with its start time, and the
    /// reason.
    pub fn unreadable(id: &str, reason: &str) -> Self {
        let status = "unreadable".to_owned();
        Self {
            line: format!("{id} {status} {reason}").to_lowercase(),
            status,
            started_s: time_in(id),
            ..Self::default()
        }
    }

    /// When it started, as lists show it: `2026-11-20 09:30`; empty where that is not known.
    pub(super) fn started_in(&self, zone: Option<&TimeZone>) -> String {
        let started = self.started_s.and_then(|s| Timestamp::from_second(s).ok());
        let zone = zone.cloned().unwrap_or(TimeZone::UTC);
        let started = started.map(|at| at.to_zoned(zone));
        started.map_or_else(String::new, |at| at.strftime("%Y-%m-%d %H:%M").to_string())
    }

    /// Whether a fact begins with a value.
    pub(super) fn begins(&self, field: Field, value: &str) -> bool {
        match field {
            Field::Lab => self.lab.starts_with(value),
            Field::Preset => self.preset.starts_with(value),
            Field::Status => self.status.starts_with(value),
            Field::Arm => self.arms.iter().any(|arm| arm.starts_with(value)),
            // Times are not texts.
            Field::Since | Field::Until => false,
        }
    }
}

/// The time at the beginning of an id, `20261121-101502-…`.
fn time_in(id: &str) -> Option<i64> {
    let stamp = id.get(..15)?;
    let time = DateTime::strptime("%Y%m%d-%H%M%S", stamp).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}
