//! The files of checkpoints: their names, and which are written and kept.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Which checkpoints are written and kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Where.
    pub dir: PathBuf,
    /// Every so many steps.
    pub every_steps: Option<u64>,
    /// Every so often.
    pub every: Option<Duration>,
    /// How many of the newest are kept; the one with the best accuracy is kept besides, and the one
    /// that training went on from.
    pub keep: usize,
}

/// The name of a checkpoint's file. Names sort as steps do.
pub(super) fn file_name(steps: u64) -> String {
    format!("step-{steps:010}.{EXTENSION}")
}

/// The checkpoints in a folder, the newest first.
pub fn list(dir: &Path) -> Vec<PathBuf> {
    files(dir, EXTENSION)
}

/// The extension of a complete file.
const EXTENSION: &str = "ckpt";

/// The files of a training's steps in a folder that have this extension, the latest step first.
pub(super) fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| steps_of(path).is_some())
        .filter(|path| path.extension().is_some_and(|known| known == extension))
        .collect();
    files.sort_unstable_by_key(|path| Reverse(steps_of(path)));
    files
}

/// The steps that a file's name says it is of; `None` for any other name.
pub(super) fn steps_of(path: &Path) -> Option<u64> {
    let steps = path.file_stem()?.to_str()?.strip_prefix("step-")?;
    steps.parse().ok()
}
