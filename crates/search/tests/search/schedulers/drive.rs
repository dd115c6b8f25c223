//! Runs schedulers on made-up losses, with slots whose legs end in any order.

use std::collections::BTreeMap;

use workbench_search::{FiniteLoss, NextStep, TrialId, TrialScheduler, TrialVerdict};

/// What a scheduler was asked and answered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Call {
    Start(TrialId, u64),
    Resume(TrialId, u64),
    Ended(TrialId, u64, Option<f64>, Option<TrialVerdict>),
    Wait(usize),
    Done,
}

pub fn loss(number: f64) -> FiniteLoss {
    FiniteLoss::new(number).unwrap()
}

/// Runs to the end. `pick` chooses which of so many running legs ends next; `of` gives the loss of
/// a trial at a budget, or none where it fails. Only the ends of legs are reported.
pub fn drive(
    scheduler: &mut dyn TrialScheduler,
    slots: usize,
    mut pick: impl FnMut(usize) -> usize,
    of: impl Fn(TrialId, u64) -> Option<f64>,
) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut running: Vec<(TrialId, u64)> = Vec::new();
    loop {
        while running.len() < slots {
            match scheduler.next(true) {
                NextStep::Start { trial, to, .. } => {
                    calls.push(Call::Start(trial, to));
                    running.push((trial, to));
                }
                NextStep::Resume { trial, to } => {
                    calls.push(Call::Resume(trial, to));
                    running.push((trial, to));
                }
                NextStep::Wait => {
                    calls.push(Call::Wait(running.len()));
                    break;
                }
                NextStep::Done => {
                    calls.push(Call::Done);
                    assert!(running.is_empty());
                    return calls;
                }
            }
        }
        // Several may end before the free slots ask.
        for _ in 0..=pick(running.len()) {
            let (trial, to) = running.remove(pick(running.len()));
            let number = of(trial, to);
            let verdict = if let Some(number) = number {
                Some(scheduler.report(trial, to, loss(number)))
            } else {
                scheduler.failed(trial);
                None
            };
            assert_ne!(verdict, Some(TrialVerdict::Continue));
            if verdict == Some(TrialVerdict::Pause) {
                scheduler.saved(trial, to);
            }
            calls.push(Call::Ended(trial, to, number, verdict));
        }
    }
}

/// How many legs ended at each budget.
pub fn ended(calls: &[Call]) -> BTreeMap<u64, usize> {
    let mut counts = BTreeMap::new();
    for call in calls {
        if let Call::Ended(_, to, _, _) = call {
            *counts.entry(*to).or_default() += 1;
        }
    }
    counts
}
