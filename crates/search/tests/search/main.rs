//! Tests of the search: spaces, searchers, schedulers, whole studies.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

mod portable;
mod properties;
mod schedulers;
mod searchers;
mod simulation;
mod spaces;
mod study;
mod tpe;
