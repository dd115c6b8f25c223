//! Ending in order, all ranks after the same step.
//!
//! The order to stop reaches each rank at another moment, and whoever left a step earlier would leave the others waiting. So rank
//! 0 decides: when it is asked to stop it writes, before it joins the reduction of its next step, the number of that step to the
//! store. Nobody finishes that step's reduction earlier, so every rank that looks after it finds the number.

use std::cell::Cell;

use torch_ddp::Store;

use crate::failure::Failure;
use crate::reporter::Reporter;

const KEY: &str = "workbench/last-step";

/// Where the ranks agree on a last step.
#[derive(Debug)]
pub struct StopSign {
    store: Store,
    rank: usize,
    last: Cell<Option<u64>>,
}

impl StopSign {
    /// A sign that hangs in `store`.
    pub fn new(store: &Store, rank: usize) -> Self {
        Self {
            store: store.clone(),
            rank,
            last: Cell::new(None),
        }
    }

    /// Whether all ranks end after this step. Every rank asks after every step.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub fn reached(&self, report: &Reporter) -> Result<bool, Failure> {
        // Unsupervised, nobody can ask.
        if !report.is_supervised() {
            return Ok(false);
        }
        let done = report.steps();
        if self.rank == 0 {
            if let Some(last) = self.last.get() {
                return Ok(done > last);
            }
            if report.stop_requested() {
                self.store.set(KEY, done.to_le_bytes())?;
                self.last.set(Some(done));
            }
            return Ok(false);
        }
        if !self.store.contains(KEY)? {
            return Ok(false);
        }
        let last = self.store.get(KEY)?;
        let last = <[u8; 8]>::try_from(last.as_slice()).map_or(0, u64::from_le_bytes);
        Ok(done > last)
    }
}
