//! The lab with the real worker, where `WORKBENCH_WORKER` names one; without it these tests say
//! that they were not run.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

mod common;
mod elastic;
mod faults;
mod handout;
mod preset;
mod rendezvous;
