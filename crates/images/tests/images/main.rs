//! Tests of image files: IDX, CIFAR, folders of PNG.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

mod cifar;
mod common;
mod png;
mod readers;
