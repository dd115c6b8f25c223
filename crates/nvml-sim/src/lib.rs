//! A library in the place of NVIDIA's management library (NVML): it answers the calls that
//! workbench makes, from a file that says what its GPUs do. It is loaded by the real nvml-wrapper,
//! so the code that reads real cards is the code that is tried out and tested.
//!
//! ```text
//! workbench ─► helper process ─► nvml-wrapper ─► entry.rs ─► world.rs ◄─ scenario.rs ◄─ a file
//!                                                (C)
//! ```
//!
//! - **Belongs here:** reading scenarios, and NVML's functions as far as they are in use.
//! - **May use:** nothing of this tree.
//! - **Does not belong here:** what workbench makes of the answers.
//!
//! `entry` is the only file with `unsafe`: what C calls takes pointers.

mod entry;
mod place;
pub mod scenario;
mod world;
