//! What would be printed over the screen: lines on the standard error, from libraries, and the
//! words of panics.
//!
//! Belongs here: catching such lines while the terminal is taken over. Does not belong here:
//! showing them.

use std::io::{self, BufRead, BufReader, IsTerminal};
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::stdio::dup2_stderr;

/// Lines kept until somebody asks; a library that prints without end must not fill the memory.
const KEPT: usize = 10_000;

/// A line and who printed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caught {
    /// `panic in NAME` or `stderr`.
    pub source: String,
    /// The line.
    pub text: String,
}

static CAUGHT: Mutex<Vec<Caught>> = Mutex::new(Vec::new());
/// The standard error as it was, while it is caught.
static BEFORE: Mutex<Option<OwnedFd>> = Mutex::new(None);

/// Catches the standard error, unless it leads somewhere else than to the terminal.
///
/// # Errors
/// When the operating system gives no pipe.
pub fn begin() -> io::Result<()> {
    let mut before = lock(&BEFORE);
    if before.is_some() || !io::stderr().is_terminal() {
        return Ok(());
    }
    let (from, to) = io::pipe()?;
    let kept = rustix::io::fcntl_dupfd_cloexec(io::stderr(), 0)?;
    std::thread::Builder::new()
        .name("workbench-stderr".to_owned())
        .spawn(move || {
            // Ends when the last writing end is closed.
            for line in BufReader::new(from).split(b'\n') {
                let Ok(line) = line else { return };
                catch("stderr", &String::from_utf8_lossy(&line));
            }
        })?;
    dup2_stderr(&to)?;
    *before = Some(kept);
    Ok(())
}

/// Gives the standard error back.
pub fn end() {
    if let Some(before) = lock(&BEFORE).take() {
        // Refused only for a descriptor that is none.
        let _ = dup2_stderr(&before);
    }
}

/// Keeps a text, line by line.
pub fn catch(source: &str, text: &str) {
    let mut caught = lock(&CAUGHT);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if caught.len() < KEPT {
            caught.push(Caught {
                source: source.to_owned(),
                text: line.trim_end().to_owned(),
            });
        }
    }
}

/// What was caught since the last call.
pub fn collected() -> Vec<Caught> {
    std::mem::take(&mut *lock(&CAUGHT))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
