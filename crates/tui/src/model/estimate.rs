//! The running result of a run under way: computed anew when a repeat finished, not too often, and
//! kept in between.

use std::collections::BTreeMap;

use workbench_clock::seconds;
use workbench_pool::{Outcome, TaskSpan};
use workbench_record::{RepeatId, RepeatState, RunStatus, Snapshot};
use workbench_result::{RunResult, compute};

/// Beyond this many tasks the running result leaves out what needs all tasks at once (lost time,
/// what-if): working that out would take cores away from the repeat that is being measured. The
/// final result has everything.
const MOST_TASKS: u64 = 10_000;

/// Beyond this many repeats the running result is that of the latest ones: making it anew must not
/// cost more the longer the run is. The final result has everything.
const MOST_REPEATS: usize = 300;

/// The first finished repeats are what people wait for: the result is made anew with each.
const PROMPT: usize = 6;
/// Afterwards it is made anew at most this often, on the run's clock: resampling many short repeats
/// over and over would cost more than all drawing.
const PAUSE_NS: u64 = 2_000_000_000;

/// What is said where findings are left out.
pub const LEFT_OUT: &str = "Lost time and what-if wait for the end of the run: with this many tasks, \
                            working them out now would disturb what is measured.";

/// What the bound needs of the tasks of a repeat.
#[derive(Debug, Clone, Copy, Default)]
struct Work {
    started_ns: u64,
    tasks: usize,
    total_s: f64,
    longest_s: f64,
}

impl Work {
    fn of(repeat: &RepeatState) -> Self {
        let start = Self {
            started_ns: repeat.started_ns,
            tasks: repeat.tasks.len(),
            ..Self::default()
        };
        let done = |t: &&TaskSpan| t.outcome == Outcome::Done;
        repeat.tasks.iter().filter(done).fold(start, |work, task| {
            let cpu_s = seconds(task.cpu_ns);
            Self {
                total_s: work.total_s + cpu_s,
                longest_s: work.longest_s.max(cpu_s),
                ..work
            }
        })
    }

    /// All work / longest task.
    fn limit(&self) -> Option<f64> {
        (self.longest_s > 0.0).then(|| self.total_s / self.longest_s)
    }
}

/// The result as of the repeats that have finished.
#[derive(Debug, Default)]
pub struct Estimate {
    key: Option<(String, usize, RunStatus)>,
    result: Option<RunResult>,
    /// When it was made, on the run's clock.
    at_ns: u64,
    /// Of the repeats that have finished, each looked at once.
    work: BTreeMap<RepeatId, Work>,
    light: bool,
    /// How often a result was computed.
    pub computed: u32,
}

impl Estimate {
    /// Computes the result where another repeat has finished since; whether it did.
    pub fn refresh(&mut self, snapshot: &Snapshot) -> bool {
        let Some(started) = &snapshot.started else {
            return false;
        };
        let finished = snapshot.tally.finished as usize;
        let same = self.key.as_ref().is_some_and(|(run, count, status)| {
            *run == started.run_id && *count == finished && *status == snapshot.status
        });
        // Time that ran backwards is another part of the run, looked at again.
        let fresh = (self.at_ns..self.at_ns.saturating_add(PAUSE_NS)).contains(&snapshot.now_ns);
        let pause = fresh && finished > PROMPT && snapshot.status == RunStatus::Unfinished;
        let of_this = |key: &(String, usize, RunStatus)| key.0 == started.run_id;
        if same || (pause && self.key.as_ref().is_some_and(of_this)) {
            return false;
        }
        self.at_ns = snapshot.now_ns;
        self.key = Some((started.run_id.clone(), finished, snapshot.status));
        self.computed += 1;
        self.light = snapshot.tally.tasks > MOST_TASKS || snapshot.repeats.len() > MOST_REPEATS;
        self.result = if finished == 0 {
            None
        } else if self.light {
            self.bounded(snapshot)
        } else {
            compute(snapshot)
        };
        true
    }

    /// The result, as soon as a repeat has finished.
    pub fn result(&self) -> Option<&RunResult> {
        self.result.as_ref()
    }

    /// Whether lost time and what-if are left out of the result.
    pub fn is_light(&self) -> bool {
        self.light && self.result.is_some()
    }

    /// The result without what needs all tasks at once, but with the bounds.
    fn bounded(&mut self, snapshot: &Snapshot) -> Option<RunResult> {
        self.work
            .retain(|id, _| latest(snapshot).iter().any(|repeat| repeat.id == *id));
        for repeat in latest(snapshot).iter().filter(|r| r.finished.is_some()) {
            let same = |work: &Work| {
                (work.started_ns, work.tasks) == (repeat.started_ns, repeat.tasks.len())
            };
            if !self.work.get(&repeat.id).is_some_and(same) {
                self.work.insert(repeat.id.clone(), Work::of(repeat));
            }
        }
        let light = lightened(snapshot);
        let mut result = compute(&light)?;
        for arm in &mut result.arms {
            let ideal = arm.ideal.unwrap_or(f64::INFINITY);
            let median = light.median_repeat(&arm.name, arm.workers);
            let work = median.and_then(|repeat| self.work.get(&repeat.id));
            arm.bound = work.and_then(Work::limit).map(|limit| limit.min(ideal));
        }
        // These were worked out without the tasks.
        result.diagnoses.clear();
        Some(result)
    }
}

/// The latest repeats of a snapshot, without tasks and samples: enough for wall times, speed-ups
/// and their intervals.
fn lightened(snapshot: &Snapshot) -> Snapshot {
    let bare = |repeat: &RepeatState| RepeatState {
        start: repeat.start,
        progress: repeat.progress,
        finished: repeat.finished.clone(),
        ..RepeatState::begin(&repeat.id, repeat.started_ns)
    };
    Snapshot {
        comparison: snapshot.comparison.clone(),
        started: snapshot.started.clone(),
        repeats: latest(snapshot).iter().map(bare).collect(),
        left_out: snapshot.left_out.clone(),
        status: snapshot.status,
        now_ns: snapshot.now_ns,
        instrument_cpu_ns: snapshot.instrument_cpu_ns,
        screen_cpu_ns: snapshot.screen_cpu_ns,
        stopped_arms: snapshot.stopped_arms.clone(),
        failed_arms: snapshot.failed_arms.clone(),
        resumed: snapshot.resumed,
        starts: snapshot.starts.clone(),
        ..Snapshot::default()
    }
}

/// The repeats that a running result is made of.
fn latest(snapshot: &Snapshot) -> &[RepeatState] {
    let all = &snapshot.repeats;
    &all[all.len().saturating_sub(MOST_REPEATS)..]
}

#[cfg(test)]
mod tests {
    use workbench_record::Event;

    use super::*;
    use crate::views::tests::fixture::{Shape, run};

    /// The bounds of a running result that leaves tasks out are those of the final one.
    #[test]
    fn bounds_do_not_need_all_tasks_at_once() {
        let snapshot = run(&Shape {
            models: 30,
            ..Shape::default()
        });
        let tasks: usize = snapshot.repeats.iter().map(|r| r.tasks.len()).sum();
        assert!(tasks as u64 > MOST_TASKS, "{tasks}");
        let mut estimate = Estimate::default();
        assert!(estimate.refresh(&snapshot) && estimate.is_light());
        let all = compute(&snapshot).unwrap();
        let light = estimate.result().unwrap();
        assert!(light.diagnoses.is_empty() && !all.diagnoses.is_empty());
        for (a, b) in light.arms.iter().zip(&all.arms) {
            let (a, b) = (a.bound.unwrap(), b.bound.unwrap());
            assert!((a - b).abs() < 1e-9, "{a} {b}");
        }
    }

    /// Short repeats by the dozen do not have the result made anew each time, and its end
    /// is never missed.
    #[test]
    fn many_short_repeats_are_taken_together() {
        let mut config = crate::tests::fixture::quick();
        config.repeats = 60;
        let records = crate::tests::fixture::records("a-run", &config);
        let (mut snapshot, mut estimate) = (Snapshot::default(), Estimate::default());
        let mut prompt = 0;
        for record in &records {
            snapshot.apply(record);
            let new = estimate.refresh(&snapshot);
            let finished = snapshot.repeats.iter().filter(|r| r.finished.is_some());
            let repeat = matches!(record.event, Event::RepeatFinished(_));
            if repeat && finished.count() <= PROMPT {
                assert!(new, "the first repeats are waited for");
                prompt += 1;
            }
        }
        assert_eq!(prompt, PROMPT);
        let most = PROMPT as u64 + snapshot.now_ns / PAUSE_NS + 2;
        assert!(
            u64::from(estimate.computed) <= most,
            "{} of {most}",
            estimate.computed
        );
        snapshot.status = RunStatus::Completed;
        assert!(estimate.refresh(&snapshot));
        let done: usize = estimate
            .result()
            .unwrap()
            .arms
            .iter()
            .map(|a| a.wall_s.len())
            .sum();
        assert_eq!(done, snapshot.repeats.len());
    }
}
