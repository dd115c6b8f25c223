//! List scheduling: what a set of task durations allows on any number of slots.
//!
//! What belongs here: greedy schedules of independent tasks, their makespans and the bounds on
//! them. What does not: measured time. A simulated schedule has no overhead, no contention and no
//! waiting, so it is what the tasks allow and not what a machine will do.
//!
//! The rule is Graham's (1966, 1969): whenever a slot is free, it takes the next task of the list.
//! With the longest task first, the makespan is at most 4/3 − 1/(3p) of the best possible one; in
//! any order, at most 2 − 1/p. Tasks are independent, so Graham's anomalies cannot happen: another
//! slot never makes a schedule longer.
//!
//! Durations may come in any unit, and results have the same one. A duration that is negative or
//! not finite counts as 0, and 0 slots count as 1, since work has to run somewhere.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// In which order free slots take the tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// As submitted.
    Fifo,
    /// Longest first (LPT: longest processing time); tasks of equal length as submitted.
    LongestFirst,
}

/// A simulated schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// When the last task ends, counted from the start of the first.
    pub makespan: f64,
    /// Where and when each task runs, in submission order.
    pub assignments: Vec<Assignment>,
}

/// Where and when one task runs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Assignment {
    /// The slot, from 0.
    pub slot: u32,
    /// When it starts.
    pub start: f64,
    /// When it ends.
    pub end: f64,
}

/// Speed-ups on one number of slots.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PredictedSpeedup {
    /// Number of slots.
    pub workers: u32,
    /// Speed-up in submission order.
    pub fifo: f64,
    /// Speed-up with the longest task first.
    pub longest_first: f64,
}

/// Schedules the tasks on `slots` slots and says where each of them runs. Slots that are free at
/// the same moment are taken in rising number. O(n log p).
pub fn simulate(durations: &[f64], order: Order, slots: u32) -> Schedule {
    let mut assignments = vec![Assignment::default(); durations.len()];
    let mut free = FreeSlots::new(slots, durations.len());
    for task in submission_indices(durations, order) {
        assignments[task] = free.run(work(durations[task]));
    }
    Schedule {
        makespan: free.makespan,
        assignments,
    }
}

/// The makespan alone: [`simulate`] without the memory for assignments.
pub fn makespan(durations: &[f64], order: Order, slots: u32) -> f64 {
    makespan_of(&in_order(durations, order), slots)
}

/// Total work over the makespan: the speed-up over one slot. `None` when there is no work.
pub fn speedup(durations: &[f64], order: Order, slots: u32) -> Option<f64> {
    let total = total(durations);
    (total > 0.0).then(|| total / makespan(durations, order, slots))
}

/// The speed-up of one slot of each of these `speeds` over a slot of speed 1, on which tasks take
/// their durations. Of slots that are free at the same moment, the first one takes the next task,
/// so the fastest should be the first. A speed that is not a positive number counts as 1. `None`
/// when there is no work.
pub fn speedup_on(durations: &[f64], order: Order, speeds: &[f64]) -> Option<f64> {
    let total = total(durations);
    let slots = u32::try_from(speeds.len()).unwrap_or(u32::MAX);
    let mut free = FreeSlots::new(slots, durations.len());
    for duration in in_order(durations, order) {
        free.run_at(|slot| {
            let speed = speeds.get(slot as usize).copied();
            duration / speed.filter(|s| s.is_finite() && *s > 0.0).unwrap_or(1.0)
        });
    }
    (total > 0.0).then(|| total / free.makespan)
}

/// The most that any number of slots can give: total work over the longest task. `None` when there
/// is no work.
pub fn limit(durations: &[f64]) -> Option<f64> {
    let longest = durations.iter().copied().map(work).fold(0.0, f64::max);
    (longest > 0.0).then(|| total(durations) / longest)
}

/// The best speed-up that this set of tasks allows on `slots` slots, in any order: min(slots, total
/// work / longest task). `None` when there is no work.
pub fn bound(durations: &[f64], slots: u32) -> Option<f64> {
    limit(durations).map(|limit| limit.min(f64::from(slots.max(1))))
}

/// Speed-ups in both orders on each of the given numbers of slots. Empty when there is no work.
pub fn what_if(durations: &[f64], workers: impl IntoIterator<Item = u32>) -> Vec<PredictedSpeedup> {
    let total = total(durations);
    if total <= 0.0 {
        return Vec::new();
    }
    let fifo = in_order(durations, Order::Fifo);
    let longest_first = in_order(durations, Order::LongestFirst);
    workers
        .into_iter()
        .map(|workers| PredictedSpeedup {
            workers,
            fifo: total / makespan_of(&fifo, workers),
            longest_first: total / makespan_of(&longest_first, workers),
        })
        .collect()
}

fn work(duration: f64) -> f64 {
    if duration.is_finite() {
        duration.max(0.0)
    } else {
        0.0
    }
}

fn total(durations: &[f64]) -> f64 {
    crate::descriptive::total(durations.iter().copied().map(work))
}

fn submission_indices(durations: &[f64], order: Order) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..durations.len()).collect();
    if order == Order::LongestFirst {
        indices.sort_by(|&a, &b| work(durations[b]).total_cmp(&work(durations[a])));
    }
    indices
}

fn in_order(durations: &[f64], order: Order) -> Vec<f64> {
    let mut ordered: Vec<f64> = durations.iter().copied().map(work).collect();
    if order == Order::LongestFirst {
        ordered.sort_by(|a, b| b.total_cmp(a));
    }
    ordered
}

fn makespan_of(ordered: &[f64], slots: u32) -> f64 {
    let mut free = FreeSlots::new(slots, ordered.len());
    for &duration in ordered {
        free.run(duration);
    }
    free.makespan
}

/// The slots, the one that becomes free first on top.
struct FreeSlots {
    heap: BinaryHeap<Reverse<FreeSlot>>,
    makespan: f64,
}

impl FreeSlots {
    fn new(slots: u32, tasks: usize) -> Self {
        // More slots than tasks stay empty, so they need no memory.
        let used = slots
            .max(1)
            .min(u32::try_from(tasks.max(1)).unwrap_or(u32::MAX));
        let heap = (0..used)
            .map(|slot| Reverse(FreeSlot { at: 0.0, slot }))
            .collect();
        Self {
            heap,
            makespan: 0.0,
        }
    }

    fn run(&mut self, duration: f64) -> Assignment {
        self.run_at(|_| duration)
    }

    /// `lasts` says how long the task takes on a slot.
    fn run_at(&mut self, lasts: impl FnOnce(u32) -> f64) -> Assignment {
        let Some(mut first) = self.heap.peek_mut() else {
            return Assignment::default();
        };
        let FreeSlot { at: start, slot } = first.0;
        let end = start + lasts(slot);
        first.0.at = end;
        self.makespan = self.makespan.max(end);
        Assignment { slot, start, end }
    }
}

#[derive(Clone, Copy)]
struct FreeSlot {
    at: f64,
    slot: u32,
}

impl Ord for FreeSlot {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at
            .total_cmp(&other.at)
            .then(self.slot.cmp(&other.slot))
    }
}

impl PartialOrd for FreeSlot {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for FreeSlot {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for FreeSlot {}
