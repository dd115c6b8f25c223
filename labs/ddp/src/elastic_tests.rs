//! Elastic trainings without processes: ranks are lost and regained in every phase, and every row
//! counts once in every epoch.

use std::collections::BTreeMap;

use proptest::prelude::*;
use workbench_ddp_protocol::{Reached, Share, StepReport};

use crate::ledger::Ledger;

/// What is true of the model, and what a checkpoint keeps of it.
#[derive(Debug, Clone, Default)]
struct Model {
    steps: u64,
    epoch: u32,
    /// Rows of the epoch.
    rows: u64,
    /// How often each row was used.
    used: BTreeMap<u64, u32>,
}

/// Where in a step the ranks are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    /// Before any of them has done it.
    Before,
    /// After so many have reported it, and nothing was saved.
    Reported(u32),
    /// After its checkpoint, of which so many ranks could report the step.
    Saved(u32),
}

/// One attempt: so many ranks, lost so many steps later.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    world: u32,
    steps: u64,
    lost: Lost,
}

struct Training {
    rows: u64,
    epochs: u32,
    batch: u32,
    strong: bool,
    checkpoint_every: u64,
    saved: Model,
    ledger: Ledger,
    progress: u64,
}

impl Training {
    fn new(rows: u64, epochs: u32, (batch, strong): (u32, bool), checkpoint_every: u64) -> Self {
        Self {
            rows,
            epochs,
            batch,
            strong,
            checkpoint_every,
            saved: Model::default(),
            ledger: Ledger::new(rows),
            progress: 0,
        }
    }

    fn batch(&self, world: u32) -> u32 {
        if self.strong {
            self.batch / world
        } else {
            self.batch
        }
    }

    /// One attempt from the last checkpoint on; without an end it goes to the end.
    fn attempt(&mut self, world: u32, end: Option<(u64, Lost)>) {
        self.ledger.begin(world);
        let mut model = self.saved.clone();
        self.progress += self.ledger.go_on_from(&Reached {
            steps: model.steps,
            epoch: model.epoch,
            rows: model.rows,
        });
        for number in 0.. {
            if model.epoch == self.epochs {
                self.saved = model;
                return;
            }
            let lost = end.and_then(|(steps, lost)| (number == steps).then_some(lost));
            if lost == Some(Lost::Before) {
                return;
            }
            let reports = self.step(&mut model, world);
            let heard = match lost {
                Some(Lost::Reported(heard) | Lost::Saved(heard)) => heard.min(world),
                _ => world,
            };
            for (rank, report) in (0..heard).zip(&reports) {
                let done = self.ledger.step(rank, 0, report);
                self.progress += done.map_or(0, |done| done.new_rows);
            }
            match lost {
                Some(Lost::Saved(_)) => {
                    self.saved = model;
                    return;
                }
                Some(_) => return,
                None if model.steps.is_multiple_of(self.checkpoint_every) => {
                    self.saved = model.clone();
                }
                None => {}
            }
        }
    }

    /// All ranks do a step; gives their reports.
    fn step(&self, model: &mut Model, world: u32) -> Vec<StepReport> {
        let left = self.rows - model.rows;
        let shares = (0..world).map(|rank| Share::next(left, (rank, world), self.batch(world)));
        let shares: Vec<Share> = shares.collect();
        let report = |share: &Share| StepReport {
            step: model.steps,
            epoch: model.epoch,
            samples: share.rows(),
            rows_of_step: share.rows_of_step,
            rows_before: model.rows,
            ..StepReport::default()
        };
        let reports = shares.iter().map(report).collect();
        for place in shares.iter().flat_map(Share::places) {
            *model.used.entry(model.rows + place).or_default() += 1;
        }
        model.steps += 1;
        model.rows += shares[0].rows_of_step;
        if model.rows == self.rows {
            (model.epoch, model.rows) = (model.epoch + 1, 0);
        }
        reports
    }

    /// After the last attempt.
    fn check(&self) {
        let all = self.rows * u64::from(self.epochs);
        assert_eq!(self.ledger.rows(), all);
        assert_eq!(self.progress, all);
        assert_eq!(self.ledger.contradiction(), None);
        assert_eq!(self.ledger.steps(), self.saved.steps);
        assert_eq!(self.saved.used.len() as u64, self.rows);
        assert!(self.saved.used.values().all(|used| *used == self.epochs));
    }
}

/// Every number of ranks from 1 to 4, lost in every phase of every step and gone on with by every
/// number, which is lost again; in weak and in strong scaling, whatever the rows left over are.
#[test]
fn every_row_counts_once_whatever_is_lost_and_regained() {
    for rows in [24, 25, 26, 29, 34, 37] {
        for strong in [false, true] {
            for checkpoint_every in [1, 3] {
                lose_and_regain(rows, if strong { 12 } else { 3 }, strong, checkpoint_every);
            }
        }
    }
}

fn lose_and_regain(rows: u64, batch: u32, strong: bool, checkpoint_every: u64) {
    for (first, second, third) in worlds() {
        for (steps, lost) in ends(first) {
            for (later, lost_again) in ends(second) {
                let mut training = Training::new(rows, 1, (batch, strong), checkpoint_every);
                training.attempt(first, Some((steps, lost)));
                training.attempt(second, Some((later, lost_again)));
                training.attempt(third, None);
                training.check();
            }
        }
    }
}

fn worlds() -> impl Iterator<Item = (u32, u32, u32)> {
    (0..64).map(|code| (1 + code % 4, 1 + code / 4 % 4, 1 + code / 16))
}

fn ends(world: u32) -> Vec<(u64, Lost)> {
    let heard = |how: fn(u32) -> Lost| (0..=world).map(how);
    let all = [Lost::Before].into_iter();
    let all = all.chain(heard(Lost::Reported)).chain(heard(Lost::Saved));
    let all: Vec<Lost> = all.collect();
    let steps = [0, 2];
    steps
        .into_iter()
        .flat_map(|steps| all.iter().map(move |lost| (steps, *lost)))
        .collect()
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let lost = prop_oneof![
        Just(Lost::Before),
        (0u32..5).prop_map(Lost::Reported),
        (0u32..5).prop_map(Lost::Saved),
    ];
    let attempt =
        (1u32..5, 0u64..12, lost).prop_map(|(world, steps, lost)| Attempt { world, steps, lost });
    proptest::collection::vec(attempt, 0..8)
}

proptest! {
    #[test]
    fn rows_and_steps_add_up_after_any_number_of_resizes(
        rows in 24u64..400,
        epochs in 1u32..4,
        strong: bool,
        batch in 1u32..4,
        checkpoint_every in 1u64..9,
        attempts in attempts(),
        last in 1u32..5,
    ) {
        let batch = if strong { 24 } else { batch + 1 };
        let mut training = Training::new(rows, epochs, (batch, strong), checkpoint_every);
        for attempt in attempts {
            training.attempt(attempt.world, Some((attempt.steps, attempt.lost)));
        }
        training.attempt(last, None);
        training.check();
    }

    #[test]
    fn steps_of_strong_scaling_do_not_depend_on_the_ranks(rows in 24u64..400, world in 1u32..5) {
        use workbench_ddp_protocol::shares::steps;
        prop_assert_eq!(steps(rows, 1, 24), steps(rows, world, 24 / world));
        // The plan is what the ranks do.
        let mut training = Training::new(rows, 1, (24, true), 1);
        training.attempt(world, None);
        prop_assert_eq!(training.saved.steps, steps(rows, world, 24 / world));
    }
}
