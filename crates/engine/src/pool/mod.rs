//! The task pool.

mod timeline;

pub use timeline::{Outcome, TaskSpan};
