//! A search: searcher and scheduler together, its trials, and its record.

mod event;
mod replay;
mod search;
mod trials;

pub use event::StudyEvent;
pub use replay::{Diverged, Replay};
pub use search::Study;
pub use trials::{Leg, NextLeg, Trial, TrialState};
