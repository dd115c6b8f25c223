//! The run's record: the event log and the directory it lives in.

mod event;
mod snapshot;

pub use event::{
    Event, FORMAT, Item, Quantity, Record, RepeatFinished, RepeatId, RunStarted, RunStatus,
};
pub use snapshot::{RepeatState, Snapshot};
