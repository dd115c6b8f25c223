//! Noticing that the terminal is gone. A signal (SIGHUP) says so only to the first process of a
//! session; whoever was started by a shell that ignores it hears nothing.

use std::io::{self, PipeWriter};
use std::sync::OnceLock;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::stdio::dup2_stdin;

/// The other end of what takes the terminal's place.
static NOTHING: OnceLock<PipeWriter> = OnceLock::new();

/// Waits until the terminal on the standard input is gone, and puts a pipe in its place in which
/// nothing ever comes: reading from a terminal that is gone returns at once, without end, and the
/// thread that reads the keys would do nothing else.
///
/// Returns whether the terminal is gone; `false` where the system cannot tell.
///
/// # Errors
/// When the operating system gives no pipe.
pub fn wait() -> io::Result<bool> {
    let (nothing, keep) = io::pipe()?;
    let stdin = io::stdin();
    loop {
        // What is asked for is nothing: only an end is told.
        let mut watched = [PollFd::new(&stdin, PollFlags::empty())];
        match poll(&mut watched, None) {
            Err(Errno::INTR) => continue,
            Err(_) => return Ok(false),
            Ok(_) => {}
        }
        let told = watched[0].revents();
        if told.intersects(PollFlags::HUP | PollFlags::ERR) {
            let _ = NOTHING.set(keep);
            dup2_stdin(&nothing)?;
            return Ok(true);
        }
        if !told.is_empty() {
            return Ok(false);
        }
    }
}
