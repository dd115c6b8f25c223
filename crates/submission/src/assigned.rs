//! What an assignment asks of a hand-in, and whether its answers are those that were locked.

use std::collections::BTreeMap;

use workbench_questions::{AnswerSheet, LabAssignment, LockedPredictions, RecordedAssignment};
use workbench_record::{Finding, RunStarted};
use workbench_result::RunResult;

use crate::manifest::AssignmentFacts;
use crate::messages::assigned as messages;
use crate::missing::MissingPart;

/// A run as an assignment looks at it.
#[derive(Debug, Clone, Copy)]
pub struct AssignedRun<'a> {
    /// What was known at its start.
    pub started: &'a RunStarted,
    /// What follows from its log.
    pub result: &'a RunResult,
    /// What was locked before it.
    pub locked: Option<&'a LockedPredictions>,
    /// Its answers.
    pub sheet: Option<&'a AnswerSheet>,
}

/// The facts of an assignment for a manifest.
pub fn facts(assignment: &RecordedAssignment) -> AssignmentFacts {
    AssignmentFacts {
        title: assignment.assignment.title.clone(),
        sha256: assignment.sha256.clone(),
        nonce: assignment.assignment.nonce.clone(),
    }
}

/// What the runs lack: of an assignment, or, without one, of what was asked.
pub fn lacking(
    assignment: Option<&RecordedAssignment>,
    runs: &[AssignedRun<'_>],
) -> Vec<MissingPart> {
    let mut missing = Vec::new();
    if let Some(recorded) = assignment {
        of_runs(recorded, runs, &mut missing);
    }
    unanswered(runs, &mut missing);
    missing
}

fn of_runs(
    recorded: &RecordedAssignment,
    runs: &[AssignedRun<'_>],
    missing: &mut Vec<MissingPart>,
) {
    let wanted = &recorded.assignment;
    let of_lab: Vec<&AssignedRun<'_>> = runs
        .iter()
        .filter(|run| run.started.config.lab == wanted.lab)
        .collect();
    if of_lab.is_empty() {
        missing.push(MissingPart::Lab {
            lab: wanted.lab.clone(),
        });
        return;
    }
    for run in &of_lab {
        let config = &run.started.config;
        let id = &run.started.run_id;
        let made_for = config.assignment.as_ref().map(|made| &made.sha256);
        if made_for != Some(&recorded.sha256) {
            missing.push(MissingPart::Assignment { run: id.clone() });
        }
        if let Some(seed) = wanted.seed.filter(|seed| *seed != config.seed) {
            missing.push(MissingPart::Seed {
                run: id.clone(),
                seed,
                found: config.seed,
            });
        }
    }
    if let Some(preset) = &wanted.required_preset
        && !of_lab
            .iter()
            .any(|run| run.started.config.preset == *preset)
    {
        missing.push(MissingPart::Preset {
            preset: preset.clone(),
        });
    }
    of_arms(wanted, &of_lab, missing);
}

/// Required arms, and the least number of repeats.
fn of_arms(wanted: &LabAssignment, of_lab: &[&AssignedRun<'_>], missing: &mut Vec<MissingPart>) {
    let mut repeats: BTreeMap<&str, u32> = BTreeMap::new();
    for arm in of_lab.iter().flat_map(|run| &run.result.arms) {
        let most = repeats.entry(&arm.name).or_default();
        *most = (*most).max(arm.wall_s.len() as u32);
    }
    for arm in &wanted.required_arms {
        if !repeats.contains_key(&**arm) {
            missing.push(MissingPart::Arm { arm: arm.clone() });
        }
    }
    let least = wanted.least_repeats.unwrap_or(0);
    for (arm, done) in repeats {
        let counts =
            wanted.required_arms.is_empty() || wanted.required_arms.iter().any(|a| a == arm);
        if counts && done < least {
            missing.push(MissingPart::Repeats {
                arm: arm.to_owned(),
                done,
                least,
            });
        }
    }
}

/// Questions without an answer in any of the runs.
fn unanswered(runs: &[AssignedRun<'_>], missing: &mut Vec<MissingPart>) {
    let mut questions: BTreeMap<&str, bool> = BTreeMap::new();
    for run in runs {
        let Some(locked) = run.locked else { continue };
        for question in &locked.questions.questions {
            let answer = run.sheet.and_then(|sheet| sheet.find(&question.id));
            let predicted = locked.predictions.get(&question.id);
            let mut texts = answer.into_iter().chain(predicted);
            let is_given = texts.any(|answer| !answer.text.trim().is_empty());
            *questions.entry(&question.id).or_default() |= is_given;
        }
    }
    let open = questions.into_iter().filter(|(_, is_given)| !is_given);
    missing.extend(open.map(|(question, _)| MissingPart::Answer {
        question: question.to_owned(),
    }));
}

/// Whether answers and predictions fit together and belong to the run.
pub(crate) fn check_answers(
    folder: &str,
    run: AssignedRun<'_>,
    answers: Option<&[u8]>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    if answers.is_some() && run.sheet.is_none() {
        found.push(messages::answers_unreadable(folder));
    }
    let assignment = run
        .started
        .config
        .assignment
        .as_ref()
        .map(|made| &made.sha256);
    if let Some(sheet) = run.sheet
        && (sheet.assignment_sha256.as_ref() != assignment || sheet.lab != run.started.config.lab)
    {
        found.push(messages::answers_of_other(folder));
    }
    let Some(locked) = run.locked else {
        return found;
    };
    if !locked.holds() {
        found.push(messages::lock_broken(folder));
    }
    let empty = AnswerSheet::empty(&run.started.config.lab, None);
    let changed = locked.changed(run.sheet.unwrap_or(&empty));
    found.extend(
        changed
            .iter()
            .map(|id| messages::answer_changed(folder, id)),
    );
    let is_later = |saved: &u64| *saved > locked.unix_ms;
    let late = locked.predictions.iter();
    let mut late = late.filter(|(_, answer)| is_later(&answer.saved_unix_ms));
    found.extend(
        late.next()
            .map(|(id, _)| messages::predicted_late(folder, id)),
    );
    found
}

/// Whether a hand-in was made for an assignment, and in time. `last_unix_ms` is the last thing that
/// is known to have happened, in milliseconds since the Unix epoch.
pub(crate) fn check_assignment(
    set: &RecordedAssignment,
    stated: Option<&AssignmentFacts>,
    last_unix_ms: u64,
) -> Vec<Finding> {
    let mut found = Vec::new();
    match stated {
        None => found.push(messages::no_assignment(&set.assignment.title)),
        Some(stated) if stated.nonce != set.assignment.nonce => found.push(messages::nonce()),
        Some(stated) if stated.sha256 != set.sha256 => {
            found.push(messages::other_assignment(&stated.title));
        }
        Some(_) => {}
    }
    let deadline = set.assignment.deadline.as_ref();
    let late = deadline.filter(|deadline| last_unix_ms.cast_signed() > deadline.unix_ms);
    if let Some(deadline) = late {
        let by_ms = last_unix_ms.cast_signed().saturating_sub(deadline.unix_ms);
        found.push(messages::late(&deadline.text, by_ms as f64 / 3.6e6));
    }
    found
}
