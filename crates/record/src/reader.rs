//! Reads an event log, also one that is cut off or damaged.
//!
//! A log whose last line was cut off by a kill is read up to that line. A file that is no event
//! log, or is damaged in the middle, is refused with the place and the reason. Unknown kinds of
//! events, from a newer workbench, are counted and skipped.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::error::RecordError;
use super::event::{Event, FORMAT, Record};
use super::snapshot::Snapshot;

/// The longest line that is read, in bytes. The longest line that workbench writes holds the items
/// of one repeat.
const MAX_LINE: u64 = 64 << 20;

/// The most names of tasks that are kept while a log is read.
const MOST_NAMES: usize = 10_000;

/// A log as it was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Log {
    /// The records, in the order of the file.
    pub records: Vec<Record>,
    /// Length of the file up to the end of the last whole line.
    pub whole_bytes: u64,
    /// Bytes after that: an unfinished last line.
    pub cut_bytes: u64,
    /// Lines that were skipped because their kind of event is unknown.
    pub unknown: u64,
}

/// Reads the log in a file.
///
/// # Errors
/// When the file cannot be opened, is no event log, is newer than this program, or is damaged
/// before its last line.
pub fn read_log(path: &Path) -> Result<Log, RecordError> {
    parse_log(open(path)?, path)
}

/// Folds the log in a file, record by record. Needs no memory besides the snapshot.
///
/// # Errors
/// As [`read_log`].
pub fn fold_log(path: &Path) -> Result<Snapshot, RecordError> {
    let mut snapshot = Snapshot::default();
    scan(open(path)?, path, |record| snapshot.apply(&record))?;
    Ok(snapshot)
}

/// Reads a log from any source; `path` is used only in errors.
///
/// # Errors
/// As [`read_log`].
pub fn parse_log(source: impl BufRead, path: &Path) -> Result<Log, RecordError> {
    let mut records = Vec::new();
    let log = scan(source, path, |record| records.push(record))?;
    Ok(Log { records, ..log })
}

fn open(path: &Path) -> Result<BufReader<File>, RecordError> {
    let file = File::open(path).map_err(|source| RecordError::io("open", path, source))?;
    let metadata = file
        .metadata()
        .map_err(|source| RecordError::io("read", path, source))?;
    if !metadata.is_file() {
        return Err(foreign(path, "not a regular file"));
    }
    Ok(BufReader::new(file))
}

/// Passes every record to the callback; the returned log holds none.
fn scan(
    mut source: impl BufRead,
    path: &Path,
    mut take: impl FnMut(Record),
) -> Result<Log, RecordError> {
    let mut log = Log::default();
    let mut names = Names::default();
    let mut found = false;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = (&mut source)
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)
            .map_err(|error| RecordError::io("read", path, error))? as u64;
        if read == 0 {
            break;
        }
        let whole = line.last() == Some(&b'\n');
        if !whole {
            if number == 1 || read == MAX_LINE {
                return Err(foreign(path, "its first line is not an event"));
            }
            log.cut_bytes = read;
            break;
        }
        if number == 1 {
            check_opening(&line, path)?;
        }
        match parse_line(&line) {
            Ok(Some(mut record)) => {
                names.share(&mut record.event);
                found = true;
                take(record);
            }
            Ok(None) => log.unknown += 1,
            // A crash of the machine, unlike a kill, can leave a damaged last line that ends with a
            // newline.
            Err(_) if number > 1 && at_end(&mut source) => {
                log.cut_bytes = read;
                break;
            }
            Err(reason) => {
                return Err(RecordError::Damaged {
                    path: path.to_owned(),
                    line: number,
                    reason,
                });
            }
        }
        log.whole_bytes += read;
    }
    if !found {
        return Err(foreign(path, "the file is empty"));
    }
    Ok(log)
}

/// The names of tasks. Thousands of tasks share a name, and a log repeats it for each.
#[derive(Default)]
struct Names(HashSet<Arc<str>>);

impl Names {
    fn share(&mut self, event: &mut Event) {
        let Event::Task(span) = event else {
            return;
        };
        match self.0.get(&span.name) {
            Some(known) => span.name = Arc::clone(known),
            // Limits the memory for a log in which all names differ.
            None if self.0.len() < MOST_NAMES => drop(self.0.insert(Arc::clone(&span.name))),
            None => {}
        }
    }
}

fn at_end(source: &mut impl BufRead) -> bool {
    source.fill_buf().is_ok_and(<[u8]>::is_empty)
}

/// The fields that the first line of every format has.
#[derive(Deserialize)]
struct Opening {
    event: String,
    format: u32,
}

pub(super) fn check_opening(line: &[u8], path: &Path) -> Result<(), RecordError> {
    match serde_json::from_slice::<Opening>(line) {
        Ok(opening) if opening.event != "run_started" => {
            Err(foreign(path, "its first line is not the start of a run"))
        }
        Ok(opening) if opening.format > FORMAT => Err(RecordError::Newer {
            path: path.to_owned(),
            found: opening.format,
            known: FORMAT,
        }),
        Ok(_) => Ok(()),
        Err(_) => Err(foreign(path, "its first line is not the start of a run")),
    }
}

/// The fields that every event of every version has.
#[derive(Deserialize)]
struct AnyEvent {
    #[serde(rename = "t_ns")]
    _t_ns: u64,
    event: String,
}

/// `None` for a kind of event that this version does not know.
pub(super) fn parse_line(line: &[u8]) -> Result<Option<Record>, String> {
    match serde_json::from_slice::<Record>(line) {
        Ok(record) => Ok(Some(record)),
        Err(error) => match serde_json::from_slice::<AnyEvent>(line) {
            Ok(any) if !Event::KINDS.contains(&any.event.as_str()) => Ok(None),
            _ => Err(shorten(&error)),
        },
    }
}

fn shorten(error: &serde_json::Error) -> String {
    let mut text = error.to_string();
    if let Some((end, _)) = text.char_indices().nth(120) {
        text.truncate(end);
        text.push('…');
    }
    text.replace(|c: char| c.is_control(), " ")
}

fn foreign(path: &Path, reason: &str) -> RecordError {
    RecordError::Foreign {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}
