//! Hand-ins whose answers or assignment are not those of their run: each is found, and named by
//! kind.

use std::path::Path;

use serde_json::{Value, json};
use workbench_questions::{AnswerSheet, LabAssignment, LockedPredictions, RecordedAssignment};

use crate::common::{Bench, stderr};
use crate::forge::{Honest, each, verified};

const FILE: &str = "examples/assignments/rf/assignment.toml";

/// The assignment, with a part of its text replaced.
fn assignment(from: &str, to: &str) -> RecordedAssignment {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from));
    let text = text.replacen(from, to, 1);
    let assignment = LabAssignment::parse(&text).unwrap();
    RecordedAssignment::of(assignment, "assignment.toml", &text)
}

/// A run for the assignment, with a prediction.
fn predicted() -> Honest {
    let bench = Bench::new();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let file = file.to_str().unwrap();
    let answered = bench.run(["answer", "predict-speedup", "1.7", "--assignment", file]);
    assert_eq!(answered.status.code(), Some(0), "{}", stderr(&answered));
    let run = [
        "--lab",
        "rf",
        "--assignment",
        file,
        "--preset",
        "class",
        "--workers",
        "2",
        "--oversubscribe",
        "--quiet",
    ];
    let output = bench.run(run);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let run = bench.only_run();
    Honest { bench, run }
}

fn kinds(archive: &[u8], set: Option<&RecordedAssignment>) -> Vec<String> {
    let found = verified(archive, set).findings;
    found.into_iter().map(|finding| finding.kind).collect()
}

#[test]
fn answers_and_assignments_that_do_not_fit_are_found() {
    let honest = predicted();
    let set = assignment("week3forests2027", "week3forests2027");
    let answers = std::fs::read(honest.run.join("answers.json")).unwrap();
    let sheet = AnswerSheet::parse(&answers).unwrap();
    let typed = |sheet: &AnswerSheet| serde_json::to_vec(sheet).unwrap();
    let of = |answers: &[u8], edit: &dyn Fn(&mut Vec<Value>)| {
        honest.with_log_and(Some(&set), Some(answers), |events| edit(events))
    };
    let same = |_: &mut Vec<Value>| {};
    let plain = kinds(&of(&answers, &same), Some(&set));
    assert!(
        plain
            .iter()
            .all(|kind| ["incomplete", "debug_build", "other_program"].contains(&&**kind)),
        "{plain:?}"
    );
    let mut other = sheet.clone();
    other.set("predict-speedup", "1.94", 1);
    assert!(kinds(&of(&typed(&other), &same), None).contains(&"answer_changed".to_owned()));
    let in_log = |events: &mut Vec<Value>| {
        each(events, "predictions_locked").for_each(|locked| {
            locked["predictions"]["predict-speedup"]["text"] = json!("1.94");
        });
    };
    assert!(kinds(&of(&typed(&other), &in_log), None).contains(&"lock_broken".to_owned()));
    let mut late = sheet.clone();
    late.answers
        .get_mut("predict-speedup")
        .unwrap()
        .saved_unix_ms += 3_600_000;
    let locked_anew = |events: &mut Vec<Value>| {
        each(events, "predictions_locked").for_each(|event| {
            let locked: LockedPredictions = serde_json::from_value(event.clone()).unwrap();
            let (questions, unix_ms) = (locked.questions, locked.unix_ms);
            let locked = LockedPredictions::lock(questions, &late, locked.runs_before, unix_ms);
            for (name, value) in serde_json::to_value(locked).unwrap().as_object().unwrap() {
                event[name] = value.clone();
            }
        });
    };
    let found = kinds(&of(&typed(&late), &locked_anew), None);
    assert!(found.contains(&"predicted_late".to_owned()), "{found:?}");
    let mut elsewhere = sheet.clone();
    elsewhere.assignment_sha256 = None;
    assert!(kinds(&of(&typed(&elsewhere), &same), None).contains(&"answers_of_other".to_owned()));
    let archive = of(&answers, &same);
    for (from, to, kind) in [
        ("week3forests2027", "week4forests2027", "nonce_differs"),
        ("karp-flatt = 3", "karp-flatt = 4", "other_assignment"),
        ("2027-01-15T23:59", "2020-01-15T23:59", "late"),
    ] {
        let found = kinds(&archive, Some(&assignment(from, to)));
        assert!(
            found.contains(&kind.to_owned()),
            "{kind} is not among {found:?}"
        );
    }
    let without = honest.with_log_and(None, Some(&answers), |_| {});
    assert!(kinds(&without, Some(&set)).contains(&"no_assignment".to_owned()));
}
