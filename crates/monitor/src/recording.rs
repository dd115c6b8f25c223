//! Looks at a machine in a file: one line of JSON each, after a line that says what the machine is.
//!
//! A file is read once from end to end when it is opened, and then by looks: hours of a large
//! machine do not fit into memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use workbench_machine::MachineFacts;
use workbench_machine::state::{MachineState, SeenProcess};

use crate::processes::{ProcessOrder, ProcessWish, arranged};
use crate::stamp::Stamp;

/// The version of the form.
const FORMAT: u32 = 1;
/// Processes that a look keeps by each figure.
const MOST_PROCESSES: usize = 100;
/// No line of a recording is longer.
const LONGEST_LINE: u64 = 32 << 20;

/// The first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Head {
    workbench_monitor: u32,
    machine: MachineFacts,
}

/// Why a recording cannot be read.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is something else.
    #[error("{0}: no recording of `workbench monitor --record`")]
    Foreign(PathBuf),
    /// A newer version made it.
    #[error("{0}: made by a newer version of workbench")]
    Newer(PathBuf),
    /// It ends before the first look.
    #[error("{0}: holds no look at the machine")]
    Empty(PathBuf),
}

/// Writes looks to a file.
#[derive(Debug)]
pub struct StateRecorder {
    file: File,
    path: PathBuf,
}

impl StateRecorder {
    /// Begins a recording in a new file.
    ///
    /// # Errors
    /// When it cannot be written, or there is such a file already.
    pub fn create(path: &Path, machine: &MachineFacts) -> Result<Self, RecordingError> {
        let failed = |source| RecordingError::Io {
            path: path.to_owned(),
            source,
        };
        let file = File::options()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(failed)?;
        let mut recorder = Self {
            file,
            path: path.to_owned(),
        };
        let head = Head {
            workbench_monitor: FORMAT,
            machine: machine.clone(),
        };
        recorder.line(&head)?;
        Ok(recorder)
    }

    /// Adds a look, with the processes that use most.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, state: &MachineState) -> Result<(), RecordingError> {
        self.line(&recorded(state))
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), RecordingError> {
        // A look is written at once: a kill leaves at most one unfinished line.
        let written = serde_json::to_vec(value)
            .map_err(io::Error::from)
            .and_then(|mut line| {
                line.push(b'\n');
                self.file.write_all(&line)
            });
        written.map_err(|source| RecordingError::Io {
            path: self.path.clone(),
            source,
        })
    }
}

/// A look as a recording keeps it.
fn recorded(state: &MachineState) -> MachineState {
    let mut state = state.clone();
    let mut kept = vec![false; state.processes.len()];
    for order in [
        ProcessOrder::Cpu,
        ProcessOrder::Memory,
        ProcessOrder::GpuMemory,
    ] {
        let wish = ProcessWish {
            order,
            kernel: true,
            ..ProcessWish::default()
        };
        for row in arranged(&state.processes, &wish)
            .iter()
            .take(MOST_PROCESSES)
        {
            kept[row.place] = true;
        }
    }
    let mut keep = kept.into_iter();
    state
        .processes
        .retain(|_: &SeenProcess| keep.next().unwrap_or(false));
    state
}

/// What somebody who reads a recording should know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingFlaw {
    /// It ends within a line, as a kill leaves it.
    Cut,
    /// So many lines are damaged and left out.
    Damaged(usize),
    /// The clock was set back so many times meanwhile.
    ClockSetBack(usize),
    /// It begins so many milliseconds after now.
    Ahead(u64),
}

/// Clocks of two machines may differ so much.
const CLOCKS_DIFFER_MS: u64 = 60_000;

/// Looks that were recorded, or lines of them in memory, by their number.
#[derive(Debug)]
pub struct Recording {
    log: StateLog<BufReader<File>>,
    path: PathBuf,
}

impl Recording {
    /// Opens a recording.
    ///
    /// # Errors
    /// When it cannot be read, is none, is of a newer version, or holds no look.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let file = File::open(path).map_err(|source| RecordingError::Io {
            path: path.to_owned(),
            source,
        })?;
        let log = StateLog::read(BufReader::new(file)).map_err(|error| error.of(path))?;
        Ok(Self {
            log,
            path: path.to_owned(),
        })
    }

    /// What the machine is.
    pub fn machine(&self) -> &MachineFacts {
        &self.log.machine
    }

    /// When the looks were taken, in milliseconds since 1970 (UTC): the first by the machine's
    /// clock, and the others as long after it as they were, however the clock was set meanwhile.
    pub fn times(&self) -> &[u64] {
        &self.log.times
    }

    /// The usual time from one look to the next.
    pub fn interval(&self) -> Option<Duration> {
        let pairs = self.log.times.windows(2);
        let mut steps: Vec<u64> = pairs.map(|pair| pair[1] - pair[0]).collect();
        let middle = steps.len() / 2;
        let usual = (!steps.is_empty()).then(|| *steps.select_nth_unstable(middle).1)?;
        Some(Duration::from_millis(usual)).filter(|usual| !usual.is_zero())
    }

    /// What is odd about it at a time, in milliseconds since 1970 (UTC).
    pub fn flaws(&self, now_unix_ms: u64) -> Vec<RecordingFlaw> {
        self.log.flaws(now_unix_ms)
    }

    /// The look with a number.
    ///
    /// # Errors
    /// When it cannot be read any more.
    pub fn state(&mut self, number: usize) -> Result<MachineState, RecordingError> {
        self.log.state(number).map_err(|source| RecordingError::Io {
            path: self.path.clone(),
            source,
        })
    }
}

/// Why lines are no recording.
#[derive(Debug)]
pub enum NoRecording {
    /// They cannot be read.
    Io(io::Error),
    /// They are something else.
    Foreign,
    /// A newer version made them.
    Newer,
    /// They end before the first look.
    Empty,
}

impl NoRecording {
    fn of(self, path: &Path) -> RecordingError {
        let path = path.to_owned();
        match self {
            Self::Io(source) => RecordingError::Io { path, source },
            Self::Foreign => RecordingError::Foreign(path),
            Self::Newer => RecordingError::Newer(path),
            Self::Empty => RecordingError::Empty(path),
        }
    }
}

/// The lines of a recording, and where each look stands in them.
#[derive(Debug)]
pub struct StateLog<R> {
    lines: R,
    /// What the machine is.
    pub machine: MachineFacts,
    /// When the looks were taken, in milliseconds since 1970 (UTC).
    pub times: Vec<u64>,
    /// Where each begins, and how long it is.
    places: Vec<(u64, u64)>,
    /// Whole lines that could not be read.
    pub unreadable: usize,
    /// The last line is not whole, and could not be read.
    pub cut: bool,
    /// How often the clock was set back.
    set_back: usize,
}

impl<R: BufRead + io::Seek> StateLog<R> {
    /// Reads all lines once. Lines that are damaged are counted and left out.
    ///
    /// # Errors
    /// When they cannot be read, are no recording, or hold no look.
    pub fn read(mut lines: R) -> Result<Self, NoRecording> {
        let mut line = Vec::new();
        let mut at = next(&mut lines, &mut line).map_err(NoRecording::Io)?;
        let head: serde_json::Result<Head> = serde_json::from_slice(&line);
        let head = head.map_err(|_| NoRecording::Foreign)?;
        if head.workbench_monitor > FORMAT {
            return Err(NoRecording::Newer);
        }
        let mut log = Self {
            lines,
            machine: head.machine,
            times: Vec::new(),
            places: Vec::new(),
            unreadable: 0,
            cut: false,
            set_back: 0,
        };
        let mut before: Option<Stamp> = None;
        loop {
            let length = next(&mut log.lines, &mut line).map_err(NoRecording::Io)?;
            if length == 0 {
                break;
            }
            let stamp: Option<Stamp> = serde_json::from_slice(&line).ok();
            match stamp {
                Some(stamp) => {
                    log.add(stamp, before.replace(stamp));
                    log.places.push((at, length));
                }
                None if line.last() == Some(&b'\n') || line.is_empty() => log.unreadable += 1,
                None => log.cut = true,
            }
            at += length;
        }
        if log.times.is_empty() {
            return Err(NoRecording::Empty);
        }
        Ok(log)
    }

    fn add(&mut self, stamp: Stamp, before: Option<Stamp>) {
        let time = match before.zip(self.times.last()) {
            Some((before, time)) => time.saturating_add(stamp.ms_since(before)),
            None => stamp.unix_ms,
        };
        self.times.push(time);
        let is_back = before.is_some_and(|before| stamp.unix_ms < before.unix_ms);
        self.set_back += usize::from(is_back);
    }

    /// What is odd about the lines at a time, in milliseconds since 1970 (UTC).
    pub fn flaws(&self, now_unix_ms: u64) -> Vec<RecordingFlaw> {
        let first = self.times.first().copied().unwrap_or(0);
        let ahead = first.saturating_sub(now_unix_ms);
        let all = [
            (self.cut, RecordingFlaw::Cut),
            (self.unreadable > 0, RecordingFlaw::Damaged(self.unreadable)),
            (
                self.set_back > 0,
                RecordingFlaw::ClockSetBack(self.set_back),
            ),
            (ahead > CLOCKS_DIFFER_MS, RecordingFlaw::Ahead(ahead)),
        ];
        let found = all.into_iter().filter(|(is_so, _)| *is_so);
        found.map(|(_, flaw)| flaw).collect()
    }

    /// The look with a number.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn state(&mut self, number: usize) -> io::Result<MachineState> {
        let (at, length) = *self.places.get(number).ok_or(io::ErrorKind::NotFound)?;
        self.lines.seek(SeekFrom::Start(at))?;
        let mut line = Vec::new();
        (&mut self.lines).take(length).read_to_end(&mut line)?;
        Ok(serde_json::from_slice(&line)?)
    }
}

/// Reads a line with its end; how long it was. What is too long is passed over and no line.
fn next(lines: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
    line.clear();
    let mut length = lines.take(LONGEST_LINE).read_until(b'\n', line)? as u64;
    if length == LONGEST_LINE && line.last() != Some(&b'\n') {
        line.clear();
        length += lines.skip_until(b'\n')? as u64;
    }
    Ok(length)
}
