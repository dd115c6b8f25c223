//! A process: what is known of it, and handing a signal to it.

use std::fmt;

use rustix::io::Errno;
use rustix::process::Signal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::Floats;

/// A process.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ProcessState {
    /// Its number.
    pub pid: u32,
    /// The number of the process that started it, or has taken its place.
    pub parent: u32,
    /// When it began, in the kernel's ticks since the start of the machine: with the number, its
    /// identity.
    pub started_ticks: u64,
    /// The program's name, as the kernel has it (15 bytes).
    pub name: String,
    /// Its command line, cut after 200 characters; empty for threads of the kernel.
    pub command: String,
    /// Whose it is.
    pub user: String,
    /// What it does.
    pub status: ProcessStatus,
    /// Its threads.
    pub threads: u32,
    /// Its nice value.
    pub nice: i32,
    /// Cores' worth of CPU time (2.0 is two cores fully).
    #[serde(with = "Floats::<f32>")]
    pub cores: f32,
    /// CPU time so far, in seconds.
    #[serde(with = "Floats::<f64>")]
    pub cpu_s: f64,
    /// Resident memory in bytes.
    pub memory_bytes: u64,
    /// Memory on GPUs in bytes, where their driver says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_memory_bytes: Option<u64>,
}

impl ProcessState {
    /// Whether it is a thread of the kernel.
    pub fn is_kernel(&self) -> bool {
        const KTHREADD: u32 = 2;
        self.pid == KTHREADD || self.parent == KTHREADD
    }
}

/// What a process does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProcessStatus {
    /// On a core, or ready to be.
    Running,
    /// Waits for something.
    #[default]
    Sleeping,
    /// Waits for a disk or a driver, and takes no signals.
    Uninterruptible,
    /// Stopped by a signal or a debugger.
    Stopped,
    /// Has ended and is not collected.
    Zombie,
    /// A thread of the kernel without work.
    Idle,
}

impl ProcessStatus {
    /// The status of a letter of the kernel.
    pub fn of_letter(letter: u8) -> Self {
        match letter {
            b'R' => Self::Running,
            b'D' => Self::Uninterruptible,
            b'T' | b't' => Self::Stopped,
            b'Z' | b'X' | b'x' => Self::Zombie,
            b'I' => Self::Idle,
            _ => Self::Sleeping,
        }
    }

    /// The letter that people know from other tools.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Running => "R",
            Self::Sleeping => "S",
            Self::Uninterruptible => "D",
            Self::Stopped => "T",
            Self::Zombie => "Z",
            Self::Idle => "I",
        }
    }
}

/// A signal that can be handed to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProcessSignal {
    /// Asks it to end.
    Terminate,
    /// What Ctrl-C sends.
    Interrupt,
    /// Ends it at once.
    Kill,
    /// Stops it.
    Stop,
    /// Lets it go on.
    Continue,
}

impl ProcessSignal {
    /// All of them, the gentlest first.
    pub const ALL: [Self; 5] = [
        Self::Terminate,
        Self::Interrupt,
        Self::Kill,
        Self::Stop,
        Self::Continue,
    ];

    /// The name that people type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Terminate => "TERM",
            Self::Interrupt => "INT",
            Self::Kill => "KILL",
            Self::Stop => "STOP",
            Self::Continue => "CONT",
        }
    }

    /// What it does, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::Terminate => "asks it to end",
            Self::Interrupt => "what Ctrl-C sends",
            Self::Kill => "ends it at once, nothing is saved",
            Self::Stop => "stops it until CONT",
            Self::Continue => "lets it go on after STOP",
        }
    }

    fn number(self) -> Signal {
        match self {
            Self::Terminate => Signal::TERM,
            Self::Interrupt => Signal::INT,
            Self::Kill => Signal::KILL,
            Self::Stop => Signal::STOP,
            Self::Continue => Signal::CONT,
        }
    }
}

/// Why a signal was not handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSent {
    /// The process has ended.
    Gone,
    /// It belongs to somebody else.
    NotAllowed,
    /// The system refuses, with this error number.
    Refused(i32),
}

/// What happened, as the end of a sentence.
impl fmt::Display for NotSent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => out.write_str("it has ended"),
            Self::NotAllowed => out.write_str("it belongs to another account"),
            Self::Refused(number) => {
                let error = std::io::Error::from_raw_os_error(*number);
                write!(out, "{error}")
            }
        }
    }
}

/// Hands a signal to the process that had this number and began at this time, and to no other: a
/// number that another process has by now is refused as [`NotSent::Gone`].
///
/// # Errors
/// When the process has ended, or the system refuses.
pub fn send_signal(pid: u32, started_ticks: u64, signal: ProcessSignal) -> Result<(), NotSent> {
    super::system::send_signal(pid, started_ticks, signal.number()).map_err(refused)
}

fn refused(error: Errno) -> NotSent {
    match error {
        Errno::SRCH => NotSent::Gone,
        Errno::PERM => NotSent::NotAllowed,
        other => NotSent::Refused(other.raw_os_error()),
    }
}
