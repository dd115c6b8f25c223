//! The Python environments of the peers of labs: where they lie, whether they are there, and making
//! them.
//!
//! Belongs here: virtual environments in the cache folder, one for each lab that has peers. Does
//! not belong here: which packages they hold, which the labs declare, and the address of a package
//! index: pip uses the one that its user has configured.

mod install;
mod place;

pub use install::{PeerStep, install};
pub use place::PeersPlace;
