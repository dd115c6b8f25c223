//! Tests of the lab rf: its data, its classes, its forests against scikit-learn.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

mod classes;
mod data;
mod reference;
