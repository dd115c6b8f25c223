//! Set-ups that a person keeps under a name: what was chosen for a lab, as a readable file each.
//!
//! ```toml
//! lab = "rf"
//! preset = "quick"
//! arms = ["sequential", "tasks"]
//! workers = "1,2"
//!
//! [set]
//! max_depth = 12
//! ```
//!
//! A file may be older than the labs that are here. What a lab knows no more is left out and said,
//! and nothing else is lost.

mod fit;
mod problem;
mod request;
mod saved;
mod store;

pub use problem::{SavedSetupError, SetupProblem};
pub use saved::SavedSetup;
pub use store::{NamedSetup, SetupStore};
