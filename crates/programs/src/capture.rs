//! Reading what a program prints: its beginning and its end are kept, the rest is counted.
//!
//! One thread reads both pipes, so that a program never waits for anybody but this thread. While
//! the program works it does little more than reading: only the beginning is cut into lines at
//! once, and of the rest the last bytes are kept as they are.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, PipeReader, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};

use regex::bytes::Regex;
use rustix::event::{PollFd, PollFlags, poll};
use workbench_digest::Hasher;
use workbench_workers::LineSplitter;

use crate::line_match::LineMatch;
use crate::messages;

/// Bytes read at once.
const CHUNK: usize = 1 << 16;
/// Bytes of the beginning of a stream that are kept.
const HEAD: usize = 16 << 10;
/// Bytes of the end of a stream that are kept.
const TAIL: usize = 16 << 10;
/// The names of the streams, as the log has them.
const NAMES: [&str; 2] = ["stdout", "stderr"];

/// What is to be found out about the standard output, besides keeping some of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// The SHA-256 of all of it.
    pub hash: bool,
    /// The last number that each of these patterns finds in a line.
    pub numbers: Vec<Regex>,
}

/// What was found out.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Printed {
    /// SHA-256 of the standard output, in hexadecimal, where it was wanted.
    pub sha256: Option<String>,
    /// A number for each that was wanted, where it was found.
    pub numbers: Vec<Option<f64>>,
    /// The last lines of both streams.
    pub last_lines: Vec<String>,
}

/// Takes a line: who printed it, and the line.
pub(crate) type TakeLine = Box<dyn FnMut(&str, &str) + Send>;

/// The thread that reads.
#[derive(Debug)]
pub(crate) struct Capture {
    thread: Option<JoinHandle<Printed>>,
    bell: UnixStream,
}

impl Capture {
    /// Begins to read; returns the ends into which a program is to write.
    pub(crate) fn start(wanted: Wanted, take: TakeLine) -> io::Result<(Self, [OwnedFd; 2])> {
        let (out, into_out) = io::pipe()?;
        let (err, into_err) = io::pipe()?;
        widen(&into_out);
        let (bell, heard) = UnixStream::pair()?;
        let streams = [out, err].map(Stream::new);
        let reading = Reading {
            streams,
            hasher: wanted.hash.then(Hasher::default),
            numbers: wanted.numbers.into_iter().map(LineMatch::new).collect(),
            take,
            last: VecDeque::new(),
        };
        let thread = thread::Builder::new()
            .name("printed".to_owned())
            .spawn(move || reading.run(&heard))?;
        let this = Self {
            thread: Some(thread),
            bell,
        };
        Ok((this, [into_out.into(), into_err.into()]))
    }

    /// Takes what is there by now and ends. Whoever still holds the pipes is not waited for.
    pub(crate) fn end(mut self) -> Printed {
        // The thread hears that the other end is closed.
        let _ = self.bell.shutdown(std::net::Shutdown::Both);
        let thread = self.thread.take();
        thread.map_or_else(Printed::default, |thread| thread.join().unwrap_or_default())
    }
}

#[cfg(all(target_os = "linux", not(workbench_portable)))]
/// Lets a pipe hold more.
pub(crate) fn widen(pipe: &io::PipeWriter) {
    const BYTES: usize = 1 << 20;
    // A smaller one works too.
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, BYTES);
}

#[cfg(any(workbench_portable, not(target_os = "linux")))]
/// Lets a pipe hold more, where that is possible.
pub(crate) fn widen(_: &io::PipeWriter) {}

struct Reading {
    streams: [Stream; 2],
    hasher: Option<Hasher>,
    numbers: Vec<LineMatch>,
    take: TakeLine,
    last: VecDeque<String>,
}

impl Reading {
    fn run(mut self, bell: &UnixStream) -> Printed {
        let mut chunk = vec![0; CHUNK];
        let mut is_over = false;
        while self.streams.iter().any(Stream::is_open) && !is_over {
            is_over = self.wait(bell);
            for index in 0..self.streams.len() {
                self.read(index, &mut chunk, is_over);
            }
        }
        self.finish()
    }

    /// Waits until there is something to read; whether this is to be the last time.
    fn wait(&self, bell: &UnixStream) -> bool {
        let pipes = self
            .streams
            .iter()
            .filter_map(|stream| stream.pipe.as_ref());
        let mut all = vec![PollFd::new(bell, PollFlags::IN)];
        all.extend(pipes.map(|pipe| PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN)));
        match poll(&mut all, None) {
            Ok(_) => !all[0].revents().is_empty(),
            Err(error) => error != rustix::io::Errno::INTR,
        }
    }

    /// Reads what is there: one piece of it, or all of it when this is the last time.
    fn read(&mut self, index: usize, chunk: &mut [u8], all: bool) {
        loop {
            let stream = &mut self.streams[index];
            let Some(count) = stream.receive(chunk) else {
                return;
            };
            let bytes = &chunk[..count];
            if index == 0 {
                if let Some(hasher) = &mut self.hasher {
                    hasher.update(bytes);
                }
                for lines in &mut self.numbers {
                    lines.push(bytes);
                }
            }
            let (take, last) = (&mut self.take, &mut self.last);
            stream.keep(bytes, &mut |line| show(take, last, NAMES[index], line));
            if !all {
                return;
            }
        }
    }

    fn finish(mut self) -> Printed {
        let (take, last) = (&mut self.take, &mut self.last);
        for (stream, name) in self.streams.iter_mut().zip(NAMES) {
            stream.finish(&mut |line| show(take, last, name, line));
        }
        Printed {
            sha256: self.hasher.map(Hasher::finish),
            numbers: self.numbers.into_iter().map(LineMatch::finish).collect(),
            last_lines: self.last.into(),
        }
    }
}

/// Lines of the end that are kept for messages.
const LAST_LINES: usize = 5;

/// One of the two streams.
struct Stream {
    pipe: Option<File>,
    lines: LineSplitter,
    /// Bytes of the beginning so far.
    head: usize,
    tail: VecDeque<u8>,
    /// Bytes that were neither in the beginning nor are in the tail, and how many lines they ended.
    left_out: (u64, u64),
}

impl Stream {
    fn new(pipe: PipeReader) -> Self {
        let pipe = OwnedFd::from(pipe);
        // Does not fail for a pipe.
        let _ = rustix::io::ioctl_fionbio(&pipe, true);
        Self {
            pipe: Some(File::from(pipe)),
            lines: LineSplitter::default(),
            head: 0,
            tail: VecDeque::new(),
            left_out: (0, 0),
        }
    }

    fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    /// Reads once; `None` when there is nothing now, or nothing any more.
    fn receive(&mut self, chunk: &mut [u8]) -> Option<usize> {
        loop {
            match self.pipe.as_mut()?.read(chunk) {
                Ok(0) => break,
                Ok(count) => return Some(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(_) => break,
            }
        }
        self.pipe = None;
        None
    }

    fn keep(&mut self, bytes: &[u8], take: &mut dyn FnMut(String)) {
        let (first, rest) = bytes.split_at(bytes.len().min(HEAD - self.head));
        self.head += first.len();
        self.lines.push(first, &mut *take);
        let too_many = (self.tail.len() + rest.len()).saturating_sub(TAIL);
        let of_tail = too_many.min(self.tail.len());
        let of_rest = too_many - of_tail;
        let ends = newlines(rest[..of_rest].iter().copied());
        let ends = ends + newlines(self.tail.drain(..of_tail));
        self.left_out.0 += too_many as u64;
        self.left_out.1 += ends;
        self.tail.extend(&rest[of_rest..]);
    }

    fn finish(&mut self, take: &mut dyn FnMut(String)) {
        let (bytes, lines) = self.left_out;
        if bytes > 0 {
            self.lines.finish(&mut *take);
            take(messages::left_out(lines, bytes));
        }
        let tail = std::mem::take(&mut self.tail);
        self.lines.push(&Vec::from(tail), &mut *take);
        self.lines.finish(take);
    }
}

fn newlines(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.map(|byte| u64::from(byte == b'\n')).sum()
}

/// Hands a line on, and keeps it while it is one of the last.
fn show(take: &mut TakeLine, last: &mut VecDeque<String>, name: &str, line: String) {
    take(name, &line);
    if last.len() == LAST_LINES {
        last.pop_front();
    }
    last.push_back(line);
}
