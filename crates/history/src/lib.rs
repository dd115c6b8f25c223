//! The history of runs: their status, lists, filters and comparisons, the remaining time of a run,
//! and the estimated duration of another.
//!
//! - **Belongs here:** what both command line and terminal interface show of runs, as plain data.
//! - **May use:** `experiment`, `report`, `result`, `record`, `machine`, `stats`, `clock`.
//! - **Does not belong here:** printing, drawing, starting anything.

pub mod comparison;
pub mod estimate;
mod estimate_messages;
pub mod filter;
pub mod list;
pub mod outlook;
mod standing;

pub use standing::Standing;
