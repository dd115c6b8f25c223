//! Follows a log that another process is still writing.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::error::RecordError;
use super::event::Record;
use super::reader::{check_opening, parse_line};

/// The most bytes that one call reads. A line longer than this is refused.
const MOST: u64 = 64 << 20;

/// A log, read up to its last complete line.
#[derive(Debug)]
pub struct Tail {
    file: File,
    path: PathBuf,
    /// The position of the next line.
    whole_bytes: u64,
    lines: u64,
}

impl Tail {
    /// Opens a log at its beginning.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, RecordError> {
        let file = File::open(path).map_err(|source| RecordError::io("open", path, source))?;
        Ok(Self {
            file,
            path: path.to_owned(),
            whole_bytes: 0,
            lines: 0,
        })
    }

    /// The new records since the last call, in order. An unfinished last line is left for the next
    /// call, also when a resumption has cut it off in between.
    ///
    /// # Errors
    /// When the file cannot be read, or is no event log.
    pub fn read(&mut self) -> Result<Vec<Record>, RecordError> {
        let io = |source| RecordError::io("read", &self.path, source);
        self.file
            .seek(SeekFrom::Start(self.whole_bytes))
            .map_err(io)?;
        let mut bytes = Vec::new();
        let read = (&mut self.file)
            .take(MOST)
            .read_to_end(&mut bytes)
            .map_err(io)? as u64;
        let Some(last) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            return if read == MOST {
                Err(self.damaged("the line is too long"))
            } else {
                Ok(Vec::new())
            };
        };
        let mut records = Vec::new();
        for line in bytes[..last].split(|byte| *byte == b'\n') {
            self.lines += 1;
            if self.lines == 1 {
                check_opening(line, &self.path)?;
            }
            let record = parse_line(line).map_err(|reason| self.damaged(&reason))?;
            records.extend(record);
        }
        self.whole_bytes += last as u64 + 1;
        Ok(records)
    }

    fn damaged(&self, reason: &str) -> RecordError {
        RecordError::Damaged {
            path: self.path.clone(),
            line: self.lines,
            reason: reason.to_owned(),
        }
    }
}
