//! Writing a file whole or not at all: its bytes go to a draft in the same directory, to the disk,
//! and then under the file's name in one step.
//!
//! Where the file system can (on Linux: ext4, XFS, Btrfs, tmpfs), the draft has no name, so that a
//! process that is killed leaves nothing. Elsewhere (NFS, macOS) it has one and is locked by its
//! writer; the next draft in that directory removes those that nobody holds.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::lock::Lock;

/// How the names of drafts begin and end.
const NAME: (&str, &str) = (".workbench-", ".tmp");

/// A file that is being written; without [`Draft::keep`] it disappears.
#[derive(Debug)]
pub struct Draft {
    /// The file, open for reading and writing.
    pub file: File,
    /// Its own name, where it has one.
    path: Option<PathBuf>,
}

impl Draft {
    /// An empty draft of a file in this directory.
    ///
    /// # Errors
    /// When the directory takes no file.
    pub fn inside(directory: &Path) -> io::Result<Self> {
        sweep(directory);
        match unnamed(directory) {
            Some(file) => Ok(Self { file, path: None }),
            None => Self::named(directory),
        }
    }

    fn named(directory: &Path) -> io::Result<Self> {
        loop {
            let path = free_name(directory);
            let created = OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .open(&path);
            let file = match created {
                Ok(file) => file,
                // Left by a killed process that had the same number.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            };
            // Where there are no locks, nobody removes what others have left.
            let _ = Lock::exclusive(&file);
            // Another process may have swept it away before it was locked.
            if file.metadata()?.nlink() > 0 {
                let path = Some(path);
                return Ok(Self { file, path });
            }
        }
    }

    /// Puts the draft, which has to be complete, in the place of `target` in the same directory,
    /// once it is on the disk.
    ///
    /// # Errors
    /// When it cannot be written to the disk or put there; what was there is then as it was.
    pub fn keep(mut self, target: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        let directory = parent(target);
        if self.path.is_none() {
            match link(&self.file, target) {
                Ok(()) => return settle(directory),
                // What is there can only be replaced by a file that has a name.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let path = free_name(directory);
                    link(&self.file, &path)?;
                    self.path = Some(path);
                }
                Err(_) => self = self.copied(directory)?,
            }
        }
        if let Some(path) = &self.path {
            fs::rename(path, target)?;
        }
        self.path = None;
        settle(directory)
    }

    /// The same bytes under a name, where a file without one cannot be given one (no `/proc`).
    fn copied(mut self, directory: &Path) -> io::Result<Self> {
        let mut named = Self::named(directory)?;
        self.file.seek(SeekFrom::Start(0))?;
        io::copy(&mut self.file, &mut named.file)?;
        named.file.sync_all()?;
        Ok(named)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // Nothing more can be done where even this fails.
            let _ = fs::remove_file(path);
        }
    }
}

/// The directory of a file.
pub fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    }
}

fn free_name(directory: &Path) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let (number, process) = (NUMBER.fetch_add(1, Ordering::Relaxed), std::process::id());
    directory.join(format!("{}{process}-{number}{}", NAME.0, NAME.1))
}

/// The new name itself must survive a power cut. Not every file system can do this, and the file is
/// in place already.
#[expect(clippy::unnecessary_wraps, reason = "the last step of what can fail")]
fn settle(directory: &Path) -> io::Result<()> {
    if let Ok(directory) = File::open(directory) {
        let _ = directory.sync_all();
    }
    Ok(())
}

/// A file without a name, where the file system can have one.
#[cfg(target_os = "linux")]
fn unnamed(directory: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    open(directory, flags, Mode::from_raw_mode(0o666))
        .ok()
        .map(File::from)
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Path) -> Option<File> {
    None
}

/// Gives a file without a name this one.
#[cfg(target_os = "linux")]
fn link(file: &File, path: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    use std::os::fd::AsRawFd as _;
    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, own, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn link(_: &File, _: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Removes the drafts that processes have left which were killed.
fn sweep(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_draft = |name: &str| name.starts_with(NAME.0) && name.ends_with(NAME.1);
        if name.to_str().is_some_and(is_draft)
            && let Ok(file) = OpenOptions::new().write(true).open(entry.path())
        {
            // Otherwise its writer lives, or whether it does cannot be told.
            if let Ok(Lock::Held) = Lock::exclusive(&file) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    type Start = fn(&Path) -> io::Result<Draft>;

    #[test]
    fn a_draft_takes_its_place_once_it_is_complete() {
        for start in [Draft::inside as Start, Draft::named] {
            let dir = tempfile::tempdir().unwrap();
            let target = dir.path().join("r.html");
            for text in ["first", "second"] {
                let mut draft = start(dir.path()).unwrap();
                draft.file.write_all(text.as_bytes()).unwrap();
                draft.keep(&target).unwrap();
                assert_eq!(fs::read_to_string(&target).unwrap(), text);
                drop(start(dir.path()).unwrap());
                assert_eq!(names(dir.path()), ["r.html"]);
            }
        }
    }

    #[test]
    fn a_file_without_a_name_can_become_one_with_a_name() {
        let dir = tempfile::tempdir().unwrap();
        let mut draft = Draft::inside(dir.path()).unwrap();
        draft.file.write_all(b"text").unwrap();
        let draft = draft.copied(dir.path()).unwrap();
        draft.keep(&dir.path().join("r.html")).unwrap();
        assert_eq!(fs::read(dir.path().join("r.html")).unwrap(), b"text");
        assert_eq!(names(dir.path()), ["r.html"]);
    }

    /// What a kill leaves has no lock any more.
    #[test]
    fn drafts_that_nobody_holds_are_swept_and_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(".workbench-1-0.tmp"), "half").unwrap();
        fs::write(dir.path().join("workbench.tmp"), "somebody's").unwrap();
        let held = Draft::named(dir.path()).unwrap();
        let name = held.path.as_ref().unwrap().file_name().unwrap();
        let name = name.to_str().unwrap().to_owned();
        drop(Draft::inside(dir.path()).unwrap());
        assert_eq!(names(dir.path()), [name, "workbench.tmp".to_owned()]);
    }
}
