//! The current state of each rank, for the record: its last step, loss, speed, phase and health.
//!
//! Belongs here: the latest state of each rank. Does not belong here: totals ([`crate::ledger`]),
//! and judging health, which comes with [`RankState`].

use workbench_ddp_protocol::{Phase, Stage, StepReport};
use workbench_experiment::lab::{self as record, Figure, SlotState};
use workbench_protocol::PhaseName as _;
use workbench_workers::{Loss, RankState, SlowKind, Stall, WorkerHealth};

use crate::ledger::Parts;

/// The shortest interval for a figure of rows per second.
const WINDOW_NS: u64 = 500_000_000;

/// The latest state of each rank.
#[derive(Debug, Clone, Default)]
pub struct Live {
    ranks: Vec<Rank>,
}

#[derive(Debug, Clone, Copy)]
struct Rank {
    attempt: u32,
    at_step: u64,
    loss: Option<f64>,
    rate: Option<f64>,
    phase: Phase,
    /// Its last judged state.
    health: WorkerHealth<Phase>,
    /// How it ended, if it has.
    end: Option<End>,
    /// The start of the current interval, for rows per second.
    window: Option<(u64, u64)>,
}

/// How a rank ended, or why it has no process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It reported that it cannot continue.
    Failed,
    /// Its process has ended before its training.
    Died,
    /// Its training has ended.
    Done,
    /// Its process was ended because another rank failed.
    Stopped,
    /// It has no process in this attempt.
    Away,
}

impl Rank {
    fn new(attempt: u32) -> Self {
        Self {
            attempt,
            at_step: 0,
            loss: None,
            rate: None,
            phase: Phase::Starting,
            health: WorkerHealth::Working,
            end: None,
            window: None,
        }
    }

    /// Its activity, in one or two words, and its health as the record has it.
    fn activity(&self) -> (&'static str, record::Health) {
        if let Some(end) = self.end {
            return match end {
                End::Failed => ("failed", record::Health::Lost),
                End::Died => ("ended", record::Health::Lost),
                End::Away => ("away", record::Health::Lost),
                End::Done => ("done", record::Health::Ended),
                End::Stopped => ("ended", record::Health::Ended),
            };
        }
        match self.health {
            WorkerHealth::Stalled(Stall::Stopped) => ("stopped", record::Health::Stalled),
            WorkerHealth::Stalled(Stall::Silent) => ("silent", record::Health::Stalled),
            WorkerHealth::Stalled(Stall::Stuck) => ("stuck", record::Health::Stalled),
            WorkerHealth::Slow(_) => (phase_name(self.phase), record::Health::Slow),
            // Its phase may be newer than the judged state.
            _ if self.phase.is_waiting() => (phase_name(self.phase), record::Health::Waiting),
            _ => (phase_name(self.phase), record::Health::Working),
        }
    }

    /// Its work on a step relative to that of the fastest rank, if it is slow.
    fn slow_factor(&self) -> Option<f64> {
        match (self.end, self.health) {
            (None, WorkerHealth::Slow(SlowKind::Steps(slow))) => Some(slow.factor()),
            _ => None,
        }
    }
}

impl Live {
    /// Begins an attempt with this many ranks. States of the previous attempt are dropped: those
    /// were other processes.
    pub fn begin(&mut self, world: u32, attempt: u32) {
        let world = world as usize;
        let new = Rank::new(attempt);
        self.ranks.resize(self.ranks.len().max(world), new);
        self.ranks[..world].fill(new);
        for rank in &mut self.ranks[world..] {
            *rank = Rank {
                at_step: rank.at_step,
                end: Some(End::Away),
                ..Rank::new(rank.attempt)
            };
        }
    }

    /// Records the phase of a rank.
    pub fn doing(&mut self, rank: u32, phase: Phase) {
        if let Some(rank) = self.ranks.get_mut(rank as usize) {
            rank.phase = phase;
        }
    }

    /// Records that a rank has reached a stage of its start-up, and is in the next.
    pub fn reached(&mut self, rank: u32, stage: Stage) {
        match stage {
            Stage::Started => self.doing(rank, Phase::Loading),
            Stage::LibraryLoaded => self.doing(rank, Phase::Rendezvous),
            Stage::Rendezvous | Stage::DataLoaded => self.doing(rank, Phase::Data),
            Stage::FirstStep => {}
        }
    }

    /// Records the end of a rank. The first report is kept: a process that reports a failure exits
    /// a moment later.
    pub fn ended(&mut self, rank: u32, end: End) {
        if let Some(rank) = self.ranks.get_mut(rank as usize) {
            rank.end.get_or_insert(end);
        }
    }

    /// Records that all remaining ranks are being ended.
    pub fn end_all(&mut self) {
        for rank in &mut self.ranks {
            rank.end.get_or_insert(End::Stopped);
        }
    }

    /// Records the health of a rank.
    pub fn judged(&mut self, state: &RankState<Phase>) {
        match state.health {
            WorkerHealth::Lost(Loss::Exited(_)) => self.ended(state.rank, End::Died),
            health => {
                if let Some(rank) = self.ranks.get_mut(state.rank as usize) {
                    rank.health = health;
                }
            }
        }
    }

    /// Records a step of a rank.
    pub fn step(&mut self, rank: u32, at_ns: u64, report: &StepReport) {
        let Some(rank) = self.ranks.get_mut(rank as usize) else {
            return;
        };
        rank.at_step = report.step;
        rank.loss = Some(report.loss).filter(|loss| loss.is_finite());
        let Some((rows, since_ns)) = rank.window else {
            rank.window = Some((0, at_ns));
            return;
        };
        let rows = rows + u64::from(report.samples);
        let took_ns = at_ns.saturating_sub(since_ns);
        if took_ns < WINDOW_NS {
            rank.window = Some((rows, since_ns));
        } else {
            rank.rate = Some(rows as f64 / took_ns as f64 * 1e9);
            rank.window = Some((0, at_ns));
        }
    }

    /// The states of all ranks, with the time of their steps by phase.
    pub fn states(&self, parts: &[Parts]) -> Vec<SlotState> {
        (0..)
            .zip(&self.ranks)
            .zip(parts)
            .map(|((slot, rank), parts)| {
                let figure = |name: &str, value: Option<f64>| {
                    value.map(|value| Figure {
                        name: name.to_owned(),
                        value,
                    })
                };
                let (doing, health) = rank.activity();
                SlotState {
                    slot,
                    steps: parts.steps,
                    at_step: rank.at_step,
                    doing: doing.to_owned(),
                    health,
                    slow_factor: rank.slow_factor(),
                    attempt: rank.attempt,
                    figures: [figure("loss", rank.loss), figure("images/s", rank.rate)]
                        .into_iter()
                        .flatten()
                        .collect(),
                    parts: parts.named(),
                }
            })
            .collect()
    }
}

/// The name of a phase in a table column, outside of a sentence.
fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Starting => "starting",
        Phase::Sums => "sums",
        _ => phase.name(),
    }
}

#[cfg(test)]
mod tests {
    use workbench_protocol::Position;
    use workbench_workers::{Awaited, ProcessExit};

    use super::*;

    fn report(step: u64, loss: f64) -> StepReport {
        StepReport {
            step,
            loss,
            samples: 100,
            ..StepReport::default()
        }
    }

    fn figure(state: &SlotState, name: &str) -> Option<f64> {
        let found = state.figures.iter().find(|figure| figure.name == name)?;
        Some(found.value)
    }

    #[test]
    fn a_rank_stands_at_its_last_step_and_is_as_fast_as_it_was_lately() {
        let mut live = Live::default();
        live.begin(2, 0);
        // Ten steps a second, then five; the first step has no time of its own.
        for step in 0..=5 {
            live.step(1, 100_000_000 * step, &report(step, 2.0));
        }
        let parts = [Parts::default(); 2];
        assert_eq!(figure(&live.states(&parts)[1], "images/s"), Some(1000.0));
        for step in 6..=8 {
            live.step(
                1,
                500_000_000 + 200_000_000 * (step - 5),
                &report(step, 1.5),
            );
        }
        live.doing(1, Phase::AllReduce);
        let states = live.states(&parts);
        assert_eq!((states[1].slot, states[1].at_step), (1, 8));
        assert_eq!(states[1].doing, "all-reduce");
        assert_eq!(figure(&states[1], "images/s"), Some(500.0));
        assert_eq!(figure(&states[1], "loss"), Some(1.5));
        assert_eq!(
            (states[0].figures.len(), states[0].doing.as_str()),
            (0, "starting")
        );
    }

    #[test]
    fn a_loss_that_is_no_number_is_none_and_a_new_attempt_has_nothing_of_the_one_before() {
        let mut live = Live::default();
        live.begin(1, 0);
        live.step(0, 0, &report(3, 1.0));
        live.step(0, 1_000_000_000, &report(4, f64::NAN));
        let parts = [Parts::default(); 2];
        let before = live.states(&parts);
        assert_eq!((before.len(), figure(&before[0], "loss")), (1, None));
        assert!(figure(&before[0], "images/s").is_some());
        live.begin(2, 1);
        let after = live.states(&parts);
        assert_eq!((after.len(), after[0].attempt), (2, 1));
        assert_eq!((after[0].at_step, after[0].figures.len()), (0, 0));
        live.step(7, 0, &report(0, 1.0));
    }

    fn state(rank: u32, health: WorkerHealth<Phase>) -> RankState<Phase> {
        RankState {
            rank,
            position: Position {
                phase: Phase::Evaluation,
                step: 4,
            },
            health,
            for_s: 0.0,
        }
    }

    fn stands(live: &Live) -> Vec<(String, record::Health)> {
        let states = live.states(&[Parts::default(); 2]);
        states.into_iter().map(|s| (s.doing, s.health)).collect()
    }

    fn told(of: [(&str, record::Health); 2]) -> Vec<(String, record::Health)> {
        of.map(|(word, health)| (word.to_owned(), health)).into()
    }

    #[test]
    fn the_start_up_is_told_from_the_beginning() {
        let mut live = Live::default();
        live.begin(1, 0);
        let mut said = vec![stands(&live)[0].0.clone()];
        for stage in Stage::ALL {
            live.reached(0, stage);
            said.push(stands(&live)[0].0.clone());
        }
        said.dedup();
        assert_eq!(said, ["starting", "loading", "rendezvous", "data"]);
    }

    #[test]
    fn an_end_is_told_at_once_and_kept_until_the_next_attempt() {
        let mut live = Live::default();
        live.begin(2, 0);
        live.doing(0, Phase::AllReduce);
        live.doing(1, Phase::Backward);
        live.ended(1, End::Died);
        let (waits, works) = (record::Health::Waiting, record::Health::Working);
        let (gone, over) = (record::Health::Lost, record::Health::Ended);
        assert_eq!(
            stands(&live),
            told([("all-reduce", waits), ("ended", gone)])
        );
        // A late message and a later judgement change nothing.
        live.doing(1, Phase::Forward);
        live.judged(&state(1, WorkerHealth::Working));
        live.ended(1, End::Done);
        live.end_all();
        assert_eq!(stands(&live), told([("ended", over), ("ended", gone)]));
        live.begin(1, 1);
        assert_eq!(stands(&live), told([("starting", works), ("away", gone)]));
        live.begin(2, 2);
        live.ended(0, End::Failed);
        assert_eq!(stands(&live), told([("failed", gone), ("starting", works)]));
    }

    #[test]
    fn whoever_stands_still_or_is_waited_for_is_told() {
        let mut live = Live::default();
        live.begin(2, 0);
        live.doing(0, Phase::Sums);
        live.doing(1, Phase::Evaluation);
        let slow = SlowKind::Awaited(Awaited {
            rank: 1,
            phase: Phase::Evaluation,
            waiting: 0,
            waits_in: Phase::Sums,
            waits_s: 2.0,
        });
        live.judged(&state(1, WorkerHealth::Slow(slow)));
        let (waits, still) = (record::Health::Waiting, record::Health::Stalled);
        let sums = ("sums", waits);
        assert_eq!(
            stands(&live),
            told([sums, ("evaluation", record::Health::Slow)])
        );
        live.judged(&state(1, WorkerHealth::Stalled(Stall::Stopped)));
        assert_eq!(stands(&live), told([sums, ("stopped", still)]));
        live.judged(&state(1, WorkerHealth::Stalled(Stall::Silent)));
        assert_eq!(stands(&live), told([sums, ("silent", still)]));
        live.judged(&state(1, WorkerHealth::Working));
        assert_eq!(
            stands(&live),
            told([sums, ("evaluation", record::Health::Working)])
        );
        live.judged(&state(
            1,
            WorkerHealth::Lost(Loss::Exited(ProcessExit::Code(1))),
        ));
        assert_eq!(stands(&live), told([sums, ("ended", record::Health::Lost)]));
    }
}
