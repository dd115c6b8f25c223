//! Tests of the result document: from events to figures, written and read.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

mod basis;
#[path = "../../../record/tests/record/common/mod.rs"]
mod common;
mod cores;
mod figures;
mod old_logs;
mod stored;
mod texts;
