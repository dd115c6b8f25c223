//! Groups of some of the ranks.

use super::{GlooOptions, ProcessGroup};
use crate::error::Result;
use crate::store::{PrefixStore, Store};

use super::gloo::invalid;

impl ProcessGroup {
    /// Forms a group over gloo of some of this group's ranks, as `new_group` does in Python. Only
    /// they need to call it; a rank outside gets `None` at once. In the new group they count from
    /// 0, in the order of `ranks`. `store` is one that all of them share, and `name` makes the
    /// group one of its own: give each another name.
    ///
    /// # Errors
    /// As [`gloo`](Self::gloo), and
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) for a rank that is outside
    /// this group or occurs twice.
    pub fn subgroup(
        &self,
        store: &Store,
        name: &str,
        ranks: &[usize],
        options: &GlooOptions,
    ) -> Result<Option<Self>> {
        for (at, rank) in ranks.iter().enumerate() {
            if *rank >= self.size || ranks[..at].contains(rank) {
                return Err(invalid(format!(
                    "rank {rank} is outside a group of {}, or occurs twice; give each once",
                    self.size
                )));
            }
        }
        let Some(rank) = ranks.iter().position(|rank| *rank == self.rank) else {
            return Ok(None);
        };
        let store = PrefixStore::new(&format!("torch-ddp/subgroup/{name}"), store)?;
        Self::gloo(&store, rank, ranks.len(), options).map(Some)
    }
}
