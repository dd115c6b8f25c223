//! The breakdown of a repeat, beyond its tasks: states of its slots and how they spent their time,
//! the duration of the start-up, and counters that need not be equal.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::Floats;

/// Time spent on one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// What it was spent on: `forward`, `all-reduce wait`.
    pub name: String,
    /// How long, in nanoseconds.
    pub ns: u64,
    /// Whether the slot waited for others meanwhile, instead of working.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waits: bool,
}

impl Part {
    /// Time spent on work.
    pub fn work(name: &str, ns: u64) -> Self {
        Self {
            name: name.to_owned(),
            ns,
            waits: false,
        }
    }

    /// Time spent on waiting for others.
    pub fn wait(name: &str, ns: u64) -> Self {
        Self {
            waits: true,
            ..Self::work(name, ns)
        }
    }
}

/// A figure that changes while a slot works.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figure {
    /// What it is, with its unit where it has one: `loss`, `images/s`.
    pub name: String,
    /// How much.
    #[serde(with = "Floats::<f64>")]
    pub value: f64,
}

/// Whether a slot makes progress, as judged by whoever supervises it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It works, or nothing else is known.
    #[default]
    Working,
    /// It waits for others.
    Waiting,
    /// Others wait for it.
    Slow,
    /// It does not answer, or makes no progress.
    #[serde(alias = "still")]
    Stalled,
    /// It has ended, which was not planned.
    #[serde(alias = "gone")]
    Lost,
    /// It has ended because it was done, or was asked to end.
    #[serde(alias = "over")]
    Ended,
}

impl Health {
    /// Whether there is nothing that a reader has to be told.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    fn is_usual(&self) -> bool {
        *self == Self::Working
    }
}

/// How one slot stands: for labs whose slots work on one thing in many steps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SlotState {
    /// The slot, from 0.
    pub slot: u32,
    /// Steps of the lab's own counting that it has done, those that were done again counted each
    /// time.
    pub steps: u64,
    /// Where it is in the lab's own counting: the step that it did last.
    pub at_step: u64,
    /// What it does now, in a word or two; empty when nobody knows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub doing: String,
    /// Whether it makes progress.
    #[serde(default, alias = "standing", skip_serializing_if = "Health::is_usual")]
    pub health: Health,
    /// Where that is slow because of its steps: its work on a step against that of the fastest
    /// slot; greater than 1.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "Floats::<Option<f64>>"
    )]
    pub slow_factor: Option<f64>,
    /// How often it was restarted; what it did before belongs to an attempt that is over.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempt: u32,
    /// Its figures now, in the lab's order.
    pub figures: Vec<Figure>,
    /// What it has spent its steps on since the repeat began, in the order within a step.
    pub parts: Vec<Part>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl SlotState {
    /// What it has spent since `before`, part by part. Parts that have shrunk count as nothing.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let parts = self.parts.iter().map(|part| {
            let known = before.parts.iter().find(|known| known.name == part.name);
            Part {
                ns: part.ns.saturating_sub(known.map_or(0, |known| known.ns)),
                ..part.clone()
            }
        });
        Self {
            steps: self.steps.saturating_sub(before.steps),
            parts: parts.collect(),
            ..self.clone()
        }
    }
}

/// The fact that says what a task costs that does nothing: wall nanoseconds for each of many tasks
/// that were handed over at once.
pub const TASK_OVERHEAD: &str = "task_overhead_ns";

/// What a repeat consisted of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Breakdown {
    /// What was done besides the counters of work, by name. Arms may differ in it; a reader wants
    /// to know whether they do.
    pub facts: BTreeMap<String, u64>,
    /// What the time to the first step consisted of, in order.
    pub start_up: Vec<Part>,
    /// How the slots stood at the end.
    pub slots: Vec<SlotState>,
}

impl Breakdown {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.start_up.is_empty() && self.slots.is_empty()
    }
}

/// The text of the program that an arm runs, where reading it is part of the lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The file's name.
    pub file: String,
    /// The file.
    pub text: String,
}

impl Source {
    /// How many lines it has.
    pub fn lines(&self) -> usize {
        self.text.lines().count()
    }

    /// How many of them hold code: neither empty nor a comment alone. For languages whose comments
    /// begin with `//`.
    pub fn lines_of_code(&self) -> usize {
        self.text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("//"))
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_slot_has_spent_lately_is_the_difference_part_by_part() {
        let state = |steps, forward, wait| SlotState {
            steps,
            parts: vec![
                Part::work("forward", forward),
                Part::wait("all-reduce wait", wait),
            ],
            ..SlotState::default()
        };
        let lately = state(9, 70, 50).since(&state(4, 30, 60));
        assert_eq!(lately.steps, 5);
        assert_eq!(
            lately.parts,
            [Part::work("forward", 40), Part::wait("all-reduce wait", 0)]
        );
        // A part that was not known before counts in full.
        assert_eq!(
            state(9, 70, 50).since(&SlotState::default()),
            state(9, 70, 50)
        );
    }

    #[test]
    fn comments_and_empty_lines_are_no_code() {
        let source = Source {
            file: "x.rs".to_owned(),
            text: "//! About.\n\nfn main() {\n    // Why.\n    go(); // now\n}\n".to_owned(),
        };
        assert_eq!((source.lines(), source.lines_of_code()), (6, 3));
    }
}
