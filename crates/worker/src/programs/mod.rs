//! The training programs, to be read side by side: [`by_hand`] spells out everything that data-parallel training needs, [`launched`]
//! leaves it to a trainer, [`single`] does without.

pub mod by_hand;
pub mod launched;
pub mod single;
