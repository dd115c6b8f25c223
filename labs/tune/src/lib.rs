//! The tune lab.
pub mod objective;
