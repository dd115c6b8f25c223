//! The running result of a run under way: computed anew when a repeat finished, and kept in between.

use std::collections::BTreeMap;

use workbench_engine::record::{RepeatState, RunStatus, Snapshot};
use workbench_engine::result::{RunResult, compute};

/// Beyond this many tasks the running result leaves out what needs every task (lost time, what-if): working that out
/// would take cores away from the repeat that is being measured. The final result has everything.
const MOST_TASKS: usize = 10_000;

/// The result as of the repeats that have finished.
#[derive(Debug, Default)]
pub struct Estimate {
    key: Option<(String, usize, RunStatus)>,
    result: Option<RunResult>,
    /// How often a result was computed.
    pub computed: u32,
}

impl Estimate {
    /// Computes the result where another repeat has finished since; whether it did.
    pub fn refresh(&mut self, snapshot: &Snapshot) -> bool {
        let Some(started) = &snapshot.started else {
            return false;
        };
        let finished = snapshot
            .repeats
            .iter()
            .filter(|r| r.finished.is_some())
            .count();
        let same = self.key.as_ref().is_some_and(|(run, count, status)| {
            *run == started.run_id && *count == finished && *status == snapshot.status
        });
        if same {
            return false;
        }
        self.key = Some((started.run_id.clone(), finished, snapshot.status));
        self.computed += 1;
        let tasks: usize = snapshot.repeats.iter().map(|r| r.tasks.len()).sum();
        self.result = if finished == 0 {
            None
        } else if tasks > MOST_TASKS {
            compute(&lightened(snapshot))
        } else {
            compute(snapshot)
        };
        true
    }

    /// The result, as soon as a repeat has finished.
    pub fn result(&self) -> Option<&RunResult> {
        self.result.as_ref()
    }
}

/// A snapshot without tasks and samples: enough for wall times, speed-ups and their intervals.
fn lightened(snapshot: &Snapshot) -> Snapshot {
    let bare = |repeat: &RepeatState| RepeatState {
        id: repeat.id.clone(),
        started_ns: repeat.started_ns,
        progress: repeat.progress,
        tasks: Vec::new(),
        curves: BTreeMap::new(),
        finished: repeat.finished.clone(),
    };
    Snapshot {
        started: snapshot.started.clone(),
        repeats: snapshot.repeats.iter().map(bare).collect(),
        samples: Vec::new(),
        warnings: snapshot.warnings.clone(),
        status: snapshot.status,
        now_ns: snapshot.now_ns,
        instrument_cpu_ns: snapshot.instrument_cpu_ns,
        screen_cpu_ns: snapshot.screen_cpu_ns,
        output: Vec::new(),
        stopped_arms: snapshot.stopped_arms.clone(),
        resumed: snapshot.resumed,
    }
}
