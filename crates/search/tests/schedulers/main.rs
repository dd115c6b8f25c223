//! The schedulers against what was published about them.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

mod asha;
mod drive;
mod hyperband;
mod median;
mod pbt;
