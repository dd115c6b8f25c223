//! The interface's state, and how it changes. Pure: what has to happen outside comes back as
//! [`Effect`](crate::event::Effect)s, so the whole application runs in tests without terminal,
//! threads and files.
//!
//! ```text
//! Event ─► update ─┬─ key, mouse, text ─► input ─► Action ─► act ─┬─► state ─► draw
//!                  └─ everything else ────────────────────────────┴─► Effects
//! ```

mod act;
mod asked;
mod commands;
mod input;
mod layout;
mod make;
mod manage;
mod monitor;
mod seek;
mod setups;
mod state;
mod telling;
mod update;
mod watch;

#[cfg(test)]
pub use state::Watched;
pub use state::{App, Back, Feed, LiveRun, Screen};
