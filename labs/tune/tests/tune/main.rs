//! Tests of the lab tune: searches with the pool, by hand, resumed.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

mod by_hand;
mod common;
mod resume;
mod searches;
