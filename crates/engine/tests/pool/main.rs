//! The task pool as its users see it.

mod actors;
mod basics;
mod cancelling;
mod nesting;
mod properties;
mod resources;
mod retries;
mod stress;
mod support;
