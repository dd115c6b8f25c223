//! What this process and the helper say to each other: JSON, one message per line.

use std::io::{self, BufRead, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use workbench_machine::monitor::ResourceUse;

/// What the helper is to run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LaunchOrder {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// The directory that it works in.
    pub dir: String,
    /// Variables besides those that it inherits.
    pub vars: Vec<(String, String)>,
    /// The file that it reads as its standard input; nothing when there is none.
    pub stdin: Option<String>,
    /// The descriptor on which it may tell more, where somebody listens and the helper has
    /// inherited it.
    pub events: Option<i32>,
    /// The pipes of the program; those that the helper has inherited when there are none here. A
    /// helper that is given them can run one program after the other.
    pub pipes: Option<PipePaths>,
    /// The file in which what it tells is kept as well.
    pub keep: Option<String>,
    /// How long processes may take to end after SIGTERM, in milliseconds.
    pub grace_ms: u64,
}

/// Where the helper opens the pipes of a program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PipePaths {
    /// Standard output and standard error.
    pub outputs: [String; 2],
    /// The one on which it may tell more, where somebody listens.
    pub events: Option<String>,
}

/// What this process tells the helper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Tell {
    /// What to run next.
    Next(Box<LaunchOrder>),
    /// Start the program.
    Go,
    /// End it and all that it started.
    Stop,
    /// Let all of it stand still.
    Pause,
    /// Go on.
    Resume,
}

/// What the helper says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Said {
    /// It waits for [`Tell::Go`]. What earlier programs used, in nanoseconds of CPU time.
    Ready(u64),
    /// The pipes cannot be opened; the number of the system's error.
    NoPipes(i32),
    /// The program could not be started; the number of the system's error.
    NotStarted(i32),
    /// A file of the order could not be opened; the number of the system's error.
    NoInput(i32),
    /// What is told could not be kept in its file; the number of the system's error.
    NotKept(i32),
    /// The program runs; its process.
    Started(i32),
    /// It stopped itself, and nobody will let it go on.
    StoppedItself,
    /// The program has ended.
    Ended(ProgramEnd),
    /// Nothing of it is left.
    Done(Box<Used>),
}

/// The end of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProgramEnd {
    /// How.
    pub exit: ExitKind,
    /// When its start began and when its end was known, on the system's monotonic clock.
    pub worked_ns: [u64; 2],
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ExitKind {
    /// With an exit code.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

/// What the program and all that it started have used.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Used {
    pub usage: ResourceUse,
    /// The names of processes that still ran when the program had ended.
    pub left: Vec<String>,
    /// Whether some of them could not be ended. The helper then runs nothing more.
    pub escaped: bool,
}

impl Used {
    /// Takes note that there were so many processes at once, where not all of them were counted.
    pub(crate) fn has_seen(&mut self, processes: u64) {
        let started = self.usage.processes.as_mut();
        let started = started.and_then(|all| all.started.as_mut());
        if let Some(started) = started.filter(|started| started.at_least) {
            started.count = started.count.max(processes);
        }
    }
}

/// Writes a message.
pub(crate) fn send(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    to.write_all(&line)
}

/// Reads a message; `None` at the end. What came before an error (a deadline) is kept in `partial`.
pub(crate) fn receive<T: DeserializeOwned>(
    from: &mut impl BufRead,
    partial: &mut Vec<u8>,
) -> io::Result<Option<T>> {
    from.read_until(b'\n', partial)?;
    if partial.last() != Some(&b'\n') {
        return Ok(None);
    }
    let message = serde_json::from_slice(partial);
    partial.clear();
    Ok(Some(message?))
}
