//! The order in which the repeats of a run follow each other, those that run again included.

use std::collections::{BTreeSet, VecDeque};

use super::control::Control;
use crate::lab::LabError;
use workbench_record::{
    ArmFailure, Event, RecordError, Recorder, RepeatFinished, RepeatId, RunStatus, SpoiledRepeats,
};

/// How a run ended, and the first arm that failed.
pub(super) type RunEnd = (RunStatus, Option<ArmFailure>);

/// The rounds of a run: every arm once, in an order of its own.
///
/// A repeat that was left out runs again at the end of its round, alone: its partners in the round
/// are not further away then than a round lasts, and a round of many arms is not lost for one short
/// stop. What disturbs a machine may take its time: a repeat that is spoiled again waits for the
/// end of the next round.
pub(super) struct Rounds {
    /// Rounds that have not begun.
    ahead: VecDeque<RepeatId>,
    /// What is left of this round.
    now: VecDeque<RepeatId>,
    /// What runs again at the end of the round.
    again: Vec<RepeatId>,
    /// Whether that is under way.
    at_end: bool,
    left_out: SpoiledRepeats,
    /// Arms that were stopped or have failed.
    ended: BTreeSet<String>,
    /// The first arm that failed.
    failure: Option<ArmFailure>,
}

impl Rounds {
    /// The rounds of a plan; `left_out` are the repeats that were left out in earlier parts of the
    /// run.
    pub fn new(plan: Vec<RepeatId>, left_out: SpoiledRepeats) -> Self {
        Self {
            ahead: plan.into(),
            now: VecDeque::new(),
            again: Vec::new(),
            at_end: true,
            left_out,
            ended: BTreeSet::new(),
            failure: None,
        }
    }

    /// Adds rounds, in a run that is to have `planned` repeats with them, over all arms.
    pub fn extend(&mut self, rounds: impl IntoIterator<Item = RepeatId>, planned: u32) {
        self.ahead.extend(rounds);
        self.left_out.plan(planned);
    }

    /// Gives up the rounds that have not begun, where one is over. Returns the number of the first
    /// of them: so many repeats every arm will have had.
    pub fn cut_after_round(&mut self) -> Option<u32> {
        let first = self.ahead.front().filter(|_| self.now.is_empty())?.repeat;
        self.ahead.clear();
        Some(first)
    }

    /// Gives up all rounds of a resumed run where its time is up, unless it is within a round of
    /// `kinds` repeats, or has had none. Returns how many repeats every arm has had.
    pub fn cut_at_start(&mut self, kinds: usize) -> Option<u32> {
        let first = self.ahead.front()?.repeat;
        let same = self.ahead.iter().take_while(|id| id.repeat == first);
        let is_whole = same.count() == kinds;
        (first > 0 && is_whole).then(|| {
            self.ahead.clear();
            first
        })
    }

    /// The next repeat.
    pub fn next(&mut self) -> Option<RepeatId> {
        loop {
            if let Some(id) = self.now.pop_front() {
                if self.ended.contains(&id.arm) {
                    continue;
                }
                return Some(id);
            }
            let is_last = self.ahead.is_empty();
            if !self.again.is_empty() && (!self.at_end || is_last) {
                self.at_end = true;
                self.now = std::mem::take(&mut self.again).into();
            } else if let Some(first) = self.ahead.front() {
                let same = self.ahead.iter().take_while(|id| id.repeat == first.repeat);
                let rest = self.ahead.split_off(same.count());
                self.now = std::mem::replace(&mut self.ahead, rest);
                self.at_end = false;
            } else {
                return None;
            }
        }
    }

    /// The first arm that failed.
    pub fn failure(self) -> Option<ArmFailure> {
        self.failure
    }

    /// The status of the run after its last repeat.
    pub fn status(&self) -> RunStatus {
        match self.failure {
            Some(_) => RunStatus::Failed,
            None => RunStatus::Completed,
        }
    }

    /// Takes note of the outcome of a repeat. Returns the status of the run where it ends here.
    pub fn take(
        &mut self,
        id: &RepeatId,
        outcome: Result<RepeatFinished, LabError>,
        recorder: &Recorder,
        control: &Control,
    ) -> Result<Option<RunStatus>, RecordError> {
        match outcome {
            Ok(finished) => {
                recorder.emit(Event::RepeatFinished(Box::new(finished.clone())));
                recorder.settle()?;
                if !finished.counts() {
                    self.spoil(id, finished);
                }
                Ok(None)
            }
            Err(LabError::Cancelled)
                if control.is_arm_stopped(&id.arm) && !control.is_stopped() =>
            {
                self.ended.insert(id.arm.clone());
                let arm = id.arm.clone();
                recorder.emit(Event::ArmStopped { arm });
                Ok(None)
            }
            Err(LabError::Cancelled) => Ok(Some(RunStatus::Interrupted)),
            Err(error) => {
                let failed = error.arm_failure(&id.arm);
                recorder.emit(Event::ArmFailed(failed.clone()));
                self.failure.get_or_insert(failed);
                self.ended.insert(id.arm.clone());
                // An arm's own failure need not affect others; what the machine lacks affects all
                // arms.
                Ok(match error {
                    LabError::Failed(_) => None,
                    _ => Some(RunStatus::Failed),
                })
            }
        }
    }

    fn spoil(&mut self, id: &RepeatId, finished: RepeatFinished) {
        self.left_out.add(finished);
        if self.left_out.runs_again(id) {
            self.again.push(id.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three rounds of two arms.
    fn plan() -> Vec<RepeatId> {
        let id = |repeat, arm: &str| RepeatId {
            arm: arm.to_owned(),
            workers: 1,
            repeat,
        };
        (0..3).flat_map(|n| [id(n, "a"), id(n, "b")]).collect()
    }

    /// The order of the repeats where those that `is_spoiled` holds for are left out; it is given
    /// the repeat's name and the number of repeats before it.
    fn order(plan: &[RepeatId], is_spoiled: impl Fn(&str, usize) -> bool) -> Vec<String> {
        let mut rounds = Rounds::new(plan.to_vec(), SpoiledRepeats::new(plan.len() as u32));
        let mut order = Vec::new();
        while let Some(id) = rounds.next() {
            let name = format!("{}{}", id.arm, id.repeat);
            if is_spoiled(&name, order.len()) {
                let id_of = id.clone();
                let finished = RepeatFinished {
                    id: id_of,
                    ..RepeatFinished::default()
                };
                rounds.spoil(&id, finished);
            }
            order.push(name);
        }
        order
    }

    #[test]
    fn a_spoiled_repeat_runs_again_at_the_end_of_its_round() {
        let plan = plan();
        assert_eq!(order(&plan, |_, _| false).join(" "), "a0 b0 a1 b1 a2 b2");
        let first = order(&plan, |name, at| name == "a1" && at == 2);
        assert_eq!(first.join(" "), "a0 b0 a1 b1 a1 a2 b2");
        let last = order(&plan, |name, at| name == "b2" && at == 5);
        assert_eq!(last.join(" "), "a0 b0 a1 b1 a2 b2 b2");
    }

    #[test]
    fn a_resumed_run_whose_time_is_up_begins_no_round_and_finishes_one() {
        let resumed = |from: usize| {
            let left = plan().split_off(from);
            let mut rounds = Rounds::new(left, SpoiledRepeats::new(6));
            (rounds.cut_at_start(2), rounds.next().is_none())
        };
        assert_eq!(resumed(2), (Some(1), true));
        assert_eq!(resumed(4), (Some(2), true));
        // One round has to be there, and one that has begun is finished.
        assert_eq!(resumed(0), (None, false));
        assert_eq!(resumed(3), (None, false));
        assert_eq!(resumed(6), (None, true));
    }

    #[test]
    fn what_is_spoiled_again_waits_for_the_next_round() {
        let during = order(&plan(), |_, at| (1..5).contains(&at));
        assert_eq!(during.join(" "), "a0 b0 b0 a1 b1 b0 a1 b1 a2 b2");
    }

    #[test]
    fn a_disturbance_that_does_not_end_doubles_the_run_at_most() {
        let one = order(&plan(), |name, _| name == "a0");
        assert_eq!(one.iter().filter(|name| *name == "a0").count(), 4);
        assert_eq!(order(&plan(), |_, _| true).len(), 12);
    }

    #[test]
    fn what_was_left_out_before_counts() {
        let plan = plan();
        let finished = RepeatFinished {
            id: plan[0].clone(),
            ..RepeatFinished::default()
        };
        let mut left_out = SpoiledRepeats::new(6);
        (0..3).for_each(|_| left_out.add(finished.clone()));
        let mut rounds = Rounds::new(plan[..1].to_vec(), left_out);
        let id = rounds.next().unwrap();
        rounds.spoil(&id, finished);
        assert_eq!(rounds.next(), None);
    }
}
