//! Packing runs into a hand-in.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use workbench_questions::{AnswerSheet, LockedPredictions, RecordedAssignment};
use workbench_record::whole::{Draft, parent};
use workbench_record::{
    DataSource, Event, Record, RecordError, RunDir, RunStarted, RunStatus, Snapshot,
};
use workbench_report::{Format, ReportError, json, render};
use workbench_result::{RunResult, of_log};

use crate::assigned::{self, AssignedRun};
use crate::limits::{MOST_BYTES, MOST_DOCUMENT, MOST_FILE_BYTES, MOST_PACKED, MOST_RUNS};
use crate::log::{LogProblem, LogRead, read_log};
use crate::manifest::{AssignmentFacts, FORMAT, FileFacts, MANIFEST, Manifest, PackedBy, RunFacts};
use crate::messages;
use crate::missing::MissingPart;
use crate::opened::{ANSWERS, LOG, REPORT, RESULT, folder};
use crate::private::Private;
use crate::zip::archive;

/// What is to be packed.
#[derive(Debug)]
pub struct ToPack<'a> {
    /// The runs.
    pub runs: &'a [RunDir],
    /// The program that packs.
    pub program: PackedBy,
    /// The assignment.
    pub assignment: Option<AssignmentFacts>,
    /// What must not be in it.
    pub private: Private,
}

/// Why runs are not packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A run is under way.
    #[error("{0} is under way; hand it in once it has ended")]
    Live(String),
    /// No run, or too many.
    #[error("give 1 to {MOST_RUNS} runs")]
    Runs,
    /// Something is too large to be handed in.
    #[error("{what} is too large to be handed in: at most {} MiB", MOST_FILE_BYTES >> 20)]
    TooLarge {
        /// What.
        what: String,
    },
    /// A log cannot be used.
    #[error("{run}: its log cannot be handed in: {problem}")]
    Log {
        /// The run.
        run: String,
        /// Why not.
        problem: LogProblem,
    },
    /// A file of a run cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A report cannot be made.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A private name is left in a file.
    #[error("{file} would contain `{found}`, which says who or where you are; nothing was written")]
    Private {
        /// The file.
        file: String,
        /// The name or path.
        found: String,
    },
    /// A file cannot be read or written.
    #[error("cannot {verb} {path}: {source}")]
    Io {
        /// `read` or `write`.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// One file of a hand-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedFile {
    /// Its name in the archive.
    pub name: String,
    /// What is in it.
    pub content: Vec<u8>,
}

/// A hand-in that is not written yet.
#[derive(Debug)]
pub struct Packed {
    /// Its manifest; [`Packed::seal`] completes it.
    manifest: Manifest,
    /// Its other files.
    pub files: Vec<PackedFile>,
    /// Its runs, as the logs in it give them.
    pub runs: Vec<PackedRun>,
}

/// A run of a hand-in that is not written yet.
#[derive(Debug)]
pub struct PackedRun {
    /// What was known at its start.
    pub started: Box<RunStarted>,
    /// What follows from its log.
    pub result: RunResult,
    /// What was locked before it.
    pub locked: Option<Box<LockedPredictions>>,
    /// Its answers.
    pub sheet: Option<AnswerSheet>,
}

/// Makes the files of a hand-in in memory.
///
/// # Errors
/// [`PackError`].
pub fn pack(what: &ToPack<'_>) -> Result<Packed, PackError> {
    if what.runs.is_empty() || what.runs.len() > MOST_RUNS {
        return Err(PackError::Runs);
    }
    let mut packed = Packed {
        manifest: Manifest {
            format: FORMAT,
            program: what.program.clone(),
            draft: false,
            missing: Vec::new(),
            assignment: what.assignment.clone(),
            runs: Vec::new(),
            files: Vec::new(),
            sha256: String::new(),
        },
        files: Vec::new(),
        runs: Vec::new(),
    };
    for (index, run) in what.runs.iter().enumerate() {
        add_run(&mut packed, &folder(index + 1), run, what)?;
    }
    let bytes: usize = packed.files.iter().map(|file| file.content.len()).sum();
    if bytes as u64 > MOST_BYTES {
        return Err(too_large("the hand-in"));
    }
    Ok(packed)
}

fn add_run(
    packed: &mut Packed,
    folder: &str,
    run: &RunDir,
    what: &ToPack<'_>,
) -> Result<(), PackError> {
    if run.is_live() {
        return Err(PackError::Live(run.id()));
    }
    let private = with_data(&what.private, run)?;
    let log = scrubbed_log(run, &private)?;
    let nonce = what.assignment.as_ref().and_then(|a| a.nonce.as_deref());
    let read = read_log(&*log, LOG, nonce.unwrap_or_default());
    let refused = |problem| PackError::Log {
        run: run.id(),
        problem,
    };
    let LogRead {
        snapshot,
        chain,
        bytes,
        sha256,
        ..
    } = read.map_err(refused)?;
    let (Some(started), Some(result)) = (
        snapshot.started.as_deref(),
        of_log(&snapshot, bytes, sha256),
    ) else {
        return Err(PackError::Live(run.id()));
    };
    let facts = RunFacts::of(folder, &snapshot, started, &chain);
    packed.manifest.runs.push(facts);
    let sheet = run.read_answers()?;
    let of = (&snapshot, &result);
    let documents = documents((folder, log), of, sheet.as_ref(), &private)?;
    packed.files.extend(documents);
    let answers = run.path().join(ANSWERS);
    match std::fs::read(&answers) {
        Ok(content) => {
            let file = checked(
                format!("{folder}/{ANSWERS}"),
                content,
                (None, MOST_DOCUMENT),
            )?;
            packed.files.push(file);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(io_error("read", &answers, source)),
    }
    packed.runs.push(PackedRun {
        sheet,
        locked: snapshot.locked.clone(),
        started: Box::new(started.clone()),
        result,
    });
    Ok(())
}

/// The documents of a run, looked through for what is private.
fn documents(
    (folder, log): (&str, Vec<u8>),
    (snapshot, result): (&Snapshot, &RunResult),
    sheet: Option<&AnswerSheet>,
    private: &Private,
) -> Result<Vec<PackedFile>, PackError> {
    let report = render(Format::Html, result, snapshot, sheet)?;
    // What was typed is not looked at: without it the documents have to be free of names.
    let untyped = Snapshot {
        locked: None,
        ..snapshot.clone()
    };
    let bare = render(Format::Html, result, &untyped, None)?;
    checked(
        format!("{folder}/{REPORT}"),
        bare,
        (Some(private), MOST_DOCUMENT),
    )?;
    let others = without_typed(&log);
    checked(
        format!("{folder}/{LOG}"),
        others,
        (Some(private), MOST_FILE_BYTES),
    )?;
    let documents = [
        (LOG, log, None, MOST_FILE_BYTES),
        (RESULT, json(result)?, Some(private), MOST_DOCUMENT),
        (REPORT, report, None, MOST_DOCUMENT),
    ];
    let mut files = Vec::new();
    for (name, content, private, most) in documents {
        let file = checked(format!("{folder}/{name}"), content, (private, most))?;
        files.push(file);
    }
    Ok(files)
}

/// A file that is not too large, and has nothing of what is private.
fn checked(
    name: String,
    content: Vec<u8>,
    (private, most): (Option<&Private>, u64),
) -> Result<PackedFile, PackError> {
    if let Some(private) = private
        && let Some(found) = private.found_in(&String::from_utf8_lossy(&content))
    {
        return Err(PackError::Private {
            found: found.to_owned(),
            file: name,
        });
    }
    if content.len() as u64 > most {
        return Err(too_large(&name));
    }
    Ok(PackedFile { name, content })
}

/// The path of the data stands for itself, by its file's name alone.
fn with_data(private: &Private, run: &RunDir) -> Result<Private, PackError> {
    let mut private = private.clone();
    let snapshot = run.snapshot()?;
    let data = snapshot
        .started
        .as_deref()
        .map(|started| &started.config.data);
    if let Some(DataSource::File { path, .. } | DataSource::Folder { path, .. }) = data {
        let path = Path::new(path);
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        private.place(path, &private.scrub(&name.unwrap_or_default()));
    }
    Ok(private)
}

fn scrubbed_log(run: &RunDir, private: &Private) -> Result<Vec<u8>, PackError> {
    let path = run.events();
    let io = |source| io_error("read", &path, source);
    let source = run.open_log()?.take(2 * MOST_FILE_BYTES);
    let mut log = Vec::new();
    for line in BufReader::new(source).split(b'\n') {
        let line = line.map_err(io)?;
        if is_typed(&line) {
            log.extend(line);
        } else {
            log.extend(private.scrub_line(&line));
        }
        log.push(b'\n');
        if log.len() as u64 > MOST_FILE_BYTES {
            return Err(too_large(&format!("the log of {}", run.id())));
        }
    }
    Ok(log)
}

/// Whether a line holds what the student typed: it stays as it was locked.
fn is_typed(line: &[u8]) -> bool {
    // Predictions are locked in one of the first lines; looking for their event is cheaper than
    // reading every line.
    let mark = b"\"event\":\"predictions_locked\"";
    line.windows(mark.len()).take(60).any(|bytes| bytes == mark)
        && serde_json::from_slice::<Record>(line).is_ok_and(|record| {
            let Event::PredictionsLocked(locked) = record.event else {
                return false;
            };
            locked.holds()
        })
}

/// The lines of a log that nobody typed.
fn without_typed(log: &[u8]) -> Vec<u8> {
    let lines = log.split_inclusive(|byte| *byte == b'\n');
    lines
        .filter(|line| !is_typed(line))
        .flatten()
        .copied()
        .collect()
}

fn too_large(what: &str) -> PackError {
    PackError::TooLarge {
        what: what.to_owned(),
    }
}

fn io_error(verb: &'static str, path: &Path, source: io::Error) -> PackError {
    PackError::Io {
        verb,
        path: path.to_owned(),
        source,
    }
}

impl Packed {
    /// What is missing: runs that ended as planned, with equal work, and what the assignment and
    /// the questions ask for.
    pub fn missing(&self, assignment: Option<&RecordedAssignment>) -> Vec<MissingPart> {
        let mut missing = Vec::new();
        for result in self.runs.iter().map(|run| &run.result) {
            let run = result.run_id.clone();
            if result.status != RunStatus::Completed {
                let status = result.status;
                missing.push(MissingPart::End { run, status });
            } else if !result.check.passed() {
                missing.push(MissingPart::EqualWork { run });
            }
        }
        let runs: Vec<AssignedRun<'_>> = self
            .runs
            .iter()
            .map(|run| AssignedRun {
                started: &run.started,
                result: &run.result,
                locked: run.locked.as_deref(),
                sheet: run.sheet.as_ref(),
            })
            .collect();
        missing.extend(assigned::lacking(assignment, &runs));
        missing
    }

    /// Completes the manifest: with what is missing it is a draft. Returns name and size of every
    /// file that will be in the archive.
    pub fn seal(&mut self, missing: Vec<MissingPart>) -> Vec<(String, u64)> {
        self.manifest.draft = !missing.is_empty();
        self.manifest.missing = missing;
        let facts = self.files.iter();
        let facts = facts.map(|file| FileFacts::of(&file.name, &file.content));
        self.manifest.files = facts.collect();
        self.manifest = self.manifest.clone().sealed();
        let manifest = (MANIFEST.to_owned(), self.manifest_bytes().len() as u64);
        let others = self.manifest.files.iter();
        let others = others.map(|file| (file.name.clone(), file.bytes));
        std::iter::once(manifest).chain(others).collect()
    }

    fn manifest_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(&self.manifest).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// All files with their names, the manifest first.
    pub fn all_files(&self) -> Vec<(String, Vec<u8>)> {
        let manifest = (MANIFEST.to_owned(), self.manifest_bytes());
        let others = self.files.iter();
        let others = others.map(|file| (file.name.clone(), file.content.clone()));
        std::iter::once(manifest).chain(others).collect()
    }

    /// The archive. The same runs give the same bytes.
    ///
    /// # Errors
    /// When it is too large.
    pub fn archive(&self) -> Result<Vec<u8>, PackError> {
        let manifest = self.manifest_bytes();
        let others = self.files.iter();
        let others = others.map(|file| (&*file.name, &*file.content));
        let files = std::iter::once((MANIFEST, &*manifest)).chain(others);
        let bytes = archive(files).map_err(|_| too_large("the hand-in"))?;
        if bytes.len() as u64 > MOST_PACKED {
            return Err(too_large("the hand-in"));
        }
        Ok(bytes)
    }

    /// Writes the archive, whole or not at all.
    ///
    /// # Errors
    /// When it is too large or cannot be written.
    pub fn write(&self, target: &Path) -> Result<(), PackError> {
        let bytes = self.archive()?;
        let write = || {
            let mut draft = Draft::inside(parent(target))?;
            draft.file.write_all(&bytes)?;
            draft.keep(target)
        };
        write().map_err(|source| io_error("write", target, source))
    }
}

/// What is missing, as sentences.
pub fn sentences(missing: &[MissingPart]) -> Vec<String> {
    missing.iter().map(messages::missing::sentence).collect()
}
