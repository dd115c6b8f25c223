//! The model of a network that the worker's program trains: its newest checkpoint, and where it is
//! trained when nobody searches.

use std::path::{Path, PathBuf};
use std::{env, fs, io, process};

use workbench_experiment::lab::LabError;

use crate::messages;
use crate::objective::checkpoint_dir;

/// The extension of the worker's checkpoints.
const EXTENSION: &str = "ckpt";

/// A folder for one training, which goes with this.
#[derive(Debug)]
pub struct WorkerFolder(PathBuf);

impl WorkerFolder {
    /// Beside other temporary files.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new() -> Result<Self, LabError> {
        let dir = env::temp_dir().join(format!("workbench-best-{}", process::id()));
        fs::create_dir_all(&dir).map_err(|error| unusable(&dir, &error))?;
        Ok(Self(dir))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The newest checkpoint that was written there.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn state(&self) -> Result<Vec<u8>, LabError> {
        let dir = checkpoint_dir(&self.0);
        let newest = || -> io::Result<Vec<u8>> {
            let mut files = Vec::new();
            for entry in fs::read_dir(&dir)? {
                files.push(entry?.path());
            }
            // Their names sort as their steps do.
            let is_state = |file: &&PathBuf| file.extension().is_some_and(|of| of == EXTENSION);
            let newest = files.iter().filter(is_state).max();
            fs::read(newest.ok_or(io::ErrorKind::NotFound)?)
        };
        newest().map_err(|error| unusable(&dir, &error))
    }
}

impl Drop for WorkerFolder {
    fn drop(&mut self) {
        // What stays is a temporary file.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The file for a checkpoint beside the document about it.
pub fn beside(document: &Path) -> PathBuf {
    let file = document.with_extension(EXTENSION);
    if file == document {
        return document.with_extension(format!("{EXTENSION}.{EXTENSION}"));
    }
    file
}

fn unusable(dir: &Path, error: &io::Error) -> LabError {
    LabError::Environment(messages::no_folder(dir, error))
}
