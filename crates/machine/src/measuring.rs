//! Which processes of this program measure on this machine now, so that one can say that another
//! disturbs it.
//!
//! A process that measures holds a lock on a small file in a folder that all accounts share. A lock
//! ends with its process, however that ends, so a file that nobody holds is a leftover: whoever
//! sees one removes it. Belongs here: the files. Does not belong here: what is said about them.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// The longest id of a run that is read, in bytes.
const LONGEST: u64 = 60;

/// A process that measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measuring {
    /// Its number.
    pub pid: u32,
    /// What it measures: the id of a run, letters, digits and dashes.
    pub what: String,
}

/// Says that this process measures, until it is dropped.
#[derive(Debug)]
pub struct MeasuringMark {
    path: PathBuf,
    /// Holds the lock.
    _file: File,
}

/// The folder in which processes of all accounts say that they measure.
pub fn shared_folder() -> PathBuf {
    std::env::temp_dir().join("workbench-measuring")
}

impl MeasuringMark {
    /// Says that this process measures `what`.
    ///
    /// # Errors
    /// When the file cannot be written or locked: others are not warned then.
    pub fn set(folder: &Path, what: &str) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        if !folder.is_dir() {
            std::fs::create_dir_all(folder)?;
            open_to_all(folder);
        }
        let name = format!(
            "{}-{}",
            process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        // Locked before it has a name that others look at, so that nobody takes it for a leftover.
        let draft = folder.join(format!(".{name}"));
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&draft)?;
        let path = folder.join(name);
        let done = file
            .lock()
            .and_then(|()| file.write_all(what.as_bytes()))
            .and_then(|()| std::fs::rename(&draft, &path));
        if let Err(error) = done {
            let _ = std::fs::remove_file(&draft);
            return Err(error);
        }
        Ok(Self { path, _file: file })
    }
}

impl Drop for MeasuringMark {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The other processes that measure now, by their number. None where that cannot be known.
pub fn others(folder: &Path) -> Vec<Measuring> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut all: Vec<Measuring> = paths.filter_map(|path| look(&path)).collect();
    all.sort_by_key(|other| other.pid);
    all
}

fn look(path: &Path) -> Option<Measuring> {
    let name = path.file_name()?.to_str()?;
    let pid = name.split('-').next()?.parse().ok()?;
    if pid == process::id() {
        return None;
    }
    let file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {}
        Ok(()) => {
            let _ = std::fs::remove_file(path);
            return None;
        }
        // A file system without locks: nothing is known.
        Err(TryLockError::Error(_)) => return None,
    }
    let mut what = Vec::new();
    file.take(LONGEST).read_to_end(&mut what).ok()?;
    let what = String::from_utf8_lossy(&what);
    let what = what
        .chars()
        .filter(|c| c.is_alphanumeric() || "-_".contains(*c));
    let what = what.collect();
    Some(Measuring { pid, what })
}

/// Lets other accounts put files there, and remove their own alone, as in the folder above it.
#[cfg(unix)]
fn open_to_all(folder: &Path) {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;
    let _ = std::fs::set_permissions(folder, Permissions::from_mode(0o1777));
}

#[cfg(not(unix))]
fn open_to_all(_folder: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file of a process with another number, with and without a lock.
    fn of_other(folder: &Path, pid: u32) -> File {
        let path = folder.join(format!("{pid}-0"));
        std::fs::write(&path, "20261121-101502-rf-3f9a").unwrap();
        OpenOptions::new().read(true).open(path).unwrap()
    }

    #[test]
    fn those_who_hold_their_file_measure_and_leftovers_go() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("measuring");
        assert_eq!(others(&folder), []);
        let own = MeasuringMark::set(&folder, "mine").unwrap();
        assert_eq!(others(&folder), [], "not itself");
        let [_killed, live] = [1, 2].map(|n| of_other(&folder, u32::MAX - n));
        live.lock().unwrap();
        let seen = others(&folder);
        let expected = Measuring {
            pid: u32::MAX - 2,
            what: "20261121-101502-rf-3f9a".to_owned(),
        };
        assert_eq!(seen, [expected]);
        drop((own, live));
        assert_eq!(others(&folder), []);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    }

    #[test]
    fn what_is_no_such_file_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["x", ".1-0", "-", "1"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        std::fs::create_dir(dir.path().join("77-0")).unwrap();
        assert_eq!(others(dir.path()), []);
        assert!(dir.path().join("x").exists());
    }
}
