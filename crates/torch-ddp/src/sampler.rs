//! Which rows each rank takes.
//!
//! Belongs here: permutations and shards of row numbers. Does not belong here: rows, batches.

/// Deals the rows of a data set to the ranks, in another order in every epoch: what
/// `torch.utils.data.DistributedSampler` does. All ranks make the same permutation, and rank r of W
/// takes every W-th row of it, from the r-th on, so that all have equally many.
///
/// The permutations are not PyTorch's, whose generator is another; they are the same on every
/// machine.
///
/// ```
/// use torch_ddp::ShardSampler;
///
/// let ranks: Vec<_> = (0..2).map(|rank| ShardSampler::new(5, rank, 2)).collect();
/// // Six places for five rows: one row comes twice.
/// assert_eq!(ranks[0].rows(0).len() + ranks[1].rows(0).len(), 6);
/// let plain = ranks[1].clone().shuffle(None).drop_last(true);
/// assert_eq!(plain.rows(0), [1, 3]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardSampler {
    length: usize,
    rank: usize,
    size: usize,
    seed: Option<u64>,
    drop_last: bool,
}

impl ShardSampler {
    /// Deals `length` rows to `size` ranks, of which this is `rank`: shuffled with seed 0, and
    /// where they cannot be dealt evenly, some rows come twice.
    ///
    /// # Panics
    /// When `rank` is not below `size`.
    pub fn new(length: usize, rank: usize, size: usize) -> Self {
        assert!(rank < size, "rank {rank} is outside a group of {size}");
        Self {
            length,
            rank,
            size,
            seed: Some(0),
            drop_last: false,
        }
    }

    /// The sampler with another seed, the same on all ranks; `None` keeps the rows in their order.
    #[must_use]
    pub fn shuffle(mut self, seed: Option<u64>) -> Self {
        self.seed = seed;
        self
    }

    /// The sampler that leaves out up to `size` − 1 rows at the end instead of giving some twice.
    #[must_use]
    pub fn drop_last(mut self, drop: bool) -> Self {
        self.drop_last = drop;
        self
    }

    /// How many rows every rank gets in an epoch.
    pub fn len(&self) -> usize {
        if self.drop_last {
            self.length / self.size
        } else {
            self.length.div_ceil(self.size)
        }
    }

    /// Whether no rank gets any.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// This rank's rows of an epoch. All ranks must ask for the same epoch.
    pub fn rows(&self, epoch: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.length).collect();
        if let Some(seed) = self.seed {
            let mut random = SplitMix(seed ^ epoch.wrapping_mul(0xd134_2543_de82_ef95));
            for last in (1..order.len()).rev() {
                order.swap(last, random.below(last + 1));
            }
        }
        let places = (self.rank..self.len() * self.size).step_by(self.size);
        places.map(|place| order[place % self.length]).collect()
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): small, and the same everywhere.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below `end`. Its bias is below 2⁻³² for any data set that fits into memory.
    fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn all(length: usize, size: usize, drop: bool, epoch: u64) -> Vec<usize> {
        let of = |rank| ShardSampler::new(length, rank, size).drop_last(drop);
        let shards: Vec<Vec<usize>> = (0..size).map(|rank| of(rank).rows(epoch)).collect();
        for shard in &shards {
            assert_eq!(shard.len(), of(0).len());
        }
        shards.concat()
    }

    #[test]
    fn every_row_is_dealt_and_shards_are_equally_long() {
        for length in 0..20 {
            for size in 1..6 {
                let rows = all(length, size, false, 3);
                let distinct: BTreeSet<usize> = rows.iter().copied().collect();
                assert_eq!(distinct, (0..length).collect(), "{length} {size}");
                assert_eq!(rows.len(), length.div_ceil(size) * size);
                let rows = all(length, size, true, 3);
                let distinct: BTreeSet<usize> = rows.iter().copied().collect();
                assert_eq!(
                    (rows.len(), distinct.len()),
                    (length / size * size, rows.len())
                );
            }
        }
    }

    #[test]
    fn epochs_and_seeds_have_orders_of_their_own() {
        let sampler = ShardSampler::new(100, 0, 2);
        assert_eq!(sampler.rows(1), sampler.rows(1));
        assert_ne!(sampler.rows(1), sampler.rows(2));
        let other = sampler.clone().shuffle(Some(1));
        assert_ne!(sampler.rows(1), other.rows(1));
        let plain = sampler.shuffle(None);
        assert_eq!(plain.rows(7)[..3], [0, 2, 4]);
    }
}
