//! Which rows a rank trains on, and which it is tested on.
//!
//! Belongs here: permutations, shards, batches of row numbers. Does not belong here: the rows.

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

/// Deals the training rows to the ranks: in every epoch all ranks make the same permutation and
/// rank r takes every W-th row of it, from the r-th on, W being the world size. What PyTorch's
/// `DistributedSampler` does with `drop_last=True`.
///
/// Two rules keep steps equal on all ranks. Shards are equally long: up to W − 1 rows at the end of
/// the permutation are left out, in every epoch others. A batch of one row at the end of a shard is
/// left out too, because batch normalisation learns nothing from a single value; any other short
/// batch is used.
///
/// Together the ranks' batches of B rows are the next W·B rows of the permutation. So the same rows
/// meet in a step whether W ranks take B or one takes W·B, and a training can go on with another
/// world size where it was interrupted.
#[derive(Debug, Clone)]
pub struct DistributedSampler {
    rows: usize,
    rank: usize,
    world: usize,
    seed: u64,
    order: Vec<i64>,
}

impl DistributedSampler {
    /// Deals `rows` rows to `world` ranks, of which this is `rank`. [`set_epoch`](Self::set_epoch)
    /// must follow.
    pub fn new(rows: usize, rank: usize, world: usize, seed: u64) -> Self {
        Self {
            rows,
            rank,
            world: world.max(1),
            seed,
            order: Vec::new(),
        }
    }

    /// Makes the permutation of an epoch. Forgetting this is a classic: every epoch then has the
    /// same order.
    pub fn set_epoch(&mut self, epoch: u32) {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(u64::from(epoch));
        self.order = (0..self.rows as i64).collect();
        self.order.shuffle(&mut rng);
    }

    /// This rank's batches of row numbers, from the place on that all ranks together have reached
    /// after `done` rows.
    pub fn batches(&self, batch: usize, done: u64) -> std::vec::IntoIter<Vec<i64>> {
        let done = usize::try_from(done)
            .unwrap_or(usize::MAX)
            .min(self.order.len());
        let rest = &self.order[done..];
        let shard: Vec<i64> = rest
            .chunks_exact(self.world)
            .map(|deal| deal[self.rank])
            .collect();
        let batches: Vec<Vec<i64>> = shard
            .chunks(batch.max(1))
            .filter(|rows| rows.len() > 1)
            .map(<[i64]>::to_vec)
            .collect();
        batches.into_iter()
    }
}

/// The test rows of one rank, in their own order: every row belongs to exactly one rank, so shards
/// may differ by a row.
pub fn test_rows(rows: usize, rank: usize, world: usize) -> Vec<i64> {
    (rank..rows)
        .step_by(world.max(1))
        .map(|row| row as i64)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn epoch(rows: usize, world: usize, batch: usize, epoch: u32) -> Vec<Vec<Vec<i64>>> {
        (0..world)
            .map(|rank| {
                let mut sampler = DistributedSampler::new(rows, rank, world, 7);
                sampler.set_epoch(epoch);
                sampler.batches(batch, 0).collect()
            })
            .collect()
    }

    proptest! {
        #[test]
        fn no_row_is_dealt_twice_and_ranks_have_equal_batches(
            rows in 1usize..500,
            world in 1usize..6,
            batch in 1usize..40,
        ) {
            let ranks = epoch(rows, world, batch, 3);
            let lengths = |rank: &Vec<Vec<i64>>| rank.iter().map(Vec::len).collect::<Vec<_>>();
            for rank in &ranks {
                prop_assert_eq!(lengths(rank), lengths(&ranks[0]));
            }
            let all: Vec<i64> = ranks.iter().flatten().flatten().copied().collect();
            let distinct: BTreeSet<i64> = all.iter().copied().collect();
            prop_assert_eq!(distinct.len(), all.len());
            prop_assert!(distinct.iter().all(|&row| (0..rows as i64).contains(&row)));
            // At most W - 1 rows, and a last batch of one row per rank; everything where batches
            // hold one row.
            if batch > 1 {
                prop_assert!(rows - all.len() < 2 * world);
            }
        }

        #[test]
        fn every_test_row_belongs_to_one_rank(rows in 0usize..500, world in 1usize..6) {
            let mut all: Vec<i64> = (0..world)
                .flat_map(|rank| test_rows(rows, rank, world))
                .collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..rows as i64).collect::<Vec<_>>());
        }

        #[test]
        fn the_same_rows_meet_in_a_step_for_any_world_size(
            steps in 1usize..10,
            world in 1usize..5,
            batch in 2usize..9,
        ) {
            let rows = steps * world * batch;
            let many = epoch(rows, world, batch, 1);
            let one = epoch(rows, 1, world * batch, 1);
            for step in 0..steps {
                let met: BTreeSet<i64> = many.iter().flat_map(|rank| rank[step].clone()).collect();
                prop_assert_eq!(met, one[0][step].iter().copied().collect::<BTreeSet<_>>());
            }
        }

        #[test]
        fn a_resumed_epoch_goes_on_with_the_next_batch(
            rows in 50usize..300,
            world in 1usize..4,
            done in 0usize..5,
        ) {
            let mut sampler = DistributedSampler::new(rows, 0, world, 9);
            sampler.set_epoch(2);
            let whole: Vec<_> = sampler.batches(4, 0).skip(done).collect();
            let resumed: Vec<_> = sampler.batches(4, (done * 4 * world) as u64).collect();
            prop_assert_eq!(whole, resumed);
        }
    }

    #[test]
    fn epochs_differ_and_repeat() {
        assert_eq!(epoch(100, 2, 10, 0), epoch(100, 2, 10, 0));
        assert_ne!(epoch(100, 2, 10, 0), epoch(100, 2, 10, 1));
    }
}
