//! The task pool as its users see it.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

mod actors;
mod basics;
mod cancelling;
mod nesting;
mod properties;
mod resources;
mod retries;
mod stress;
mod support;
