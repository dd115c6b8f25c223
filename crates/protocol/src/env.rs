//! The environment that tells a worker its place: the variables that torchrun sets, under the same
//! names and with the same meaning, so that workers run under either.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::str::FromStr;

use crate::excerpt::excerpt;

/// The variable with the name of the launch, which all its ranks have and no other: ranks of
/// different launches never form a group. torchrun sets it too.
pub const RUN_ID: &str = "TORCHELASTIC_RUN_ID";
/// The variable with the number of the descriptor that rank 0 inherits: a socket that listens on
/// `MASTER_PORT`. torchrun has none such; rank 0 then opens the port itself.
pub const LISTENER: &str = "MASTER_LISTEN_FD";

/// A worker's place among the ranks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerEnv {
    /// Number of this rank, from 0 (`RANK`).
    pub rank: u32,
    /// Number of ranks (`WORLD_SIZE`).
    pub world_size: u32,
    /// Number of this rank on its machine, from 0 (`LOCAL_RANK`).
    pub local_rank: u32,
    /// Ranks on this machine (`LOCAL_WORLD_SIZE`).
    pub local_world_size: u32,
    /// Where rank 0 listens (`MASTER_ADDR`).
    pub master_addr: String,
    /// Its port (`MASTER_PORT`).
    pub master_port: u16,
}

/// Why variables make no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// Not set at all.
    #[error(
        "{} not set; start the worker with torchrun, or set RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR and MASTER_PORT",
        list(.0)
    )]
    Missing(Vec<&'static str>),
    /// A value that cannot be read.
    #[error("{name}=`{value}` is not {expected}; torchrun sets it, or set it by hand")]
    Value {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// A rank outside of its world.
    #[error(
        "{name}={value} is outside of {bound_name}={bound}; ranks go from 0 to {bound_name} - 1"
    )]
    Rank {
        /// The rank's variable.
        name: &'static str,
        /// The rank.
        value: u32,
        /// The variable that bounds it.
        bound_name: &'static str,
        /// Its value.
        bound: u32,
    },
    /// More ranks on one machine than in all.
    #[error(
        "LOCAL_WORLD_SIZE={local} is more than WORLD_SIZE={world}; it counts the ranks on this machine only"
    )]
    Sizes {
        /// Ranks on this machine.
        local: u32,
        /// Ranks in all.
        world: u32,
    },
}

const NAMES: [&str; 6] = [
    "RANK",
    "WORLD_SIZE",
    "LOCAL_RANK",
    "LOCAL_WORLD_SIZE",
    "MASTER_ADDR",
    "MASTER_PORT",
];
const A_RANK: &str = "a rank (0, 1, 2, …)";
const A_SIZE: &str = "a number of ranks (1, 2, 3, …)";
const AN_ADDRESS: &str = "a host name or an address";
const A_PORT: &str = "a port (1 to 65535)";

impl WorkerEnv {
    /// The place of `rank` when all `world_size` ranks are on this machine.
    pub fn local(rank: u32, world_size: u32, master_port: u16) -> Self {
        Self {
            rank,
            world_size,
            local_rank: rank,
            local_world_size: world_size,
            master_addr: "127.0.0.1".to_owned(),
            master_port,
        }
    }

    /// Reads the place from variables, such as those of [`std::env::vars_os`]. Others are passed
    /// over.
    ///
    /// # Errors
    ///
    /// When a variable is missing, unreadable or contradicts another.
    pub fn from_vars<K, V>(vars: impl IntoIterator<Item = (K, V)>) -> Result<Self, EnvError>
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        let mut found: HashMap<&'static str, String> = HashMap::new();
        for (name, value) in vars {
            if let Some(known) = NAMES.iter().find(|known| name.as_ref() == **known) {
                found.insert(known, value.as_ref().to_string_lossy().into_owned());
            }
        }
        let missing: Vec<&'static str> = NAMES
            .into_iter()
            .filter(|name| !found.contains_key(name))
            .collect();
        if !missing.is_empty() {
            return Err(EnvError::Missing(missing));
        }
        let env = Self {
            rank: number(&found, "RANK", A_RANK)?,
            world_size: positive(&found, "WORLD_SIZE")?,
            local_rank: number(&found, "LOCAL_RANK", A_RANK)?,
            local_world_size: positive(&found, "LOCAL_WORLD_SIZE")?,
            master_addr: address(&found)?,
            master_port: number(&found, "MASTER_PORT", A_PORT)?,
        };
        if env.master_port == 0 {
            return Err(value_error(&found, "MASTER_PORT", A_PORT));
        }
        env.check()?;
        Ok(env)
    }

    /// The variables, for a process to be started.
    pub fn to_vars(&self) -> [(&'static str, String); 6] {
        [
            ("RANK", self.rank.to_string()),
            ("WORLD_SIZE", self.world_size.to_string()),
            ("LOCAL_RANK", self.local_rank.to_string()),
            ("LOCAL_WORLD_SIZE", self.local_world_size.to_string()),
            ("MASTER_ADDR", self.master_addr.clone()),
            ("MASTER_PORT", self.master_port.to_string()),
        ]
    }

    /// Whether the numbers agree with each other.
    ///
    /// # Errors
    ///
    /// When they do not.
    pub fn check(&self) -> Result<(), EnvError> {
        for (name, value, bound_name, bound) in [
            ("RANK", self.rank, "WORLD_SIZE", self.world_size),
            (
                "LOCAL_RANK",
                self.local_rank,
                "LOCAL_WORLD_SIZE",
                self.local_world_size,
            ),
        ] {
            if value >= bound {
                return Err(EnvError::Rank {
                    name,
                    value,
                    bound_name,
                    bound,
                });
            }
        }
        if self.local_world_size > self.world_size {
            return Err(EnvError::Sizes {
                local: self.local_world_size,
                world: self.world_size,
            });
        }
        Ok(())
    }
}

type Found = HashMap<&'static str, String>;

fn text<'a>(found: &'a Found, name: &'static str) -> &'a str {
    found.get(name).map_or("", |value| value.trim())
}

fn number<T: FromStr>(
    found: &Found,
    name: &'static str,
    expected: &'static str,
) -> Result<T, EnvError> {
    text(found, name)
        .parse()
        .map_err(|_| value_error(found, name, expected))
}

fn positive(found: &Found, name: &'static str) -> Result<u32, EnvError> {
    match number(found, name, A_SIZE)? {
        0 => Err(value_error(found, name, A_SIZE)),
        size => Ok(size),
    }
}

fn address(found: &Found) -> Result<String, EnvError> {
    let address = text(found, "MASTER_ADDR");
    if address.is_empty() || address.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(value_error(found, "MASTER_ADDR", AN_ADDRESS));
    }
    Ok(address.to_owned())
}

fn value_error(found: &Found, name: &'static str, expected: &'static str) -> EnvError {
    EnvError::Value {
        name,
        value: excerpt(text(found, name)),
        expected,
    }
}

fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("{one} is"),
        [all @ .., last] => format!("{} and {last} are", all.join(", ")),
    }
}
