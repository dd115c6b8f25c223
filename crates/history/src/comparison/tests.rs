//! Comparisons of synthetic results, and the results themselves for other tests.

use proptest::prelude::*;
use workbench_experiment::lab::DataSource;
use workbench_machine::MachineFacts;
use workbench_record::{
    ArmFailure, ArmFailureKind, Event, Finding, Record, RepeatId, RunStatus, Severity, Snapshot,
};
use workbench_result::{
    ArmResult, Asked, Check, Instrument, Interval, IntervalKind, LostSeconds, RunResult, SCHEMA,
    Scaling,
};

use super::*;

/// A completed run of three arms with five repeats each.
pub fn result(id: &str) -> RunResult {
    RunResult {
        sources: Vec::new(),
        schema: SCHEMA,
        run_id: id.to_owned(),
        lab: "rf".to_owned(),
        lab_title: "Forests".to_owned(),
        preset: "quick".to_owned(),
        seed: 42,
        command: String::new(),
        started_at: "2026-11-21T10:15:02Z".to_owned(),
        status: RunStatus::Completed,
        parameters: std::collections::BTreeMap::default(),
        data: DataSource::Embedded,
        data_sha256: None,
        software: std::collections::BTreeMap::new(),
        made: Vec::new(),
        repeats: 5,
        notes: Vec::new(),
        precision: None,
        noise: None,
        race: None,
        asked: Asked {
            arms: ["sequential", "models", "trees"].map(str::to_owned).into(),
            workers: vec![2],
        },
        failed_arms: Vec::new(),
        machine: MachineFacts::default(),
        base: "sequential".to_owned(),
        comparison: workbench_experiment::lab::ArmComparison::default(),
        lab_facts: workbench_experiment::lab::LabFacts::default(),
        arms: vec![
            arm("sequential", 1, 2.0),
            arm("models", 2, 1.25),
            arm("trees", 2, 1.0),
        ],
        check: Check {
            equal_work: true,
            equal_outputs: true,
            target_reached: None,
            differences: Vec::new(),
        },
        scaling: Vec::new(),
        what_if: Vec::new(),
        tools: Vec::new(),
        left_out: Vec::new(),
        disturbances: Vec::new(),
        instrument: Instrument::default(),
        fingerprint: None,
        diagnoses: Vec::new(),
        warnings: Vec::new(),
    }
}

/// An arm whose median is `wall_s` seconds, give or take two per cent.
pub fn arm(name: &str, workers: u32, wall_s: f64) -> ArmResult {
    let speedup = 2.0 / wall_s;
    ArmResult {
        peer: false,
        control: false,
        usage: None,
        breakdown: workbench_experiment::lab::Breakdown::default(),
        name: name.to_owned(),
        title: name.to_owned(),
        workers,
        oversubscribed: false,
        wall_s: [0.98, 1.0, 0.99, 1.02, 1.01].map(|f| f * wall_s).into(),
        cpu_s: vec![wall_s; 5],
        wall_median_s: wall_s,
        speedup: Some(speedup),
        speedup_interval: Some(Interval::new(
            IntervalKind::Confidence95,
            [speedup * 0.98, speedup * 1.02],
        )),
        efficiency: Some(speedup / f64::from(workers)),
        ideal: Some(f64::from(workers)),
        bound: Some(f64::from(workers)),
        predicted: None,
        karp_flatt: None,
        useful_s: wall_s,
        lost_s: LostSeconds::default(),
        tasks: 10,
        work: [("trees".to_owned(), 100)].into(),
        quality: std::collections::BTreeMap::default(),
        analysis: None,
        time_by_size: None,
        outputs_sha256: "aa".to_owned(),
        items: Vec::new(),
    }
}

fn slower(id: &str, factor: f64) -> RunResult {
    let mut result = result(id);
    result.arms = vec![
        arm("sequential", 1, 2.0 * factor),
        arm("models", 2, 1.25 * factor),
        arm("trees", 2, factor),
    ];
    result
}

fn texts(comparison: &Comparison, severity: Severity) -> Vec<&str> {
    let notes = comparison
        .notes
        .iter()
        .filter(|note| note.severity == severity);
    notes.map(|note| note.text.as_str()).collect()
}

#[test]
fn the_faster_run_is_named_with_how_sure_that_is() {
    let (a, b) = (slower("a", 1.12), result("b"));
    let comparison = compare(&[&a, &b]);
    assert_eq!(texts(&comparison, Severity::Error), [""; 0]);
    let said = texts(&comparison, Severity::Note);
    assert_eq!(
        said[2],
        "B's trees on 2 workers is 1.12× as fast as A's (1.00 s against 1.12 s); their intervals do not overlap."
    );
    let c = slower("c", 1.004);
    let said = compare(&[&c, &b]);
    assert_eq!(
        texts(&said, Severity::Note)[0],
        "sequential on 1 worker took 2.01 s in A and 2.00 s in B; their intervals overlap, so this may be \
         chance."
    );
}

#[test]
fn one_or_two_repeats_are_chance() {
    let (mut a, mut b) = (slower("a", 2.0), result("b"));
    for result in [&mut a, &mut b] {
        result.arms[0].wall_s.truncate(1);
        result.arms[1].wall_s.truncate(2);
        result.arms[2].wall_s.truncate(3);
    }
    let comparison = compare(&[&a, &b]);
    let said = texts(&comparison, Severity::Note);
    assert!(
        said[0].contains("one repeat has no confidence interval"),
        "{said:?}"
    );
    assert_eq!(
        said[1],
        "models on 2 workers took 2.50 s in A and 1.25 s in B; 2 repeats have no confidence interval, so this may be chance."
    );
    assert!(said[2].ends_with("do not overlap."), "{said:?}");
    assert_eq!(
        comparison.arms[0].cells[0].as_ref().unwrap().wall_interval,
        None
    );
}

#[test]
fn different_work_forbids_times_and_leaves_speed_ups() {
    let a = result("a");
    let mut outputs = slower("b", 2.0);
    for arm in &mut outputs.arms {
        arm.outputs_sha256 = "bb".to_owned();
    }
    let mut work = result("c");
    for arm in &mut work.arms {
        arm.work.insert("trees".to_owned(), 50);
    }
    let mut lab = result("d");
    lab.lab = "ddp".to_owned();
    let comparison = compare(&[&a, &outputs, &work, &lab]);
    let bad = texts(&comparison, Severity::Error);
    assert!(
        bad[0].starts_with("The outputs of A and B differ"),
        "{bad:?}"
    );
    assert!(
        bad[1].contains("counted 100 trees in A and 50 in C"),
        "{bad:?}"
    );
    assert!(bad[2].contains("A and D ran different labs"), "{bad:?}");
    for said in texts(&comparison, Severity::Note) {
        assert!(said.starts_with("The speed-up of "), "{said}");
        assert!(
            !said.contains("sequential"),
            "the base has no speed-up to tell: {said}"
        );
    }
}

#[test]
fn circumstances_are_told_first() {
    let a = result("a");
    let mut b = result("b");
    b.machine.cpu_model = "Other".to_owned();
    b.base = "models".to_owned();
    b.status = RunStatus::Interrupted;
    b.check.equal_work = false;
    b.arms.truncate(0);
    let comparison = compare(&[&a, &b]);
    let bad = texts(&comparison, Severity::Error);
    assert_eq!(
        bad,
        ["In B the arms did not do equal work, so it states no speed-up."]
    );
    let warnings = texts(&comparison, Severity::Warning);
    for (warning, words) in warnings.iter().zip([
        "B was interrupted",
        "B ran on another machine",
        "sequential in A and models in B",
        "No arm was finished",
    ]) {
        assert!(warning.contains(words), "{warning}");
    }
    assert_eq!(warnings.len(), 4);
    assert_eq!(comparison.common_base(), None);
    assert!(texts(&comparison, Severity::Note).is_empty());
}

#[test]
fn settings_that_differ_are_rows_and_the_rest_is_named() {
    let mut a = result("a");
    let mut b = result("b");
    a.seed = 7;
    b.machine.kernel = "6.9".to_owned();
    b.machine.workbench_commit = Some("abc".to_owned());
    let settings = compare(&[&a, &b]).settings;
    let rows: Vec<(Group, &str)> = settings
        .differing
        .iter()
        .map(|row| (row.group, row.name.as_str()))
        .collect();
    assert_eq!(
        rows,
        [
            (Group::Run, "seed"),
            (Group::Machine, "kernel"),
            (Group::Versions, "workbench"),
        ]
    );
    assert_eq!(
        settings.differing[0].values,
        [Some("7".to_owned()), Some("42".to_owned())]
    );
    let line = settings.same_line();
    assert!(
        line.starts_with("The same: ") && line.contains("preset"),
        "{line}"
    );
    assert!(!line.contains("kernel"), "{line}");
}

/// The embedded data of one lab are not those of another, though both are called so.
#[test]
fn two_labs_have_nothing_of_their_own_in_common() {
    let a = result("a");
    let mut b = result("b");
    let same = |a: &RunResult, b: &RunResult| compare(&[a, b]).settings.same;
    assert!(same(&a, &b).contains(&"data".to_owned()));
    b.lab = "ddp".to_owned();
    let same = same(&a, &b);
    for name in ["data", "preset", "arms"] {
        assert!(!same.contains(&name.to_owned()), "{same:?}");
    }
    assert!(same.contains(&"kernel".to_owned()), "{same:?}");
}

#[test]
fn an_arm_that_only_one_run_has_stays_in_its_place() {
    let a = result("a");
    let mut b = result("b");
    b.arms.remove(1);
    b.arms.push(arm("trees", 4, 0.5));
    let rows = compare(&[&b, &a]).arms;
    let keys: Vec<(&str, u32, bool, bool)> = rows
        .iter()
        .map(|r| {
            (
                r.name.as_str(),
                r.workers,
                r.cells[0].is_some(),
                r.cells[1].is_some(),
            )
        })
        .collect();
    assert_eq!(
        keys,
        [
            ("sequential", 1, true, true),
            ("trees", 2, true, true),
            ("trees", 4, true, false),
            ("models", 2, false, true),
        ]
    );
}

#[test]
fn scaling_curves_lie_over_each_other() {
    let mut a = result("a");
    let b = result("b");
    let point = ScalingPoint {
        workers: 2,
        speedup: 1.9,
        interval: None,
    };
    a.scaling.push(Scaling {
        arm: "trees".to_owned(),
        points: vec![point.clone()],
        amdahl: workbench_result::Fit::Refused(Finding::default()),
        usl: workbench_result::Fit::Refused(Finding::default()),
    });
    let rows = compare(&[&a, &b]).scaling;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].points, [vec![point], vec![]]);
}

/// A repeat that was begun and recorded a curve.
fn snapshot(values: &[(u64, f64)]) -> Snapshot {
    let mut events = vec![Event::RepeatStarted(RepeatId {
        arm: "trees".to_owned(),
        workers: 2,
        repeat: 0,
    })];
    events.extend(values.iter().map(|(step, value)| Event::Metric {
        name: "loss".to_owned(),
        item: None,
        step: *step,
        value: *value,
    }));
    let records: Vec<Record> = events
        .into_iter()
        .map(|event| Record { t_ns: 0, event })
        .collect();
    Snapshot::of(&records)
}

#[test]
fn curves_are_in_order_and_of_the_last_repeat_where_none_was_finished() {
    let one = snapshot(&[(3, 1.0), (1, 2.0), (3, 1.5), (2, f64::NAN)]);
    let none = Snapshot::default();
    let all = curves(&[&none, &one]);
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].metric.as_str(), all[0].arm.as_str(), all[0].workers),
        ("loss", "trees", 2)
    );
    assert_eq!(all[0].lines, [vec![], vec![(1.0, 2.0), (3.0, 1.5)]]);
    assert_eq!(all[0].steps, None, "its lab is not known");
}

proptest! {
    #[test]
    fn thinned_curves_keep_their_spikes(
        values in prop::collection::vec(-1e3..1e3_f64, 2..9000),
    ) {
        let points: Vec<(u64, f64)> = (0..).zip(values.iter().copied()).collect();
        let all = curves(&[&snapshot(&points)]);
        let line = &all[0].lines[0];
        prop_assert!(line.len() <= 2000);
        prop_assert!(line.is_sorted_by(|a, b| a.0 < b.0));
        let extreme = |fold: fn(f64, f64) -> f64| {
            (
                line.iter().map(|p| p.1).fold(line[0].1, fold),
                values.iter().copied().fold(values[0], fold),
            )
        };
        for (shown, real) in [extreme(f64::max), extreme(f64::min)] {
            prop_assert!((shown - real).abs() < 1e-12);
        }
    }

    /// Exchanging two runs gives the same sentences with the letters exchanged.
    #[test]
    fn who_is_faster_does_not_depend_on_the_order(factor in 0.2..5.0_f64) {
        let (a, b) = (result("a"), slower("b", factor));
        let swap = |text: &str| -> String {
            text.replace("A's", "?").replace("B's", "A's").replace('?', "B's")
        };
        let one = compare(&[&a, &b]);
        let two = compare(&[&b, &a]);
        for (x, y) in texts(&one, Severity::Note).iter().zip(texts(&two, Severity::Note)) {
            if x.contains(" as fast as ") {
                prop_assert_eq!(swap(x), y);
            }
        }
    }
}

/// The request is a setting; the finished part is not.
#[test]
fn an_arm_that_failed_was_asked_for_all_the_same() {
    let a = result("a");
    let mut b = result("b");
    b.arms.pop();
    b.failed_arms = vec![ArmFailure {
        arm: "trees".to_owned(),
        kind: ArmFailureKind::Run,
        reason: "it broke".to_owned(),
    }];
    let mut c = result("c");
    c.arms.truncate(1);
    let comparison = compare(&[&a, &b, &c]);
    assert_eq!(comparison.settings.differing, []);
    b.asked.workers = vec![1, 2];
    let comparison = compare(&[&a, &b]);
    let values: Vec<_> = comparison
        .settings
        .differing
        .iter()
        .map(|d| (d.name.as_str(), &d.values))
        .collect();
    let said = vec![Some("2".to_owned()), Some("1, 2".to_owned())];
    assert_eq!(values, [("workers", &said)]);
    // Documents of older versions do not hold the request.
    b.asked = Asked::default();
    let comparison = compare(&[&a, &b]);
    let arms = comparison
        .settings
        .differing
        .iter()
        .find(|d| d.name == "arms");
    assert_eq!(
        arms.unwrap().values[1].as_deref(),
        Some("sequential, models")
    );
}
