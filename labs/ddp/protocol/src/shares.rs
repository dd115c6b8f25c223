//! Which rows of an epoch a rank takes in a step.
//!
//! Every row counts once in every epoch, whatever the number of ranks was when the epoch began and
//! is now. A step takes the next `ranks × batch` rows; the last takes what is left. Rules:
//!
//! - A rank that takes rows takes two or more, because batch normalisation learns nothing from one.
//!   So where few rows are left, some ranks take none, and a single row left over goes into the
//!   step before.
//! - Ranks may take different numbers of rows. The mean over the ranks is the mean over the rows,
//!   because every rank weighs its loss ([`Share::weight`]).
//! - The number of steps depends on `ranks × batch` alone, so in strong scaling it is the same for
//!   any number of ranks.

/// Rows of the next step of all ranks together, when `left` rows of the epoch are left.
pub fn rows_of_step(left: u64, world: u32, batch: u32) -> u64 {
    let full = u64::from(world.max(1)) * u64::from(batch.max(1));
    if left <= full + 1 { left } else { full }
}

/// Steps that `left` rows take.
pub fn steps(left: u64, world: u32, batch: u32) -> u64 {
    let full = u64::from(world.max(1)) * u64::from(batch.max(1));
    let (steps, rest) = (left / full, left % full);
    // A single row goes into the step before, if there is one.
    steps + u64::from(rest > 1 || (rest == 1 && steps == 0))
}

/// What one rank takes of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Rows of all ranks.
    pub rows_of_step: u64,
    /// Ranks that take rows; the others compute on rows that do not count.
    active: u32,
    rank: u32,
    world: u32,
}

impl Share {
    /// The share of `rank` of the next step, when `left` rows of the epoch are left.
    pub fn next(left: u64, (rank, world): (u32, u32), batch: u32) -> Self {
        let rows_of_step = rows_of_step(left, world, batch);
        let active = u64::from(world.max(1)).min((rows_of_step / 2).max(1));
        Self {
            rows_of_step,
            active: active as u32,
            rank,
            world: world.max(1),
        }
    }

    /// The rows that this rank takes, counted from the first of the step.
    pub fn places(&self) -> impl Iterator<Item = u64> + use<> {
        let counts = self.rank < self.active;
        let end = if counts { self.rows_of_step } else { 0 };
        (u64::from(self.rank)..end).step_by(self.active as usize)
    }

    /// How many rows that is.
    pub fn rows(&self) -> u32 {
        self.places().count() as u32
    }

    /// What this rank's mean loss is multiplied by, so that the mean over all ranks is the mean
    /// over all rows: 1 where all take equally many, 0 where this rank takes none.
    pub fn weight(&self) -> f64 {
        f64::from(self.rows()) * f64::from(self.world) / self.rows_of_step.max(1) as f64
    }
}
