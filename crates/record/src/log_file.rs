//! The file of a log: whole lines at its end, also after a write that failed.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::FileExt as _;

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use super::event::{Event, Record};
use super::lines::MAX_LINE;

/// Bytes that are kept free behind the log, so that it can be closed where nothing else has room.
const RESERVE: u64 = 4096;

/// A log that is open for writing.
#[derive(Debug)]
pub(super) struct LogFile {
    file: File,
    /// Where the last whole line ends.
    whole: u64,
    /// Where the last line ends that must not be lost.
    lasting: u64,
}

/// Lines that were not written yet.
#[derive(Debug, Default)]
pub(super) struct LinesToWrite {
    bytes: Vec<u8>,
    /// Where each line ends, and whether it must not be lost.
    ends: Vec<(usize, bool)>,
    /// Where the first line ends, if it is the start of a run.
    start: Option<usize>,
}

impl LinesToWrite {
    /// The lines of these records.
    ///
    /// # Errors
    /// When one cannot be put into JSON.
    pub fn of(records: &[Record]) -> io::Result<Self> {
        let mut lines = Self::default();
        for record in records {
            let start = lines.bytes.len();
            serde_json::to_writer(&mut lines.bytes, record)?;
            lines.bytes.push(b'\n');
            let end = lines.bytes.len();
            // A reader could not read it back.
            if (end - start) as u64 > MAX_LINE {
                let text = format!("a record has {} bytes, more than {MAX_LINE}", end - start);
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
            }
            lines.ends.push((end, record.event.is_lasting()));
        }
        if matches!(records.first(), Some(first) if matches!(first.event, Event::RunStarted(_))) {
            lines.start = lines.ends.first().map(|(end, _)| *end);
        }
        Ok(lines)
    }

    /// The first line alone, where it is the start of a run.
    fn start(&self) -> Option<Self> {
        let end = self.start?;
        Some(Self {
            bytes: self.bytes.get(..end)?.to_vec(),
            ends: vec![(end, true)],
            start: None,
        })
    }
}

impl LogFile {
    /// A log whose first `whole` bytes stay; it goes on after them.
    ///
    /// # Errors
    /// When the file cannot be cut there.
    pub fn after(file: File, whole: u64) -> io::Result<Self> {
        file.set_len(whole)?;
        let lasting = whole;
        Ok(Self {
            file,
            whole,
            lasting,
        })
    }

    /// Writes lines, where room is left for the last ones. The start of the run is written twice:
    /// without it nothing else in the log can be understood.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn write(&mut self, lines: &LinesToWrite) -> io::Result<()> {
        let start = lines.start().filter(|_| self.whole == 0);
        let copied = start.as_ref().map_or(0, |start| start.bytes.len());
        self.reserve((copied + lines.bytes.len()) as u64 + RESERVE)?;
        if let Some(start) = &start {
            self.add(start)?;
        }
        self.add(lines)
    }

    /// Makes sure that the file can grow by so many bytes, where the file system can tell.
    fn reserve(&self, bytes: u64) -> io::Result<()> {
        let limit = getrlimit(Resource::Fsize).current;
        if limit.is_some_and(|limit| self.whole + bytes > limit) {
            return Err(Errno::FBIG.into());
        }
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{FallocateFlags, fallocate};
            let reserved = fallocate(&self.file, FallocateFlags::KEEP_SIZE, self.whole, bytes);
            if let Err(full @ (Errno::NOSPC | Errno::DQUOT)) = reserved {
                return Err(full.into());
            }
        }
        Ok(())
    }

    /// Adds lines. After an error the log ends with the last line that is whole, as soon as the
    /// file can be cut there.
    fn add(&mut self, lines: &LinesToWrite) -> io::Result<()> {
        let (done, result) = self.write_at(self.whole, &lines.bytes);
        for (end, lasting) in &lines.ends {
            if *end > done {
                break;
            }
            if *lasting {
                self.lasting = self.whole + *end as u64;
            }
        }
        let whole = lines.ends.iter().rev().find(|(end, _)| *end <= done);
        self.whole += whole.map_or(0, |(end, _)| *end as u64);
        if result.is_err() {
            let _ = self.file.set_len(self.whole);
        }
        result
    }

    /// Writes the last lines of a log that cannot grow: where there is no room for them, they take
    /// the place of lines of the repeat that was not finished.
    ///
    /// # Errors
    /// When there is no room even so.
    pub fn close(&mut self, lines: &LinesToWrite) -> io::Result<()> {
        let refused = match self.add(lines) {
            Ok(()) => return self.sync(),
            Err(refused) => refused,
        };
        let needed = lines.bytes.len() as u64;
        if self.lasting + needed > self.whole {
            return Err(refused);
        }
        self.file.write_all_at(&lines.bytes, self.lasting)?;
        self.whole = self.lasting + needed;
        self.file.set_len(self.whole)?;
        self.sync()
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Writes bytes at a place; how many of them were written, and what stopped that.
    fn write_at(&mut self, place: u64, bytes: &[u8]) -> (usize, io::Result<()>) {
        let mut done = 0;
        if let Err(error) = self.file.seek(SeekFrom::Start(place)) {
            return (done, Err(error));
        }
        while done < bytes.len() {
            match self.file.write(&bytes[done..]) {
                Ok(0) => return (done, Err(io::ErrorKind::WriteZero.into())),
                Ok(n) => done += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return (done, Err(error)),
            }
        }
        (done, Ok(()))
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::io::Read as _;

    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
    use workbench_machine::monitor::Sample;

    use super::*;
    use crate::{Finding, Refused, RunFailure, RunStatus};

    fn lines(events: Vec<Event>) -> LinesToWrite {
        let records = events.into_iter().map(|event| Record { t_ns: 1, event });
        LinesToWrite::of(&records.collect::<Vec<_>>()).unwrap()
    }

    fn end() -> Vec<Event> {
        let failure = RunFailure {
            cause: Refused::Storage,
            reason: "no space is left".to_owned(),
        };
        let finished = Event::RunFinished {
            status: RunStatus::Failed,
            instrument_cpu_ns: 0,
            screen_cpu_ns: 0,
        };
        vec![Event::RunFailed(failure), finished]
    }

    fn note() -> Event {
        Event::Finding(Finding::note("something", "Something."))
    }

    fn samples(count: usize) -> Vec<Event> {
        vec![Event::Sample(Sample::default()); count]
    }

    /// Writes these events to a file that cannot grow any more, and closes it.
    fn full(events: Vec<Event>) -> (io::Result<()>, String) {
        let file: File = memfd_create("log", MemfdFlags::ALLOW_SEALING)
            .unwrap()
            .into();
        let mut log = LogFile::after(file, 0).unwrap();
        log.write(&lines(events)).unwrap();
        fcntl_add_seals(&log.file, SealFlags::GROW).unwrap();
        assert!(log.write(&lines(samples(1))).is_err());
        let closed = log.close(&lines(end()));
        let mut text = String::new();
        log.file.seek(SeekFrom::Start(0)).unwrap();
        log.file.read_to_string(&mut text).unwrap();
        (closed, text)
    }

    fn kinds(text: &str) -> Vec<String> {
        let kind = |line: &str| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            record["event"].as_str().unwrap().to_owned()
        };
        text.lines().map(kind).collect()
    }

    #[test]
    fn the_end_takes_the_place_of_what_is_worth_nothing_without_it() {
        let (closed, text) = full([vec![note(), note()], samples(20)].concat());
        closed.unwrap();
        let expected = ["finding", "finding", "run_failed", "run_finished"];
        assert_eq!(kinds(&text), expected);
    }

    #[test]
    fn what_lasts_is_not_given_up_for_the_end() {
        let (closed, text) = full([samples(20), vec![note()]].concat());
        closed.unwrap_err();
        assert_eq!(kinds(&text).len(), 21);
    }
}
