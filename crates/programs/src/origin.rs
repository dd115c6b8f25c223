//! Where a lab comes from that is not a part of this program.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// Where a lab of a folder comes from, and what its arms run.
#[derive(Debug)]
pub(crate) struct LabOrigin {
    /// The folder, as an absolute path.
    pub folder: PathBuf,
    /// The commands that it runs, arm by arm.
    pub programs: Vec<String>,
    /// SHA-256 of its definition and of the files that it runs, in hexadecimal.
    pub sha256: String,
    /// Whether the person has agreed to run them.
    pub is_agreed: AtomicBool,
}
