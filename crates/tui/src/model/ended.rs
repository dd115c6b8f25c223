//! The last finished repeat of each arm, its tasks by slot. Each repeat is looked at once.

use workbench_record::{ArmFacts, RepeatId, RepeatState};

use super::timeline::SlotTimeline;

/// The last finished repeat of an arm with some number of workers.
#[derive(Debug)]
pub struct EndedRepeat {
    /// The arm.
    pub arm: String,
    /// Its workers.
    pub workers: u32,
    /// Its place among the repeats of the run.
    pub at: usize,
    /// Its tasks by slot.
    pub slots: SlotTimeline,
}

impl EndedRepeat {
    /// A repeat at a place.
    pub fn of(at: usize, repeat: &RepeatState) -> Self {
        let mut slots = SlotTimeline::default();
        slots.update(repeat);
        Self {
            arm: repeat.id.arm.clone(),
            workers: repeat.id.workers,
            at,
            slots,
        }
    }
}

/// The last finished repeats, in the order of the arms.
#[derive(Debug, Default)]
pub struct EndedRepeats {
    run: String,
    /// So many repeats were looked at.
    settled: usize,
    /// The last of them: another one in its place is another run, or another part of it.
    last: Option<(RepeatId, u32)>,
    arms: Vec<EndedRepeat>,
}

impl EndedRepeats {
    /// The last finished repeat of each arm.
    pub fn arms(&self) -> &[EndedRepeat] {
        &self.arms
    }

    /// Takes in the repeats that are over.
    pub fn update(&mut self, run: &str, arms: &[ArmFacts], repeats: &[RepeatState]) {
        let key = |repeat: &RepeatState| (repeat.id.clone(), repeat.start);
        let last = self.settled.checked_sub(1).and_then(|at| repeats.get(at));
        if self.run != run || last.map(key) != self.last {
            *self = Self {
                run: run.to_owned(),
                ..Self::default()
            };
        }
        while let Some(repeat) = repeats.get(self.settled) {
            let is_last = self.settled + 1 == repeats.len();
            if repeat.finished.is_none() && is_last {
                break;
            }
            if repeat.finished.is_some() {
                self.add(EndedRepeat::of(self.settled, repeat), arms);
            }
            self.last = Some(key(repeat));
            self.settled += 1;
        }
    }

    fn add(&mut self, ended: EndedRepeat, arms: &[ArmFacts]) {
        let place = |name: &str| arms.iter().position(|arm| arm.name == name);
        let order = |known: &EndedRepeat| (place(&known.arm), known.workers);
        match self.arms.binary_search_by_key(&order(&ended), order) {
            Ok(at) => self.arms[at] = ended,
            Err(at) => self.arms.insert(at, ended),
        }
    }
}

#[cfg(test)]
mod tests {
    use workbench_record::Snapshot;
    use workbench_simulate::{Scenario, events};

    use super::*;

    /// After every event they are the last finished repeats, in the order of the arms.
    #[test]
    fn they_are_the_last_finished_repeats_of_any_beginning() {
        let mut snapshot = Snapshot::default();
        let mut ended = EndedRepeats::default();
        for record in events(Scenario::Tasks, 3, "run", 1_795_000_000_000) {
            snapshot.apply(&record);
            let Some(started) = &snapshot.started else {
                continue;
            };
            let repeats = &snapshot.repeats;
            ended.update("run", &started.arms, repeats);
            for known in ended.arms() {
                let is_it = |r: &RepeatState| {
                    r.finished.is_some() && r.id.arm == known.arm && r.id.workers == known.workers
                };
                assert_eq!(repeats.iter().rposition(is_it), Some(known.at));
            }
            let order: Vec<_> = ended.arms().iter().map(|a| (&a.arm, a.workers)).collect();
            let mut all: Vec<_> = repeats.iter().filter(|r| r.finished.is_some()).collect();
            let place = |name: &str| started.arms.iter().position(|arm| arm.name == name);
            all.sort_by_key(|r| (place(&r.id.arm), r.id.workers));
            let mut expected: Vec<_> = all.iter().map(|r| (&r.id.arm, r.id.workers)).collect();
            expected.dedup();
            assert_eq!(order, expected);
        }
        assert!(ended.arms().len() > 1);
        // An earlier part of the same run begins anew.
        let arms = snapshot.started.as_ref().unwrap().arms.clone();
        ended.update("run", &arms, &snapshot.repeats[..1]);
        assert_eq!(ended.arms().len(), 1);
    }
}
