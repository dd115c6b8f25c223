//! What a person says about a run: a name, a note, tags, a star. Like answers, the document is
//! about the run and no fold of its log, and is replaced whole.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::RecordError;
use crate::lock::Lock;
use crate::store::{RunDir, RunStore};

/// The name of the document in a run's directory.
const FILE: &str = "label.json";
/// The largest document that is read, in bytes.
const LARGEST: u64 = 64 << 10;
/// How the names of runs begin that are being removed.
const DELETED: &str = ".deleted-";

/// What a person says about a run. Texts are not safe to show.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunLabel {
    /// What the person calls it; empty for none.
    pub name: String,
    /// A note; empty for none.
    pub note: String,
    /// Tags, without blanks.
    pub tags: Vec<String>,
    /// Whether it is to be kept when old runs are removed.
    pub starred: bool,
}

impl RunDir {
    /// Where the label is.
    pub fn label_file(&self) -> PathBuf {
        self.path().join(FILE)
    }

    /// The label; an empty one where there is none or it cannot be read, because it is about the
    /// run and no part of it.
    pub fn label(&self) -> RunLabel {
        self.read_label().unwrap_or_default()
    }

    /// Whether it stays when old runs are removed: it has a star, or a label that cannot be read
    /// and may have had one.
    pub fn is_kept(&self) -> bool {
        match self.read_label() {
            Some(label) => label.starred,
            None => self.label_file().exists(),
        }
    }

    fn read_label(&self) -> Option<RunLabel> {
        let path = self.label_file();
        let is_small = fs::metadata(&path).is_ok_and(|file| file.len() <= LARGEST);
        let text = is_small.then(|| fs::read(&path).ok())??;
        serde_json::from_slice(&text).ok()
    }

    /// Keeps a label.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_label(&self, label: &RunLabel) -> Result<(), RecordError> {
        if *label != RunLabel::default() {
            // What is larger would not be read again, and the star would be lost.
            let bytes = serde_json::to_vec_pretty(label).map_or(0, |text| text.len() as u64);
            if bytes >= LARGEST {
                let larger =
                    io::Error::new(ErrorKind::FileTooLarge, "name, note and tags are too long");
                return Err(RecordError::io("write", &self.label_file(), larger));
            }
            return self.write_json(FILE, label);
        }
        match fs::remove_file(self.label_file()) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(RecordError::io("remove", &self.label_file(), error))
            }
            _ => Ok(()),
        }
    }

    /// Bytes that its files take.
    pub fn disk_bytes(&self) -> u64 {
        let mut left = vec![self.path().to_owned()];
        let mut bytes = 0_u64;
        while let Some(folder) = left.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => left.push(entry.path()),
                    Ok(kind) if kind.is_file() => {
                        let size = entry.metadata().map_or(0, |file| file.len());
                        bytes = bytes.saturating_add(size);
                    }
                    _ => {}
                }
            }
        }
        bytes
    }
}

impl RunStore {
    /// Removes a run of this store with everything in it. Its number is not given again.
    ///
    /// # Errors
    /// When it is no run of this store, a process writes to it, or it cannot be removed.
    pub fn delete(&self, run: &RunDir) -> Result<(), RecordError> {
        let refused = |reason: &str| RecordError::Foreign {
            path: run.path().to_owned(),
            reason: reason.to_owned(),
        };
        let is_here = run.path().parent() == Some(self.root());
        if !is_here || !run.events().is_file() {
            return Err(refused("it is no run of this store, so it is left alone"));
        }
        let io = |source| RecordError::io("delete", run.path(), source);
        // Nobody can resume it from here on, and it is not removed under somebody's hands.
        let log = fs::File::open(run.events()).map_err(io)?;
        if matches!(Lock::exclusive(&log).map_err(io)?, Lock::Taken) {
            return Err(refused("it is under way, so it is left alone"));
        }
        // Gone in one step: nothing half removed is ever listed.
        let gone = self.root().join(format!("{DELETED}{}", run.id()));
        fs::rename(run.path(), &gone).map_err(io)?;
        drop(log);
        self.remove_leftovers();
        match fs::remove_dir_all(&gone) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(io(error)),
            _ => Ok(()),
        }
    }

    /// Removes what was on its way out when its process was killed. What cannot be removed stays
    /// for the next time.
    fn remove_leftovers(&self) {
        let entries = fs::read_dir(self.root()).into_iter().flatten().flatten();
        for entry in entries {
            if entry.file_name().to_string_lossy().starts_with(DELETED) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, RunStore, RunDir) {
        let dir = tempfile::tempdir().unwrap();
        let store = RunStore::open(Some(dir.path().to_owned())).unwrap();
        let run = store.create("rf", 0).unwrap();
        fs::write(run.events(), "{}\n").unwrap();
        (dir, store, run)
    }

    #[test]
    fn a_label_is_kept_and_an_empty_one_leaves_nothing() {
        let (_dir, _store, run) = store();
        assert_eq!(run.label(), RunLabel::default());
        let label = RunLabel {
            name: "before the fix".to_owned(),
            tags: vec!["slow".to_owned()],
            starred: true,
            ..RunLabel::default()
        };
        run.set_label(&label).unwrap();
        assert_eq!(run.label(), label);
        assert!(run.is_kept());
        let long = RunLabel {
            note: "n".repeat(LARGEST as usize),
            ..label.clone()
        };
        assert!(run.set_label(&long).is_err());
        assert_eq!(
            run.label(),
            label,
            "what cannot be read again is not written"
        );
        fs::write(run.label_file(), "{\"name\":").unwrap();
        assert_eq!(run.label(), RunLabel::default());
        assert!(run.is_kept(), "the star may be in what cannot be read");
        run.set_label(&RunLabel::default()).unwrap();
        run.set_label(&RunLabel::default()).unwrap();
        assert!(!run.label_file().exists());
        assert!(!run.is_kept());
        assert_eq!(run.disk_bytes(), 3);
    }

    #[test]
    fn a_run_is_removed_whole_and_one_under_way_or_elsewhere_is_not() {
        let (dir, store, run) = store();
        let log = fs::File::open(run.events()).unwrap();
        log.lock().unwrap();
        let error = store.delete(&run).unwrap_err().to_string();
        assert!(error.contains("under way"), "{error}");
        log.unlock().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join("events.jsonl"), "{}\n").unwrap();
        let other = RunDir::at(elsewhere.path()).unwrap();
        let error = store.delete(&other).unwrap_err().to_string();
        assert!(error.contains("no run of this store"), "{error}");
        assert!(other.events().exists());
        // Another process was killed while it removed a run: no run, and gone with the next.
        let left = dir.path().join(".deleted-20261121-101502-rf-00009");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("events.jsonl"), "{}\n").unwrap();
        assert_eq!(store.list().unwrap(), std::slice::from_ref(&run));
        store.delete(&run).unwrap();
        assert!(!left.exists());
        assert_eq!(store.list().unwrap(), []);
        assert!(!run.path().exists());
        let names: Vec<_> = fs::read_dir(dir.path()).unwrap().flatten().collect();
        assert_eq!(names.len(), 1, "its number alone stays: {names:?}");
    }
}
