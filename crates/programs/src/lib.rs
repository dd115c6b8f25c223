//! Labs whose arms are programs: what a person would type into a shell, measured like any arm.
//!
//! - **Belongs here:** command lines and their placeholders ([`template`]), the helper process that
//!   starts a program, waits for it and all that it started, and ends what is left ([`serve`]),
//!   reading what programs print, and the lab that runs them ([`ProgramLab`]).
//! - **May use:** `experiment`, `questions`, `record`, `machine`, `workers`, `pool`, `protocol`,
//!   `digest`, `clock`, `words`.
//! - **Does not belong here:** any particular program or lab.
//!
//! A helper process does what this process cannot: orphans of the program become its children
//! (Linux' child subreaper), so that nothing outlives the repeat, and what the system counts of its
//! children is what the program and all that it started have used. It is this program itself,
//! started with the argument [`HELPER`] before the clock is, and ends everything when this process
//! ends, however that happens. One helper runs one repeat after the other, as long as each of them
//! ends by itself and leaves nothing that cannot be ended.

mod attempt;
mod capture;
mod check;
mod code_files;
mod failure;
mod file_lab;
mod folder;
mod hashed;
mod helper;
mod helper_link;
mod lab;
mod line_match;
mod messages;
mod once;
mod origin;
mod pause;
mod peer_messages;
mod peer_probe;
mod peers;
mod peers_found;
mod prepared;
mod program;
mod reap;
mod relay;
mod safe_text;
mod scaffold;
mod settings;
mod teller;
pub mod template;
mod told;
mod tree;
mod wire;
mod work_cpu;

pub use check::{CheckError, OutputCheck, OutputChecks};
pub use folder::{HANDOUT, LAB_FILE, LabProblem, lab_folders, read_folder};
pub use hashed::hash_file;
pub use helper::{HELPER, serve};
pub use helper_link::start_helper_with;
pub use lab::{ProgramLab, ad_hoc};
pub use once::{OnceEnd, OnceProgram, OnceStart};
pub use peers::{Peers, WriteInput};
pub use peers_found::FoundPeers;
pub use scaffold::new_lab;
pub use settings::Timed;
pub use teller::Teller;
pub use workbench_protocol::arm::{ArmLine, ArmLineError, ArmLines};

/// The file with which a Python program tells more of its work, without dependencies.
pub const PYTHON: &str = include_str!("../python/workbench_arm.py");
