//! Tests of the protocol between launcher and workers.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

mod common;
mod corpus;
mod frames;
mod texts;
