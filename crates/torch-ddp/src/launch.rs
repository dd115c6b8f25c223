//! Who this process is, as its launcher says.
//!
//! Belongs here: torchrun's environment variables. Does not belong here: starting processes.

use std::env;
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
}

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
        };
        if launch.rank >= launch.world_size {
            return Err(invalid(format!(
                "RANK={} is outside WORLD_SIZE={}; ranks begin at 0",
                launch.rank, launch.world_size
            )));
        }
        Ok(Some(launch))
    }

    /// The store of this launch: served by the launcher, or else by rank 0.
    ///
    /// # Errors
    /// As [`TcpStore::server`] and [`TcpStore::client`].
    pub fn store(&self, timeout: Duration) -> Result<Store> {
        let (host, port) = (self.master_addr.as_str(), self.master_port);
        if let Some(restarts) = self.agent_store {
            let store = TcpStore::client(host, port, timeout)?;
            return Ok(PrefixStore::new(&format!("/worker/attempt_{restarts}"), &store)?.into());
        }
        if self.rank == 0 {
            TcpStore::server(host, port, timeout).map(Store::from)
        } else {
            TcpStore::client(host, port, timeout).map(Store::from)
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
