//! How each rank stands now: the step it did last, its loss, how fast it is, and what it is doing.
//!
//! Belongs here: the latest word of each rank. Does not belong here: what counts in the end ([`crate::ledger`]).

use workbench_engine::lab::{Figure, SlotState};
use workbench_protocol::{Phase, StepReport};

use crate::ledger::Parts;

/// Rows per second are stated over at least so long.
const WINDOW_NS: u64 = 500_000_000;

/// The latest word of each rank.
#[derive(Debug, Clone, Default)]
pub struct Live(Vec<Rank>);

#[derive(Debug, Clone, Copy, Default)]
struct Rank {
    at_step: u64,
    loss: Option<f64>,
    rate: Option<f64>,
    phase: Option<Phase>,
    /// Rows since when.
    window: Option<(u64, u64)>,
}

impl Live {
    /// An attempt with so many ranks begins; what they did last stays until they do something.
    pub fn begin(&mut self, world: u32) {
        self.0.resize(world as usize, Rank::default());
        for rank in &mut self.0 {
            (rank.rate, rank.window, rank.phase) = (None, None, None);
        }
    }

    /// A rank says what it is doing.
    pub fn doing(&mut self, rank: u32, phase: Phase) {
        if let Some(rank) = self.0.get_mut(rank as usize) {
            rank.phase = Some(phase);
        }
    }

    /// A rank has done a step.
    pub fn step(&mut self, rank: u32, at_ns: u64, report: &StepReport) {
        let Some(rank) = self.0.get_mut(rank as usize) else {
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
            .zip(&self.0)
            .zip(parts)
            .map(|((slot, rank), parts)| {
                let figure = |name: &str, value: Option<f64>| {
                    value.map(|value| Figure {
                        name: name.to_owned(),
                        value,
                    })
                };
                SlotState {
                    slot,
                    steps: parts.steps,
                    at_step: rank.at_step,
                    doing: rank
                        .phase
                        .map_or_else(String::new, |phase| phase.name().to_owned()),
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
        live.begin(2);
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
        assert_eq!((states[0].figures.len(), states[0].doing.as_str()), (0, ""));
    }

    #[test]
    fn a_loss_that_is_no_number_is_none_and_a_new_attempt_has_no_speed_yet() {
        let mut live = Live::default();
        live.begin(1);
        live.step(0, 0, &report(3, 1.0));
        live.step(0, 1_000_000_000, &report(4, f64::NAN));
        let parts = [Parts::default(); 2];
        let before = live.states(&parts);
        assert_eq!((before.len(), figure(&before[0], "loss")), (1, None));
        assert!(figure(&before[0], "images/s").is_some());
        live.begin(2);
        let after = live.states(&parts);
        assert_eq!((after.len(), after[0].at_step), (2, 4));
        assert_eq!(figure(&after[0], "images/s"), None);
        live.step(7, 0, &report(0, 1.0));
    }
}
