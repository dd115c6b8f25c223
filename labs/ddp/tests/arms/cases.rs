//! The cases: a normal life, deaths, a stall, a loss that is no number, resumption, and workers
//! that cannot be trusted.

use std::sync::Arc;

use crate::MISLEADING;
use workbench_experiment::lab::{Health, Lab, LabHost, Quantity};
use workbench_experiment::{Control, Ended, Request, resolve, run};
use workbench_lab_ddp::DataParallel;
use workbench_machine::{BuildFacts, usable_cores};
use workbench_record::{ControllerState, RunStatus, RunStore};
use workbench_result::ArmResult;

use crate::fake;

/// All cases, by name.
pub const ALL: [(&str, fn()); 14] = [
    ("a_normal_life", a_normal_life),
    (
        "strong_scaling_does_equal_steps",
        strong_scaling_does_equal_steps,
    ),
    (
        "a_death_ends_one_arm_and_not_the_other",
        a_death_ends_one_arm_and_not_the_other,
    ),
    (
        "a_recovered_training_ends_with_the_unharmed_ones_model",
        a_recovered_training_ends_with_the_unharmed_ones_model,
    ),
    (
        "a_death_before_the_first_checkpoint_begins_again",
        a_death_before_the_first_checkpoint_begins_again,
    ),
    (
        "a_stalled_rank_is_named_and_replaced",
        a_stalled_rank_is_named_and_replaced,
    ),
    (
        "nan_and_lack_of_memory_are_named_and_survived",
        nan_and_lack_of_memory_are_named_and_survived,
    ),
    (
        "too_many_failures_end_the_launcher",
        too_many_failures_end_the_launcher,
    ),
    (
        "an_elastic_training_shrinks_and_grows",
        an_elastic_training_shrinks_and_grows,
    ),
    (
        "a_worker_that_never_comes_back_is_told_of",
        a_worker_that_never_comes_back_is_told_of,
    ),
    (
        "what_no_attempt_cures_is_tried_once",
        what_no_attempt_cures_is_tried_once,
    ),
    (
        "ranks_that_drift_apart_fail_the_arm",
        ranks_that_drift_apart_fail_the_arm,
    ),
    (
        "a_step_reported_twice_fails_the_arm",
        a_step_reported_twice_fails_the_arm,
    ),
    (
        "a_request_that_stops_leaves_nobody_behind",
        a_request_that_stops_leaves_nobody_behind,
    ),
];

pub fn lab() -> DataParallel {
    DataParallel::new(LabHost {
        program: |_| std::env::current_exe().ok(),
        ..LabHost::default()
    })
    .unwrap()
}

pub struct Played {
    pub ended: Ended,
    lines: Vec<String>,
    _dir: tempfile::TempDir,
}

impl Played {
    fn arm(&self, name: &str) -> &ArmResult {
        let found = self.ended.result.arms.iter().find(|arm| arm.name == name);
        found.unwrap_or_else(|| panic!("{name}: {:?}", self.ended.result.warnings))
    }

    pub fn number(&self, arm: &str, figure: &str) -> f64 {
        match self.arm(arm).quality.get(figure) {
            Some(Quantity::Number(value)) => *value,
            other => panic!("{arm} has {other:?} for {figure}"),
        }
    }

    fn text(&self, arm: &str, figure: &str) -> &str {
        match self.arm(arm).quality.get(figure) {
            Some(Quantity::Text(text)) => text,
            other => panic!("{arm} has {other:?} for {figure}"),
        }
    }

    pub fn says(&self, part: &str) {
        let result = &self.ended.result;
        let found = result.warnings.iter().chain(&result.notes);
        let all: Vec<&String> = self.lines.iter().chain(found.map(|f| &f.text)).collect();
        assert!(
            all.iter().any(|line| line.contains(part)),
            "nobody said `{part}`: {all:#?}"
        );
    }

    /// The states of the launcher.
    fn states(&self) -> impl Iterator<Item = &ControllerState> {
        let repeats = self.ended.snapshot.repeats.iter();
        let launched = repeats.filter(|repeat| repeat.id.arm == "launcher");
        launched
            .flat_map(|repeat| &repeat.states)
            .map(|(_, state)| state)
    }

    /// The launcher was in this state, with so many workers, in this attempt.
    fn was_in(&self, text: &str, workers: u32, attempt: u32) {
        let states = self
            .states()
            .map(|s| (s.text.as_str(), s.workers, s.attempt));
        let states: Vec<_> = states.collect();
        assert!(
            states.contains(&(text, Some(workers), attempt)),
            "{states:?}"
        );
    }
}

pub fn play(arms: &[&str], set: &[&str]) -> Played {
    play_with(arms, set, &Control::default(), 2)
}

fn play_with(arms: &[&str], set: &[&str], control: &Control, workers: u32) -> Played {
    let small = [
        "model=cnn",
        "epochs=2",
        "train_rows=320",
        "test_rows=50",
        "batch=8",
        "checkpoint_every=7",
    ];
    let request = Request {
        arms: arms.iter().map(|arm| (*arm).to_owned()).collect(),
        set: small
            .iter()
            .chain(set)
            .map(|text| (*text).to_owned())
            .collect(),
        workers: vec![workers].into(),
        repeats: Some(1),
        oversubscribe: true,
        until: None,
        control: false,
        ..Request::default()
    };
    let lab = lab();
    let config = resolve(lab.definition(), &request, &usable_cores()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let store = RunStore::open(Some(dir.path().to_owned())).unwrap();
    let ended = run(
        &lab,
        config,
        &BuildFacts::default(),
        &store,
        Box::new(|_| {}),
        control,
    )
    .unwrap();
    let lines = ended
        .snapshot
        .output
        .iter()
        .map(|line| format!("{}: {}", line.source, line.text))
        .collect();
    Played {
        ended,
        lines,
        _dir: dir,
    }
}

fn a_normal_life() {
    let played = play(&[], &[]);
    let result = &played.ended.result;
    assert_eq!(result.status, RunStatus::Completed, "{:?}", result.warnings);
    assert!(result.check.passed(), "{:?}", result.check);
    // What was set, and what the workers do not get of it.
    for (name, value) in MISLEADING {
        played.says(&format!("{name}={value}"));
    }
    // Weak scaling: equal rows, half the steps.
    for arm in &result.arms {
        assert_eq!(arm.work["images_trained"], 640);
        assert_eq!(arm.work["images_tested"], 100);
        assert!(arm.speedup.is_some());
        assert!(arm.tasks > 0);
    }
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    let single = &played.arm("single").breakdown;
    let ddp = &played.arm("ddp").breakdown;
    assert_eq!((single.facts["steps"], ddp.facts["steps"]), (80, 40));
    assert_eq!((single.slots.len(), ddp.slots.len()), (1, 2));
    for slot in &ddp.slots {
        assert_eq!((slot.steps, slot.at_step), (40, 39));
        let names: Vec<&str> = slot.parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "data",
                "forward",
                "backward",
                "all-reduce wait",
                "optimizer"
            ]
        );
        assert!(
            slot.parts
                .iter()
                .all(|part| part.waits == (part.name == "all-reduce wait"))
        );
    }
    assert_eq!(ddp.start_up.len(), 5, "{:?}", ddp.start_up);
    let until_s: f64 = ddp.start_up.iter().map(|part| part.ns as f64 / 1e9).sum();
    assert!((until_s - played.number("ddp", "time_to_first_step_s")).abs() < 1e-6);
    let files: Vec<&str> = played
        .ended
        .result
        .sources
        .iter()
        .map(|s| s.source.file.as_str())
        .collect();
    assert_eq!(files, ["single.rs", "by_hand.rs", "launched.rs"]);
    close(played.number("ddp", "test_accuracy"), 0.98);
    assert!(played.number("launcher", "time_to_first_step_s") > 0.0);
    assert_eq!(
        played.text("ddp", "parameters_sha256"),
        played.text("launcher", "parameters_sha256")
    );
    assert!(
        result.what_if.is_empty(),
        "ranks in lockstep cannot be scheduled otherwise"
    );
    played.says("rank 1: fake rank 1 is here");
    played.was_in("scheduling", 2, 1);
    played.was_in("finished", 2, 1);
    for repeat in &played.ended.snapshot.repeats {
        assert_eq!(repeat.progress.0, 640, "{:?}", repeat.id);
        let epochs = repeat.curves["test accuracy"].len();
        assert_eq!(epochs, 2);
        let states: Vec<&str> = repeat
            .states
            .iter()
            .map(|(_, state)| state.text.as_str())
            .collect();
        match repeat.id.arm.as_str() {
            "launcher" => assert_eq!(
                states,
                ["scheduling", "running", "shutting down", "finished"]
            ),
            _ => assert!(states.is_empty(), "nobody controls this arm: {states:?}"),
        }
        let ranks = repeat.tasks.iter().map(|task| task.slot).max().unwrap() + 1;
        assert_eq!(ranks, repeat.id.workers);
    }
    assert!(
        !played.ended.run.path().join("scratch").exists(),
        "checkpoints are left behind"
    );
}

fn strong_scaling_does_equal_steps() {
    let played = play(&["single", "ddp"], &["scaling=strong"]);
    assert!(
        played.ended.result.check.passed(),
        "{:?}",
        played.ended.result.check
    );
    assert_eq!(played.arm("single").work["steps"], 80);
    assert_eq!(played.arm("ddp").work["steps"], 80);
    let terms = played.ended.result.comparison.note.clone().unwrap();
    assert!(terms.starts_with("strong scaling"), "{terms}");
}

fn a_death_ends_one_arm_and_not_the_other() {
    let played = play(&[], &["fault=kill:rank=1,step=20"]);
    assert_eq!(played.ended.result.status, RunStatus::Failed);
    let arms: Vec<&str> = played
        .ended
        .result
        .arms
        .iter()
        .map(|arm| arm.name.as_str())
        .collect();
    assert_eq!(arms, ["single", "threads", "launcher"]);
    played.says("ddp failed: rank 1 was ended by SIGKILL");
    played.says("at step 20");
    played.says("(as asked for: kill:rank=1,step=20)");
    played.was_in("restarting", 2, 1);
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    close(played.number("launcher", "failures"), 1.0);
    // The newest checkpoint is of step 14, and 20 steps were done.
    close(played.number("launcher", "steps_repeated"), 6.0);
    assert!(played.number("launcher", "failure_to_next_step_s") > 0.0);
    assert!(
        played.number("launcher", "failure_to_new_step_s")
            >= played.number("launcher", "failure_to_next_step_s")
    );
    assert_eq!(played.arm("launcher").work["images_trained"], 640);
}

fn a_recovered_training_ends_with_the_unharmed_ones_model() {
    let harmed = play(
        &["single", "launcher"],
        &["fault=kill:rank=0,step=13;kill:rank=1,step=30"],
    );
    let unharmed = play(&["single", "launcher"], &[]);
    assert_eq!(
        harmed.text("launcher", "parameters_sha256"),
        unharmed.text("launcher", "parameters_sha256")
    );
    assert!(
        harmed.ended.result.check.passed(),
        "{:?}",
        harmed.ended.result.check
    );
}

fn a_death_before_the_first_checkpoint_begins_again() {
    let played = play(&["single", "launcher"], &["fault=kill:rank=1,step=0"]);
    let result = &played.ended.result;
    assert_eq!(result.status, RunStatus::Completed, "{:?}", result.warnings);
    assert_eq!(played.arm("launcher").work["images_trained"], 640);
}

fn a_stalled_rank_is_named_and_replaced() {
    let played = play(&["single", "launcher"], &["fault=stall:rank=1,step=10"]);
    played.says("rank 1 is stopped by a signal, for 2.0 s");
    played.says("at step 10");
    played.says("rank 0 waits in all-reduce");
    let noticed = played.number("launcher", "failure_noticed_within_s");
    // The supervisor calls a rank silent after 2 s; on a busy machine it may see it later, but
    // never sooner.
    assert!(noticed >= 2.0, "{noticed}");
    assert_eq!(played.arm("launcher").work["images_trained"], 640);
}

fn nan_and_lack_of_memory_are_named_and_survived() {
    for (fault, said) in [("nan", "the loss is NaN"), ("oom", "memory is used up")] {
        let set = format!("fault={fault}:rank=1,step=9");
        let played = play(&["single", "launcher"], &[&set]);
        played.says(&format!("rank 1 failed: {said}"));
        assert_eq!(played.ended.result.status, RunStatus::Completed);
    }
}

fn too_many_failures_end_the_launcher() {
    let played = play(
        &["single", "launcher"],
        &["fault=kill:rank=1,step=9", "max_failures=0"],
    );
    assert_eq!(played.ended.result.status, RunStatus::Failed);
    played.says("it failed 1 time, and max_failures is 0");
    played.was_in("errored", 2, 1);
}

fn an_elastic_training_shrinks_and_grows() {
    let played = play(
        &["single", "launcher"],
        &[
            "fault=kill:rank=1,step=5",
            "least_workers=1",
            "away_s=0",
            "scaling=strong",
        ],
    );
    assert_eq!(
        played.ended.result.status,
        RunStatus::Completed,
        "{:?}",
        played.ended.result.warnings
    );
    played.was_in("scheduling", 1, 2);
    played.was_in("running on 1 of 2 workers", 1, 2);
    played.was_in("scheduling", 2, 3);
    let short = played.number("launcher", "steps_with_fewer_workers");
    assert!((1.0..80.0).contains(&short), "{short}");
    let slots = &played.arm("launcher").breakdown.slots;
    assert!(slots.iter().all(|slot| slot.attempt == 2), "{slots:?}");
    assert_eq!(played.arm("launcher").work["images_trained"], 640);
    assert_eq!(
        played.text("launcher", "parameters_sha256"),
        played.text("single", "parameters_sha256")
    );
}

fn a_worker_that_never_comes_back_is_told_of() {
    let played = play(
        &["single", "launcher"],
        &[
            "fault=kill:rank=1,step=20",
            "least_workers=1",
            "away_s=600",
            "scaling=strong",
        ],
    );
    // The newest checkpoint is of step 14.
    let said = "launcher trained 66 of its 80 steps with fewer than 2 workers, and ended with 1.";
    let warnings = &played.ended.result.warnings;
    assert!(
        warnings.iter().any(|found| found.text == said),
        "{warnings:?}"
    );
    let workers = played.number("launcher", "workers_at_the_end");
    assert!((workers - 1.0).abs() < 1e-9, "{workers}");
    let slots = &played.arm("launcher").breakdown.slots;
    let stand: Vec<Health> = slots.iter().map(|slot| slot.health).collect();
    assert_eq!(
        stand,
        [Health::Ended, Health::Lost],
        "{slots:?} {warnings:?}"
    );
    assert!(slots[1].steps >= 20, "{slots:?}");
}

fn what_no_attempt_cures_is_tried_once() {
    let played = play(&["single", "launcher"], &[&format!("lr={}", fake::NO_DATA)]);
    assert_eq!(played.ended.result.status, RunStatus::Failed);
    played.says("another attempt would fail in the same way");
    let attempts = played.states().filter(|state| state.text == "scheduling");
    assert_eq!(attempts.count(), 1, "{:?}", played.lines);
}

fn ranks_that_drift_apart_fail_the_arm() {
    let played = play(&["single", "ddp"], &[&format!("lr={}", fake::DRIFT)]);
    assert_eq!(played.ended.result.status, RunStatus::Failed);
    played.says("ranks 0 and 1 ended with different parameters");
}

fn a_step_reported_twice_fails_the_arm() {
    let played = play(&["single", "launcher"], &[&format!("lr={}", fake::TWICE)]);
    assert_eq!(played.ended.result.status, RunStatus::Failed);
    played.says("rank 1 reported step 3 where step 4 was to come");
}

fn a_request_that_stops_leaves_nobody_behind() {
    let lab = lab();
    let request = Request {
        set: ["model=cnn", "train_rows=6400", "test_rows=50", "batch=8"]
            .map(str::to_owned)
            .into(),
        workers: vec![2].into(),
        oversubscribe: true,
        until: None,
        control: false,
        ..Request::default()
    };
    let config = resolve(lab.definition(), &request, &usable_cores()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let store = RunStore::open(Some(dir.path().to_owned())).unwrap();
    let control = Arc::new(Control::default());
    let steered = Arc::clone(&control);
    // Stopped by its own first curve point, so somewhere in the middle of a training.
    let stop = move |record: &workbench_record::Record| {
        if matches!(record.event, workbench_record::Event::Metric { .. }) {
            steered.stop();
        }
    };
    let ended = run(
        &lab,
        config,
        &BuildFacts::default(),
        &store,
        Box::new(stop),
        &control,
    )
    .unwrap();
    assert_eq!(ended.result.status, RunStatus::Interrupted);
    assert!(children().is_empty(), "{:?}", children());
}

/// This process' children.
fn children() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let of = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("children")).ok();
    let texts = tasks.filter_map(|task| of(task.unwrap()));
    texts.filter(|text| !text.trim().is_empty()).collect()
}
