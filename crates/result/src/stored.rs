//! The result of a run, read from its directory. The log is the record; `result.json` is believed
//! only while it is what was computed from this log.

use std::fs::File;
use std::io::{self, BufReader, Read};

use workbench_digest::Hasher;
use workbench_record::{Finding, RecordError, RunDir, Snapshot, fold_source};

use crate::compute::compute;
use crate::document::{Fingerprint, RunResult, SCHEMA};
use crate::facts::DocumentMisfit;
use crate::messages;

/// A run as its log tells it.
#[derive(Debug)]
pub struct RunLoaded {
    /// Its events, folded.
    pub snapshot: Snapshot,
    /// Its result.
    pub result: RunResult,
}

/// What a `result.json` is worth.
enum Stored {
    /// It is what this program computes from the log.
    Current(Box<RunResult>),
    /// There is none, it is of another version, or the log has gone on since.
    Outdated,
    /// It does not fit the log.
    Misfit(DocumentMisfit),
}

/// Computes the result of a run from its log; a finding says so where `result.json` does not fit.
/// `None` where the run has not begun.
///
/// # Errors
/// When the log cannot be read.
pub fn load(run: &RunDir) -> Result<Option<RunLoaded>, RecordError> {
    let Some(mut loaded) = from_log(run)? else {
        return Ok(None);
    };
    if let Stored::Misfit(misfit) = stored(run) {
        warn(&mut loaded.result, misfit);
    }
    Ok(Some(loaded))
}

/// The result of a run: its `result.json` where that fits the log, which is faster, else as
/// [`load`].
///
/// # Errors
/// As [`load`].
pub fn load_result(run: &RunDir) -> Result<Option<RunResult>, RecordError> {
    let misfit = match stored(run) {
        Stored::Current(result) => return Ok(Some(*result)),
        Stored::Outdated => None,
        Stored::Misfit(misfit) => Some(misfit),
    };
    let mut result = from_log(run)?.map(|loaded| loaded.result);
    if let (Some(result), Some(misfit)) = (&mut result, misfit) {
        warn(result, misfit);
    }
    Ok(result)
}

/// Computes the result of a run from its log, and writes it as `result.json`. `None` where the run
/// has not begun.
///
/// # Errors
/// When the log cannot be read, or the document not be written.
pub fn store(run: &RunDir) -> Result<Option<RunLoaded>, RecordError> {
    let loaded = from_log(run)?;
    if let Some(loaded) = &loaded {
        run.write_json("result.json", &loaded.result)?;
    }
    Ok(loaded)
}

fn warn(result: &mut RunResult, misfit: DocumentMisfit) {
    let finding: Finding = messages::log::misfit(misfit, &result.run_id);
    result.warnings.insert(0, finding);
}

fn from_log(run: &RunDir) -> Result<Option<RunLoaded>, RecordError> {
    let path = run.events();
    let mut source = Hashed::new(run.open_log()?);
    let snapshot = fold_source(BufReader::new(&mut source), &path)?;
    let result = of_log(&snapshot, source.bytes, source.hasher.finish());
    Ok(result.map(|result| RunLoaded { snapshot, result }))
}

/// Computes the result of a run from the fold of its log, as `result.json` has it: with the size
/// and the SHA-256 of the log. `None` where the run has not begun.
pub fn of_log(snapshot: &Snapshot, log_bytes: u64, log_sha256: String) -> Option<RunResult> {
    let mut result = compute(snapshot)?;
    result.fingerprint = Some(Fingerprint {
        log_bytes,
        log_sha256,
        version: VERSION.to_owned(),
        document_sha256: String::new(),
    });
    let sha256 = hash(&result);
    if let Some(fingerprint) = &mut result.fingerprint {
        fingerprint.document_sha256 = sha256;
    }
    Some(result)
}

/// The version that documents are computed with.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The hash of a document whose fingerprint does not have it yet.
fn hash(result: &RunResult) -> String {
    let mut hasher = Hasher::default();
    // Writing to memory fails for no document; an empty one has a hash that fits none.
    hasher.update(serde_json::to_vec(result).unwrap_or_default());
    hasher.finish()
}

fn stored(run: &RunDir) -> Stored {
    if run.is_live() {
        return Stored::Outdated;
    }
    let Ok(text) = std::fs::read(run.result()) else {
        return Stored::Outdated;
    };
    let mut result: RunResult = match serde_json::from_slice(&text) {
        Ok(result) => result,
        Err(_) if is_other_schema(&text) => return Stored::Outdated,
        Err(_) => return Stored::Misfit(DocumentMisfit::Unreadable),
    };
    let Some(fingerprint) = &mut result.fingerprint else {
        return Stored::Outdated;
    };
    let document_sha256 = std::mem::take(&mut fingerprint.document_sha256);
    let fingerprint = fingerprint.clone();
    if hash(&result) != document_sha256 {
        return Stored::Misfit(DocumentMisfit::Changed);
    }
    match goes_on(run, &fingerprint) {
        Err(_) => Stored::Misfit(DocumentMisfit::OtherLog),
        Ok(true) => Stored::Outdated,
        Ok(false) if fingerprint.version != VERSION || result.schema != SCHEMA => Stored::Outdated,
        Ok(false) => {
            if let Some(fingerprint) = &mut result.fingerprint {
                fingerprint.document_sha256 = document_sha256;
            }
            Stored::Current(Box::new(result))
        }
    }
}

/// Whether a document that cannot be read is of another schema.
fn is_other_schema(text: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Head {
        schema: u32,
    }
    serde_json::from_slice::<Head>(text).is_ok_and(|head| head.schema != SCHEMA)
}

/// Whether the log has more than what a document was made from; an error where that is not what the
/// log begins with.
fn goes_on(run: &RunDir, fingerprint: &Fingerprint) -> io::Result<bool> {
    let file = File::open(run.events())?;
    let bytes = file.metadata()?.len();
    let mut source = Hashed::new(file.take(fingerprint.log_bytes));
    io::copy(&mut source, &mut io::sink())?;
    let same =
        source.bytes == fingerprint.log_bytes && source.hasher.finish() == fingerprint.log_sha256;
    if same {
        Ok(bytes > fingerprint.log_bytes)
    } else {
        Err(io::ErrorKind::InvalidData.into())
    }
}

/// Hashes what is read through it.
struct Hashed<R> {
    source: R,
    hasher: Hasher,
    bytes: u64,
}

impl<R> Hashed<R> {
    fn new(source: R) -> Self {
        Self {
            source,
            hasher: Hasher::default(),
            bytes: 0,
        }
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into)?;
        self.hasher.update(&into[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}
