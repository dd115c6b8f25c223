//! A process, and what is known of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_json::Floats;

/// The number of the parent of the kernel's threads.
pub(super) const KTHREADD: u32 = 2;

/// A process.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SeenProcess {
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

impl SeenProcess {
    /// Whether it is a thread of the kernel.
    pub fn is_kernel(&self) -> bool {
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
