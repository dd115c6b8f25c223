//! Reads an event log, also one that is cut off or damaged.
//!
//! Every line that is whole is read; what is damaged in between is passed over and told as
//! [`Event::Unreadable`], in its place among the records. What follows the last whole line was cut
//! off by a kill or a crash. The first line holds the configuration and is written twice: one of
//! the two has to be whole. A file that is no event log is refused. Unknown kinds of events, from a
//! newer workbench, are passed over too.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::decoder::{Decoder, Log};
use super::error::RecordError;
use super::event::Record;
use super::lines::LogLines;
use super::snapshot::Snapshot;

/// Reads the log in a file.
///
/// # Errors
/// When the file cannot be opened, is no event log, is newer than this program, or its first line
/// and the copy of it are damaged.
pub fn read_log(path: &Path) -> Result<Log, RecordError> {
    parse_log(BufReader::new(open(path)?), path)
}

/// Folds the log in a file, record by record. Needs no memory besides the snapshot.
///
/// # Errors
/// As [`read_log`].
pub fn fold_log(path: &Path) -> Result<Snapshot, RecordError> {
    fold_source(BufReader::new(open(path)?), path)
}

/// Folds a log from any source; `path` is used only in errors.
///
/// # Errors
/// As [`read_log`].
pub fn fold_source(source: impl BufRead, path: &Path) -> Result<Snapshot, RecordError> {
    let mut snapshot = Snapshot::default();
    scan_log(source, path, |record| snapshot.apply(&record))?;
    Ok(snapshot)
}

/// Reads a log from any source; `path` is used only in errors.
///
/// # Errors
/// As [`read_log`].
pub fn parse_log(source: impl BufRead, path: &Path) -> Result<Log, RecordError> {
    let mut records = Vec::new();
    let log = scan_log(source, path, |record| records.push(record))?;
    Ok(Log { records, ..log })
}

pub(super) fn open(path: &Path) -> Result<File, RecordError> {
    let file = File::open(path).map_err(|source| RecordError::io("open", path, source))?;
    let metadata = file
        .metadata()
        .map_err(|source| RecordError::io("read", path, source))?;
    if !metadata.is_file() {
        return Err(RecordError::foreign(path, "not a regular file"));
    }
    Ok(file)
}

/// Reads a log from any source and passes every record on, without keeping any: the returned log
/// holds none. `path` is used only in errors.
///
/// # Errors
/// As [`read_log`].
pub fn scan_log(
    source: impl BufRead,
    path: &Path,
    mut take: impl FnMut(Record),
) -> Result<Log, RecordError> {
    let io = |error| RecordError::io("read", path, error);
    let mut lines = LogLines::new(source);
    let mut decoder = Decoder::default();
    while let Some(line) = lines.next().map_err(io)? {
        decoder.line(&line, path, &mut take)?;
    }
    if decoder.is_new() {
        return Err(RecordError::foreign(path, "the file is empty"));
    }
    decoder.found()
}
