//! Logs of earlier versions: converts their sentences to typed facts.
//!
//! The only place that parses a sentence of a record. Belongs here: reading old lines. Does not
//! belong here: events that are still written.

mod lab_facts;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use workbench_json::Floats;

use crate::arm_failure::ArmFailure;
use crate::controller::{ControllerPhase, ControllerState};
use crate::finding::{Finding, Severity, Subject};

pub(crate) use lab_facts::complete;

/// The kind of a finding that an old log has only as a sentence.
const UNCLASSIFIED: &str = "unclassified";

/// A finding of any version: the first ones had a text and nothing else.
#[derive(Deserialize)]
struct AnyFinding {
    kind: Option<String>,
    severity: Option<Severity>,
    #[serde(default)]
    subject: Subject,
    #[serde(default, with = "Floats::<BTreeMap<String, f64>>")]
    numbers: BTreeMap<String, f64>,
    text: String,
}

/// Reads a finding of any version.
pub(crate) fn finding<'de, D: Deserializer<'de>>(from: D) -> Result<Finding, D::Error> {
    let read = AnyFinding::deserialize(from)?;
    Ok(Finding {
        kind: read.kind.unwrap_or_else(|| UNCLASSIFIED.to_owned()),
        severity: read.severity.unwrap_or(Severity::Warning),
        subject: read.subject,
        numbers: read.numbers,
        text: read.text,
    })
}

/// Whether a finding is the sentence that old logs have in addition to the failure of an arm.
pub(crate) fn repeats_failure(finding: &Finding, failure: &ArmFailure) -> bool {
    finding.kind == UNCLASSIFIED
        && finding.text == format!("{} failed: {}.", failure.arm, failure.reason)
}

/// Whether a line of an arm is the one that old logs have beside each of its states:
/// `running → restarting`.
pub(crate) fn repeats_state(text: &str, states: &[(u64, ControllerState)]) -> bool {
    let Some((_, state)) = states.last() else {
        return false;
    };
    let after = text.split_once(" → ").map(|(_, after)| after);
    let rest = after.and_then(|after| after.strip_prefix(&state.text));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(": "))
}

/// A controller's state of any version: the first ones had a text and nothing else.
#[derive(Deserialize)]
struct AnyState {
    phase: Option<ControllerPhase>,
    text: String,
    #[serde(default)]
    attempt: u32,
    workers: Option<u32>,
}

/// Reads a controller's state of any version.
pub(crate) fn state<'de, D: Deserializer<'de>>(from: D) -> Result<ControllerState, D::Error> {
    let read = AnyState::deserialize(from)?;
    Ok(ControllerState {
        phase: read.phase.unwrap_or_else(|| phase(&read.text)),
        text: read.text,
        attempt: read.attempt,
        workers: read.workers,
    })
}

/// The phase of a state with the name that old logs use.
fn phase(name: &str) -> ControllerPhase {
    match name {
        "initializing" | "scheduling" => ControllerPhase::Starting,
        "restarting" | "resizing" => ControllerPhase::Recovering,
        "shutting down" => ControllerPhase::Stopping,
        "finished" => ControllerPhase::Ended,
        "errored" => ControllerPhase::Failed,
        "aborted" => ControllerPhase::Cancelled,
        _ if name.starts_with("running on ") => ControllerPhase::Degraded,
        _ => ControllerPhase::Running,
    }
}

/// The attempt that a state belongs to, if the log does not record it: in old logs an attempt
/// begins with `scheduling`.
pub(crate) fn attempt(state: &ControllerState, before: &[(u64, ControllerState)]) -> u32 {
    if state.attempt > 0 {
        return state.attempt;
    }
    let all = before.iter().map(|(_, state)| state).chain([state]);
    let begun = all.filter(|state| state.text == "scheduling").count();
    begun.max(1) as u32
}

#[cfg(test)]
mod tests {
    use crate::{ControllerPhase, Event, Record, Severity, Snapshot};

    /// The records of a log of format 1, one repeat of an arm begun.
    fn log(lines: &[&str]) -> Vec<Record> {
        let begun = r#""event":"repeat_started","arm":"launcher","workers":2,"repeat":0"#;
        std::iter::once(begun)
            .chain(lines.iter().copied())
            .zip(0..)
            .map(|(line, t_ns)| {
                serde_json::from_str(&format!("{{\"t_ns\":{t_ns},{line}}}")).unwrap()
            })
            .collect()
    }

    #[test]
    fn a_warning_becomes_a_finding_of_no_known_kind() {
        let records = log(&[r#""event":"warning","text":"Something is odd.""#]);
        let Event::Finding(finding) = &records[1].event else {
            panic!("{records:?}");
        };
        assert_eq!(finding.kind, "unclassified");
        assert_eq!(finding.severity, Severity::Warning);
        assert_eq!(finding.text, "Something is odd.");
    }

    #[test]
    fn the_failure_of_an_arm_is_said_once() {
        let snapshot = Snapshot::of(&log(&[
            r#""event":"warning","text":"Something is odd.""#,
            r#""event":"warning","text":"launcher failed: rank 1 died.""#,
            r#""event":"arm_failed","arm":"launcher","reason":"rank 1 died""#,
        ]));
        let told: Vec<_> = snapshot
            .findings
            .iter()
            .map(|(at, f)| (*at, f.kind.as_str()))
            .collect();
        assert_eq!(told, [(1, "unclassified"), (3, "arm_failed")]);
        assert_eq!(snapshot.findings[1].1.text, "launcher failed: rank 1 died.");
        assert_eq!(snapshot.failed_arms["launcher"].1.reason, "rank 1 died");
    }

    #[test]
    fn a_state_is_said_once() {
        let line = |source: &str, text: &str| {
            format!(r#""event":"output","source":"{source}","text":"{text}""#)
        };
        let (state, printed) = (
            r#""event":"state","text":"scheduling""#,
            line(
                "launcher",
                "initializing → scheduling: 2 workers, attempt 1",
            ),
        );
        let (other, rank) = (line("launcher", "a → b"), line("rank 0", "a → scheduling"));
        let snapshot = Snapshot::of(&log(&[state, &printed, &other, &rank]));
        let kept: Vec<&str> = snapshot.output.iter().map(|o| o.text.as_str()).collect();
        assert_eq!(kept, ["a → b", "a → scheduling"]);
    }

    #[test]
    fn states_have_phases_and_attempts() {
        let names = [
            "initializing",
            "scheduling",
            "running",
            "restarting",
            "scheduling",
            "running on 1 of 2 workers",
            "resizing",
            "scheduling",
            "shutting down",
            "errored",
        ];
        let lines = names.map(|name| format!(r#""event":"state","text":"{name}""#));
        let snapshot = Snapshot::of(&log(&lines.each_ref().map(String::as_str)));
        let states: Vec<_> = snapshot.repeats[0]
            .states
            .iter()
            .map(|(_, s)| (s.phase, s.attempt))
            .collect();
        assert_eq!(
            states,
            [
                (ControllerPhase::Starting, 1),
                (ControllerPhase::Starting, 1),
                (ControllerPhase::Running, 1),
                (ControllerPhase::Recovering, 1),
                (ControllerPhase::Starting, 2),
                (ControllerPhase::Degraded, 2),
                (ControllerPhase::Recovering, 2),
                (ControllerPhase::Starting, 3),
                (ControllerPhase::Stopping, 3),
                (ControllerPhase::Failed, 3),
            ]
        );
    }
}
