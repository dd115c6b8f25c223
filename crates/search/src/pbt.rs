//! Population based training.

use crate::loss::FiniteLoss;
use crate::scheduler::{NextStep, TrialScheduler, TrialVerdict};
use crate::seed::{Drawn, Draws};
use crate::setting::SettingError;
use crate::trial::{Checkpoint, TrialId};

/// A member that failed so often is not replaced again.
const FAILURES: u32 = 3;

/// Population based training (Jaderberg et al. 2017) with truncation selection. After every
/// interval a member that is among the worst of the population is stopped, and a copy of one of the
/// best, chosen at random, takes its place: its state, and its configuration changed a little
/// ([`Perturb`](crate::Perturb)). Only members whose state was saved are copied, and only from a
/// later budget than that at which the stopped one started, so that every search ends.
///
/// A copy is a trial of its own with a parent, so the trials are the lineage: whoever follows the
/// parents of a trial has its schedule of configurations. Members are compared once all of them
/// have reported; a copy counts with its parent's loss until it reports itself. With fewer slots
/// than members, the one that is furthest behind goes first.
#[derive(Debug, Clone)]
pub struct Pbt {
    interval: u64,
    budget: u64,
    share: f64,
    seed: u64,
    started: u64,
    members: Vec<Member>,
}

#[derive(Debug, Clone)]
struct Member {
    doing: Doing,
    trial: Option<TrialId>,
    /// The budget at which its trial started, and at which it is.
    start: u64,
    budget: u64,
    loss: Option<FiniteLoss>,
    saved: Option<Checkpoint>,
    failures: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// A new trial, from the beginning or as a copy.
    ToStart(Option<Checkpoint>),
    Paused,
    Running {
        to: u64,
    },
    Finished,
    /// Stopped from outside, or failed too often.
    Gone,
}

impl Pbt {
    /// A population that trains each member for this budget and compares it every interval. At
    /// first the worst and best fifth are exchanged.
    ///
    /// # Errors
    ///
    /// Fewer than 2 members, no budget, or an interval of 0 or above the budget.
    pub fn new(
        population: u64,
        interval: u64,
        budget: u64,
        seed: u64,
    ) -> Result<Self, SettingError> {
        if population < 2 {
            return Err(SettingError::Population(population));
        }
        if interval == 0 || interval > budget {
            return Err(SettingError::Budget {
                min: interval,
                max: budget,
            });
        }
        let member = Member {
            doing: Doing::ToStart(None),
            trial: None,
            start: 0,
            budget: 0,
            loss: None,
            saved: None,
            failures: 0,
        };
        Ok(Self {
            interval,
            budget,
            share: 0.2,
            seed,
            started: 0,
            members: vec![member; population as usize],
        })
    }

    /// Which share of the population is the worst, and which the best: above 0 up to 0.5.
    ///
    /// # Errors
    ///
    /// Another number.
    pub fn share(mut self, share: f64) -> Result<Self, SettingError> {
        if !(share > 0.0 && share <= 0.5) {
            return Err(SettingError::Share(share));
        }
        self.share = share;
        Ok(self)
    }

    /// How many members are the worst, and how many the best.
    fn cut(&self) -> usize {
        let all = self.members.len();
        ((all as f64 * self.share).ceil() as usize).clamp(1, all / 2)
    }

    /// The members that have reported and are there, by loss and number. No two are equal.
    fn known(&self) -> impl Iterator<Item = (FiniteLoss, usize)> {
        let members = self.members.iter().enumerate();
        members.filter_map(|(index, member)| {
            let loss = member.loss.filter(|_| member.doing != Doing::Gone);
            Some((loss?, index))
        })
    }

    /// The saved state of one of the best, at random; not of the member itself, nor before a
    /// budget. Sorts nothing: a population may have thousands of members.
    fn donor(&self, member: usize, trial: TrialId, least: u64) -> Option<Checkpoint> {
        let mut best: Vec<(FiniteLoss, usize)> = self.known().collect();
        let cut = self.cut();
        if best.len() > cut {
            best.select_nth_unstable(cut);
            best.truncate(cut);
        }
        let is_there = |saved: Checkpoint| (least..self.budget).contains(&saved.budget);
        let saved = |index: usize| self.members[index].saved.filter(|saved| is_there(*saved));
        best.retain(|(_, index)| *index != member && saved(*index).is_some());
        if best.is_empty() {
            return None;
        }
        let mut draws = Draws::new(self.seed, trial, Drawn::Donor);
        let place = draws.below(best.len() as u64) as usize;
        let (_, (_, chosen), _) = best.select_nth_unstable(place);
        saved(*chosen)
    }

    /// Whether a member is among the worst. Nobody can say so before all have reported.
    fn is_among_worst(&self, member: usize) -> bool {
        let Some(loss) = self.members[member].loss else {
            return false;
        };
        let cut = self.cut();
        let there = |member: &&Member| member.doing != Doing::Gone;
        let all = self.members.iter().filter(there).count();
        let (mut known, mut better) = (0, 0);
        for other in self.known() {
            known += 1;
            better += usize::from(other < (loss, member));
        }
        known == all && all >= 2 * cut && better >= all - cut
    }

    fn running(&mut self, trial: TrialId) -> Option<(usize, u64)> {
        let members = self.members.iter().enumerate();
        let mut running = members.filter(|(_, member)| member.trial == Some(trial));
        let (index, member) = running.next()?;
        match member.doing {
            Doing::Running { to } => Some((index, to)),
            _ => None,
        }
    }

    fn copy(&mut self, index: usize, from: Option<Checkpoint>) {
        let parent = from.map(|from| from.trial);
        let mut members = self.members.iter();
        let donor = members.find(|member| parent.is_some() && member.trial == parent);
        // A copy is as good as its parent until it reports itself.
        let loss = donor.and_then(|donor| donor.loss);
        let member = &mut self.members[index];
        member.doing = Doing::ToStart(from);
        member.start = from.map_or(0, |from| from.budget);
        member.budget = member.start;
        member.loss = loss;
        member.saved = None;
        member.trial = None;
    }
}

impl TrialScheduler for Pbt {
    fn next(&mut self, more: bool) -> NextStep {
        let can = |member: &Member| match member.doing {
            Doing::ToStart(None) => more,
            Doing::ToStart(Some(_)) | Doing::Paused => true,
            Doing::Running { .. } | Doing::Finished | Doing::Gone => false,
        };
        let members = self.members.iter().enumerate();
        let behind = members
            .filter(|(_, member)| can(member))
            .min_by_key(|(index, member)| (member.budget, *index));
        let Some((index, _)) = behind else {
            let running = |member: &Member| matches!(member.doing, Doing::Running { .. });
            return if self.members.iter().any(running) {
                NextStep::Wait
            } else {
                NextStep::Done
            };
        };
        let member = &mut self.members[index];
        let to = (member.budget + self.interval).min(self.budget);
        let before = std::mem::replace(&mut member.doing, Doing::Running { to });
        match (before, member.trial) {
            (Doing::ToStart(from), _) => {
                let trial = TrialId(self.started);
                self.started += 1;
                member.trial = Some(trial);
                NextStep::Start { trial, to, from }
            }
            (_, Some(trial)) => NextStep::Resume { trial, to },
            (_, None) => NextStep::Wait,
        }
    }

    fn report(&mut self, trial: TrialId, budget: u64, loss: FiniteLoss) -> TrialVerdict {
        let Some((index, to)) = self.running(trial) else {
            return TrialVerdict::Stop;
        };
        if budget < to {
            return TrialVerdict::Continue;
        }
        let member = &mut self.members[index];
        member.budget = budget;
        member.loss = Some(loss);
        if budget >= self.budget {
            member.doing = Doing::Finished;
            return TrialVerdict::Finish;
        }
        member.doing = Doing::Paused;
        // Else one copy of an old state after the other would be worse, where donors go on and
        // their later states could not be saved.
        let least = member.start + 1;
        if self.is_among_worst(index)
            && let Some(from) = self.donor(index, trial, least)
        {
            self.copy(index, Some(from));
            return TrialVerdict::Stop;
        }
        TrialVerdict::Pause
    }

    fn saved(&mut self, trial: TrialId, budget: u64) {
        let mut members = self.members.iter_mut();
        if let Some(member) = members.find(|member| member.trial == Some(trial)) {
            member.saved = Some(Checkpoint { trial, budget });
        }
    }

    fn may_copy(&self, state: Checkpoint) -> bool {
        let is_donor = |member: &Member| {
            let is_there = member.doing != Doing::Gone && member.saved == Some(state);
            is_there && state.budget < self.budget
        };
        let is_copied = |member: &Member| member.doing == Doing::ToStart(Some(state));
        let mut members = self.members.iter();
        members.any(|member| is_donor(member) || is_copied(member))
    }

    fn failed(&mut self, trial: TrialId) {
        let Some((index, _)) = self.running(trial) else {
            return;
        };
        self.members[index].failures += 1;
        self.members[index].loss = None;
        if self.members[index].failures >= FAILURES {
            self.members[index].doing = Doing::Gone;
        } else {
            let from = self.donor(index, trial, 1);
            self.copy(index, from);
        }
    }

    fn stopped(&mut self, trial: TrialId) {
        let mut members = self.members.iter_mut();
        if let Some(member) = members.find(|member| member.trial == Some(trial)) {
            member.doing = Doing::Gone;
        }
    }

    fn rungs(&self) -> Vec<u64> {
        let step = usize::try_from(self.interval).unwrap_or(usize::MAX);
        let mut rungs: Vec<u64> = (self.interval..self.budget).step_by(step).collect();
        rungs.push(self.budget);
        rungs
    }
}
