//! The simulation: a heap of the next report of every slot.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::curve::{LearningCurve, LegCosts, SimulationError};
use super::simulated::{SimulatedLeg, SimulatedSearch, SimulatedTrial};
use crate::loss::FiniteLoss;
use crate::scheduler::{NextStep, TrialScheduler, TrialVerdict};
use crate::trial::TrialId;

/// When a slot's trial comes to its next point, in seconds of work.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Due {
    at_s: f64,
    slot: usize,
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        let time = self.at_s.total_cmp(&other.at_s);
        time.then(self.slot.cmp(&other.slot))
    }
}

/// What a slot does.
#[derive(Debug, Clone, Copy)]
enum Slot {
    Free,
    Runs(OnSlot),
    /// Saves the state of a trial that has paused.
    Saves,
}

/// A leg on a slot.
#[derive(Debug, Clone, Copy)]
struct OnSlot {
    trial: TrialId,
    from: u64,
    to: u64,
    start_s: f64,
}

struct Simulation<'a> {
    curves: &'a [LearningCurve],
    costs: LegCosts,
    pace: &'a dyn Fn(usize) -> f64,
    /// How far the work of every running leg is. All go on at the same pace, so this orders what
    /// comes next whatever the pace is.
    work_s: f64,
    /// The time.
    now_s: f64,
    due: BinaryHeap<Reverse<Due>>,
    slots: Vec<Slot>,
    /// Which trial a slot ran last: it goes on there without being loaded.
    warm: Vec<Option<TrialId>>,
    /// The next point of each trial.
    position: Vec<usize>,
    search: SimulatedSearch,
}

/// Simulates a search on so many slots. Trial number n behaves as `curves[n]`; there are as many
/// trials as curves, or fewer. Free slots ask in the order of their numbers, and of reports at the
/// same time that of the lower slot comes first.
///
/// # Errors
///
/// The curves lack what the scheduler needs, or it copies trials.
pub fn simulate(
    curves: &[LearningCurve],
    scheduler: &mut dyn TrialScheduler,
    slots: usize,
    costs: LegCosts,
) -> Result<SimulatedSearch, SimulationError> {
    simulate_paced(curves, scheduler, slots, (costs, &|_| 1.0))
}

/// As [`simulate`], on slots that slow each other down: while so many are busy, what the curves
/// say takes `pace` times as long. Slots that share a core or the memory are faster alone.
///
/// # Errors
///
/// As [`simulate`].
pub fn simulate_paced(
    curves: &[LearningCurve],
    scheduler: &mut dyn TrialScheduler,
    slots: usize,
    (costs, pace): (LegCosts, &dyn Fn(usize) -> f64),
) -> Result<SimulatedSearch, SimulationError> {
    if slots == 0 {
        return Err(SimulationError::NoSlots);
    }
    if curves.is_empty() {
        return Err(SimulationError::NoCurves);
    }
    for (at, curve) in curves.iter().enumerate() {
        let rising = curve.points.is_sorted_by(|a, b| a.budget < b.budget);
        let timed = curve
            .points
            .iter()
            .all(|point| point.seconds >= 0.0 && point.seconds.is_finite());
        if !rising || !timed {
            return Err(SimulationError::Disordered(TrialId(at as u64)));
        }
    }
    run(curves, scheduler, slots, (costs, pace))
}

fn run(
    curves: &[LearningCurve],
    scheduler: &mut dyn TrialScheduler,
    slots: usize,
    (costs, pace): (LegCosts, &dyn Fn(usize) -> f64),
) -> Result<SimulatedSearch, SimulationError> {
    let least = |(at, curve): (usize, &LearningCurve)| {
        let (loss, _) = curve.least()?;
        Some((loss, TrialId(at as u64)))
    };
    let oracle = curves.iter().enumerate().filter_map(least).min();
    let mut simulation = Simulation {
        curves,
        costs,
        pace,
        work_s: 0.0,
        now_s: 0.0,
        due: BinaryHeap::new(),
        slots: vec![Slot::Free; slots],
        warm: vec![None; slots],
        position: Vec::new(),
        search: SimulatedSearch {
            slots,
            makespan_s: 0.0,
            idle_s: 0.0,
            legs: Vec::new(),
            trials: Vec::new(),
            anytime: Vec::new(),
            found: None,
            oracle: oracle.map(|(loss, trial)| (trial, loss)),
        },
    };
    simulation.fill(scheduler)?;
    while let Some(Reverse(due)) = simulation.due.pop() {
        simulation.pass(due.at_s);
        if simulation.report(scheduler, due)? {
            simulation.fill(scheduler)?;
        }
    }
    Ok(simulation.finished())
}

impl Simulation<'_> {
    /// Lets time pass until so much work is done on every busy slot.
    fn pass(&mut self, work_s: f64) {
        let done_s = work_s - self.work_s;
        self.now_s += self.paced(done_s);
        self.work_s = work_s;
    }

    /// How long work takes while as many slots are busy as are now.
    fn paced(&self, work_s: f64) -> f64 {
        let is_busy = |slot: &&Slot| !matches!(slot, Slot::Free);
        work_s * (self.pace)(self.slots.iter().filter(is_busy).count())
    }

    /// Gives every free slot something to do, if there is.
    fn fill(&mut self, scheduler: &mut dyn TrialScheduler) -> Result<(), SimulationError> {
        let mut free: Vec<usize> = (0..self.slots.len())
            .filter(|slot| matches!(self.slots[*slot], Slot::Free))
            .collect();
        while !free.is_empty() {
            let more = self.position.len() < self.curves.len();
            let (trial, to) = match scheduler.next(more) {
                NextStep::Start { from: Some(_), .. } => return Err(SimulationError::Copies),
                NextStep::Start { trial, to, .. } => {
                    self.position.push(0);
                    self.search.trials.push(SimulatedTrial {
                        budget: 0,
                        verdict: Some(TrialVerdict::Pause),
                        least: None,
                    });
                    (trial, to)
                }
                NextStep::Resume { trial, to } => (trial, to),
                NextStep::Wait | NextStep::Done => return Ok(()),
            };
            let warm = |slot: &usize| self.warm[*slot] == Some(trial);
            let at = free.iter().position(warm).unwrap_or(0);
            self.begin(free.remove(at), trial, to)?;
        }
        Ok(())
    }

    fn begin(&mut self, slot: usize, trial: TrialId, to: u64) -> Result<(), SimulationError> {
        let from = self.search.trials[trial.0 as usize].budget;
        let cost = if from == 0 {
            self.costs.start_s
        } else if self.warm[slot] == Some(trial) {
            0.0
        } else {
            self.costs.resume_s
        };
        self.slots[slot] = Slot::Runs(OnSlot {
            trial,
            from,
            to,
            start_s: self.now_s,
        });
        self.warm[slot] = Some(trial);
        self.point_due(slot, (trial, to), cost)
    }

    /// The slot's trial comes to its next point, counted from now, after work of so many seconds.
    fn point_due(
        &mut self,
        slot: usize,
        (trial, to): (TrialId, u64),
        before_s: f64,
    ) -> Result<(), SimulationError> {
        let points = &self.curves[trial.0 as usize].points;
        let point = points.get(self.position[trial.0 as usize]);
        // A failure comes at its time, whatever the scheduler wanted to see.
        let there = point.filter(|point| point.budget <= to || point.loss.is_none());
        let Some(point) = there else {
            return Err(SimulationError::NoPoint { trial, budget: to });
        };
        self.due.push(Reverse(Due {
            at_s: self.work_s + before_s + point.seconds,
            slot,
        }));
        Ok(())
    }

    /// A slot's trial reports, or is saved. Whether free slots should ask again.
    fn report(
        &mut self,
        scheduler: &mut dyn TrialScheduler,
        due: Due,
    ) -> Result<bool, SimulationError> {
        let Slot::Runs(leg) = self.slots[due.slot] else {
            self.slots[due.slot] = Slot::Free;
            return Ok(true);
        };
        let index = leg.trial.0 as usize;
        let point = self.curves[index].points[self.position[index]];
        self.position[index] += 1;
        let mut save_s = 0.0;
        let verdict = if let Some(loss) = point.loss {
            self.seen(leg.trial, point.budget, loss);
            let verdict = scheduler.report(leg.trial, point.budget, loss);
            if verdict == TrialVerdict::Continue {
                self.point_due(due.slot, (leg.trial, leg.to), 0.0)?;
                return Ok(false);
            }
            if verdict == TrialVerdict::Pause {
                scheduler.saved(leg.trial, point.budget);
                save_s = self.costs.save_s;
            }
            Some(verdict)
        } else {
            scheduler.failed(leg.trial);
            None
        };
        self.search.trials[index].verdict = verdict;
        self.search.legs.push(SimulatedLeg {
            slot: due.slot,
            trial: leg.trial,
            start_s: leg.start_s,
            end_s: self.now_s + self.paced(save_s),
            from: leg.from,
            to: self.search.trials[index].budget,
            verdict,
        });
        if save_s > 0.0 {
            self.slots[due.slot] = Slot::Saves;
            let at_s = due.at_s + save_s;
            self.due.push(Reverse(Due { at_s, ..due }));
            // Others may go on with what the report made possible.
        } else {
            self.slots[due.slot] = Slot::Free;
        }
        Ok(true)
    }

    fn seen(&mut self, trial: TrialId, budget: u64, loss: FiniteLoss) {
        let known = &mut self.search.trials[trial.0 as usize];
        known.budget = budget;
        known.least = Some(known.least.map_or(loss, |least| least.min(loss)));
        if self.search.found.is_none_or(|(_, least)| loss < least) {
            self.search.found = Some((trial, loss));
            self.search.anytime.push((self.now_s, loss));
        }
    }

    fn finished(self) -> SimulatedSearch {
        let mut search = self.search;
        let ends = search.legs.iter().map(|leg| leg.end_s);
        search.makespan_s = ends.fold(0.0, f64::max);
        let busy: f64 = search.legs.iter().map(|leg| leg.end_s - leg.start_s).sum();
        search.idle_s = (search.slots as f64 * search.makespan_s - busy).max(0.0);
        search
    }
}
