//! Running a lab: from a request to a configuration, the plan of interleaved repeats, the timing of
//! each, and the record.
//!
//! - **Belongs here:** the contract that labs fulfil ([`lab`]), resolving requests, planning,
//!   running, sampling while an arm runs, resuming, set-ups that are kept ([`setup`]).
//! - **May use:** `record`, `result`, `questions`, `machine`, `pool`, `dataset`, `clock`,
//!   `words`.
//! - **Does not belong here:** any lab, and the display of a run.

mod asked;
mod assignment;
mod at_home;
mod beside;
mod command;
mod control;
mod disturbance;
mod error;
pub mod lab;
mod plan;
mod predictions;
mod request;
mod request_error;
mod resumption;
mod rounds;
mod run;
mod runner;
pub mod sampling;
pub mod setup;
mod start;
mod until;
mod watch;

pub use asked::AskedWorkers;
pub use at_home::at_home;
pub use command::data_words;
pub use control::{Control, StopRequests};
pub use error::ExperimentError;
pub use plan::plan;
pub use request::{DEFAULT_SEED, MAX_WORKERS, Request, resolve, resolve_for};
pub use request_error::RequestError;
pub use resumption::{OriginChange, OtherOrigin, ResumeRefused};
pub use run::{Ended, resume, run};
pub use until::{DEFAULT_MAX_TIME, MAX_REPEATS, MaxTime, Width};
