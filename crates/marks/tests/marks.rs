//! Right answers and marks, against a result that was made by hand.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

use serde_json::{Value, json};
use workbench_marks::{MarkReason, NoBasis, expected, mark};
use workbench_questions::{
    AnswerError, Formula, MeasureUnit, Question, QuestionKind, QuestionSet, TypedAnswer,
};
use workbench_result::RunResult;

fn arm(name: &str, workers: u32, walls: &[f64], speedup: Option<f64>) -> Value {
    let mut sorted = walls.to_vec();
    sorted.sort_by(f64::total_cmp);
    json!({
        "name": name, "title": name, "workers": workers, "oversubscribed": false,
        "wall_s": walls, "cpu_s": [7.0, 5.0], "wall_median_s": sorted[sorted.len() / 2],
        "speedup": speedup, "speedup_interval": null, "efficiency": null, "bound": null,
        "predicted": null, "karp_flatt": null, "useful_s": 8.0,
        "lost_s": {"overhead": 0.5, "imbalance": 1.0, "waiting": 0.25, "inflation": 0.25},
        "tasks": 30, "work": {"trees": 5850}, "quality": {"r2": 0.8, "parameters": "0a1b"},
        "outputs_sha256": "", "items": [],
    })
}

/// One base of 10 s; `many` on 2 workers (5 s) and on 4 (2.5 s, speed-up 4 × 0.8); `late` has no
/// speed-up.
fn result() -> RunResult {
    let mut many = arm("many", 4, &[2.5, 2.5, 2.5], Some(3.2));
    many["speedup_interval"] = json!({"kind": "confidence95", "low": 3.0, "high": 3.4});
    many["karp_flatt"] = json!(1.0 / 12.0);
    many["ideal"] = json!(4.0);
    many["bound"] = json!(3.5);
    let arms = json!([
        arm("one", 1, &[10.0, 10.0, 10.0], Some(1.0)),
        arm("many", 2, &[5.0, 5.5, 6.0], Some(1.9)),
        many,
        arm("late", 4, &[9.0], None),
    ]);
    let mut document = base_document();
    document["arms"] = arms;
    document["scaling"] = json!([
        {"arm": "many", "points": [], "amdahl": {"fitted": {"serial_fraction": 0.07, "rmse": 0.01}},
         "usl": {"refused": {"kind": "few", "severity": "note", "text": ""}}},
        {"arm": "late", "points": [], "amdahl": {"refused": {"kind": "few", "severity": "note", "text": ""}},
         "usl": {"refused": {"kind": "few", "severity": "note", "text": ""}}},
    ]);
    document["what_if"] = json!([{"arm": "many", "tasks": 30, "limit": 17.2, "points": [
        {"workers": 8, "fifo": 6.5, "longest_first": 7.5},
    ]}]);
    serde_json::from_value(document).unwrap()
}

/// A stored result document, whose arms are replaced.
fn base_document() -> Value {
    let stored = include_str!("../../result/tests/fixtures/logs_v1/corpus_one_repeat.result.json");
    let mut document: Value = serde_json::from_str(stored).unwrap();
    document["base"] = json!("one");
    // Findings are texts in documents of that age, and the check is not what is tested here.
    for list in ["diagnoses", "warnings", "notes", "failed_arms"] {
        document[list] = json!([]);
    }
    document["check"] = json!({"equal_work": true, "equal_outputs": true, "differences": []});
    document
}

fn question(text: &str) -> Question {
    let text = format!("[[question]]\nid = \"q\"\ntext = \"?\"\n{text}");
    let set = QuestionSet::parse(&text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    set.questions.into_iter().next().unwrap()
}

fn formula(text: &str) -> Formula {
    match question(&format!("kind = \"number\"\nrelative = 0.05\n{text}")).kind {
        QuestionKind::Number { formula, .. } => formula,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_formula_has_the_value_that_one_calculates_by_hand() {
    let result = result();
    for (text, value) in [
        ("formula = \"wall-time\"\narm = \"many\"\nworkers = 2", 5.5),
        ("formula = \"wall-time\"\narm = \"one\"", 10.0),
        ("formula = \"cpu-time\"\narm = \"many\"", 6.0),
        ("formula = \"speed-up\"\narm = \"many\"", 3.2),
        ("formula = \"speed-up\"", 3.2),
        ("formula = \"speed-up\"\narm = \"many\"\nworkers = 2", 1.9),
        ("formula = \"interval-low\"\narm = \"many\"", 3.0),
        ("formula = \"interval-high\"\narm = \"many\"", 3.4),
        ("formula = \"efficiency\"\narm = \"many\"", 0.8),
        (
            "formula = \"karp-flatt\"\narm = \"many\"",
            (1.0 / 3.2 - 0.25) / 0.75,
        ),
        ("formula = \"serial-fraction\"\narm = \"many\"", 0.07),
        ("formula = \"ideal\"\narm = \"many\"", 4.0),
        ("formula = \"bound\"\narm = \"many\"", 3.5),
        ("formula = \"bound\"\narm = \"many\"\nworkers = 8", 8.0),
        ("formula = \"bound\"\narm = \"many\"\nworkers = 32", 17.2),
        ("formula = \"limit\"\narm = \"many\"", 17.2),
        ("formula = \"what-if\"\narm = \"many\"\nworkers = 8", 6.5),
        (
            "formula = \"what-if\"\narm = \"many\"\nworkers = 8\norder = \"longest-first\"",
            7.5,
        ),
        ("formula = \"lost-time\"\narm = \"many\"", 2.0),
        (
            "formula = \"lost-time\"\narm = \"many\"\ncause = \"waiting\"",
            0.25,
        ),
        ("formula = \"lost-share\"\narm = \"many\"", 2.0 / 10.0),
        (
            "formula = \"lost-share\"\narm = \"many\"\ncause = \"imbalance\"\nworkers = 2",
            1.0 / 11.0,
        ),
        ("formula = \"tasks\"\narm = \"many\"", 30.0),
        (
            "formula = \"work\"\nfigure = \"trees\"\narm = \"one\"",
            5850.0,
        ),
        ("formula = \"quality\"\nfigure = \"r2\"\narm = \"one\"", 0.8),
    ] {
        let formula = formula(text);
        let found = expected(&formula, &result).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert!(
            (found - value).abs() < 1e-12,
            "{text}: {found}, not {value}"
        );
    }
}

#[test]
fn a_run_that_does_not_say_has_a_reason() {
    let result = result();
    let name = |arm: &str| arm.to_owned();
    let (late, one, many) = (|| name("late"), || name("one"), || name("many"));
    for (text, reason) in [
        (
            "formula = \"speed-up\"\narm = \"none\"",
            NoBasis::NotRun {
                arm: Some(name("none")),
                workers: None,
            },
        ),
        (
            "formula = \"wall-time\"\narm = \"many\"\nworkers = 3",
            NoBasis::NotRun {
                arm: Some(many()),
                workers: Some(3),
            },
        ),
        (
            "formula = \"speed-up\"\narm = \"late\"",
            NoBasis::NoSpeedup { arm: late() },
        ),
        (
            "formula = \"efficiency\"\narm = \"late\"",
            NoBasis::NoSpeedup { arm: late() },
        ),
        (
            "formula = \"interval-low\"\narm = \"one\"",
            NoBasis::NoInterval { arm: one() },
        ),
        (
            "formula = \"karp-flatt\"\narm = \"one\"",
            NoBasis::OneWorker { arm: one() },
        ),
        (
            "formula = \"serial-fraction\"\narm = \"late\"",
            NoBasis::NoFit { arm: late() },
        ),
        (
            "formula = \"serial-fraction\"\narm = \"one\"",
            NoBasis::NoFit { arm: one() },
        ),
        (
            "formula = \"limit\"\narm = \"one\"",
            NoBasis::NoTasks { arm: one() },
        ),
        (
            "formula = \"bound\"\narm = \"one\"",
            NoBasis::NoTasks { arm: one() },
        ),
        (
            "formula = \"what-if\"\narm = \"many\"\nworkers = 7",
            NoBasis::NotScheduled { slots: 7 },
        ),
        (
            "formula = \"quality\"\nfigure = \"parameters\"\narm = \"one\"",
            NoBasis::NoFigure {
                arm: one(),
                figure: name("parameters"),
            },
        ),
        (
            "formula = \"work\"\nfigure = \"steps\"\narm = \"one\"",
            NoBasis::NoFigure {
                arm: one(),
                figure: name("steps"),
            },
        ),
    ] {
        assert_eq!(expected(&formula(text), &result), Err(reason), "{text}");
    }
}

fn answer(text: &str) -> TypedAnswer {
    TypedAnswer {
        text: text.to_owned(),
        saved_unix_ms: 0,
    }
}

fn marked(question_text: &str, typed: &str) -> (Option<f64>, MarkReason) {
    let question = question(question_text);
    let mark = mark(&question, Some(&answer(typed)), &result());
    assert!((mark.of - question.points).abs() < 1e-12);
    (mark.points, mark.verdict)
}

#[test]
fn numbers_are_right_within_the_larger_tolerance() {
    let near = "kind = \"number\"\npoints = 2\nformula = \"speed-up\"\narm = \"many\"\nabsolute = 0.1\nrelative = 0.05";
    let full = (Some(2.0), MarkReason::Right);
    let none = (Some(0.0), MarkReason::Wrong);
    for (typed, outcome) in [
        ("3.2", &full),
        ("3,04", &full),
        ("3.36x", &full),
        ("3.03", &none),
        ("3.37", &none),
        ("-3.2", &none),
    ] {
        assert_eq!(marked(near, typed), *outcome, "{typed}");
    }
    let unusable = MarkReason::Unusable(AnswerError::NoNumber(MeasureUnit::Ratio));
    assert_eq!(marked(near, "about three"), (Some(0.0), unusable));
    assert_eq!(marked(near, "  "), (Some(0.0), MarkReason::Missing));
    let share = "kind = \"number\"\nformula = \"efficiency\"\narm = \"many\"\nabsolute = 0.02";
    assert_eq!(marked(share, "81 %").1, MarkReason::Right);
    assert_eq!(marked(share, "0.83").1, MarkReason::Wrong);
    let absent = "kind = \"number\"\nformula = \"speed-up\"\narm = \"late\"\nrelative = 0.5";
    let reason = MarkReason::NoBasis(NoBasis::NoSpeedup {
        arm: "late".to_owned(),
    });
    assert_eq!(marked(absent, "1"), (Some(0.0), reason));
}

#[test]
fn a_prediction_can_count_for_being_made() {
    let given = "ask = \"before\"\nkind = \"number\"\ncredit = \"given\"\npoints = 1\nformula = \"speed-up\"\narm = \"many\"";
    assert_eq!(marked(given, "17"), (Some(1.0), MarkReason::Given));
    assert!(matches!(
        marked(given, "many"),
        (Some(0.0), MarkReason::Unusable(_))
    ));
    assert_eq!(
        mark(&question(given), Some(&answer("1")), &result()).expected,
        Some(3.2)
    );
}

#[test]
fn choices_give_points_for_right_ones_less_wrong_ones() {
    let one = "kind = \"choice\"\nchoices = [\"x\", \"y\", \"z\"]\nright = \"b\"";
    assert_eq!(marked(one, "b"), (Some(1.0), MarkReason::Right));
    assert_eq!(marked(one, "a"), (Some(0.0), MarkReason::Wrong));
    assert!(matches!(marked(one, "a,b").1, MarkReason::Unusable(_)));
    let several = "kind = \"choice\"\npoints = 2\nseveral = true\nchoices = [\"w\", \"x\", \"y\", \"z\"]\nright = [\"a\", \"c\"]";
    assert_eq!(marked(several, "a,c"), (Some(2.0), MarkReason::Right));
    assert_eq!(marked(several, "c"), (Some(1.0), MarkReason::Partly));
    assert_eq!(marked(several, "a,c,d"), (Some(1.0), MarkReason::Partly));
    assert_eq!(marked(several, "a,b,c,d"), (Some(0.0), MarkReason::Wrong));
    let open = "kind = \"choice\"\nchoices = [\"x\", \"y\"]";
    assert_eq!(marked(open, "a"), (None, MarkReason::ToRead));
    let text = "kind = \"text\"\npoints = 3";
    assert_eq!(marked(text, "Because."), (None, MarkReason::ToRead));
}

#[test]
fn the_run_decides_which_choice_is_right() {
    let loss = "kind = \"choice\"\nformula = \"largest-loss\"\narm = \"many\"\nchoices = [{ text = \"x\", value = \"overhead\" }, { text = \"y\", value = \"imbalance\" }]";
    assert_eq!(marked(loss, "b").1, MarkReason::Right);
    assert_eq!(marked(loss, "a").1, MarkReason::Wrong);
    let fastest = "kind = \"choice\"\nformula = \"fastest-arm\"\nchoices = [{ text = \"x\", value = \"many\" }, { text = \"y\", value = \"late\" }]";
    assert_eq!(marked(fastest, "a").1, MarkReason::Right);
    let other = fastest.replace("\"many\"", "\"other\"");
    let reason = NoBasis::NoSuchChoice {
        value: "many".to_owned(),
    };
    assert_eq!(
        marked(&other, "a"),
        (Some(0.0), MarkReason::NoBasis(reason))
    );
}
