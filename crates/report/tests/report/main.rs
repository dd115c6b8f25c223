//! Tests of reports: what a page says, whatever the record holds, and the files that take it.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

mod files;
mod fixture;
mod items;
mod pages;
mod robust;
mod training;
