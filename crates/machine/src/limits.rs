//! The limits that a shell or a service puts on a process (`ulimit`), and which one is behind a
//! refusal of the operating system.

use std::error::Error;
use std::os::fd::OwnedFd;
use std::{fmt, io};

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

/// A limit that is set, and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What is limited.
    pub on: Limited,
    /// How much of it the process may have: bytes, or a number.
    pub value: u64,
}

/// What can be limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// The address space.
    Memory,
    /// Data in memory.
    Data,
    /// The size of a file that is written.
    FileSize,
    /// The number of open files.
    OpenFiles,
    /// The number of processes and threads of this account.
    Processes,
}

impl Limited {
    fn resource(self) -> Resource {
        match self {
            Self::Memory => Resource::As,
            Self::Data => Resource::Data,
            Self::FileSize => Resource::Fsize,
            Self::OpenFiles => Resource::Nofile,
            Self::Processes => Resource::Nproc,
        }
    }
}

/// The limit with its value and the option of `ulimit` that sets it, as a part of a sentence.
impl fmt::Display for Limit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, option) = match self.on {
            Limited::Memory => ("memory", 'v'),
            Limited::Data => ("data in memory", 'd'),
            Limited::FileSize => ("the size of a file", 'f'),
            Limited::OpenFiles => ("open files", 'n'),
            Limited::Processes => ("processes and threads of this account", 'u'),
        };
        write!(out, "the limit on {name} is ")?;
        match self.on {
            Limited::Memory | Limited::Data | Limited::FileSize => {
                write!(out, "{} KiB", self.value.div_ceil(1024))?;
            }
            Limited::OpenFiles | Limited::Processes => write!(out, "{}", self.value)?,
        }
        write!(out, " (`ulimit -{option}`)")
    }
}

impl Limit {
    /// The limit on something, where one is set.
    pub fn on(limited: Limited) -> Option<Self> {
        let value = getrlimit(limited.resource()).current?;
        Some(Self { on: limited, value })
    }

    /// The limit on memory, where one is set.
    pub fn on_memory() -> Option<Self> {
        Self::on(Limited::Memory).or_else(|| Self::on(Limited::Data))
    }

    /// The limit that probably is behind a thread or a process that could not be started.
    pub fn on_threads() -> Option<Self> {
        // Accounts have some limit on processes as a rule; one on memory was set on purpose.
        Self::on_memory().or_else(|| Self::on(Limited::Processes))
    }

    /// The limit that is behind an error, or behind what caused it.
    pub fn behind(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            let code = error
                .downcast_ref::<io::Error>()
                .and_then(Errno::from_io_error);
            if let Some(limit) = code.and_then(Self::of_code) {
                return Some(limit);
            }
            cause = error.source();
        }
        None
    }

    fn of_code(code: Errno) -> Option<Self> {
        match code {
            Errno::FBIG => Self::on(Limited::FileSize),
            Errno::MFILE => Self::on(Limited::OpenFiles),
            Errno::NOMEM => Self::on_memory(),
            Errno::AGAIN => Self::on_threads(),
            _ => None,
        }
    }
}

/// Whether this process can open so many files more. Some libraries panic where they cannot, so it
/// is found out before.
///
/// # Errors
/// What the operating system says when it refuses.
pub fn room_for_files(count: usize) -> io::Result<()> {
    let opened: io::Result<Vec<OwnedFd>> = (0..count)
        .map(|_| Ok(rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 0)?))
        .collect();
    opened.map(drop)
}

/// An error in one line, with the limit that is behind it.
pub fn with_limit(error: &(dyn Error + 'static)) -> String {
    match Limit::behind(error) {
        Some(limit) => format!("{error}; {limit}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_named_with_its_value_and_its_option() {
        let text = |on, value| Limit { on, value }.to_string();
        let expected = "the limit on the size of a file is 8 KiB (`ulimit -f`)";
        assert_eq!(text(Limited::FileSize, 8192), expected);
        let expected = "the limit on open files is 64 (`ulimit -n`)";
        assert_eq!(text(Limited::OpenFiles, 64), expected);
    }

    #[test]
    fn an_error_names_its_limit_however_deep_it_lies() {
        // Every process has a limit on open files.
        let refused = || io::Error::from(Errno::MFILE);
        let limit = Limit::on(Limited::OpenFiles);
        assert!(limit.is_some());
        assert_eq!(Limit::behind(&refused()), limit);
        assert_eq!(Limit::behind(&io::Error::other(Wrapped(refused()))), limit);
        assert!(with_limit(&refused()).contains("`ulimit -n`"));
        let other = io::Error::from(Errno::NOENT);
        assert_eq!(with_limit(&other), other.to_string());
    }

    #[derive(Debug)]
    struct Wrapped(io::Error);

    impl fmt::Display for Wrapped {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(out, "cannot open it")
        }
    }

    impl Error for Wrapped {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }
}
