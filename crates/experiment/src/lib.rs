//! Running a lab: from a request to a configuration, the plan of interleaved repeats, the timing of
//! each, and the record.
//!
//! - **Belongs here:** the contract that labs fulfil ([`lab`]), resolving requests, planning,
//!   running, sampling while an arm runs, resuming.
//! - **May use:** `record`, `result`, `machine`, `pool`, `dataset`, `clock`.
//! - **Does not belong here:** any lab, and the display of a run.

mod asked;
mod control;
mod disturbance;
pub mod lab;
mod plan;
mod request;
mod rounds;
mod run;
pub mod sampling;
mod watch;

pub use asked::AskedWorkers;
pub use control::Control;
pub use plan::plan;
pub use request::{DEFAULT_SEED, MAX_REPEATS, MAX_WORKERS, Request, RequestError, resolve};
pub use run::{Ended, ExperimentError, resume, run};
