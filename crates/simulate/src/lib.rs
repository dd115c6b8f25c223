//! Made-up runs and machines: event logs of machines and mishaps that are not at hand, and looks at
//! such machines without a run, for tests, benches and for trying out screens and reports.
//!
//! A simulated run is the log that the program would have written: the same events in the same
//! order at the same times, five ticks a second, samples at the same intervals. It is a pure
//! function of the scenario and a seed, and says in its warnings that it is made up.
//!
//! - **Belongs here:** what happens in such runs and on such machines.
//! - **May use:** `clock`, `digest`, `stats`, `pool`, `machine`, `record`, `experiment`. Only
//!   tests, benches and examples may use this crate.
//! - **Does not belong here:** anything that a real run needs.

mod log;
mod machine;
mod machine_state;
mod names;
mod ranks;
mod repeat;
mod run;
mod scenario;
mod training;

use workbench_record::Record;

pub use machine_state::{MachineSize, machine_state};
pub use scenario::Scenario;

/// The events of a made-up run, in the order of its log. `unix_ms` is when it claims to have
/// started, in milliseconds since the Unix epoch. The same arguments give the same events.
pub fn events(scenario: Scenario, seed: u64, run_id: &str, unix_ms: u64) -> Vec<Record> {
    run::simulated_run(scenario, seed).records(run_id, unix_ms)
}
