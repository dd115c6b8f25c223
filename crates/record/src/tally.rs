//! A run as sums: what an estimate of the remaining time needs. Its size depends on the run's
//! configuration and not on its length, so that folding an event and reading the sums cost the same
//! in the first minute and after thousands of repeats.

use std::collections::BTreeMap;

use super::event::{Event, Record, RepeatId};

/// The sums of one arm at one number of workers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ArmTally {
    /// Repeats that have finished and count.
    pub finished: u32,
    /// Their wall time, in nanoseconds.
    pub wall_ns: u64,
    /// Repeats of this part of the run that ended without an outcome.
    pub unfinished: u32,
    /// How long those took, and those that were left out, in nanoseconds.
    pub unfinished_ns: u64,
}

/// A run as sums so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// The run's id; `None` before the first event.
    pub run_id: Option<String>,
    /// Every arm at every number of workers that the run is to have.
    pub planned: Vec<(String, u32)>,
    /// Repeats that each of them is to have.
    pub repeats: u32,
    /// Latest timestamp seen, in nanoseconds on the run's clock.
    pub now_ns: u64,
    /// How often the run was resumed.
    pub resumed: u32,
    /// Tasks that have ended.
    pub tasks: u64,
    /// Repeats that have finished.
    pub finished: u32,
    /// The sums by arm and workers.
    pub arms: BTreeMap<(String, u32), ArmTally>,
    /// The latest repeat; it is under way unless it is over.
    pub latest: Option<RepeatPace>,
    /// Arms that a person stopped, or that failed, in this part of the run.
    given_up: Vec<String>,
}

impl Tally {
    /// Repeats that the run is to have, over all arms.
    pub fn planned_repeats(&self) -> u32 {
        self.repeats.saturating_mul(self.planned.len() as u32)
    }

    /// Adds one event.
    pub fn apply(&mut self, record: &Record) {
        self.now_ns = self.now_ns.max(record.t_ns);
        match &record.event {
            Event::RunStarted(started) => {
                let config = &started.config;
                self.run_id = Some(started.run_id.clone());
                self.repeats = config.repeats;
                self.planned = started
                    .arms
                    .iter()
                    .flat_map(|arm| {
                        let workers = arm.workers_of(&config.workers).into_iter();
                        workers.map(|workers| (arm.name.clone(), workers))
                    })
                    .collect();
            }
            Event::RepeatsPlanned { repeats } => self.repeats = *repeats,
            Event::RunResumed(_) => {
                self.resumed += 1;
                self.given_up.clear();
                self.latest = None;
                for arm in self.arms.values_mut() {
                    (arm.unfinished, arm.unfinished_ns) = (0, 0);
                }
            }
            Event::RepeatStarted(id) | Event::RepeatContinued(id) => {
                self.begin(id, record.t_ns);
            }
            Event::RepeatFinished(finished) => {
                let counts = finished.counts();
                self.finished += u32::from(counts);
                let arm = self.arm(&finished.id);
                arm.finished += u32::from(counts);
                let sum = if counts {
                    &mut arm.wall_ns
                } else {
                    &mut arm.unfinished_ns
                };
                *sum = sum.saturating_add(finished.wall_ns);
                if let Some(latest) = self.latest.as_mut().filter(|l| l.id == finished.id) {
                    latest.is_over = true;
                }
            }
            Event::ArmStopped { arm } => self.give_up(arm),
            Event::ArmFailed(failure) => self.give_up(&failure.arm),
            Event::Task(_) => self.tasks += 1,
            Event::Progress { done, total } => {
                if let Some(latest) = &mut self.latest {
                    latest.advance(record.t_ns, (*done, *total));
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, id: &RepeatId, t_ns: u64) {
        if let Some(before) = self.latest.take().filter(|latest| !latest.is_over) {
            let arm = self.arm(&before.id);
            arm.unfinished += 1;
            let took = t_ns.saturating_sub(before.started_ns);
            arm.unfinished_ns = arm.unfinished_ns.saturating_add(took);
        }
        self.latest = Some(RepeatPace::new(id, t_ns));
    }

    fn arm(&mut self, id: &RepeatId) -> &mut ArmTally {
        self.arms.entry((id.arm.clone(), id.workers)).or_default()
    }

    fn give_up(&mut self, arm: &str) {
        if !self.given_up.iter().any(|known| known == arm) {
            self.given_up.push(arm.to_owned());
        }
    }

    /// The repeat under way.
    pub fn under_way(&self) -> Option<&RepeatPace> {
        self.latest.as_ref().filter(|latest| !latest.is_over)
    }

    /// Whether an arm was stopped or has failed: its missing repeats are not run. In a resumed run
    /// they are.
    pub fn has_given_up(&self, arm: &str) -> bool {
        let ended = |((name, _), tally): (&(String, u32), &ArmTally)| {
            name == arm && tally.unfinished > 0 && self.resumed == 0
        };
        self.given_up.iter().any(|known| known == arm) || self.arms.iter().any(ended)
    }
}

/// How fast a repeat goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatPace {
    /// Which repeat.
    pub id: RepeatId,
    /// When its clock was started, nanoseconds on the run's clock.
    pub started_ns: u64,
    /// Units of progress: done, total.
    pub progress: (u64, u64),
    is_over: bool,
    /// When it last did something, and how much it had done then.
    advanced: (u64, u64),
    /// The sum of the times between advances.
    gaps_ns: u64,
    /// The time to the first advance.
    first_gap_ns: Option<u64>,
    /// The two longest of the later ones, the longest first.
    longest_ns: [Option<u64>; 2],
}

impl RepeatPace {
    fn new(id: &RepeatId, started_ns: u64) -> Self {
        Self {
            id: id.clone(),
            started_ns,
            progress: (0, 0),
            is_over: false,
            advanced: (started_ns, 0),
            gaps_ns: 0,
            first_gap_ns: None,
            longest_ns: [None; 2],
        }
    }

    fn advance(&mut self, t_ns: u64, progress: (u64, u64)) {
        self.progress = progress;
        let (before_ns, before) = self.advanced;
        if progress.0 <= before {
            return;
        }
        let gap = t_ns.saturating_sub(before_ns);
        self.advanced = (t_ns, progress.0);
        self.gaps_ns = self.gaps_ns.saturating_add(gap);
        let [longest, second] = self.longest_ns;
        self.longest_ns = match self.first_gap_ns {
            None => {
                self.first_gap_ns = Some(gap);
                self.longest_ns
            }
            Some(_) if Some(gap) >= longest => [Some(gap), longest],
            Some(_) if Some(gap) > second => [longest, Some(gap)],
            Some(_) => self.longest_ns,
        };
    }

    /// The share of its progress that is done, 0 to 1; 0 while nothing is known.
    pub fn share(&self) -> f64 {
        share_done(self.progress)
    }

    /// Nanoseconds that another repeat like this one would take, and those that this one will still
    /// take at its speed so far; `None` before its first progress.
    ///
    /// The speed is that of the progress. Pauses do not lengthen the estimate: neither the
    /// start-up, nor the current gap, nor the longest gap so far if it is the only one of its
    /// length, such as that of a failure.
    pub fn projected_ns(&self) -> Option<(f64, f64)> {
        let first = self.first_gap_ns?;
        let [longest, second] = self.longest_ns;
        let usual_gap = second.unwrap_or(u64::MAX);
        let over = |gap: u64| gap.saturating_sub(usual_gap);
        let usual = self.gaps_ns - over(first) - longest.map_or(0, over);
        let done = self.advanced.1;
        let rest = self.progress.1.saturating_sub(done);
        let left = usual as f64 / done as f64 * rest as f64;
        Some(((usual.saturating_add(over(first))) as f64 + left, left))
    }
}

/// The share of a progress (done, total) that is done, 0 to 1; 0 where the total is not known.
pub(crate) fn share_done((done, total): (u64, u64)) -> f64 {
    if total == 0 {
        0.0
    } else {
        (done as f64 / total as f64).min(1.0)
    }
}
