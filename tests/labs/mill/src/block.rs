//! The blocks: what there is to do, and doing it.

use std::path::PathBuf;
use std::time::Instant;

use workbench_clock::thread_cpu_ns;
use workbench_digest::Hasher;
use workbench_pool::{Outcome, TaskSpan};

/// What there is to do, and who does it.
pub struct Prepared {
    pub blocks: u64,
    pub rounds: u64,
    pub seed: u64,
    pub mishap: Option<u64>,
    pub program: PathBuf,
}

/// A block that was hashed.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Hashed {
    /// Its number.
    pub block: u64,
    /// Its hash, in hexadecimal.
    pub hash: String,
    /// Wall time in nanoseconds.
    pub took_ns: u64,
    /// CPU time in nanoseconds.
    pub cpu_ns: u64,
}

/// Hashes a block.
pub fn hash(block: u64, rounds: u64, seed: u64) -> Hashed {
    let (begun, cpu_ns) = (Instant::now(), thread_cpu_ns());
    let mut hash = format!("{seed} {block}");
    for _ in 0..rounds {
        let mut hasher = Hasher::default();
        hasher.update(&hash);
        hash = hasher.finish();
    }
    Hashed {
        block,
        hash,
        took_ns: begun.elapsed().as_nanos() as u64,
        cpu_ns: thread_cpu_ns() - cpu_ns,
    }
}

/// The span of a block that a slot has just hashed.
pub fn span(hashed: &Hashed, slot: u32, finished_ns: u64) -> TaskSpan {
    let started_ns = finished_ns.saturating_sub(hashed.took_ns);
    TaskSpan {
        task: hashed.block,
        name: name(hashed.block).into(),
        group: hashed.block as u32,
        part: 0,
        slot,
        attempt: 0,
        queued_ns: started_ns,
        ready_ns: started_ns,
        started_ns,
        finished_ns,
        cpu_ns: hashed.cpu_ns,
        core_wait_ns: 0,
        outcome: Outcome::Done,
    }
}

/// What a block is called.
pub fn name(block: u64) -> String {
    format!("block {block}")
}
