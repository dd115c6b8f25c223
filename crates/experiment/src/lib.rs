//! Running a lab: from what was asked to a resolved configuration, the plan of interleaved repeats, the clock around
//! each, and the record of it all.

mod asked;
mod control;
pub mod lab;
mod plan;
mod request;
pub mod rhythm;
mod run;
mod watch;

pub use asked::AskedWorkers;
pub use control::Control;
pub use plan::plan;
pub use request::{DEFAULT_SEED, MAX_REPEATS, MAX_WORKERS, Request, RequestError, resolve};
pub use run::{Ended, ExperimentError, resume, run};
