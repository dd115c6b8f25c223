//! Tests of the crate. Most run on several real processes, as `common` says.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod adam;
mod autocast;
mod batch_norm;
mod collectives;
mod common;
mod cuda;
mod ddp;
mod ddp_models;
mod failures;
mod join;
mod more_collectives;
mod store;
mod zero;
