//! Settings that cannot be, and the budgets at which schedulers decide.

/// A setting of a searcher or scheduler that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum SettingError {
    /// The least budget is 0 or above the largest.
    #[error("the least budget {min} has to be at least 1 and at most the largest, {max}")]
    Budget {
        /// Least budget.
        min: u64,
        /// Largest budget.
        max: u64,
    },
    /// A reduction below 2.
    #[error("the reduction {0} has to be at least 2: 2 keeps the better half of a rung")]
    Reduction(u64),
    /// No trial.
    #[error("a search needs at least one trial")]
    NoTrials,
    /// A population that cannot have better and worse members.
    #[error("a population of {0} is too small; it needs at least 2 members")]
    Population(u64),
    /// A share that is none.
    #[error("the share {0} has to be above 0 and at most 0.5")]
    Share(f64),
    /// A number that is not above 0 or not finite.
    #[error("{what} has to be a finite number above 0, not {given}")]
    Positive {
        /// Which setting.
        what: &'static str,
        /// What was given.
        given: f64,
    },
    /// A grid that cannot be counted.
    #[error("the grid has more than 2^63 points; give fewer values or fewer levels")]
    GridTooLarge,
}

/// Budgets that grow by a factor, from the least to the largest; the last is the largest, also
/// where it is no power of the factor. 10 to 100 by 2 is 10, 20, 40, 80, 100.
pub(crate) fn rungs(min: u64, max: u64, reduction: u64) -> Result<Vec<u64>, SettingError> {
    if min == 0 || min > max {
        return Err(SettingError::Budget { min, max });
    }
    if reduction < 2 {
        return Err(SettingError::Reduction(reduction));
    }
    let grown = std::iter::successors(Some(min), |budget| budget.checked_mul(reduction));
    let mut rungs: Vec<u64> = grown.take_while(|budget| *budget < max).collect();
    rungs.push(max);
    Ok(rungs)
}
