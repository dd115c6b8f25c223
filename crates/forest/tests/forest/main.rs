//! Tests of trees and forests: against scikit-learn, against each other, with hostile data.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

mod equivalence;
mod hostile;
mod identity;
mod models;
mod paths;
mod reference;
