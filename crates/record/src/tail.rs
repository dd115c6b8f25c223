//! Follows a log that another process is still writing.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::decoder::Decoder;
use super::error::RecordError;
use super::event::Record;
use super::lines::LogLines;

/// A log, read up to its last complete line.
#[derive(Debug)]
pub struct Tail {
    file: File,
    path: PathBuf,
    decoder: Decoder,
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
            decoder: Decoder::default(),
        })
    }

    /// The new records since the last call, in order. An unfinished last line, and damaged lines
    /// that no other follows, are left for the next call, also when a resumption has cut them off
    /// in between.
    ///
    /// # Errors
    /// When the file cannot be read, or is no event log.
    pub fn read(&mut self) -> Result<Vec<Record>, RecordError> {
        let io = |source| RecordError::io("read", &self.path, source);
        let from = SeekFrom::Start(self.decoder.whole_bytes());
        (&self.file).seek(from).map_err(io)?;
        let mut lines = LogLines::new(BufReader::new(&self.file));
        let mut records = Vec::new();
        while let Some(line) = lines.next().map_err(io)?.filter(|line| line.whole) {
            self.decoder
                .line(&line, &self.path, &mut |record| records.push(record))?;
        }
        self.decoder.forget_cut()?;
        Ok(records)
    }
}
