//! The timeline of each rank, as spans: the stages of its start-up, stretches of steps,
//! evaluations.

use std::sync::Arc;

use workbench_pool::{Outcome, TaskSpan};
use workbench_workers::Moment;

/// Makes spans and numbers them.
#[derive(Debug, Default)]
pub struct AttemptTimeline {
    next: u64,
    attempt: u32,
    /// Slots that a rank takes: more than one where one process has the threads of all.
    slots_of_rank: u32,
    open: Vec<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    name: Arc<str>,
    group: u32,
    part: u32,
    started_ns: u64,
    cpu_ns: u64,
}

impl AttemptTimeline {
    /// Begins an attempt with this many ranks, each of which takes so many slots.
    pub fn begin(&mut self, world: u32, slots_of_rank: u32, attempt: u32) {
        self.attempt = attempt;
        self.slots_of_rank = slots_of_rank.max(1);
        self.open = (0..world).map(|_| None).collect();
    }

    /// Whether a rank's open span has this name.
    pub fn is(&self, rank: u32, name: &str) -> bool {
        let open = self.open.get(rank as usize).and_then(Option::as_ref);
        open.is_some_and(|open| &*open.name == name)
    }

    /// Starts the next activity of a rank. Returns the spans of the previous one.
    pub fn turn(
        &mut self,
        rank: u32,
        moment: Moment,
        name: &str,
        group: u32,
        part: u32,
    ) -> Vec<TaskSpan> {
        let before = self.close(rank, moment, Outcome::Done);
        if let Some(open) = self.open.get_mut(rank as usize) {
            *open = Some(Open {
                name: name.into(),
                group,
                part,
                started_ns: moment.at_ns,
                cpu_ns: moment.cpu_ns,
            });
        }
        before
    }

    /// Ends the activity of a rank. Returns its spans: one for each slot, which share its CPU time.
    pub fn close(&mut self, rank: u32, moment: Moment, outcome: Outcome) -> Vec<TaskSpan> {
        let open = self.open.get_mut(rank as usize).and_then(Option::take);
        let Some(open) = open else {
            return Vec::new();
        };
        let cpu_ns = moment.cpu_ns.saturating_sub(open.cpu_ns);
        let slots = u64::from(self.slots_of_rank);
        let first = rank * self.slots_of_rank;
        (first..first + self.slots_of_rank)
            .map(|slot| {
                let task = self.next;
                self.next += 1;
                TaskSpan {
                    task,
                    name: Arc::clone(&open.name),
                    group: open.group,
                    part: open.part,
                    slot,
                    attempt: self.attempt,
                    queued_ns: open.started_ns,
                    ready_ns: open.started_ns,
                    started_ns: open.started_ns,
                    finished_ns: moment.at_ns.max(open.started_ns),
                    cpu_ns: cpu_ns / slots + u64::from(slot == first) * (cpu_ns % slots),
                    core_wait_ns: 0,
                    outcome,
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(at_ns: u64, cpu_ns: u64) -> Moment {
        Moment { at_ns, cpu_ns }
    }

    #[test]
    fn spans_of_a_rank_follow_on_each_other_and_share_out_its_cpu_time() {
        let mut timeline = AttemptTimeline::default();
        timeline.begin(2, 1, 0);
        assert!(timeline.turn(1, at(10, 0), "library", 9, 0).is_empty());
        let first = &timeline.turn(1, at(30, 15), "epoch 1", 0, 0)[0];
        let second = &timeline.close(1, at(50, 33), Outcome::Failed)[0];
        assert_eq!(
            (
                first.slot,
                first.started_ns,
                first.finished_ns,
                first.cpu_ns
            ),
            (1, 10, 30, 15)
        );
        assert_eq!(
            (second.started_ns, second.finished_ns, second.cpu_ns),
            (30, 50, 18)
        );
        assert_eq!((&*first.name, &*second.name), ("library", "epoch 1"));
        assert_eq!(second.outcome, Outcome::Failed);
        assert_ne!(first.task, second.task);
        assert!(timeline.close(1, at(60, 40), Outcome::Done).is_empty());
    }

    #[test]
    fn one_process_with_the_threads_of_all_takes_all_slots() {
        let mut timeline = AttemptTimeline::default();
        timeline.begin(1, 3, 0);
        timeline.turn(0, at(10, 0), "epoch 1", 0, 0);
        let spans = timeline.close(0, at(20, 10), Outcome::Done);
        let shares: Vec<_> = spans.iter().map(|span| (span.slot, span.cpu_ns)).collect();
        assert_eq!(shares, [(0, 4), (1, 3), (2, 3)]);
        assert!(spans[0].task < spans[1].task);
    }

    #[test]
    fn a_rank_that_is_not_there_leaves_nothing() {
        let mut timeline = AttemptTimeline::default();
        timeline.begin(1, 1, 0);
        assert!(timeline.turn(4, at(1, 1), "x", 0, 0).is_empty());
        assert!(timeline.close(4, at(2, 2), Outcome::Done).is_empty());
    }
}
