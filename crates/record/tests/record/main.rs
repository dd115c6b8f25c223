//! Tests of the event log: on the disk, in what order, damaged, written by several threads.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

mod common;
mod damage;
mod logs;
mod order;
mod writer;
