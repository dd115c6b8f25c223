//! Looking at the machine while a run goes on: what one look yields, taking it cheaply, and
//! taking it regularly.
//!
//! Belongs here: everything that changes during a run. Does not belong here: facts that stay the
//! same, which are [`machine`](crate)'s, and what becomes of the samples, which the caller decides.
//!
//! The instrument must not disturb the experiment: files stay open, buffers are reused, what is
//! dear to ask for is asked for less often, and [`Monitor`] measures what it costs.

mod background;
mod conditions;
mod observer;
pub(crate) mod pace;
mod process_meter;
mod resource_use;
pub(crate) mod sample;
mod sampler;
mod stop_meter;
mod stops;
mod usage;

#[cfg(all(target_os = "linux", not(workbench_portable)))]
mod linux;
#[cfg(any(test, workbench_portable, not(target_os = "linux")))]
mod portable;

#[cfg(test)]
mod tests;

pub use background::{Monitor, Tick};
pub use conditions::{Conditions, CoreLimits, Pressure, Readings, Steal, Throttling};
#[cfg(all(target_os = "linux", not(workbench_portable)))]
pub(crate) use linux::{Counters, Frequencies, Reread};
pub use observer::Observer;
pub use process_meter::ProcessMeter;
pub use resource_use::{HardwareCounts, ProcessUse, ResourceUse, StartedProcesses};
pub use sample::{GpuSample, Sample};
pub use sampler::Sampler;
pub use stop_meter::StopMeter;
pub use usage::UsageMeter;
pub(crate) use usage::counter_access;

/// A share with three decimals: finer than the kernel counts, and short in the log.
pub(crate) fn round_share(share: f64) -> f32 {
    ((share * 1000.0).round() / 1000.0) as f32
}
