//! What the machine does now, without a run: cores, memory, disks, network, processes, GPUs.
//!
//! [`StateReader`] looks, [`MachineState`] is what one look yields. [`monitor`](crate::monitor)
//! looks at less, and has to, because it looks while something is measured.
//!
//! Belongs here: reading the kernel's files and handing signals to processes. Does not belong here:
//! when to look, keeping what was seen, judging it.

#[cfg(all(target_os = "linux", not(workbench_portable)))]
mod linux;
#[cfg(any(workbench_portable, not(target_os = "linux")))]
mod portable;
mod process;
mod signal;
mod types;

#[cfg(all(target_os = "linux", not(workbench_portable)))]
use linux as system;
#[cfg(any(workbench_portable, not(target_os = "linux")))]
use portable as system;

pub use process::{ProcessStatus, SeenProcess};
pub use signal::{NotSent, ProcessSignal, send_signal};
pub use system::StateReader;
pub use types::{
    CoreState, DiskState, FileSystemState, GroupState, MachineState, MemoryState, NetworkState,
    ProcessCounts, Stalls,
};
