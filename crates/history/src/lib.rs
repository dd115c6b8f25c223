//! The runs that were made: how they stand, how they are listed, filtered and compared, how long one will still take, and
//! how long another would take.
//!
//! The command line and the terminal interface share this crate. It reads runs through `record` and `result` and makes
//! plain data of them. It must not print, draw, or start anything.

pub mod comparison;
pub mod estimate;
pub mod filter;
pub mod list;
pub mod outlook;
mod standing;

pub use standing::Standing;
