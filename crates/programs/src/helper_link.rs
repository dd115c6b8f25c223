//! A helper process as this process has it: what it is told and what it says.

use std::io::{self, BufReader};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use command_fds::CommandFdExt as _;
use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::failure::AttemptError;
use crate::tree;
use crate::wire::{Said, Tell, receive, send};

/// The command that starts this program as the helper.
static START: OnceLock<fn() -> Command> = OnceLock::new();

/// Says how this program is started as the helper; the first call counts.
pub fn start_helper_with(start: fn() -> Command) {
    let _ = START.set(start);
}

/// A helper process.
#[derive(Debug)]
pub(crate) struct HelperLink {
    process: Child,
    pub link: Arc<UnixStream>,
    pub said: BufReader<UnixStream>,
    partial: Vec<u8>,
    /// The program, from its start to its end.
    main: Option<Pid>,
    /// Whether there may be something of a program.
    is_busy: bool,
}

impl HelperLink {
    /// Starts a helper. What it inherits besides its outputs is for its program.
    pub(crate) fn start([out, err]: [Stdio; 2], inherited: Vec<OwnedFd>) -> io::Result<Self> {
        let start = START
            .get()
            .ok_or_else(|| io::Error::from(io::ErrorKind::Unsupported))?;
        let (link, theirs) = UnixStream::pair()?;
        let mut command = start();
        command
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(out)
            .stderr(err);
        command.preserved_fds(inherited);
        let process = command.spawn()?;
        Ok(Self {
            process,
            said: BufReader::new(link.try_clone()?),
            link: Arc::new(link),
            partial: Vec::new(),
            main: None,
            is_busy: false,
        })
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Tells it something.
    pub(crate) fn tell(&self, tell: &Tell) -> io::Result<()> {
        send(&mut &*self.link, tell)
    }

    /// Has it start its program.
    pub(crate) fn go(&mut self) -> io::Result<()> {
        self.is_busy = true;
        self.tell(&Tell::Go)
    }

    fn take_note(&mut self, said: &Said) {
        match said {
            Said::Started(pid) => self.main = Pid::from_raw(*pid),
            Said::Ended(_) => self.main = None,
            Said::Done(_) | Said::NotStarted(_) => self.is_busy = false,
            _ => {}
        }
    }

    /// Reads what it says; nothing where it has not said all of it within a time.
    pub(crate) fn read(&mut self, within: Duration) -> Result<Option<Said>, AttemptError> {
        self.link.set_read_timeout(Some(within))?;
        match receive::<Said>(&mut self.said, &mut self.partial) {
            Ok(Some(said)) => {
                self.take_note(&said);
                Ok(Some(said))
            }
            Ok(None) => Err(AttemptError::Lost),
            Err(error) if is_late(&error) => Ok(None),
            Err(error) if is_gone(&error) => Err(AttemptError::Lost),
            Err(error) => Err(error.into()),
        }
    }
}

fn is_late(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

/// Whether nobody is at the other end any more.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
}

impl Drop for HelperLink {
    /// Ends the helper, and with it whatever it still runs.
    fn drop(&mut self) {
        let _ = self.link.shutdown(Shutdown::Both);
        if self.is_busy {
            // Somebody may have ended the helper before it could do this, also before it could say
            // which process its program is.
            tree::end_session(self.id());
        }
        let _ = self.process.wait();
        if let Some(main) = self.main {
            let _ = kill_process_group(main, Signal::KILL);
        }
    }
}

/// A helper that waits for its next program, where there is one. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeptHelper(Arc<Mutex<Option<HelperLink>>>);

impl KeptHelper {
    /// Takes it.
    pub(crate) fn take(&self) -> Option<HelperLink> {
        self.0.lock().take()
    }

    /// Keeps one, in the place of another.
    pub(crate) fn keep(&self, helper: HelperLink) {
        let other = self.0.lock().replace(helper);
        // Ended without the lock.
        drop(other);
    }
}
