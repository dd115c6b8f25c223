//! How gloo groups are formed.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

/// The network address that gloo's connections are made on. It has no authentication or encryption.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum GlooDevice {
    /// 127.0.0.1: all ranks on this machine.
    #[default]
    Loopback,
    /// A network interface by name, for example `eth0`.
    Interface(String),
    /// An address of this machine, or a name that resolves to one.
    Address(String),
    /// What this machine's own name resolves to.
    Hostname,
}

impl GlooDevice {
    pub(super) fn code(&self) -> (i32, &str) {
        match self {
            Self::Loopback => (0, ""),
            Self::Interface(name) => (1, name),
            Self::Address(address) => (2, address),
            Self::Hostname => (3, ""),
        }
    }
}

/// How a gloo group works.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GlooOptions {
    /// How long forming the group, and every operation of it, may take before it fails. Also holds
    /// for the reductions of [`DistributedDataParallel`](crate::DistributedDataParallel). 30
    /// minutes unless set, as in torch.distributed.
    pub timeout: Duration,
    /// Where connections are made.
    pub device: GlooDevice,
    /// How many operations run at the same time, each on a thread of its own: 1 to 64. 2 unless
    /// set.
    pub threads: usize,
    /// Lets libtorch compare what all ranks call, and on which shapes, before every collective,
    /// those that are started without waiting and those of the reducer included, at the price of
    /// two small extra ones. A disagreement is then an error of kind [`ErrorKind::Mismatch`]. Off
    /// unless set: then calls that wait are compared alone (torch.distributed:
    /// `TORCH_DISTRIBUTED_DEBUG=DETAIL`).
    pub checked: bool,
}

impl Default for GlooOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30 * 60),
            device: GlooDevice::default(),
            threads: 2,
            checked: false,
        }
    }
}

impl GlooOptions {
    /// The options with another timeout.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The options with another device.
    #[must_use]
    pub fn device(mut self, device: GlooDevice) -> Self {
        self.device = device;
        self
    }

    /// The options with another number of threads.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// The options with or without the comparison of calls.
    #[must_use]
    pub fn checked(mut self, checked: bool) -> Self {
        self.checked = checked;
        self
    }

    /// Rank and size as gloo counts, if a group can be formed with them and these options.
    pub(super) fn check(&self, rank: usize, size: usize) -> Result<(i32, i32)> {
        if rank >= size {
            return Err(invalid(format!(
                "rank {rank} is outside a group of {size}; ranks begin at 0"
            )));
        }
        if !(1..=MOST_THREADS).contains(&self.threads) {
            return Err(invalid(format!(
                "{} threads; give 1 to {MOST_THREADS}",
                self.threads
            )));
        }
        match (i32::try_from(rank), i32::try_from(size)) {
            (Ok(rank), Ok(size)) => Ok((rank, size)),
            _ => Err(invalid(format!("{size} ranks; give at most {}", i32::MAX))),
        }
    }
}

/// What an error in forming a group says was being done.
pub(super) const FORM: &str = "form a gloo group";

pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, FORM, message)
}

/// libtorch ends the process when it cannot start one of many threads.
const MOST_THREADS: usize = 64;
