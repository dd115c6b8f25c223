//! The runs that were made: how they stand, how they are listed, filtered and compared, how long
//! one will still take, and how long another would take.
//!
//! - **Belongs here:** what command line and terminal interface both show of runs, as plain data.
//! - **May use:** `experiment`, `report`, `result`, `record`, `machine`, `stats`, `clock`.
//! - **Does not belong here:** printing, drawing, starting anything.

pub mod comparison;
pub mod estimate;
pub mod filter;
pub mod list;
pub mod outlook;
mod standing;

pub use standing::Standing;
