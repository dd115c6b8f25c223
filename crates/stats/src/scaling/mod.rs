//! What speed-ups over the number of workers say.
//!
//! What belongs here: measures of one speed-up and laws over many, with their fits. What does not:
//! how a speed-up was measured (`bootstrap`) and what the tasks would have allowed (`schedule`). A
//! law is a summary, not a cause: imbalance alone looks like a serial fraction to Amdahl and to
//! Karp–Flatt. Read fits next to the lost time.

mod fit;
mod laws;
mod least_squares;

pub use fit::{
    FitRefusal, FittedAmdahl, FittedGustafson, FittedUsl, Law, fit_amdahl, fit_gustafson, fit_usl,
};
pub use laws::{amdahl, efficiency, gustafson, karp_flatt, usl, usl_peak};
