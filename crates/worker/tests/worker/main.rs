//! Workers as real processes.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;
mod failures;
mod gpus;
mod resumption;
mod training;
mod trial;
mod tuning;
