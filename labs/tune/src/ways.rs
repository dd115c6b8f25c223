//! The arms: how configurations are chosen, and who decides how long each is trained.

use workbench_experiment::lab::LabError;
use workbench_search::{
    Asha, FullBudget, RandomSearch, Searcher, SettingError, Space, Study, TrialScheduler,
};

use crate::settings::Settings;

/// How configurations are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chooser {
    /// At random.
    Random,
}

/// Who decides how long a trial is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopper {
    /// Nobody: every trial has its whole budget.
    Nobody,
    /// Asynchronous successive halving.
    Asha,
}

/// A way to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// How configurations are chosen.
    pub chooser: Chooser,
    /// Who decides how long a trial is trained.
    pub stopper: Stopper,
}

impl Way {
    /// The way of an arm.
    pub fn of(arm: &str) -> Option<Self> {
        let (chooser, stopper) = match arm {
            "random" => (Chooser::Random, Stopper::Nobody),
            "random+asha" => (Chooser::Random, Stopper::Asha),
            _ => return None,
        };
        Some(Self { chooser, stopper })
    }

    /// Whether trials go on from the states of others.
    pub fn copies(self) -> bool {
        false
    }

    /// Units of budget of a search at most, as far as that is known before it.
    pub fn units(self, settings: &Settings) -> u64 {
        match self.stopper {
            Stopper::Nobody => settings.trials * settings.budget,
            // Of each rung, the share that goes on trains up to the next.
            Stopper::Asha => {
                let (mut units, mut left, mut before) = (0, settings.trials, 0);
                for mark in settings.marks() {
                    units += left * (mark - before);
                    (left, before) = (left.div_ceil(settings.reduction), mark);
                }
                units
            }
        }
    }

    /// The search of an arm, not yet begun.
    ///
    /// # Errors
    /// When a setting cannot be.
    pub fn study(self, space: &Space, settings: &Settings, seed: u64) -> Result<Study, LabError> {
        let refused = |error: SettingError| LabError::Config(error.to_string());
        let searcher = self.searcher(space, seed);
        let scheduler = scheduler(self.stopper, settings).map_err(refused)?;
        Ok(Study::new(space.clone(), searcher, scheduler, seed))
    }

    fn searcher(self, space: &Space, seed: u64) -> Box<dyn Searcher> {
        match self.chooser {
            Chooser::Random => Box::new(RandomSearch::new(space.clone(), seed)),
        }
    }
}

/// What decides how long trials are trained.
///
/// # Errors
/// When a setting cannot be.
pub fn scheduler(
    stopper: Stopper,
    settings: &Settings,
) -> Result<Box<dyn TrialScheduler>, SettingError> {
    let Settings {
        trials,
        budget,
        grace,
        reduction,
        ..
    } = *settings;
    Ok(match stopper {
        Stopper::Nobody => Box::new(FullBudget::new(budget, trials)?),
        Stopper::Asha => Box::new(Asha::new(grace, budget, reduction, trials)?),
    })
}

/// The seed of one search of a run: every repeat is another, and all arms of a repeat have the
/// same.
pub fn seed(run: u64, repeat: u32) -> u64 {
    run.wrapping_add(u64::from(repeat).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
