//! The store of runs: one directory per run, named by the run's id.
//!
//! ```text
//! <root>/20261121-101502-rf-00042/
//!     events.jsonl    the record, from which everything else can be made again
//!     result.json     the result document, once the run has ended
//!     answers.json    answers to what is asked about the run
//! <root>/.numbers/    the numbers of runs that were given, the last part of their ids
//! <root>/.answers/    answers of runs that have not begun: what is predicted
//! ```

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::decoder::Log;
use super::error::RecordError;
use super::lock::Lock;
use super::reader::{fold_log, open, read_log};
use super::snapshot::Snapshot;
use super::whole::{Draft, parent};

/// The directory of all runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunStore {
    root: PathBuf,
}

/// The folder of the numbers that were given to runs: one empty file each.
const TAKEN: &str = ".numbers";

/// The place of a run among the runs of a store. Everything that orders runs goes by it, `latest`
/// too.
///
/// Runs of versions without numbers come first, by the time in their ids; then those with numbers,
/// by number. Two runs that begin in the same second, or after the clock was set back, are in the
/// order in which they were begun.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunOrder {
    number: Option<u64>,
    id: String,
}

impl RunOrder {
    /// The place of a run by its id: `<time>-<lab>-<number>`, with five or more digits for the
    /// number. Earlier versions had four hexadecimal digits there.
    pub fn of(id: &str) -> Self {
        let digits = id.bytes().rev().take_while(u8::is_ascii_digit).count();
        let number = &id[id.len() - digits..];
        let is_number = (5..=18).contains(&digits) && has_time(id);
        Self {
            number: is_number.then(|| number.parse().ok()).flatten(),
            id: id.to_owned(),
        }
    }
}

/// Whether an id begins with a time: `20261121-101502-`.
fn has_time(id: &str) -> bool {
    let is_there = |(at, byte): (usize, u8)| match at {
        8 | 15 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    id.len() > 16 && id.bytes().take(16).enumerate().all(is_there)
}

/// One run's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

/// Whether a process writes to a run's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogState {
    /// One does.
    Live,
    /// None does.
    Ended,
    /// The file system has no locks, so that cannot be told.
    Unknown,
}

impl RunStore {
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

    /// Creates the directory of a new run, named `<time>-<lab>-<number>`; `unix_ms` is when the run
    /// starts. The number is greater than those of all runs before, whatever the clock says.
    ///
    /// # Errors
    /// When the directory cannot be created.
    pub fn create(&self, lab: &str, unix_ms: u64) -> Result<RunDir, RecordError> {
        let time = jiff::Timestamp::from_millisecond(unix_ms.cast_signed()).unwrap_or_default();
        let stamp = time.strftime("%Y%m%d-%H%M%S");
        let number = self.take_number()?;
        let path = self.root.join(format!("{stamp}-{lab}-{number:05}"));
        fs::create_dir(&path).map_err(|source| RecordError::io("make", &path, source))?;
        Ok(RunDir { path })
    }

    /// Takes the next number of this store. Creating a file of that name takes it: of several
    /// processes, one succeeds, on any file system.
    fn take_number(&self) -> Result<u64, RecordError> {
        let taken = self.root.join(TAKEN);
        let io = |source| RecordError::io("make a run in", &self.root, source);
        fs::create_dir_all(&taken).map_err(io)?;
        let names = |dir: &Path| -> Result<Vec<String>, RecordError> {
            let entries = fs::read_dir(dir).map_err(io)?;
            let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
            Ok(names.collect())
        };
        // Runs that were copied here have numbers too, and the folder of numbers may be lost.
        let of_runs = names(&self.root)?.into_iter();
        let of_runs = of_runs.filter_map(|id| RunOrder::of(&id).number);
        let of_files = names(&taken)?
            .into_iter()
            .filter_map(|name| name.parse().ok());
        let mut number = of_runs.chain(of_files).max().unwrap_or(0);
        loop {
            number += 1;
            let file = taken.join(number.to_string());
            match fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(file)
            {
                Ok(_) => return Ok(number),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(io(source)),
            }
        }
    }

    /// All runs in the order in which they were begun ([`RunOrder`]). Directories without an event
    /// log are not runs, and neither are those whose log is still empty: their start did not come
    /// as far as the first event.
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
            // A name with a dot is a place of the store's own, and none of a run.
            .filter(|run| !run.id().starts_with('.') && run.has_begun())
            .collect();
        runs.sort_by_cached_key(|run| RunOrder::of(&run.id()));
        Ok(runs)
    }

    /// The runs of a lab, by their ids, in the order in which they were begun.
    ///
    /// # Errors
    /// As [`RunStore::list`].
    pub fn list_of(&self, lab: &str) -> Result<Vec<RunDir>, RecordError> {
        let is_of = |run: &RunDir| {
            let id = run.id();
            let named = id.get(16..).and_then(|rest| rest.rsplit_once('-'));
            has_time(&id) && named.is_some_and(|(name, _)| name == lab)
        };
        let mut runs = self.list()?;
        runs.retain(is_of);
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

    fn has_begun(&self) -> bool {
        fs::metadata(self.events()).is_ok_and(|log| log.is_file() && log.len() > 0)
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

    /// Whether a process is known to write to the log now.
    pub fn is_live(&self) -> bool {
        self.log_state() == LogState::Live
    }

    /// Whether a process writes to the log now, as far as its lock tells.
    pub fn log_state(&self) -> LogState {
        match fs::File::open(self.events()).and_then(|file| Lock::shared(&file)) {
            Ok(Lock::Taken) => LogState::Live,
            Ok(Lock::Unsupported) => LogState::Unknown,
            Ok(Lock::Held) | Err(_) => LogState::Ended,
        }
    }

    /// Writes a JSON document into the run's directory, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_json(&self, name: &str, document: &impl Serialize) -> Result<(), RecordError> {
        write_json(&self.path.join(name), document)
    }

    /// Removes a run that never began.
    pub fn discard(self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Writes a JSON document, whole or not at all.
pub(crate) fn write_json(path: &Path, document: &impl Serialize) -> Result<(), RecordError> {
    let write = || {
        let mut text = serde_json::to_vec_pretty(document)?;
        text.push(b'\n');
        let mut draft = Draft::inside(parent(path))?;
        draft.file.write_all(&text)?;
        draft.keep(path)
    };
    write().map_err(|source| RecordError::io("write", path, source))
}
