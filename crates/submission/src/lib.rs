//! Hand-ins: runs packed into one file with everything that a check needs, and the check.
//!
//! - **Belongs here:** the archive, its manifest, what it must not say about a person, reading one
//!   that may be hostile, and what does not fit in it.
//! - **May use:** `experiment`, `report`, `result`, `record`, `questions`, `pool`, `machine`,
//!   `digest`, `words`.
//! - **Does not belong here:** points, and folders of many hand-ins.

mod again;
mod assigned;
mod chain;
mod check;
mod class;
mod clocks;
mod files;
mod folder;
mod limits;
mod log;
mod manifest;
mod messages;
mod missing;
mod opened;
mod opened_run;
mod pack;
mod private;
mod verified_run;
mod verify;
mod zip;

pub use crate::zip::archive;
pub use assigned::{AssignedRun, facts, lacking};
pub use class::Class;
pub use folder::{hand_ins, student};
pub use manifest::{AssignmentFacts, FileFacts, LogFacts, Manifest, PackedBy, RunFacts};
pub use missing::MissingPart;
pub use opened::{Opened, contents, open, open_archive};
pub use opened_run::OpenedRun;
pub use pack::{PackError, Packed, PackedFile, PackedRun, ToPack, pack, sentences};
pub use private::Private;
pub use verified_run::VerifiedRun;
pub use verify::{Verified, Verifier};
