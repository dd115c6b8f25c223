//! One repeat of a made-up run: what its slots do, what it says, and how it ends. All times are
//! counted from its start.

use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::ranks::Ranks;
use workbench_experiment::lab::ArmMessage;
use workbench_pool::{Outcome, TaskSpan};
use workbench_record::{ArmOutput, ControllerPhase, ControllerState, Finding, RepeatId};
use workbench_stats::schedule::{Order, simulate};

/// What a repeat needs before its first task and after its last one.
const EDGE_NS: u64 = 150_000;
/// From a free slot to the start of its next task.
const DISPATCH_NS: u64 = 1_500;
/// Between two submissions.
const SUBMIT_NS: u64 = 300;

/// How a repeat ends.
pub(super) enum End {
    /// With its outcome.
    Finished(ArmOutput),
    /// A person stops its arm.
    Stopped,
    /// The arm fails, for this reason.
    Failed(String),
}

/// One repeat.
pub(super) struct SimulatedRepeat {
    pub id: RepeatId,
    pub wall_ns: u64,
    /// In rising order of their ends.
    pub spans: Vec<TaskSpan>,
    /// Spans are recorded as they end and not tick by tick: a serial arm has no pool.
    pub spans_at_once: bool,
    /// In rising order of time.
    pub messages: Vec<(u64, ArmMessage)>,
    pub warnings: Vec<(u64, Finding)>,
    /// When each unit of progress is done, rising.
    pub steps: Vec<u64>,
    /// Units of progress of a whole repeat.
    pub total: u64,
    /// GPUs that work.
    pub gpus: u32,
    /// Where the slots stand, in trainings.
    pub ranks: Ranks,
    pub end: End,
}

/// A task to be scheduled.
pub(super) struct Task {
    pub name: Arc<str>,
    pub group: u32,
    pub part: u32,
    pub cpu_s: f64,
}

/// A repeat of tasks on so many slots. `inflation` is the factor by which tasks take
/// longer than alone.
pub(super) fn of_tasks(
    rng: &mut ChaCha8Rng,
    id: RepeatId,
    tasks: &[Task],
    inflation: f64,
    output: ArmOutput,
) -> SimulatedRepeat {
    let durations: Vec<f64> = tasks
        .iter()
        .map(|task| {
            let noise = rng.random_range(0.98..1.03);
            task.cpu_s * inflation * noise + (DISPATCH_NS as f64) / 1e9
        })
        .collect();
    let plan = simulate(&durations, Order::Fifo, id.workers);
    let ns = |seconds: f64| (seconds * 1e9) as u64;
    let mut spans: Vec<TaskSpan> = (0_u64..)
        .zip(tasks)
        .zip(&plan.assignments)
        .map(|((number, task), at)| {
            let started_ns = EDGE_NS + ns(at.start) + DISPATCH_NS;
            let finished_ns = started_ns.max(EDGE_NS + ns(at.end));
            let queued_ns = (number * SUBMIT_NS).min(started_ns);
            TaskSpan {
                task: number,
                name: Arc::clone(&task.name),
                group: task.group,
                part: task.part,
                slot: at.slot,
                attempt: 0,
                queued_ns,
                ready_ns: queued_ns,
                started_ns,
                finished_ns,
                cpu_ns: (finished_ns - started_ns) / 100 * 99,
                core_wait_ns: 0,
                outcome: Outcome::Done,
            }
        })
        .collect();
    spans.sort_by_key(|span| span.finished_ns);
    let steps: Vec<u64> = spans.iter().map(|span| span.finished_ns).collect();
    SimulatedRepeat {
        wall_ns: ns(plan.makespan) + 2 * EDGE_NS,
        spans_at_once: id.workers == 1,
        total: steps.len() as u64,
        steps,
        spans,
        messages: Vec::new(),
        warnings: Vec::new(),
        gpus: 0,
        ranks: Ranks::default(),
        end: End::Finished(output),
        id,
    }
}

impl SimulatedRepeat {
    /// The controller of the repeat is in this state from now on; attempts count from 1. Arms on
    /// one slot have no controller.
    pub fn state(&mut self, at_ns: u64, (phase, text, attempt): (ControllerPhase, &str, u32)) {
        if self.id.workers > 1 {
            let state = ControllerState {
                phase,
                text: text.to_owned(),
                attempt,
                workers: Some(self.id.workers),
            };
            self.messages.push((at_ns, ArmMessage::State(state)));
        }
    }

    /// Ends the repeat before its time: tasks under way are cancelled and those that
    /// waited never run.
    pub fn stop_at(&mut self, at_ns: u64, end: End) {
        self.wall_ns = at_ns;
        self.spans.retain(|span| span.started_ns <= at_ns);
        for span in self.spans.iter_mut().filter(|s| s.finished_ns > at_ns) {
            let lasted = span.finished_ns - span.started_ns;
            let kept = at_ns - span.started_ns;
            span.cpu_ns = (u128::from(span.cpu_ns) * u128::from(kept) / u128::from(lasted)) as u64;
            span.finished_ns = at_ns;
            span.outcome = Outcome::Cancelled;
        }
        self.spans.sort_by_key(|span| span.finished_ns);
        self.messages.retain(|(t, _)| *t <= at_ns);
        self.warnings.retain(|(t, _)| *t <= at_ns);
        self.steps.retain(|t| *t <= at_ns);
        self.end = end;
    }
}
