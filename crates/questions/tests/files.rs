//! Files of questions and assignments: what they say, and what is wrong with them, line by line.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

use std::fs;
use std::path::{Path, PathBuf};

use workbench_questions::{
    ASSIGNMENT_FILE, AnswerSheet, Cause, Credit, Formula, LabAssignment, LockedPredictions,
    Measure, PaperProblem, QUESTIONS_FILE, QuestionKind, QuestionSet, RecordedAssignment,
    RightChoice, TaskOrder, When,
};

const ALL_KINDS: &str = r#"
[[question]]
id = "guess"
ask = "before"
kind = "number"
credit = "given"
formula = "speed-up"
arm = "many"
text = "How much faster?"

[[question]]
id = "share"
points = 2.5
kind = "number"
formula = "lost-share"
cause = "imbalance"
workers = 2
absolute = 0.02
relative = 0.1
text = "Which share?"

[[question]]
id = "slots"
kind = "number"
formula = "what-if"
workers = 64
order = "longest-first"
relative = 0
text = "On 64 slots?"

[[question]]
id = "why"
kind = "choice"
several = true
choices = ["one", "two", "three"]
right = ["c", "a"]
text = "Which?"

[[question]]
id = "loss"
kind = "choice"
formula = "largest-loss"
choices = [{ text = "At the end", value = "imbalance" }, { text = "Waiting", value = "waiting" }]
text = "Where?"

[[question]]
id = "essay"
kind = "text"
rubric = [{ points = 1, text = "a" }, { points = 0.5, text = "b" }]
text = "Explain."
"#;

#[test]
fn a_file_says_what_is_asked() {
    let set = QuestionSet::parse(ALL_KINDS).unwrap();
    let ids: Vec<&str> = set.questions.iter().map(|q| q.id.as_str()).collect();
    assert_eq!(ids, ["guess", "share", "slots", "why", "loss", "essay"]);
    let points: Vec<f64> = set.questions.iter().map(|q| q.points).collect();
    assert_eq!(points, [1.0, 2.5, 1.0, 1.0, 1.0, 1.5]);
    let guess = set.find("guess").unwrap();
    assert_eq!((guess.when, guess.credit), (When::Before, Credit::Given));
    assert_eq!(set.asked(When::Before).count(), 1);
    let formula = |id: &str| match &set.find(id).unwrap().kind {
        QuestionKind::Number { formula, .. } => formula.clone(),
        other => panic!("{other:?}"),
    };
    let share = Formula {
        measure: Measure::LostShare {
            cause: Some(Cause::Imbalance),
        },
        arm: None,
        workers: Some(2),
    };
    assert_eq!(formula("share"), share);
    let order = TaskOrder::LongestFirst;
    assert_eq!(formula("slots").measure, Measure::WhatIf { order });
    let QuestionKind::Choice { right, .. } = &set.find("why").unwrap().kind else {
        panic!("a choice");
    };
    assert_eq!(*right, RightChoice::Places(vec![0, 2]));
    let json = serde_json::to_string(&set).unwrap();
    assert_eq!(serde_json::from_str::<QuestionSet>(&json).unwrap(), set);
}

/// Replaces a line of the file above, and gives what is then said of it.
fn with(line: &str, by: &str) -> Vec<PaperProblem> {
    let changed = ALL_KINDS.replacen(line, by, 1);
    assert_ne!(changed, ALL_KINDS, "{line}");
    QuestionSet::parse(&changed).unwrap_err()
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    for (line, by, at, said) in [
        (r#"id = "guess""#, r#"id = "a b""#, 3, "letters, digits"),
        (
            r#"id = "share""#,
            r#"id = "guess""#,
            12,
            "two questions called guess",
        ),
        (
            r#"formula = "speed-up""#,
            r#"formula = "speedup""#,
            7,
            "did you mean \"speed-up\"",
        ),
        (
            "kind = \"number\"\ncredit",
            "kind = \"numbr\"\ncredit",
            5,
            "did you mean \"number\"",
        ),
        ("points = 2.5", "points = -1", 13, "from 0 to 1000"),
        ("points = 2.5", "points = nan", 13, "from 0 to 1000"),
        (
            r#"cause = "imbalance""#,
            r#"cause = "balance""#,
            16,
            "imbalance",
        ),
        ("workers = 2\n", "workers = 0\n", 17, "from 1 to 1024"),
        ("workers = 64\n", "", 25, "needs `workers`"),
        ("relative = 0\n", "", 24, "how near"),
        ("relative = 0\n", "relative = -0.1\n", 28, "from 0 on"),
        (
            r#"right = ["c", "a"]"#,
            r#"right = ["c", "d"]"#,
            36,
            "letter of a choice",
        ),
        ("several = true\n", "", 35, "letter of a choice"),
        (r#", value = "waiting""#, "", 42, "stands for"),
        (
            r#"value = "waiting""#,
            r#"value = "sleeping""#,
            42,
            "no cause \"sleeping\"",
        ),
        (
            "formula = \"largest-loss\"",
            "formula = \"loss\"",
            42,
            "fastest-arm",
        ),
        (
            "kind = \"text\"",
            "kind = \"text\"\npoints = 7",
            49,
            "do not add up",
        ),
        ("text = \"Explain.\"", "text = \" \"", 50, "empty"),
        (
            "text = \"Explain.\"",
            "text = \"a\\u202eb\"",
            50,
            "turn the direction",
        ),
        (
            "kind = \"text\"",
            "kind = \"text\"\narm = \"x\"",
            49,
            "does not belong",
        ),
        (
            "id = \"essay\"",
            "id = \"essay\"\nhint = 3",
            48,
            "unknown field",
        ),
        ("id = \"essay\"", "id = ", 47, ""),
    ] {
        let problems = with(line, by);
        let found = problems
            .iter()
            .any(|problem| problem.line == Some(at) && problem.text.contains(said));
        assert!(found, "{line} -> {by}: {problems:?}");
        for problem in problems {
            assert!(!problem.text.contains(char::is_control), "{problem}");
        }
    }
}

const ASSIGNMENT: &str = r#"
title = "Week 3"
lab = "forests"
deadline = "2027-01-15T23:59[Europe/Berlin]"
nonce = "abcdef12"
required_preset = "class"
required_arms = ["one", "many"]
least_repeats = 3
seed = 7
questions = ["guess", "essay"]

[points]
essay = 4

[preset.class]
help = "Small."
repeats = 3
set = { depth = 2, share = 0.5, order = "fifo", fast = true }

[[question]]
id = "essay"
kind = "text"
text = "Explain better."

[[question]]
id = "own"
kind = "number"
formula = "wall-time"
relative = 0.1
text = "How long?"
"#;

#[test]
fn an_assignment_takes_and_changes_the_questions_of_its_lab() {
    let assignment = LabAssignment::parse(ASSIGNMENT).unwrap();
    let deadline = assignment.deadline.clone().unwrap();
    // 22:59 UTC, in winter.
    assert_eq!(deadline.unix_ms, 1_800_053_940_000);
    let set = &assignment.presets["class"].set;
    assert_eq!(set["depth"], "2");
    assert_eq!((&*set["share"], &*set["fast"]), ("0.5", "true"));
    let asked = assignment.asked(&QuestionSet::parse(ALL_KINDS).unwrap());
    let asked: Vec<(&str, f64, &str)> = asked
        .questions
        .iter()
        .map(|question| (&*question.id, question.points, &*question.text))
        .collect();
    assert_eq!(
        asked,
        [
            ("guess", 1.0, "How much faster?"),
            ("essay", 4.0, "Explain better."),
            ("own", 1.0, "How long?"),
        ]
    );
    let json = serde_json::to_string(&RecordedAssignment::of(assignment, "a.toml", ASSIGNMENT));
    let again: RecordedAssignment = serde_json::from_str(&json.unwrap()).unwrap();
    assert_eq!(again.assignment, LabAssignment::parse(ASSIGNMENT).unwrap());
    assert_eq!(again.sha256.len(), 64);
}

#[test]
fn what_is_wrong_with_an_assignment_is_said_with_its_line() {
    for (line, by, at, said) in [
        ("23:59[Europe/Berlin]", "23:59", 4, "time zone"),
        (
            "23:59[Europe/Berlin]",
            "23:59[Europe/Nowhere]",
            4,
            "time zone",
        ),
        ("2027-01-15T", "2027-02-30T", 4, "time zone"),
        ("abcdef12", "short", 5, "8 to 64"),
        ("least_repeats = 3", "least_repeats = 0", 8, "1 to 10,000"),
        ("essay = 4", "essay = 4000", 13, "from 0 to 1000"),
        ("depth = 2", "depth = [2]", 18, "numbers, texts"),
        ("lab = \"forests\"", "lab = \"../x\"", 3, "letters, digits"),
        ("title = \"Week 3\"\n", "", 1, "missing field `title`"),
        (
            "relative = 0.1",
            "relative = 0.1\nwhat = 1",
            30,
            "unknown field",
        ),
    ] {
        let changed = ASSIGNMENT.replacen(line, by, 1);
        assert_ne!(changed, ASSIGNMENT, "{line}");
        let problems = LabAssignment::parse(&changed).unwrap_err();
        let found = problems.iter().any(|problem| {
            problem.line.is_none_or(|line| line == at) && problem.text.contains(said)
        });
        assert!(found, "{line} -> {by}: {problems:?}");
    }
    let dated = ASSIGNMENT.replace(
        "\"2027-01-15T23:59[Europe/Berlin]\"",
        "2027-01-15T23:59:00+01:00",
    );
    let deadline = LabAssignment::parse(&dated).unwrap().deadline.unwrap();
    assert_eq!(deadline.unix_ms, 1_800_053_940_000);
}

#[test]
fn a_change_after_the_lock_is_seen() {
    let questions = QuestionSet::parse(ALL_KINDS).unwrap();
    let mut sheet = AnswerSheet::empty("forests", None);
    sheet.set("guess", "1.9", 5);
    sheet.set("essay", "Because.", 6);
    let locked = LockedPredictions::lock(questions, &sheet, 0, 7);
    assert_eq!(
        locked.predictions.len(),
        1,
        "only what is asked before the run"
    );
    assert!(locked.holds() && locked.changed(&sheet).is_empty());
    let json = serde_json::to_string(&locked).unwrap();
    let read: LockedPredictions = serde_json::from_str(&json).unwrap();
    assert!(read.holds(), "also when it was written and read");
    sheet.set("essay", "For another reason.", 8);
    assert!(locked.changed(&sheet).is_empty(), "that may change");
    for text in ["2.1", ""] {
        let mut later = sheet.clone();
        later.set("guess", text, 9);
        assert_eq!(locked.changed(&later), ["guess"]);
        let counts = locked.answer("guess", Some(&later)).unwrap();
        assert_eq!(counts.text, "1.9", "the one that was locked counts");
    }
    let mut forged = locked.clone();
    forged.predictions.get_mut("guess").unwrap().text = "2.1".to_owned();
    assert!(!forged.holds());
    let mut moved = locked;
    moved.unix_ms -= 1;
    assert!(!moved.holds());
}

/// The files of the repository with a name, below some folders.
fn files(name: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for folder in ["labs", "examples/assignments", "examples/labs"] {
        let entries = fs::read_dir(root.join(folder)).unwrap();
        found.extend(entries.map(|entry| entry.unwrap().path().join(name)));
    }
    found.retain(|path| path.exists());
    found
}

#[test]
fn the_files_of_the_repository_are_in_order() {
    let read = |path: &PathBuf| fs::read_to_string(path).unwrap();
    let questions = files(QUESTIONS_FILE);
    assert!(questions.len() >= 3);
    for path in questions {
        let set = QuestionSet::parse(&read(&path));
        let set = set.unwrap_or_else(|error| panic!("{}: {error:?}", path.display()));
        assert!(
            set.asked(When::Before).next().is_some(),
            "{}",
            path.display()
        );
    }
    let assignments = files(ASSIGNMENT_FILE);
    assert!(assignments.len() >= 3);
    for path in assignments {
        let read = LabAssignment::parse(&read(&path));
        read.unwrap_or_else(|error| panic!("{}: {error:?}", path.display()));
    }
}

#[test]
fn the_seeds_of_the_fuzzer_are_read_or_refused_with_their_line() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/questions");
    let mut seen = [0, 0];
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        // What a fuzz run has found is not named.
        let is_good = match name.split('_').next() {
            Some("good") => true,
            Some("bad") => false,
            _ => continue,
        };
        let text = fs::read_to_string(&path).unwrap();
        let problems = match (QuestionSet::parse(&text), LabAssignment::parse(&text)) {
            (Err(first), Err(second)) => [first, second].concat(),
            _ => Vec::new(),
        };
        assert_eq!(problems.is_empty(), is_good, "{name}: {problems:?}");
        assert!(
            problems.iter().all(|problem| problem.line.is_some()),
            "{problems:?}"
        );
        seen[usize::from(is_good)] += 1;
    }
    assert!(seen[0] > 2 && seen[1] > 1, "{seen:?}");
}
