//! Statistics of speed-ups: pure functions from plain numbers to plain structs, no input or output.
//!
//! - **Belongs here:** the arithmetic between recorded times and stated numbers, each formula
//!   with its source.
//! - **May use:** `json`.
//! - **Does not belong here:** reading events, choosing which repeat to look at, wording a report.
//!
//! * [`descriptive`]: centre, spread and outliers of one sample.
//! * [`interval`]: the speed-up of one arm over another, and intervals.
//! * [`scaling`]: what speed-ups over the number of workers say (efficiency, Karp–Flatt,
//!   Amdahl, Gustafson, USL).
//! * [`schedule`]: what list scheduling makes of a set of task durations on any number of slots.
//! * [`lost_time`]: where slots × wall time − useful work went.
//! * [`mod@line`]: a straight line through points.
//! * [`paired`]: whether two models that are judged on the same rows can be told apart.

pub mod descriptive;
pub mod interval;
pub mod line;
pub mod lost_time;
pub mod paired;
pub mod scaling;
pub mod schedule;
