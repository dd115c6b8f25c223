//! Reading the log of a hand-in once: its hash, its chain, its fold and its clocks.

use std::io::{self, BufReader, Read};
use std::path::Path;

use workbench_digest::Hasher;
use workbench_record::{RecordError, Snapshot, scan_log};

use crate::chain::Chain;
use crate::clocks::LogClocks;
use crate::limits::{LONGEST_LINE, LogLimits};

/// What reading a log gives.
#[derive(Debug)]
pub struct LogRead {
    /// Its fold.
    pub snapshot: Snapshot,
    /// Its chain.
    pub chain: Chain,
    /// What its times say.
    pub clocks: LogClocks,
    /// Its size, in bytes.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// Why a log is not read.
#[derive(Debug, thiserror::Error)]
pub enum LogProblem {
    /// It is no log, or cannot be unpacked.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// It has more events, repeats, findings, arms or numbers of workers than a hand-in may.
    #[error("it has more events, repeats or arms than a hand-in may have")]
    TooLarge,
}

/// Reads a log. `name` is used in errors, `nonce` begins the chain.
///
/// # Errors
/// [`LogProblem`].
pub fn read_log(source: impl Read, name: &str, nonce: &str) -> Result<LogRead, LogProblem> {
    let mut watched = Watched {
        source,
        hasher: Hasher::default(),
        bytes: 0,
        chain: Chain::begin(nonce),
        line: Vec::new(),
    };
    let (mut snapshot, mut clocks) = (Snapshot::default(), LogClocks::default());
    let mut limits = LogLimits::default();
    scan_log(BufReader::new(&mut watched), Path::new(name), |record| {
        if limits.admit(&record) {
            clocks.take(&record);
            snapshot.apply(&record);
        }
    })?;
    if limits.exceeded() {
        return Err(LogProblem::TooLarge);
    }
    Ok(LogRead {
        snapshot,
        clocks,
        bytes: watched.bytes,
        sha256: watched.hasher.finish(),
        chain: watched.chain,
    })
}

/// Hashes and chains what is read through it.
struct Watched<R> {
    source: R,
    hasher: Hasher,
    bytes: u64,
    chain: Chain,
    line: Vec<u8>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into)?;
        let new = &into[..read];
        self.hasher.update(new);
        self.bytes += read as u64;
        if read == 0 && !self.line.is_empty() {
            self.chain.line(&self.line);
            self.line.clear();
        }
        for piece in new.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend(piece);
            if piece.ends_with(b"\n") {
                self.line.pop();
                self.chain.line(&self.line);
                self.line.clear();
            } else if self.line.len() as u64 > LONGEST_LINE {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Ok(read)
    }
}
