//! The messages between the lab and its workers, and the worker.

use std::fmt;

use serde::{Deserialize, Serialize};
use workbench_protocol::worker_side::{SideError, is_supervised};
use workbench_protocol::{FromWorker, PhaseName, Protocol, WorkerEnv, WorkerSide};

use crate::block::{Hashed, hash};

/// Says whose worker a process is.
pub const VARIABLE: &str = "WORKBENCH_MILL_HELPER";

/// What this lab's workers say.
#[derive(Debug, Clone, PartialEq)]
pub struct Messages;

impl Protocol for Messages {
    type Order = Order;
    type Phase = Doing;
    type Report = Hashed;
    type Outcome = ();
    type Failure = String;
}

/// What a worker is to do: every block whose number is its rank, counted in steps of
/// the world's size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub blocks: u64,
    pub rounds: u64,
    pub seed: u64,
    /// The block at which the worker ends itself.
    pub mishap: Option<u64>,
}

/// What a worker is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Doing {
    Starting,
    Hashing,
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Starting => "start-up",
            Self::Hashing => "hashing",
        })
    }
}

impl PhaseName for Doing {
    const ALL: &'static [Self] = &[Self::Starting, Self::Hashing];

    fn is_start_up(self) -> bool {
        self == Self::Starting
    }
}

/// Whether this process is a worker of this lab.
pub fn is_one() -> bool {
    is_supervised() && std::env::var_os(VARIABLE).is_some()
}

/// Does a worker's work.
pub fn work() -> Result<(), SideError> {
    let (side, order) = WorkerSide::<Messages>::start()?;
    let Ok(place) = WorkerEnv::from_vars(std::env::vars()) else {
        return Ok(side.send(&FromWorker::Failed(
            "has no place among the helpers".to_owned(),
        ))?);
    };
    for block in (u64::from(place.rank)..order.blocks).step_by(place.world_size as usize) {
        if side.stop_requested() {
            break;
        }
        side.at(Doing::Hashing, block);
        if order.mishap == Some(block) {
            std::process::exit(3);
        }
        side.send(&FromWorker::Report(hash(block, order.rounds, order.seed)))?;
    }
    Ok(side.send(&FromWorker::Done(()))?)
}
