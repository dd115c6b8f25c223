//! How each rank stands now: the step it did last, its loss, how fast it is, and what it is doing.
//!
//! Belongs here: the latest word of each rank. Does not belong here: what counts in the end ([`crate::ledger`]).

use workbench_experiment::lab::{Figure, Health, SlotState};
use workbench_protocol::{Phase, Stage, StepReport};
use workbench_workers::Condition;

use crate::ledger::Parts;

/// Rows per second are stated over at least so long.
const WINDOW_NS: u64 = 500_000_000;

/// The latest word of each rank.
#[derive(Debug, Clone, Default)]
pub struct Live {
    ranks: Vec<Rank>,
    /// Whom the others wait for outside of steps.
    late: Option<u32>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Rank {
    attempt: u32,
    at_step: u64,
    loss: Option<f64>,
    rate: Option<f64>,
    phase: Option<Phase>,
    /// What is known beyond what it says itself.
    told: Option<Told>,
    /// Rows since when.
    window: Option<(u64, u64)>,
}

/// What is known of a rank beyond what it says itself: in a word, and what that means.
type Told = (&'static str, Health);

/// How a rank ended, or that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It said that it cannot go on.
    Failed,
    /// Its process is over, and its training was not.
    Died,
    /// Its training is over.
    Done,
}

impl End {
    fn told(self) -> Told {
        match self {
            Self::Failed => ("failed", Health::Lost),
            Self::Died => ("ended", Health::Lost),
            Self::Done => ("done", Health::Ended),
        }
    }
}

/// A rank that has no process in this attempt.
const AWAY: Told = ("away", Health::Lost);

impl Live {
    /// An attempt with so many ranks begins. What they did in the one before is not theirs: they are other processes.
    pub fn begin(&mut self, world: u32, attempt: u32) {
        let world = world as usize;
        let new = Rank {
            attempt,
            phase: Some(Phase::Starting),
            ..Rank::default()
        };
        self.late = None;
        self.ranks.resize(self.ranks.len().max(world), new);
        self.ranks[..world].fill(new);
        for rank in &mut self.ranks[world..] {
            *rank = Rank {
                attempt: rank.attempt,
                at_step: rank.at_step,
                told: Some(AWAY),
                ..Rank::default()
            };
        }
    }

    /// A rank says what it is doing.
    pub fn doing(&mut self, rank: u32, phase: Phase) {
        if let Some(rank) = self.ranks.get_mut(rank as usize) {
            rank.phase = Some(phase);
        }
    }

    /// A rank has reached a stage of its start-up, and goes on to the next.
    pub fn reached(&mut self, rank: u32, stage: Stage) {
        match stage {
            Stage::Started => self.doing(rank, Phase::Loading),
            Stage::LibraryLoaded => self.doing(rank, Phase::Rendezvous),
            Stage::Rendezvous | Stage::DataLoaded => self.doing(rank, Phase::Data),
            Stage::FirstStep => {}
        }
    }

    /// A rank has ended. What was known first is kept: a process that said that it failed ends a moment later.
    pub fn ended(&mut self, rank: u32, end: End) {
        if let Some(rank) = self.ranks.get_mut(rank as usize)
            && !rank.is_over()
        {
            rank.told = Some(end.told());
        }
    }

    /// All that are left are being ended.
    pub fn end_all(&mut self) {
        for rank in self.ranks.iter_mut().filter(|rank| !rank.is_over()) {
            rank.told = Some(("ended", Health::Ended));
        }
    }

    /// How whoever watches over a rank finds it, and whether its process is stopped.
    pub fn found(&mut self, rank: u32, condition: Condition, stopped: bool) {
        let told = match condition {
            Condition::Ended(_) => return self.ended(rank, End::Died),
            Condition::Stopped => Some("stopped"),
            Condition::Silent => Some("silent"),
            Condition::Stuck => Some("stuck"),
            Condition::Working | Condition::Finished => stopped.then_some("stopped"),
        };
        if let Some(rank) = self.ranks.get_mut(rank as usize)
            && !rank.is_over()
        {
            rank.told = told.map(|word| (word, Health::Stalled));
        }
    }

    /// Whom the others wait for outside of steps, if anybody.
    pub fn wait_for(&mut self, late: Option<u32>) {
        self.late = late;
    }

    /// A rank has done a step.
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

    /// How all ranks stand, with what they have spent their steps on.
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
                let (doing, health) = rank.stands(self.late == Some(slot));
                SlotState {
                    slot,
                    steps: parts.steps,
                    at_step: rank.at_step,
                    doing: doing.to_owned(),
                    health,
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

impl Rank {
    fn is_over(&self) -> bool {
        matches!(self.told, Some((_, Health::Lost | Health::Ended)))
    }

    /// What it does, in a word or two, and whether it gets on. `late` is whether the others wait for it.
    fn stands(&self, late: bool) -> Told {
        let Some(phase) = self.phase else {
            return self.told.unwrap_or_default();
        };
        let health = match phase {
            _ if late => Health::Slow,
            phase if phase.is_waiting() => Health::Waiting,
            _ => Health::Working,
        };
        self.told.unwrap_or((word(phase), health))
    }
}

/// A phase in a column of its own, where there is no sentence around it.
fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Starting => "starting",
        Phase::Sums => "sums",
        _ => phase.name(),
    }
}

#[cfg(test)]
mod tests {
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

    fn stands(live: &Live) -> Vec<(String, Health)> {
        let states = live.states(&[Parts::default(); 2]);
        states.into_iter().map(|s| (s.doing, s.health)).collect()
    }

    fn told(of: [(&str, Health); 2]) -> Vec<(String, Health)> {
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
        let (waits, works) = (Health::Waiting, Health::Working);
        let (gone, over) = (Health::Lost, Health::Ended);
        assert_eq!(
            stands(&live),
            told([("all-reduce", waits), ("ended", gone)])
        );
        // A last word that was under way, and another finding, change nothing.
        live.doing(1, Phase::Forward);
        live.found(1, Condition::Working, false);
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
        live.wait_for(Some(1));
        let (waits, still) = (Health::Waiting, Health::Stalled);
        let sums = ("sums", waits);
        assert_eq!(stands(&live), told([sums, ("evaluation", Health::Slow)]));
        live.wait_for(None);
        live.found(1, Condition::Working, true);
        assert_eq!(stands(&live), told([sums, ("stopped", still)]));
        live.found(1, Condition::Silent, false);
        assert_eq!(stands(&live), told([sums, ("silent", still)]));
        live.found(1, Condition::Working, false);
        assert_eq!(stands(&live), told([sums, ("evaluation", Health::Working)]));
    }
}
