//! The arms of the lab, and the programs that they run.

use workbench_ddp_protocol::Program;
use workbench_experiment::lab::Source;

/// Where the worker's training programs are.
macro_rules! programs {
    () => {
        "../../../crates/worker/src/programs/"
    };
}

/// The arms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arm {
    /// One process.
    Single,
    /// One process with the threads of all.
    Threads,
    /// Data-parallel, written by hand.
    ByHand,
    /// Under the launcher.
    Launcher,
}

impl Arm {
    /// The arm of a name.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "single" => Some(Self::Single),
            "threads" => Some(Self::Threads),
            "ddp" => Some(Self::ByHand),
            "launcher" => Some(Self::Launcher),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Threads => "threads",
            Self::ByHand => "ddp",
            Self::Launcher => "launcher",
        }
    }

    /// The program that its workers run.
    pub fn program(self) -> Program {
        match self {
            Self::Single | Self::Threads => Program::Single,
            Self::ByHand => Program::ByHand,
            Self::Launcher => Program::Launched,
        }
    }

    /// The text of that program, where no arm before has it.
    pub fn source(self) -> Option<Source> {
        let (file, text) = match self {
            Self::Threads => return None,
            Self::Single => ("single.rs", include_str!(concat!(programs!(), "single.rs"))),
            Self::ByHand => (
                "by_hand.rs",
                include_str!(concat!(programs!(), "by_hand.rs")),
            ),
            Self::Launcher => (
                "launched.rs",
                include_str!(concat!(programs!(), "launched.rs")),
            ),
        };
        Some(Source {
            file: file.to_owned(),
            text: text.to_owned(),
        })
    }

    /// Who reports for it.
    pub fn speaker(self) -> &'static str {
        if self.is_supervised() {
            "launcher"
        } else {
            "workbench"
        }
    }

    /// Whether it has a rank on each worker.
    pub fn has_ranks(self) -> bool {
        matches!(self, Self::ByHand | Self::Launcher)
    }

    /// Whether it continues after a failure.
    pub fn is_supervised(self) -> bool {
        self == Self::Launcher
    }
}
