//! The schedulers against what was published about them.

mod asha;
mod drive;
mod hyperband;
mod median;
mod pbt;
