//! Which processes of trials still run, also those that a killed run has left behind.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// The file, beside the folders of all trials, that their processes keep open and locked.
const RUNNING: &str = "running";
/// How long processes that a killed run left behind may take to end.
const PATIENCE: Duration = Duration::from_secs(30);
/// Interval of looks at whether they have.
const LOOK: Duration = Duration::from_millis(10);

/// Opens and locks that file for the process of a trial with this folder. Others lock it as well.
/// Where files have no locks, nobody waits for anybody.
pub fn hold(dir: &Path) -> Option<File> {
    let path = dir.parent()?.join(RUNNING);
    let file = OpenOptions::new().create(true).append(true).open(path);
    let file = file.ok()?;
    file.lock_shared().ok()?;
    Some(file)
}

/// Waits until the processes have ended that a killed part of the run left in the folders in
/// `scratch`. They are being ended, but two processes in one folder would harm each other, and the
/// memory of a GPU is free only when its process is gone. Returns whether they have; they have not
/// where they take longer than half a minute, or `stop` says so before.
pub fn wait_for_earlier(scratch: &Path, stop: &dyn Fn() -> bool) -> bool {
    let Ok(file) = File::open(scratch.join(RUNNING)) else {
        return true;
    };
    let begun = Instant::now();
    while let Err(TryLockError::WouldBlock) = file.try_lock() {
        if begun.elapsed() > PATIENCE || stop() {
            return false;
        }
        thread::sleep(LOOK);
    }
    true
}
