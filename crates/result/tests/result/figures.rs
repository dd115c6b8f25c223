//! From events to numbers: what the result document says of small runs whose every figure can be
//! worked out by hand.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may end on the spot"
)]

use crate::common::{Log, PARALLEL, Repeat, SERIAL, completed};
use workbench_record::{
    ArmComparison, Basis, Event, Finding, RECOVERED, RunStatus, SHARED_CORES, Snapshot,
};
use workbench_result::{Fit, IntervalKind, RunResult, Verdict, compute};

fn result(log: &Log) -> RunResult {
    compute(&Snapshot::of(&log.records)).unwrap()
}

fn texts(findings: &[Finding]) -> String {
    let texts: Vec<&str> = findings.iter().map(|found| found.text.as_str()).collect();
    texts.join(" ")
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

/// One repeat of an arm, of two models.
fn one<'a>(
    arm: &'a str,
    workers: u32,
    wall_s: f64,
    tasks: &'a [(u32, f64, u32, f64)],
) -> Repeat<'a> {
    Repeat {
        arm,
        workers,
        repeat: 0,
        wall_s,
        tasks,
    }
}

#[test]
fn two_models_on_two_workers() {
    let result = result(&completed(1));
    let [base, tasks] = result.arms.as_slice() else {
        panic!("two arms expected: {:?}", result.arms);
    };
    assert_eq!(
        (base.name.as_str(), base.speedup),
        ("sequential", Some(1.0))
    );
    assert!(close(tasks.speedup.unwrap(), 4.0 / 3.0));
    assert!(close(tasks.efficiency.unwrap(), 2.0 / 3.0));
    // The longest model is 3 of 4 seconds.
    assert!(close(tasks.bound.unwrap(), 4.0 / 3.0));
    assert!(close(tasks.predicted.unwrap().fifo, 4.0 / 3.0));
    // (1/S − 1/p) / (1 − 1/p) with S = 4/3, p = 2.
    assert!(close(tasks.karp_flatt.unwrap(), 0.5));
    assert!(close(tasks.useful_s, 4.0));
    assert!(close(tasks.lost_s.imbalance, 2.0));
    assert!(close(tasks.lost_s.total(), 2.0 * 3.0 - 4.0));
    assert_eq!(tasks.outputs_sha256, base.outputs_sha256);
    assert!(close(tasks.items[1].cpu_s, 3.0));
}

#[test]
fn one_repeat_has_no_interval_and_says_so() {
    let one = result(&completed(1));
    assert!(one.arms.iter().all(|arm| arm.speedup_interval.is_none()));
    assert!(
        one.warnings
            .iter()
            .any(|w| w.text.contains("single repeat"))
    );
    let five = result(&completed(5));
    let speedup = five.arms[1].speedup.unwrap();
    let [low, high] = five.arms[1].speedup_interval.unwrap().confidence().unwrap();
    assert!(low <= speedup && speedup <= high);
    assert!(
        !five.warnings.iter().any(|w| w.text.contains("repeat")),
        "{:?}",
        five.warnings
    );
}

/// The same arms with 2 repeats and with 3: only then may one be called faster.
#[test]
fn two_repeats_have_a_range_and_no_verdict() {
    let two = result(&completed(2));
    let range = two.arms[1].speedup_interval.unwrap();
    assert_eq!(range.kind, IntervalKind::Range);
    assert_eq!(two.verdict(&two.arms[1]), None);
    let said = workbench_report::headline(&two).join(" ");
    assert!(said.contains("range of 2 repeats"), "{said}");
    assert!(
        !said.contains("faster") && !said.contains("slower"),
        "{said}"
    );
    let few = two.warnings.iter().find(|w| w.kind == "few_repeats");
    assert!(few.unwrap().text.starts_with("2 repeats have a range"));
    assert!(texts(&two.diagnoses).find("no difference").is_none());

    let three = result(&completed(3));
    assert_eq!(three.verdict(&three.arms[1]), Some(Verdict::Above));
    let said = workbench_report::headline(&three).join(" ");
    assert!(
        said.contains("faster") && said.contains("95 % interval"),
        "{said}"
    );
}

/// A run of 5 repeats on so many usable cores.
fn on_cores(cores_usable: f64) -> RunResult {
    let mut log = completed(5);
    for record in &mut log.records {
        if let Event::RunStarted(started) = &mut record.event {
            started.machine.cores_usable = cores_usable;
        }
    }
    result(&log)
}

#[test]
fn usable_cores_bound_a_speedup() {
    // The longest model is 3 of 4 seconds.
    for (cores, expected) in [
        (0.5, 0.5),
        (1.0, 1.0),
        (1.2, 1.2),
        (2.0, 4.0 / 3.0),
        (64.0, 4.0 / 3.0),
    ] {
        let arm = &on_cores(cores).arms[1];
        assert!(
            close(arm.bound.unwrap(), expected),
            "{cores}: {:?}",
            arm.bound
        );
        assert!(arm.predicted.unwrap().longest_first <= cores.min(2.0) + 1e-9);
    }
}

#[test]
fn a_speedup_whose_interval_is_above_the_bound_is_no_headline() {
    let above = on_cores(1.0);
    assert!(above.arms[1].is_above_bound());
    let kinds: Vec<&str> = above.warnings.iter().map(|w| w.kind.as_ref()).collect();
    assert!(kinds.contains(&"interval_above_bound"), "{kinds:?}");
    let said = workbench_report::headline(&above).join(" ");
    assert!(
        said.contains("No speed-up of tasks on 2 workers is stated"),
        "{said}"
    );
    assert!(!said.contains("faster"), "{said}");

    let within = workbench_report::headline(&on_cores(2.0)).join(" ");
    assert!(within.contains("faster"), "{within}");
}

#[test]
fn before_the_base_has_run_nothing_is_inflated() {
    let mut log = Log::start(&[2], 1);
    log.repeat(&one("tasks", 2, 3.0, PARALLEL), 10, ["aa", "bb"]);
    let result = result(&log);
    let tasks = &result.arms[0];
    assert_eq!((tasks.speedup, tasks.efficiency), (None, None));
    assert!(close(tasks.useful_s, 4.0) && close(tasks.lost_s.inflation, 0.0));
    assert!(close(tasks.lost_s.imbalance, 2.0));
    let said = texts(&result.diagnoses);
    assert!(
        said.contains("imbalance") && !said.contains("inf"),
        "{said}"
    );
}

#[test]
fn unequal_work_has_no_speedup() {
    let mut log = Log::start(&[2], 1);
    log.repeat(&one("sequential", 1, 4.0, SERIAL), 10, ["aa", "bb"]);
    log.repeat(&one("tasks", 2, 3.0, PARALLEL), 9, ["aa", "bb"]);
    log.finish(RunStatus::Completed);
    let result = result(&log);
    assert!(!result.check.equal_work && result.check.equal_outputs);
    assert_eq!(result.arms[1].speedup, None);
    assert_eq!(result.arms[1].efficiency, None);
    assert!(
        result.warnings[0]
            .text
            .contains("tasks on 2 workers (repeat 1) counted 9 trees"),
        "{:?}",
        result.warnings
    );
}

#[test]
fn unequal_outputs_have_no_speedup() {
    let mut log = Log::start(&[2], 1);
    log.repeat(&one("sequential", 1, 4.0, SERIAL), 10, ["aa", "bb"]);
    log.repeat(&one("tasks", 2, 3.0, PARALLEL), 10, ["aa", "xx"]);
    let result = result(&log);
    assert!(result.check.equal_work && !result.check.equal_outputs);
    assert_eq!(result.arms[1].speedup, None);
    assert!(result.check.differences[0].text.contains("1 of 2 differ"));
    assert!(result.check.differences[0].text.contains("n_estimators=1"));
}

/// A run of two arms whose outputs have other hashes, whose figure `r2` is the same up to `apart`.
fn near(tolerance: f64, apart: f64) -> RunResult {
    let mut log = Log::start(&[2], 1);
    log.push(Event::Comparison(ArmComparison {
        note: Some("weak scaling".to_owned()),
        basis: Basis::NearOutputs {
            metric: "r2".to_owned(),
            tolerance,
        },
        peers: None,
        lockstep: true,
    }));
    log.repeat(&one("sequential", 1, 4.0, SERIAL), 10, ["aa", "bb"]);
    log.repeat(&one("tasks", 2, 3.0, PARALLEL), 10, ["xx", "yy"]);
    if let Some(Event::RepeatFinished(finished)) = log.records.last_mut().map(|r| &mut r.event) {
        finished.items[1]
            .metrics
            .insert("r2".to_owned(), 0.8 + apart);
    }
    result(&log)
}

#[test]
fn outputs_that_need_only_be_near_are_compared_by_their_figure() {
    let alike = near(0.02, 0.01);
    assert!(alike.check.passed(), "{:?}", alike.check);
    assert!(alike.arms[1].speedup.is_some());
    let apart = near(0.02, 0.03);
    assert!(apart.check.equal_work && !apart.check.equal_outputs);
    assert!(
        apart.check.differences[0]
            .text
            .contains("the r2 of n_estimators=1 is 0.8300"),
        "{:?}",
        apart.check
    );
    assert!(
        !near(0.02, f64::NAN).check.equal_outputs,
        "what is no number is near nothing"
    );
}

#[test]
fn slots_without_a_core_each_are_not_said_to_wait_for_each_other() {
    let why = |found: Option<Finding>| {
        let mut log = Log::start(&[2], 1);
        log.push(Event::Comparison(ArmComparison {
            note: None,
            basis: Basis::NearOutputs {
                metric: "r2".to_owned(),
                tolerance: 1.0,
            },
            peers: None,
            lockstep: true,
        }));
        log.repeat(&one("sequential", 1, 4.0, SERIAL), 10, ["aa", "bb"]);
        log.repeat(&one("tasks", 2, 3.0, PARALLEL), 10, ["xx", "yy"]);
        for record in &mut log.records {
            if let Event::Task(span) = &mut record.event {
                span.cpu_ns /= 2;
            }
        }
        if let Some(found) = found {
            log.push(Event::Finding(found));
        }
        let diagnoses = result(&log).diagnoses;
        let texts = diagnoses.into_iter().map(|found| found.text);
        texts.collect::<Vec<_>>().join(" ")
    };
    let shared = Finding::warning(SHARED_CORES, "They shared cores.").arm_on("tasks", 2);
    let said = why(Some(shared.clone()));
    assert!(said.contains("had no core each"), "{said}");
    assert!(!said.contains("what they exchange"), "{said}");
    let said = why(Some(shared.arm_on("tasks", 4)));
    assert!(said.contains("what they exchange"), "{said}");
}

#[test]
fn tasks_in_lockstep_are_not_scheduled_otherwise() {
    let result = near(0.02, 0.0);
    let tasks = &result.arms[1];
    assert!(close(tasks.bound.unwrap(), 2.0));
    assert_eq!(tasks.predicted, None);
    assert!(result.what_if.is_empty());
    let headline = workbench_report::headline(&result).join(" ");
    assert!(headline.contains("weak scaling"), "{headline}");
}

#[test]
fn a_run_without_end_is_reported_and_can_be_resumed() {
    let mut log = completed(2);
    log.records.truncate(log.records.len() - 2);
    let result = result(&log);
    assert_eq!(result.status, RunStatus::Unfinished);
    assert_eq!(result.arms[0].wall_s.len(), 2);
    assert_eq!(result.arms[1].wall_s.len(), 1);
    // One pair of repeats: a ratio, no interval.
    assert!(close(result.arms[1].speedup.unwrap(), 4.0 / 3.0));
    assert_eq!(result.arms[1].speedup_interval, None);
    assert!(
        result
            .warnings
            .iter()
            .any(|w| w.text.contains("workbench resume"))
    );
}

#[test]
fn laws_are_refused_with_the_reason_below_enough_points() {
    let mut log = Log::start(&[1, 2], 1);
    log.repeat(&one("sequential", 1, 4.0, SERIAL), 10, ["aa", "bb"]);
    log.repeat(&one("tasks", 1, 4.0, SERIAL), 10, ["aa", "bb"]);
    log.repeat(&one("tasks", 2, 3.0, PARALLEL), 10, ["aa", "bb"]);
    let result = result(&log);
    assert_eq!(result.scaling.len(), 1);
    assert_eq!(result.scaling[0].points.len(), 2);
    for refused in [
        matches!(&result.scaling[0].amdahl, Fit::Refused(why) if why.text.contains('2')),
        matches!(&result.scaling[0].usl, Fit::Refused(why) if why.text.contains('2')),
    ] {
        assert!(refused, "{:?}", result.scaling[0]);
    }
}

#[test]
fn no_law_is_fitted_to_a_number_of_workers_at_which_the_arm_failed() {
    let log = || {
        let mut log = Log::start(&[1, 2, 3, 4], 1);
        log.repeat(&one("sequential", 1, 12.0, SERIAL), 10, ["aa", "bb"]);
        for (workers, wall_s) in [(1, 12.0), (2, 6.0), (3, 4.0), (4, 9.0)] {
            log.repeat(&one("tasks", workers, wall_s, PARALLEL), 10, ["aa", "bb"]);
        }
        log
    };
    let serial = |log: &Log| match result(log).scaling.remove(0).amdahl {
        Fit::Fitted(fit) => Some(fit.serial_fraction),
        Fit::Refused(_) => None,
    };
    assert!(serial(&log()).unwrap() > 0.05);
    let mut failed = log();
    let found = Finding::warning(RECOVERED, "It went on.").arm_on("tasks", 4);
    failed.push(Event::Finding(found));
    assert!(serial(&failed).unwrap() < 1e-6);
    // One point less is too few, and the refusal says what does not count.
    let found = Finding::warning(RECOVERED, "It went on.").arm_on("tasks", 3);
    failed.push(Event::Finding(found));
    let curve = result(&failed).scaling.remove(0);
    let Fit::Refused(why) = curve.amdahl else {
        panic!("{curve:?}");
    };
    assert!(why.text.contains("failed, or recovered"), "{}", why.text);
    assert!(why.text.contains("(3, 4)"), "{}", why.text);
}

#[test]
fn an_arm_has_the_same_place_whichever_arms_fail() {
    let full = result(&completed(1));
    let places = |result: &RunResult| {
        ["sequential", "tasks", "trees", "unknown"].map(|arm| result.arm_place(arm))
    };
    let mut asked = full.clone();
    asked.asked.arms = ["sequential", "trees", "tasks"].map(str::to_owned).to_vec();
    assert_eq!(places(&asked), [0, 2, 1, 3]);
    let mut failed = asked.clone();
    failed.arms.retain(|arm| arm.name != "trees");
    assert_eq!(places(&failed), places(&asked));
    failed.arms.clear();
    assert_eq!(places(&failed), places(&asked));
    // A document that does not say what was asked for.
    asked.asked.arms.clear();
    assert_eq!(places(&asked)[..2], [0, 1]);
}

#[test]
fn what_if_reaches_the_limit_and_never_beats_it() {
    let result = result(&completed(1));
    let curve = &result.what_if[0];
    assert_eq!((curve.arm.as_str(), curve.points.len()), ("tasks", 64));
    assert!(close(curve.limit, 4.0 / 3.0));
    assert!(close(curve.points[0].fifo, 1.0));
    assert!(close(curve.points[63].longest_first, curve.limit));
}

#[test]
fn an_imbalance_is_explained() {
    let result = result(&completed(5));
    let sentence = result
        .diagnoses
        .iter()
        .find(|d| d.kind == "imbalance")
        .map_or_else(|| panic!("{:?}", result.diagnoses), |d| d.text.as_str());
    assert!(
        sentence.contains("tasks on 2 workers") && sentence.contains("33 %"),
        "{sentence}"
    );
}

#[test]
fn a_speedup_above_its_bound_is_doubted() {
    let mut log = Log::start(&[2], 1);
    // The base's machine was half as fast: 2 s and 2 s of work took 1 s and 1 s on the other one.
    let slow = &[(0, 2.0, 0, 0.0), (1, 2.0, 0, 2.0)];
    let fast = &[(0, 1.0, 0, 0.0), (1, 1.0, 1, 0.0)];
    log.repeat(&one("sequential", 1, 4.0, slow), 10, ["aa", "bb"]);
    log.repeat(&one("tasks", 2, 1.0, fast), 10, ["aa", "bb"]);
    let doubted = result(&log);
    assert!(close(doubted.arms[1].speedup.unwrap(), 4.0));
    assert!(
        doubted
            .warnings
            .iter()
            .any(|w| w.text.contains("4.00×, is above its bound of 2.00×")),
        "{:?}",
        doubted.warnings
    );
    // The work that had to be done is no more than what the faster arm needed, so nothing is
    // negative.
    assert!(close(doubted.arms[1].useful_s, 2.0) && close(doubted.arms[1].lost_s.total(), 0.0));
    assert!(
        !result(&completed(1))
            .warnings
            .iter()
            .any(|w| w.text.contains("above its bound"))
    );
}

#[test]
fn the_document_survives_its_own_json() {
    let result = result(&completed(3));
    let text = serde_json::to_string(&result).unwrap();
    assert_eq!(serde_json::from_str::<RunResult>(&text).unwrap(), result);
}

#[test]
fn the_published_schema_is_the_one_of_the_code_and_holds_for_results() {
    let schema = serde_json::to_value(schemars::schema_for!(RunResult)).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/result.schema.json");
    if std::env::var_os("WORKBENCH_BLESS").is_some() {
        let mut text = serde_json::to_string_pretty(&schema).unwrap();
        text.push('\n');
        std::fs::write(path, text).unwrap();
    }
    let published: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(
        published, schema,
        "run this test with WORKBENCH_BLESS=1 and look at the change"
    );
    let validator = jsonschema::validator_for(&published).unwrap();
    for log in [completed(1), completed(5)] {
        let document = serde_json::to_value(result(&log)).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    let mut wrong = serde_json::to_value(result(&completed(1))).unwrap();
    wrong["arms"][0]["wall_s"] = "long".into();
    assert!(!validator.is_valid(&wrong), "the schema accepts anything");
}

#[test]
fn what_puts_no_number_in_doubt_is_no_warning() {
    let mut log = Log::start(&[2], 1);
    let tasks = &[(0, 2.0, 0, 0.0), (1, 2.0, 0, 2.0)];
    let base = one("sequential", 1, 4.0, tasks);
    let found = [
        Finding::note("sorted_once", "Sorted once."),
        Finding::warning("swapped", "Memory was short."),
    ];
    for found in found {
        log.push(Event::Finding(found));
    }
    log.repeat(&base, 10, ["aa", "bb"]);
    let result = result(&log);
    let has = |all: &[Finding], kind: &str| all.iter().any(|found| found.kind == kind);
    assert!(has(&result.notes, "sorted_once") && !has(&result.notes, "swapped"));
    assert!(has(&result.warnings, "swapped") && !has(&result.warnings, "sorted_once"));
}
