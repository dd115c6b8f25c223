//! The arms: how configurations are chosen, and who decides how long each is trained.

use workbench_experiment::lab::LabError;
use workbench_search::{
    Asha, FullBudget, GridSearch, Hyperband, MedianRule, Pbt, Perturb, RandomSearch, Searcher,
    SettingError, Space, Study, Tpe, TrialScheduler,
};

use crate::settings::SearchSettings;

/// How configurations are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chooser {
    /// At random.
    Random,
    /// On a grid.
    Grid,
    /// By a tree-structured Parzen estimator.
    Tpe,
}

/// Who decides how long a trial is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopper {
    /// Nobody: every trial has its whole budget.
    Nobody,
    /// The median of the others.
    Median,
    /// Asynchronous successive halving.
    Asha,
    /// Synchronous brackets of successive halving.
    Hyperband,
    /// Members of a population that take over the state of better ones.
    Pbt,
}

/// A way to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// How configurations are chosen.
    pub chooser: Chooser,
    /// Who decides how long a trial is trained.
    pub stopper: Stopper,
}

/// The arms of the lab.
const WAYS: [(&str, Chooser, Stopper); 8] = [
    ("random", Chooser::Random, Stopper::Nobody),
    ("grid", Chooser::Grid, Stopper::Nobody),
    ("tpe", Chooser::Tpe, Stopper::Nobody),
    ("random+median", Chooser::Random, Stopper::Median),
    ("random+asha", Chooser::Random, Stopper::Asha),
    ("random+hyperband", Chooser::Random, Stopper::Hyperband),
    ("tpe+asha", Chooser::Tpe, Stopper::Asha),
    ("pbt", Chooser::Random, Stopper::Pbt),
];

impl Way {
    /// The way of an arm.
    pub fn of(arm: &str) -> Option<Self> {
        let known = WAYS.iter().find(|(name, ..)| *name == arm);
        known.map(|(_, chooser, stopper)| Self {
            chooser: *chooser,
            stopper: *stopper,
        })
    }

    /// Whether it goes through a grid, which may have fewer points than there are to be trials.
    pub fn is_grid(self) -> bool {
        self.chooser == Chooser::Grid
    }

    /// Whether trials go on from the states of others.
    pub fn copies(self) -> bool {
        self.stopper == Stopper::Pbt
    }

    /// The search of an arm, not yet begun.
    ///
    /// # Errors
    /// When a setting cannot be.
    pub fn study(
        self,
        space: &Space,
        settings: &SearchSettings,
        seed: u64,
    ) -> Result<Study, LabError> {
        let refused = |error: SettingError| LabError::Config(error.to_string());
        let searcher = searcher(self.chooser, space, settings, seed).map_err(refused)?;
        // Who stops trials early has the time for more of them.
        let trials = match self.stopper {
            Stopper::Nobody => settings.trials,
            _ => settings.most_trials(),
        };
        let scheduler = scheduler(self.stopper, settings, trials, seed).map_err(refused)?;
        let study = Study::new(space.clone(), searcher, scheduler, seed);
        // What shapes the weights has to stay when they are taken over.
        let fixed = settings
            .objective
            .knobs()
            .iter()
            .filter(|knob| !knob.tunable);
        Ok(study.perturb(Perturb {
            fixed: fixed.map(|knob| knob.name.to_owned()).collect(),
            ..Perturb::default()
        }))
    }
}

fn searcher(
    chooser: Chooser,
    space: &Space,
    settings: &SearchSettings,
    seed: u64,
) -> Result<Box<dyn Searcher>, SettingError> {
    let space = space.clone();
    Ok(match chooser {
        Chooser::Random => Box::new(RandomSearch::new(space, seed)),
        Chooser::Grid => Box::new(grid(&space, settings, seed)?),
        Chooser::Tpe => Box::new(Tpe::new(space, seed)),
    })
}

/// The finest grid that has no more points than there are trials, where none is asked for.
fn grid(space: &Space, settings: &SearchSettings, seed: u64) -> Result<GridSearch, SettingError> {
    if settings.grid_levels > 0 {
        return GridSearch::new(space.clone(), settings.grid_levels, seed);
    }
    finest(settings.trials, |levels| {
        GridSearch::new(space.clone(), levels, seed)
    })
}

/// The grid with the most levels, at most `trials`, that has no more points than there are trials.
/// Points grow with the levels, so the levels are doubled until there are too many, and then halved
/// in between: every grid costs as much as it has points.
fn finest(
    trials: u64,
    grid: impl Fn(u64) -> Result<GridSearch, SettingError>,
) -> Result<GridSearch, SettingError> {
    let fitting = |levels| grid(levels).ok().filter(|grid| grid.points() <= trials);
    let (mut fits, mut found) = (1_u64, grid(1)?);
    let mut fails = loop {
        let levels = fits.saturating_mul(2);
        if levels > trials {
            break trials.saturating_add(1);
        }
        match fitting(levels) {
            // Without a range there is nothing that more levels could divide.
            Some(finer) if finer.points() == found.points() && levels > 64 => return Ok(found),
            Some(finer) => (fits, found) = (levels, finer),
            None => break levels,
        }
    };
    while fails - fits > 1 {
        let levels = fits + (fails - fits) / 2;
        match fitting(levels) {
            Some(finer) => (fits, found) = (levels, finer),
            None => fails = levels,
        }
    }
    Ok(found)
}

/// What decides how long so many trials are trained.
///
/// # Errors
/// When a setting cannot be.
pub fn scheduler(
    stopper: Stopper,
    settings: &SearchSettings,
    trials: u64,
    seed: u64,
) -> Result<Box<dyn TrialScheduler>, SettingError> {
    let SearchSettings {
        budget,
        grace,
        reduction,
        ..
    } = *settings;
    let population = match settings.population {
        0 => settings.trials,
        members => members,
    };
    Ok(match stopper {
        Stopper::Nobody => Box::new(FullBudget::new(budget, trials)?),
        Stopper::Median => Box::new(MedianRule::new(budget, grace, trials)?),
        Stopper::Asha => Box::new(Asha::new(grace, budget, reduction, trials)?),
        Stopper::Hyperband => Box::new(Hyperband::new(grace, budget, reduction, trials)?),
        Stopper::Pbt => Box::new(Pbt::new(population, grace, budget, seed)?),
    })
}

/// The seed of one search of a run: every repeat is another, and all arms of a repeat have the
/// same.
pub fn seed(run: u64, repeat: u32) -> u64 {
    run.wrapping_add(u64::from(repeat).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may end on the spot")]
mod tests {
    use std::cell::Cell;

    use workbench_search::Dimension;

    use super::*;

    #[test]
    fn the_finest_grid_is_found_with_few_others() {
        for (lines, trials, points) in [
            (&["a=uniform(0,1)"][..], 1000, 1000),
            (&["a=uniform(0,1)", "b=uniform(0,1)"], 1000, 961),
            (&["a=uniform(0,1)", "b=choice(x,y,z)"], 8, 6),
            (&["a=choice(x,y,z)"], 1000, 3),
            (&["a=choice(x,y,z)"], 1, 3),
            (&["a=integer(1,10)"], 500, 10),
        ] {
            let dimensions = lines.iter().map(|line| Dimension::parse(line).unwrap());
            let space = Space::new(dimensions.collect()).unwrap();
            let made = Cell::new(0);
            let found = finest(trials, |levels| {
                made.set(made.get() + 1);
                GridSearch::new(space.clone(), levels, 7)
            });
            assert_eq!(found.unwrap().points(), points, "{lines:?} {trials}");
            assert!(made.get() <= 24, "{lines:?} {trials}: {}", made.get());
        }
    }
}
