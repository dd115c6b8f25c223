//! Tests of what a look at the machine is put into: JSON and Prometheus.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

mod prometheus;
mod schema;
