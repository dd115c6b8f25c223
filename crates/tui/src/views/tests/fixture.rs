//! Runs made up from events, so that every screen can be drawn without hardware: durations and
//! shares follow formulas, so that a fixture is the same on every machine.

mod sim;

use workbench_record::{ArmFailure, ArmFailureKind, Event, Record, Snapshot};

pub use sim::run;

/// What kind of run to make up.
#[derive(Clone)]
pub struct Shape {
    pub cores: u32,
    pub gpus: u32,
    pub workers: Vec<u32>,
    pub repeats: u32,
    pub models: u32,
    /// Repeats that are finished; one more is half done unless all are.
    pub finished: usize,
    pub names: fn(u32) -> String,
    pub arms: [&'static str; 3],
    pub title: &'static str,
    /// Milliseconds per tree.
    pub tree_ms: f64,
    /// The last arm leaves something else.
    pub wrong: bool,
    /// What repeats record over steps and time.
    pub curves: Curves,
}

/// Curves of a made-up run.
#[derive(Clone, Copy, PartialEq)]
pub enum Curves {
    /// None, and progress once per repeat.
    None,
    /// A point per model, as models end.
    Forests,
    /// Several metrics per step, and lines that are printed.
    Training,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            cores: 2,
            gpus: 0,
            workers: vec![2],
            repeats: 5,
            models: 12,
            finished: 7,
            names: |model| format!("n_estimators={}", 50 + 10 * model),
            arms: ["sequential", "tasks", "trees"],
            title: "Thirty random forests",
            tree_ms: 4.0,
            wrong: false,
            curves: Curves::None,
        }
    }
}

/// Two cores, in the middle of a run.
pub fn two_cores() -> Snapshot {
    run(&Shape::default())
}

/// Two cores, all done.
pub fn finished() -> Snapshot {
    run(&Shape {
        finished: usize::MAX,
        ..Shape::default()
    })
}

/// All done, and one arm did something else than the others.
pub fn failed_check() -> Snapshot {
    run(&Shape {
        finished: usize::MAX,
        wrong: true,
        ..Shape::default()
    })
}

/// Several numbers of workers, all done.
pub fn scaling() -> Snapshot {
    run(&Shape {
        cores: 8,
        workers: vec![1, 2, 4, 8],
        finished: usize::MAX,
        repeats: 3,
        ..Shape::default()
    })
}

/// A big machine: 256 cores, 8 GPUs, 64 slots.
pub fn big() -> Snapshot {
    run(&Shape {
        cores: 256,
        gpus: 8,
        workers: vec![16, 64],
        models: 30,
        finished: 4,
        repeats: 3,
        tree_ms: 12.0,
        ..Shape::default()
    })
}

pub fn two_gpus() -> Snapshot {
    run(&Shape {
        cores: 16,
        gpus: 2,
        workers: vec![8],
        ..Shape::default()
    })
}

/// The accuracy of forests over their trees.
pub fn forests() -> Snapshot {
    run(&Shape {
        curves: Curves::Forests,
        ..Shape::default()
    })
}

/// A training on two GPUs: three metrics, printed lines, an arm that was stopped.
pub fn training() -> Snapshot {
    let mut snapshot = run(&training_shape());
    let t_ns = snapshot.now_ns;
    let event = Event::ArmStopped {
        arm: "single".to_owned(),
    };
    snapshot.apply(&Record { t_ns, event });
    snapshot
}

pub fn trained() -> Snapshot {
    run(&Shape {
        finished: usize::MAX,
        ..training_shape()
    })
}

fn training_shape() -> Shape {
    Shape {
        cores: 16,
        gpus: 2,
        repeats: 2,
        finished: 4,
        arms: ["single", "ddp", "ddp-small"],
        title: "Distributed training",
        curves: Curves::Training,
        names: |model| format!("epoch {model}"),
        ..Shape::default()
    }
}

/// Names with wide, combining, invisible and control characters, and far too long.
pub fn hostile() -> Snapshot {
    run(&Shape {
        arms: [
            "順番に一つずつ",
            "e\u{301}e\u{301}\u{202e}gnp\u{200d}",
            "\u{1b}[31mred\u{7}\n\ttabs and a name that never seems to end at all",
        ],
        title: "\u{1b}]0;title\u{7}森林\u{0}\u{fe0f}👩‍👩‍👧‍👦 forests",
        names: |model| format!("樹\u{300}\r\n{model}\u{1b}[2J\u{2066}"),
        finished: usize::MAX,
        repeats: 2,
        ..Shape::default()
    })
}

/// An arm failed while it ran.
pub fn arm_failed(arm: &str, reason: &str) -> Event {
    Event::ArmFailed(ArmFailure {
        arm: arm.to_owned(),
        kind: ArmFailureKind::Run,
        reason: reason.to_owned(),
    })
}
