//! Tests of tables: the embedded one, and CSV files as people have them.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

mod allowed;
mod corpus;
mod csv;
mod embedded;
mod files;
mod properties;
