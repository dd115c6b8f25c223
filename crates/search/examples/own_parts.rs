//! A searcher and a scheduler of one's own: they work with all others.
//!
//!     cargo run -p workbench-search --example own_parts

#![allow(clippy::print_stdout, reason = "an example")]

use std::collections::BTreeMap;
use std::error::Error;

use workbench_search::{
    Configuration, FiniteLoss, NextLeg, NextStep, Perturb, RandomSearch, Searcher, Space, Study,
    TrialId, TrialScheduler, TrialState, TrialVerdict,
};

/// Changes the best configuration so far a little, every second time.
#[derive(Debug)]
struct NearTheBest {
    space: Space,
    random: RandomSearch,
    known: BTreeMap<TrialId, Configuration>,
    best: Option<(FiniteLoss, TrialId)>,
}

impl Searcher for NearTheBest {
    fn ask(&self, trial: TrialId) -> Option<Configuration> {
        match self.best {
            Some((_, best)) if trial.0 % 2 == 1 => {
                let best = self.known.get(&best)?;
                Some(Perturb::default().configuration(&self.space, best, 1, trial))
            }
            _ => self.random.ask(trial),
        }
    }

    fn started(&mut self, trial: TrialId, configuration: &Configuration) {
        self.known.insert(trial, configuration.clone());
    }

    fn told(&mut self, trial: TrialId, _: u64, loss: FiniteLoss) {
        if self.best.is_none_or(|(best, _)| loss < best) {
            self.best = Some((loss, trial));
        }
    }
}

/// Stops a trial that has not gained for some units of budget.
#[derive(Debug)]
struct Patience {
    units: u64,
    budget: u64,
    trials: u64,
    started: u64,
    /// The least loss of each running trial, and when it was.
    running: BTreeMap<TrialId, Option<(FiniteLoss, u64)>>,
}

impl TrialScheduler for Patience {
    fn next(&mut self, more: bool) -> NextStep {
        if more && self.started < self.trials {
            let (trial, to, from) = (TrialId(self.started), self.budget, None);
            self.started += 1;
            self.running.insert(trial, None);
            NextStep::Start { trial, to, from }
        } else if self.running.is_empty() {
            NextStep::Done
        } else {
            NextStep::Wait
        }
    }

    fn report(&mut self, trial: TrialId, budget: u64, loss: FiniteLoss) -> TrialVerdict {
        let Some(least) = self.running.get_mut(&trial) else {
            return TrialVerdict::Stop;
        };
        if least.is_none_or(|(least, _)| loss < least) {
            *least = Some((loss, budget));
        }
        let since = least.map_or(0, |(_, at)| budget - at);
        let verdict = match (budget >= self.budget, since >= self.units) {
            (true, _) => TrialVerdict::Finish,
            (false, true) => TrialVerdict::Stop,
            (false, false) => return TrialVerdict::Continue,
        };
        self.running.remove(&trial);
        verdict
    }

    fn failed(&mut self, trial: TrialId) {
        self.running.remove(&trial);
    }

    fn stopped(&mut self, trial: TrialId) {
        self.running.remove(&trial);
    }

    fn rungs(&self) -> Vec<u64> {
        vec![self.budget]
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let space = Space::from_toml("lr = 'loguniform(1e-4, 1)'\nwidth = 'loginteger(8, 512)'")?;
    let searcher = NearTheBest {
        random: RandomSearch::new(space.clone(), 1),
        space: space.clone(),
        known: BTreeMap::new(),
        best: None,
    };
    let scheduler = Patience {
        units: 3,
        budget: 50,
        trials: 40,
        started: 0,
        running: BTreeMap::new(),
    };
    let mut study = Study::new(space, Box::new(searcher), Box::new(scheduler), 1);
    while let NextLeg::Run(leg) = study.next_leg() {
        let number = |name| leg.configuration.number(name).unwrap_or_default();
        let (lr, width) = (number("lr"), number("width"));
        for epoch in 1..=leg.to {
            // High rates are fast and then get worse.
            let done = 1.0 - (-(epoch as f64) * lr * 5.0).exp();
            let loss = 1.0 - done + 0.02 * lr * epoch as f64 + 4.0 / width;
            if study.report(leg.trial, epoch, loss) != TrialVerdict::Continue {
                break;
            }
        }
    }
    let stopped = study.trials().iter();
    let stopped = stopped.filter(|trial| trial.state == TrialState::Stopped);
    println!("{} of 40 trials were stopped", stopped.count());
    if let Some(best) = study.best() {
        println!("best: {}, after {} epochs", best.configuration, best.budget);
    }
    Ok(())
}
