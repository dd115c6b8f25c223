//! Watching a machine without a run: what became of the looks at it.
//!
//! - **Belongs here:** the history of figures, the order of processes, alerts, recordings, and the
//!   forms in which other programs read the figures (JSON, Prometheus' text).
//! - **May use:** `machine`, `report` (for units), `json`.
//! - **Does not belong here:** reading the kernel's files and the driver, which is `machine`'s, and
//!   drawing.

mod alert;
mod alerts;
mod document;
mod messages;
mod processes;
mod prometheus;
mod recording;
mod server;
mod stamp;
mod timeline;
mod watcher;

pub use alert::{Alert, AlertKind, AlertSubject};
pub use alerts::{AlertLimits, AlertWatch, LimitError, TypedLimit};
pub use document::{MonitorDocument, schema};
pub use processes::{ProcessOrder, ProcessRow, ProcessWish, arranged};
pub use prometheus::text;
pub use recording::{
    NoRecording, Recording, RecordingError, RecordingFlaw, StateLog, StateRecorder,
};
pub use server::{MetricsServer, NotLoopback};
pub use timeline::{ColumnSpread, GpuPlace, Timeline, Trace, USUAL_INTERVAL};
pub use watcher::{MachineWatcher, MonitorLook};
