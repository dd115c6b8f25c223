//! Which processes of this program measure on this machine now, so that one can say that another
//! disturbs it.
//!
//! A process that measures holds a lock on a small file in a folder that all accounts share. A lock
//! ends with its process, however that ends, so a file that nobody holds is a leftover: whoever
//! sees one removes it. Others can write to the folder too, so what lies in it is not trusted:
//! only plain files with the names of such files are opened, and nothing else is touched. Belongs
//! here: the files. Does not belong here: what is said about them.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::OFlags;

/// The longest id of a run that is read, in bytes.
const LONGEST: u64 = 60;
/// Who may do what in the folder: all may add files, and remove their own alone, as in the folder
/// above it.
const FOLDER_MODE: u32 = 0o1777;
/// Whatever the account's mask says: a mark that others cannot read warns nobody.
const FILE_MODE: u32 = 0o644;

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
    /// When the file cannot be written or locked, or something else has the folder's name: others
    /// are not warned then.
    pub fn set(folder: &Path, what: &str) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        make(folder)?;
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
            .set_permissions(Permissions::from_mode(FILE_MODE))
            .and_then(|()| file.lock())
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
    if !is_folder(folder) {
        return Vec::new();
    }
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut all: Vec<Measuring> = paths.filter_map(|path| look(&path)).collect();
    all.sort_by_key(|other| other.pid);
    all
}

fn look(path: &Path) -> Option<Measuring> {
    let pid = pid_of(path.file_name()?.to_str()?)?;
    if pid == process::id() {
        return None;
    }
    // A pipe must not be waited for, and a link leads to files of others.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
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

/// The process that a file of this name belongs to: exactly `PID-N`.
fn pid_of(name: &str) -> Option<u32> {
    let (pid, count) = name.split_once('-')?;
    let (pid, count): (u32, u32) = (pid.parse().ok()?, count.parse().ok()?);
    (name == format!("{pid}-{count}")).then_some(pid)
}

/// Whether this is a folder itself, not a link to one.
fn is_folder(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Makes the folder where there is none. One that somebody else has made stays as it is.
fn make(folder: &Path) -> io::Result<()> {
    if let Some(above) = folder.parent() {
        std::fs::create_dir_all(above)?;
    }
    match std::fs::create_dir(folder) {
        Ok(()) => std::fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE)),
        Err(_) if is_folder(folder) => Ok(()),
        Err(error) => Err(error),
    }
}

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
    fn what_is_no_such_file_is_passed_over_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let names = [
            "x",
            ".1-0",
            "-",
            "1",
            "1-",
            "1-x",
            "1-0-0",
            "+1-0",
            "01-0",
            "2024-01-01.csv",
        ];
        for name in names {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        std::fs::create_dir(dir.path().join("77-0")).unwrap();
        std::os::unix::fs::symlink("x", dir.path().join("78-0")).unwrap();
        assert_eq!(others(dir.path()), []);
        let left = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(left, names.len() + 2);
    }

    #[test]
    fn a_pipe_with_the_name_of_such_a_file_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("77-0");
        let made = process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        assert_eq!(others(dir.path()), []);
        assert!(pipe.exists());
    }

    #[test]
    fn a_link_in_the_place_of_the_folder_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let [folder, link] = ["real", "link"].map(|name| dir.path().join(name));
        std::fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        let live = of_other(&folder, u32::MAX - 1);
        live.lock().unwrap();
        assert_eq!(others(&folder).len(), 1);
        assert_eq!(others(&link), []);
        assert!(MeasuringMark::set(&link, "mine").is_err());
    }

    #[test]
    fn all_accounts_read_a_mark_and_a_folder_of_others_keeps_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
        let new = dir.path().join("new");
        let mark = MeasuringMark::set(&new, "mine").unwrap();
        assert_eq!((mode(&new), mode(&mark.path)), (FOLDER_MODE, FILE_MODE));
        let old = dir.path().join("old");
        std::fs::create_dir(&old).unwrap();
        std::fs::set_permissions(&old, Permissions::from_mode(0o700)).unwrap();
        let _mark = MeasuringMark::set(&old, "mine").unwrap();
        assert_eq!(mode(&old), 0o700);
    }
}
