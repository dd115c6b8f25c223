//! What a program tells, kept in a file before it is passed on. So nothing that it has told is lost
//! where this program is killed, or does not read for a while: the helper lives a little longer.

use std::fs::{File, OpenOptions};
use std::io::{self, PipeReader, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::io::{FdFlags, fcntl_setfd};

/// Bytes that are passed on at once.
const CHUNK: usize = 1 << 16;
/// How long the rest may take when all that could tell more has ended.
const PATIENCE: Duration = Duration::from_secs(10);

/// Passes on what a program tells.
pub(crate) struct Relay {
    /// What the program writes to; it inherits it.
    into: OwnedFd,
    /// Ends when nothing is left to pass on.
    done: Receiver<()>,
}

impl Relay {
    /// Comes between a program and the descriptor of who listens to it. What the program tells is
    /// kept in a file.
    ///
    /// # Errors
    /// When the file cannot be written, or the system has no pipe or thread left.
    pub(crate) fn start(path: &str, listener: i32) -> io::Result<Self> {
        let mut kept = OpenOptions::new().create(true).append(true).open(path)?;
        // What was there before may end with a part of a line. Empty lines are passed over.
        kept.write_all(b"\n")?;
        let (from, into) = io::pipe()?;
        let into = OwnedFd::from(into);
        fcntl_setfd(&into, FdFlags::empty())?;
        let (end, done) = channel();
        thread::Builder::new()
            .name("relay".to_owned())
            .spawn(move || pass_on(from, kept, listener, end))?;
        Ok(Self { into, done })
    }

    /// The descriptor that the program writes to.
    pub(crate) fn number(&self) -> i32 {
        self.into.as_raw_fd()
    }

    /// Waits until everything is kept, once all of the program has ended.
    pub(crate) fn end(self) {
        drop(self.into);
        // An error says that it is done.
        let _ = self.done.recv_timeout(PATIENCE);
    }
}

/// Reads until nobody can write any more. `_end` goes with it.
fn pass_on(mut from: PipeReader, mut kept: File, listener: i32, _end: Sender<()>) {
    let mut chunk = vec![0; CHUNK];
    let mut out = None;
    let mut is_heard = true;
    loop {
        match from.read(&mut chunk) {
            Ok(0) => return,
            Ok(count) => {
                // What is not kept is told once more by a program that goes on.
                let _ = kept.write_all(&chunk[..count]);
                // Opened when it is needed: that may block where nobody listens any more.
                if is_heard && out.is_none() {
                    let path = format!("/dev/fd/{listener}");
                    out = OpenOptions::new().write(true).open(path).ok();
                }
                let passed = out.as_mut().map(|out| out.write_all(&chunk[..count]));
                is_heard = passed.is_some_and(|passed| passed.is_ok());
                if !is_heard {
                    out = None;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}
