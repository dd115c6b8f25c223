//! Who this process is, as its launcher says.
//!
//! Belongs here: torchrun's environment variables. Does not belong here: starting processes.
#![expect(
    unsafe_code,
    reason = "an inherited descriptor is known by its number alone; the block says why it is sound"
)]

use std::env;
use std::net::TcpListener;
use std::os::fd::{BorrowedFd, RawFd};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::store::{PrefixStore, Store, TcpStore};

/// The contract between torchrun, or whatever starts the processes, and each of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// This process's rank (`RANK`).
    pub rank: usize,
    /// How many processes there are (`WORLD_SIZE`).
    pub world_size: usize,
    /// This process's number on its machine (`LOCAL_RANK`; the rank where it is not set).
    pub local_rank: usize,
    /// Where the store is (`MASTER_ADDR`).
    pub master_addr: String,
    /// The store's port (`MASTER_PORT`).
    pub master_port: u16,
    /// The launcher serves the store itself (`TORCHELASTIC_USE_AGENT_STORE`), and how often it has
    /// restarted the processes (`TORCHELASTIC_RESTART_COUNT`).
    pub agent_store: Option<u64>,
    /// The name of the launch (`TORCHELASTIC_RUN_ID`), the same for all its processes and for those
    /// of no other. Processes of different launches never form a group, even where one of them
    /// reaches the store of the other.
    pub run_id: Option<String>,
    /// A descriptor of the store's listening socket, bound to the port of `master_port`, that this
    /// process has inherited ([`LISTENER`]). torchrun has no such variable. With it, rank 0 needs
    /// no free port: nobody can take the port between the launch and the rendezvous.
    pub listener: Option<RawFd>,
}

/// The variable that holds the number of the store's listening socket.
pub const LISTENER: &str = "MASTER_LISTEN_FD";

impl Launch {
    /// Reads the environment; `None` when no launcher set `RANK`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when a variable is missing or makes no sense.
    pub fn from_env() -> Result<Option<Self>> {
        Self::from_variables(|name| env::var(name).ok())
    }

    fn from_variables(get: impl Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        if get("RANK").is_none() {
            return Ok(None);
        }
        let launch = Self {
            rank: number(&get, "RANK")?,
            world_size: number(&get, "WORLD_SIZE")?,
            local_rank: match get("LOCAL_RANK") {
                Some(_) => number(&get, "LOCAL_RANK")?,
                None => number(&get, "RANK")?,
            },
            master_addr: text(&get, "MASTER_ADDR")?,
            master_port: number(&get, "MASTER_PORT")?,
            agent_store: match get("TORCHELASTIC_USE_AGENT_STORE").as_deref() {
                Some("True") => Some(match get("TORCHELASTIC_RESTART_COUNT") {
                    Some(_) => number(&get, "TORCHELASTIC_RESTART_COUNT")?,
                    None => 0,
                }),
                _ => None,
            },
            run_id: get("TORCHELASTIC_RUN_ID").filter(|id| !id.is_empty()),
            listener: match get(LISTENER) {
                Some(_) => Some(number(&get, LISTENER)?),
                None => None,
            },
        };
        if launch.rank >= launch.world_size {
            return Err(invalid(format!(
                "RANK={} is outside WORLD_SIZE={}; ranks begin at 0",
                launch.rank, launch.world_size
            )));
        }
        Ok(Some(launch))
    }

    /// The store of this launch: served by the launcher, or else by rank 0. Keys of different
    /// launches are kept apart.
    ///
    /// # Errors
    /// As [`TcpStore::server`] and [`TcpStore::client`].
    pub fn store(&self, timeout: Duration) -> Result<Store> {
        let (host, port) = (self.master_addr.as_str(), self.master_port);
        let mut store = match (self.agent_store, self.listener) {
            (None, Some(descriptor)) if self.rank == 0 => {
                TcpStore::server_on(self.inherited(descriptor)?, host, timeout)?
            }
            (None, None) if self.rank == 0 => TcpStore::server(host, port, timeout)?,
            _ => TcpStore::client(host, port, timeout)?,
        }
        .into();
        if let Some(id) = &self.run_id {
            store = PrefixStore::new(&format!("/run/{id}"), &store)?.into();
        }
        if let Some(restarts) = self.agent_store {
            store = PrefixStore::new(&format!("/worker/attempt_{restarts}"), &store)?.into();
        }
        Ok(store)
    }

    /// A handle of our own to the socket behind an inherited descriptor.
    fn inherited(&self, descriptor: RawFd) -> Result<TcpListener> {
        let useless = |why: String| {
            invalid(format!(
                "{LISTENER}={descriptor} {why}; it is for a socket that listens on MASTER_PORT={}, take it out otherwise",
                self.master_port
            ))
        };
        if descriptor < 0 {
            return Err(useless("is no descriptor".to_owned()));
        }
        // SAFETY: the number is not -1, and is borrowed only to be duplicated: where it is not
        // open, that fails.
        let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
        let listener = borrowed
            .try_clone_to_owned()
            .map(TcpListener::from)
            .map_err(|error| useless(format!("cannot be used ({error})")))?;
        match listener.local_addr() {
            Ok(address) if address.port() == self.master_port => Ok(listener),
            Ok(address) => Err(useless(format!("is bound to {address}"))),
            Err(error) => Err(useless(format!("is no socket ({error})"))),
        }
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        "read the launcher's environment",
        message,
    )
}

fn text(get: &impl Fn(&str) -> Option<String>, name: &str) -> Result<String> {
    get(name).ok_or_else(|| {
        invalid(format!(
            "RANK is set but {name} is not; start this program with torchrun or set both"
        ))
    })
}

fn number<T: std::str::FromStr>(get: &impl Fn(&str) -> Option<String>, name: &str) -> Result<T> {
    let value = text(get, name)?;
    value.trim().parse().map_err(|_| {
        invalid(format!(
            "{name}={value} is no number that fits; give a whole number"
        ))
    })
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd as _;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Launch>> {
        Launch::from_variables(|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    const PLAIN: [(&str, &str); 4] = [
        ("RANK", "1"),
        ("WORLD_SIZE", "2"),
        ("MASTER_ADDR", "localhost"),
        ("MASTER_PORT", "29500"),
    ];

    #[test]
    fn a_plain_launch() {
        let launch = read(&PLAIN).unwrap().unwrap();
        assert_eq!(
            (launch.rank, launch.world_size, launch.local_rank),
            (1, 2, 1)
        );
        assert_eq!(
            (launch.master_addr.as_str(), launch.master_port),
            ("localhost", 29500)
        );
        assert_eq!(launch.agent_store, None);
        assert_eq!(read(&[]).unwrap(), None);
    }

    #[test]
    fn torchrun_serves_the_store() {
        let mut variables = PLAIN.to_vec();
        variables.extend([
            ("TORCHELASTIC_USE_AGENT_STORE", "True"),
            ("TORCHELASTIC_RESTART_COUNT", "3"),
        ]);
        assert_eq!(read(&variables).unwrap().unwrap().agent_store, Some(3));
    }

    #[test]
    fn ranks_with_another_run_id_never_meet() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let descriptor = listener.as_raw_fd().to_string();
        let launch = |rank: &str, id: &str| {
            let variables = [
                ("RANK", rank),
                ("WORLD_SIZE", "2"),
                ("MASTER_ADDR", "127.0.0.1"),
                ("MASTER_PORT", &port),
                (LISTENER, &descriptor),
                ("TORCHELASTIC_RUN_ID", id),
            ];
            read(&variables).unwrap().unwrap()
        };
        let timeout = Duration::from_secs(60);
        // The socket is handed over: it is bound, and the store is served on it all the same.
        let own = launch("0", "a").store(timeout).unwrap();
        let other = launch("1", "b").store(timeout).unwrap();
        let same = launch("1", "a").store(timeout).unwrap();
        own.set("key", "value").unwrap();
        assert!(!other.contains("key").unwrap());
        assert_eq!(same.get("key").unwrap(), b"value");
    }

    #[test]
    fn a_descriptor_that_is_no_listening_socket_is_named() {
        let mut variables = PLAIN.to_vec();
        variables[0].1 = "0";
        for (descriptor, why) in [("999999", "cannot be used"), ("-5", "is no descriptor")] {
            let mut variables = variables.clone();
            variables.push((LISTENER, descriptor));
            let launch = read(&variables).unwrap().unwrap();
            let error = launch.store(Duration::from_secs(1)).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(why) && text.contains(LISTENER), "{text}");
        }
    }

    #[test]
    fn nonsense_is_named() {
        let missing = read(&PLAIN[..3]).unwrap_err();
        assert!(missing.to_string().contains("MASTER_PORT"), "{missing}");
        let mut outside = PLAIN;
        outside[0].1 = "2";
        let outside = read(&outside).unwrap_err();
        assert!(
            outside
                .to_string()
                .contains("RANK=2 is outside WORLD_SIZE=2"),
            "{outside}"
        );
        let mut words = PLAIN;
        words[3].1 = "seventy";
        assert_eq!(read(&words).unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
}
