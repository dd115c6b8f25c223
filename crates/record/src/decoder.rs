//! From lines of a log to its records. Passes over what cannot be read and says where it was.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::error::RecordError;
use super::event::{Event, FORMAT, Record, Unreadable, UnreadableKind};
use super::lines::LogLine;

/// The most names of tasks that are kept while a log is read.
const MOST_NAMES: usize = 10_000;

/// The last line in which a start is looked for: what damaged the first line may have written line
/// breaks.
const LAST_START: u64 = 1000;

/// A log as it was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Log {
    /// The records, in the order of the file, with an [`Event::Unreadable`] where lines are
    /// missing.
    pub records: Vec<Record>,
    /// Length of the file up to the end of the last line that can be read.
    pub whole_bytes: u64,
    /// Bytes after that: an unfinished last line, or damaged lines at the end.
    pub cut_bytes: u64,
    /// Lines that were skipped because their kind of event is unknown.
    pub unknown: u64,
    /// Damaged lines that others follow.
    pub damaged: u64,
}

/// Makes records of the lines of one log, in their order.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    /// Lines so far.
    lines: u64,
    /// Time of the last record.
    t_ns: u64,
    /// Why the start could not be read, until its copy is found.
    no_start: Option<RecordError>,
    /// The first line, until it is compared with the second, which may be its copy.
    start: Option<Box<[u8]>>,
    /// Damaged lines that no line follows yet that can be read.
    gap: Option<Unreadable>,
    log: Log,
    names: Names,
}

impl Decoder {
    /// Whether there was no line yet.
    pub(crate) fn is_new(&self) -> bool {
        self.lines == 0
    }

    /// What was found so far, without the records.
    ///
    /// # Errors
    /// When neither the first line nor its copy was the start of a run.
    pub(crate) fn found(self) -> Result<Log, RecordError> {
        self.no_start.map_or(Ok(self.log), Err)
    }

    /// Length of the log up to the end of the last line that can be read.
    pub(crate) fn whole_bytes(&self) -> u64 {
        self.log.whole_bytes
    }

    /// Goes back to where the last line that can be read ends.
    ///
    /// # Errors
    /// When there were lines and none of them was the start of a run.
    pub(crate) fn forget_cut(&mut self) -> Result<(), RecordError> {
        self.log.cut_bytes = 0;
        if let Some(gap) = self.gap.take() {
            self.lines -= gap.lines;
        }
        self.no_start.take().map_or(Ok(()), Err)
    }

    /// Takes the next line and passes on what it holds.
    ///
    /// # Errors
    /// When the run is of a newer version, or neither the first line nor its copy, the line after
    /// it, is the start of a run.
    pub(crate) fn line(
        &mut self,
        line: &LogLine<'_>,
        path: &Path,
        take: &mut impl FnMut(Record),
    ) -> Result<(), RecordError> {
        self.lines += 1;
        self.log.cut_bytes += line.bytes;
        let content = line.content.filter(|_| line.whole);
        let found = content.map_or_else(|| Err(String::new()), parse_line);
        if self.lines == 1 || self.no_start.is_some() {
            return self.opening(found, (line.bytes, content.unwrap_or_default()), path, take);
        }
        if self
            .start
            .take()
            .is_some_and(|start| Some(&*start) == content)
        {
            self.advance();
        } else {
            self.later(found, line.bytes, take);
        }
        Ok(())
    }

    /// Takes a line before which no start was found.
    fn opening(
        &mut self,
        found: Result<Option<Record>, String>,
        (bytes, content): (u64, &[u8]),
        path: &Path,
        take: &mut impl FnMut(Record),
    ) -> Result<(), RecordError> {
        let checked = check_opening(content, path);
        if let Err(newer @ RecordError::Newer { .. }) = checked {
            return Err(newer);
        }
        let is_foreign = found.is_ok() || self.lines == LAST_START;
        match (checked, found) {
            (Ok(()), Ok(Some(start))) => {
                self.start = self.no_start.take().is_none().then(|| content.into());
                self.pass(start, take);
                self.close_gap(take);
                self.advance();
                return Ok(());
            }
            (Ok(()), Err(reason)) => {
                self.no_start = Some(RecordError::Damaged {
                    path: path.to_owned(),
                    reason,
                });
            }
            (Err(foreign), _) if self.no_start.is_none() => self.no_start = Some(foreign),
            _ => {}
        }
        if is_foreign {
            return self.no_start.take().map_or(Ok(()), Err);
        }
        self.widen_gap(bytes);
        Ok(())
    }

    /// Takes a line after the start.
    fn later(
        &mut self,
        found: Result<Option<Record>, String>,
        bytes: u64,
        take: &mut impl FnMut(Record),
    ) {
        match found {
            Ok(record) => {
                self.close_gap(take);
                match record {
                    Some(record) => self.pass(record, take),
                    None => self.pass_unknown(bytes, take),
                }
                self.advance();
            }
            Err(_) => self.widen_gap(bytes),
        }
    }

    /// The log is whole up to here.
    fn advance(&mut self) {
        self.log.whole_bytes += std::mem::take(&mut self.log.cut_bytes);
    }

    fn widen_gap(&mut self, bytes: u64) {
        let line = self.lines;
        let gap = self.gap.get_or_insert(Unreadable {
            kind: UnreadableKind::Damaged,
            line,
            lines: 0,
            bytes: 0,
        });
        gap.lines += 1;
        gap.bytes += bytes;
    }

    fn close_gap(&mut self, take: &mut impl FnMut(Record)) {
        if let Some(gap) = self.gap.take() {
            self.log.damaged += gap.lines;
            self.tell(gap, take);
        }
    }

    fn pass_unknown(&mut self, bytes: u64, take: &mut impl FnMut(Record)) {
        self.log.unknown += 1;
        let unknown = Unreadable {
            kind: UnreadableKind::Unknown,
            line: self.lines,
            lines: 1,
            bytes,
        };
        self.tell(unknown, take);
    }

    fn tell(&self, unreadable: Unreadable, take: &mut impl FnMut(Record)) {
        take(Record {
            t_ns: self.t_ns,
            event: Event::Unreadable(unreadable),
        });
    }

    fn pass(&mut self, mut record: Record, take: &mut impl FnMut(Record)) {
        self.t_ns = record.t_ns;
        self.names.share(&mut record.event);
        take(record);
    }
}

/// The names of tasks. Thousands of tasks share a name, and a log repeats it for each.
#[derive(Debug, Default)]
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

/// The fields that the first line of every format has.
#[derive(Deserialize)]
struct Opening {
    event: String,
    format: u32,
}

fn check_opening(line: &[u8], path: &Path) -> Result<(), RecordError> {
    match serde_json::from_slice::<Opening>(line) {
        Ok(opening) if opening.event != "run_started" => Err(RecordError::foreign(
            path,
            "its first line is not the start of a run",
        )),
        Ok(opening) if opening.format > FORMAT => Err(RecordError::Newer {
            path: path.to_owned(),
            found: opening.format,
            known: FORMAT,
        }),
        Ok(_) => Ok(()),
        Err(_) => Err(RecordError::foreign(
            path,
            "its first line is not the start of a run",
        )),
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
fn parse_line(line: &[u8]) -> Result<Option<Record>, String> {
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
