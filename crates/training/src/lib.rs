//! Trainings with the program `workbench-worker`, as the labs see them that start it.
//!
//! - **Belongs here:** where the worker's program is and whether it fits, and what is known of the
//!   images before it starts.
//! - **May use:** `experiment`, `report`, `images`, `digest`, and the workers' `protocol`.
//! - **Does not belong here:** training, which the worker does; starting and watching its
//!   processes; what only one lab needs.

mod images;
mod version_cache;
mod worker;

pub use images::{EMBEDDED_ROWS, EMBEDDED_SHAPE, FoundImages, ImageShape, find as find_images};
pub use workbench_ddp_protocol::WorkerVersion;
pub use worker::{
    LIBTORCH, VARIABLE as WORKER_VARIABLE, WORKER, WorkerMisfit, check as check_worker,
    find as find_worker, software,
};
