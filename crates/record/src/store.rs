//! The store of runs: one directory per run, named by the run's id.
//!
//! ```text
//! <root>/20261121-101502-rf-3f9a/
//!     events.jsonl    the record, from which everything else can be made again
//!     result.json     the result document, once the run has ended
//! ```

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::decoder::Log;
use super::error::RecordError;
use super::reader::{fold_log, open, read_log};
use super::snapshot::Snapshot;

/// The directory of all runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    root: PathBuf,
}

/// One run's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

impl Store {
    /// The store in `root`, or in the platform's data directory when none is given.
    ///
    /// # Errors
    /// When none is given and the account has no data directory.
    pub fn open(root: Option<PathBuf>) -> Result<Self, RecordError> {
        let root = match root {
            Some(root) => root,
            None => directories::ProjectDirs::from("", "", "workbench")
                .ok_or(RecordError::NoDataDirectory)?
                .data_dir()
                .join("runs"),
        };
        Ok(Self { root })
    }

    /// Where the runs are.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Creates the directory of a new run, named `<time>-<lab>-<suffix>`; `unix_ms` is when the run
    /// starts.
    ///
    /// # Errors
    /// When the directory cannot be created.
    pub fn create(&self, lab: &str, unix_ms: u64) -> Result<RunDir, RecordError> {
        fs::create_dir_all(&self.root)
            .map_err(|source| RecordError::io("make", &self.root, source))?;
        let time = jiff::Timestamp::from_millisecond(unix_ms.cast_signed()).unwrap_or_default();
        let stamp = time.strftime("%Y%m%d-%H%M%S");
        // Runs that start in the same second differ in their suffix; creating the directory
        // reserves it.
        let seed = u64::from(std::process::id()) ^ (unix_ms << 16);
        for attempt in 0..64_u64 {
            let suffix = (seed.wrapping_add(attempt)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
            let path = self.root.join(format!("{stamp}-{lab}-{suffix:04x}"));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(RunDir { path }),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(RecordError::io("make", &path, source)),
            }
        }
        Err(RecordError::io(
            "make a run in",
            &self.root,
            std::io::ErrorKind::AlreadyExists.into(),
        ))
    }

    /// All runs, oldest first. Directories without an event log are not runs.
    ///
    /// # Errors
    /// When the store exists and cannot be listed.
    pub fn list(&self) -> Result<Vec<RunDir>, RecordError> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(RecordError::io("list", &self.root, source)),
        };
        let mut runs: Vec<RunDir> = entries
            .filter_map(|entry| {
                Some(RunDir {
                    path: entry.ok()?.path(),
                })
            })
            .filter(|run| run.events().is_file())
            .collect();
        runs.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(runs)
    }

    /// Finds a run by its id, by the beginning of its id, by `latest`, or by the path of its
    /// directory.
    ///
    /// # Errors
    /// When there is none, or several ids begin with the text.
    pub fn find(&self, given: &str) -> Result<RunDir, RecordError> {
        let as_path = Path::new(given);
        if as_path.components().count() > 1 || given.starts_with('.') {
            return RunDir::at(as_path);
        }
        let runs = self.list()?;
        if given == "latest" {
            return runs
                .into_iter()
                .next_back()
                .ok_or_else(|| self.unknown(given, &[]));
        }
        if let Some(run) = runs.iter().find(|run| run.id() == given) {
            return Ok(run.clone());
        }
        let matches: Vec<&RunDir> = runs
            .iter()
            .filter(|run| run.id().starts_with(given))
            .collect();
        match matches.as_slice() {
            [run] if !given.is_empty() => Ok((*run).clone()),
            [] | [_] if as_path.join("events.jsonl").is_file() => RunDir::at(as_path),
            [] | [_] => Err(self.unknown(given, &runs)),
            several => Err(RecordError::Ambiguous {
                given: given.to_owned(),
                matches: several.iter().take(5).map(|run| run.id()).collect(),
            }),
        }
    }

    fn unknown(&self, given: &str, runs: &[RunDir]) -> RecordError {
        let hint = match runs.last() {
            Some(run) => format!("the latest is {}; `workbench runs` lists all", run.id()),
            None => "there are no runs yet; make one with `workbench --lab LAB`".to_owned(),
        };
        RecordError::Unknown {
            given: given.to_owned(),
            root: self.root.clone(),
            hint,
        }
    }
}

impl RunDir {
    /// The run in a directory.
    ///
    /// # Errors
    /// When the directory holds no event log.
    pub fn at(path: &Path) -> Result<Self, RecordError> {
        let run = Self {
            path: path.to_owned(),
        };
        if !run.events().is_file() {
            return Err(RecordError::Foreign {
                path: path.to_owned(),
                reason: "it holds no events.jsonl".to_owned(),
            });
        }
        Ok(run)
    }

    /// The run's id: the directory's name.
    pub fn id(&self) -> String {
        self.path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The event log.
    pub fn events(&self) -> PathBuf {
        self.path.join("events.jsonl")
    }

    /// The result document.
    pub fn result(&self) -> PathBuf {
        self.path.join("result.json")
    }

    /// Reads the log.
    ///
    /// # Errors
    /// As [`read_log`].
    pub fn read(&self) -> Result<Log, RecordError> {
        read_log(&self.events())
    }

    /// Opens the log to read it.
    ///
    /// # Errors
    /// When it cannot be opened, or is no regular file.
    pub fn open_log(&self) -> Result<fs::File, RecordError> {
        open(&self.events())
    }

    /// Reads the log and folds it, without keeping its records.
    ///
    /// # Errors
    /// As [`read_log`].
    pub fn snapshot(&self) -> Result<Snapshot, RecordError> {
        fold_log(&self.events())
    }

    /// Whether a process is writing to the log now.
    pub fn is_live(&self) -> bool {
        fs::File::open(self.events())
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
    }

    /// Writes a JSON document into the run's directory, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_json(&self, name: &str, document: &impl Serialize) -> Result<(), RecordError> {
        let path = self.path.join(name);
        let temporary = self.path.join(format!(".{name}.part"));
        let result = (|| {
            let mut text = serde_json::to_vec_pretty(document)?;
            text.push(b'\n');
            let mut file = fs::File::create(&temporary)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&temporary, &path)
        })();
        result.map_err(|source| {
            let _ = fs::remove_file(&temporary);
            RecordError::io("write", &path, source)
        })
    }

    /// Removes a run that never began.
    pub fn discard(self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}
