//! A search: searcher and scheduler together.

use std::collections::{BTreeMap, BTreeSet};

use super::event::StudyEvent;
use super::trials::{Leg, NextLeg, Trial, TrialState};
use crate::loss::FiniteLoss;
use crate::perturb::Perturb;
use crate::scheduler::{NextStep, TrialScheduler, TrialVerdict};
use crate::searcher::Searcher;
use crate::space::Space;
use crate::trial::{Checkpoint, TrialId};
use crate::value::Configuration;

/// A search by ask and tell. [`Study::next_leg`] says what a free slot is to do, and whoever runs
/// the trials tells what came of it. The study runs nothing itself and knows no clock.
///
/// Everything that changes it is an event ([`Study::take_events`]). Who keeps them can go on with
/// the search later: [`Study::replay`].
#[derive(Debug)]
pub struct Study {
    space: Space,
    searcher: Box<dyn Searcher>,
    scheduler: Box<dyn TrialScheduler>,
    perturb: Perturb,
    seed: u64,
    trials: Vec<Trial>,
    running: BTreeSet<TrialId>,
    /// Trials that go on from the state of another as long as they have none of their own.
    heirs: BTreeMap<TrialId, Checkpoint>,
    best: Option<(FiniteLoss, TrialId)>,
    closed: bool,
    pub(super) events: Vec<StudyEvent>,
}

impl Study {
    /// A search of a space. The seed is that of copied trials; the searcher has its own.
    pub fn new(
        space: Space,
        searcher: Box<dyn Searcher>,
        scheduler: Box<dyn TrialScheduler>,
        seed: u64,
    ) -> Self {
        Self {
            space,
            searcher,
            scheduler,
            perturb: Perturb::default(),
            seed,
            trials: Vec::new(),
            running: BTreeSet::new(),
            heirs: BTreeMap::new(),
            best: None,
            closed: false,
            events: Vec::new(),
        }
    }

    /// How the configurations of copied trials differ from their parents'.
    #[must_use]
    pub fn perturb(mut self, perturb: Perturb) -> Self {
        self.perturb = perturb;
        self
    }

    /// What a free slot is to do. After [`NextLeg::Run`] the trial is running.
    pub fn next_leg(&mut self) -> NextLeg {
        loop {
            let step = self.step();
            let trial = match step {
                NextStep::Start { trial, .. } | NextStep::Resume { trial, .. } => trial,
                NextStep::Wait => return NextLeg::Wait,
                NextStep::Done => return NextLeg::Done,
            };
            let configuration = self.chosen(step);
            let nothing = configuration.is_none() && matches!(step, NextStep::Start { .. });
            self.begin(step, configuration);
            if nothing {
                // A searcher that has not what it said.
                self.failed(trial);
            } else if let Some(leg) = self.leg(trial) {
                return NextLeg::Run(leg);
            }
        }
    }

    pub(super) fn step(&mut self) -> NextStep {
        let next = TrialId(self.trials.len() as u64);
        let more = !self.closed && self.searcher.has(next);
        self.scheduler.next(more)
    }

    /// The configuration of a trial that is to be started.
    pub(super) fn chosen(&self, step: NextStep) -> Option<Configuration> {
        match step {
            NextStep::Start {
                trial,
                from: Some(from),
                ..
            } => {
                let parent = &self.trial(from.trial)?.configuration;
                let near = &self.perturb;
                Some(near.configuration(&self.space, parent, self.seed, trial))
            }
            NextStep::Start { trial, .. } => self.searcher.ask(trial),
            NextStep::Resume { .. } | NextStep::Wait | NextStep::Done => None,
        }
    }

    /// Puts a step into effect.
    pub(super) fn begin(&mut self, step: NextStep, configuration: Option<Configuration>) {
        match step {
            NextStep::Start { trial, to, from } => {
                let configuration = configuration.unwrap_or_default();
                self.searcher.started(trial, &configuration);
                self.trials.push(Trial {
                    id: trial,
                    configuration: configuration.clone(),
                    state: TrialState::Running { to },
                    budget: from.map_or(0, |from| from.budget),
                    loss: None,
                    best: None,
                    parent: from,
                    saved: None,
                });
                self.running.insert(trial);
                self.heirs.extend(from.map(|from| (trial, from)));
                self.events.push(StudyEvent::Started {
                    trial,
                    configuration,
                    to,
                    from,
                });
            }
            NextStep::Resume { trial, to } => {
                if let Some(known) = self.trials.get_mut(trial.0 as usize) {
                    known.state = TrialState::Running { to };
                }
                self.running.insert(trial);
                self.events.push(StudyEvent::Resumed { trial, to });
            }
            NextStep::Wait | NextStep::Done => {}
        }
    }

    /// A running trial reports its loss after so much budget. A loss that is not finite is the
    /// failure of the trial. What a trial that is not running reports is passed over, and so are
    /// budgets that it has reported before. A budget beyond the end of its leg counts as that end.
    pub fn report(&mut self, trial: TrialId, budget: u64, loss: f64) -> TrialVerdict {
        let Some(known) = self.trials.get_mut(trial.0 as usize) else {
            return TrialVerdict::Stop;
        };
        let TrialState::Running { to } = known.state else {
            return TrialVerdict::Stop;
        };
        let Some(loss) = FiniteLoss::new(loss) else {
            self.failed(trial);
            return TrialVerdict::Stop;
        };
        let budget = budget.min(to);
        if budget <= known.budget {
            return TrialVerdict::Continue;
        }
        known.budget = budget;
        known.loss = Some(loss);
        if known.best.is_none_or(|best| loss < best) {
            known.best = Some(loss);
        }
        if self.best.is_none_or(|(best, _)| loss < best) {
            self.best = Some((loss, trial));
        }
        let verdict = self.scheduler.report(trial, budget, loss);
        known.state = match verdict {
            TrialVerdict::Continue => known.state,
            TrialVerdict::Pause => TrialState::Paused,
            TrialVerdict::Stop => TrialState::Stopped,
            TrialVerdict::Finish => TrialState::Done,
        };
        if known.state.is_over() {
            self.heirs.remove(&trial);
        }
        if verdict != TrialVerdict::Continue {
            self.running.remove(&trial);
            self.searcher.told(trial, budget, loss);
        }
        self.events.push(StudyEvent::Reported {
            trial,
            budget,
            loss,
            verdict,
        });
        verdict
    }

    /// The state of a trial after so much budget was saved: it is resumed from there. Budgets that
    /// it has not reported, and those before the last one saved, are passed over.
    pub fn saved(&mut self, trial: TrialId, budget: u64) {
        if let Some(known) = self.trials.get_mut(trial.0 as usize)
            && budget <= known.budget
            && known.saved.is_none_or(|saved| saved < budget)
        {
            known.saved = Some(budget);
            self.heirs.remove(&trial);
            self.scheduler.saved(trial, budget);
            self.events.push(StudyEvent::Saved { trial, budget });
        }
    }

    /// A running trial failed for good. Whoever runs trials decides how often one is tried again
    /// before that.
    pub fn failed(&mut self, trial: TrialId) {
        if self.running.remove(&trial) {
            self.heirs.remove(&trial);
            self.trials[trial.0 as usize].state = TrialState::Failed;
            self.scheduler.failed(trial);
            self.searcher.failed(trial);
            self.events.push(StudyEvent::Failed { trial });
        }
    }

    /// A person stops a trial that is running or paused.
    pub fn stop(&mut self, trial: TrialId) {
        let Some(known) = self.trials.get_mut(trial.0 as usize) else {
            return;
        };
        if matches!(known.state, TrialState::Running { .. } | TrialState::Paused) {
            known.state = TrialState::Stopped;
            self.running.remove(&trial);
            self.heirs.remove(&trial);
            self.scheduler.stopped(trial);
            self.events.push(StudyEvent::Stopped { trial });
        }
    }

    /// From now on no new configuration is tried. Trials that are there still run and are resumed.
    pub fn close(&mut self) {
        if !self.closed {
            self.closed = true;
            self.events.push(StudyEvent::Closed);
        }
    }

    /// The events since they were last taken, in order.
    pub fn take_events(&mut self) -> Vec<StudyEvent> {
        std::mem::take(&mut self.events)
    }

    /// What is running: after [`Study::replay`] the legs that were interrupted and have to be run
    /// again, each from its last saved state.
    pub fn running(&self) -> Vec<Leg> {
        let running = self.running.iter();
        running.filter_map(|trial| self.leg(*trial)).collect()
    }

    /// The leg of a running trial.
    fn leg(&self, trial: TrialId) -> Option<Leg> {
        let known = self.trial(trial)?;
        let TrialState::Running { to } = known.state else {
            return None;
        };
        let own = known.saved.map(|budget| Checkpoint { trial, budget });
        Some(Leg {
            trial,
            configuration: known.configuration.clone(),
            from: own.or(known.parent),
            to,
        })
    }

    /// Whether a trial may still go on from a saved state, its own or that of another. What no
    /// trial needs now, none will need later.
    pub fn needs(&self, state: Checkpoint) -> bool {
        let own = self.trial(state.trial);
        own.is_some_and(|trial| !trial.state.is_over() && trial.saved == Some(state.budget))
            || self.heirs.values().any(|from| *from == state)
            || self.scheduler.may_copy(state)
    }

    /// All trials in the order of their numbers.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// A trial.
    pub fn trial(&self, trial: TrialId) -> Option<&Trial> {
        self.trials.get(trial.0 as usize)
    }

    /// The trial with the least loss that was ever reported; the first of equals.
    pub fn best(&self) -> Option<&Trial> {
        self.best.and_then(|(_, trial)| self.trial(trial))
    }

    /// The budgets at which the scheduler decides; the last is the whole budget.
    pub fn rungs(&self) -> Vec<u64> {
        self.scheduler.rungs()
    }

    /// What is searched.
    pub const fn space(&self) -> &Space {
        &self.space
    }
}
