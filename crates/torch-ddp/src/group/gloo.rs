//! How gloo groups are formed.

use std::io;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};

/// Between two looks whether a port is free.
const PAUSE: Duration = Duration::from_millis(20);

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
    /// The address, where it is stated as one.
    fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Loopback => Some(Ipv4Addr::LOCALHOST.into()),
            Self::Address(address) => address.parse().ok(),
            Self::Interface(_) | Self::Hostname => None,
        }
    }

    /// Waits until a connection can be accepted on the address, where it is known: gloo says of any
    /// address without a free port that it cannot be resolved.
    ///
    /// # Errors
    /// [`ErrorKind::NoPort`] when no port gets free in time, [`ErrorKind::Unavailable`] when this
    /// machine has no such address.
    pub(super) fn await_port(&self, timeout: Duration) -> Result<()> {
        let Some(address) = self.address() else {
            return Ok(());
        };
        let began = Instant::now();
        loop {
            let Err(error) = TcpListener::bind((address, 0)) else {
                return Ok(());
            };
            let is_passing = error.kind() == io::ErrorKind::AddrInUse;
            if !is_passing || began.elapsed() >= timeout {
                return Err(no_port(address, &error));
            }
            thread::sleep(PAUSE);
        }
    }

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

fn no_port(address: IpAddr, error: &io::Error) -> Error {
    let (kind, remedy) = match error.kind() {
        io::ErrorKind::AddrInUse => (
            ErrorKind::NoPort,
            "end what holds the ports, or widen net.ipv4.ip_local_port_range",
        ),
        io::ErrorKind::AddrNotAvailable => (
            ErrorKind::Unavailable,
            "this machine has no such address, or its interface is down",
        ),
        _ => (ErrorKind::Connection, "allow it to listen there"),
    };
    Error::new(kind, FORM, format!("{address}: {error}; {remedy}"))
}

pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, FORM, message)
}

/// libtorch ends the process when it cannot start one of many threads.
const MOST_THREADS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_another_machine_is_named() {
        // Of a range for documentation (RFC 5737).
        let device = GlooDevice::Address("192.0.2.1".to_owned());
        let error = device.await_port(Duration::from_secs(60)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let told = error.to_string();
        assert!(
            told.contains("192.0.2.1") && told.contains("no such address"),
            "{told}"
        );
        assert!(GlooDevice::Loopback.await_port(Duration::ZERO).is_ok());
    }

    #[test]
    fn that_no_port_is_left_is_told_apart() {
        let error = io::Error::from(io::ErrorKind::AddrInUse);
        let error = no_port(Ipv4Addr::LOCALHOST.into(), &error);
        assert_eq!(error.kind(), ErrorKind::NoPort);
        assert!(error.to_string().contains("ip_local_port_range"), "{error}");
    }
}
