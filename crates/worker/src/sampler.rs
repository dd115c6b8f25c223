//! Which rows a rank trains on, and which it is tested on.
//!
//! Belongs here: permutations, shards, batches of row numbers. Does not belong here: the rows.

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use workbench_ddp_protocol::Share;

/// Deals the training rows to the ranks: in every epoch all ranks make the same permutation, and a
/// step takes the next W·B rows of it, W being the world size and B the batch of a rank. Rank r
/// takes every W-th of them, from the r-th on. Where PyTorch's `DistributedSampler` drops the last
/// rows of a permutation, or uses some twice, here the last step takes what is left
/// ([`Share`]): every row counts once in every epoch.
///
/// The same rows meet in a step whether W ranks take B or one takes W·B, and a training can go on
/// with another world size where it was interrupted.
#[derive(Debug, Clone)]
pub struct DistributedSampler {
    rows: usize,
    rank: u32,
    world: u32,
    seed: u64,
    order: Vec<i64>,
}

/// The rows of one rank in one step.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchRows {
    /// Their numbers.
    pub rows: Vec<i64>,
    /// This rank's share of the step. Where it takes none of the rows that count, it still computes
    /// on some, because ranks work in lockstep.
    pub share: Share,
}

impl DistributedSampler {
    /// Deals `rows` rows to `world` ranks, of which this is `rank`. [`set_epoch`](Self::set_epoch)
    /// must follow.
    pub fn new(rows: usize, rank: usize, world: usize, seed: u64) -> Self {
        Self {
            rows,
            rank: rank as u32,
            world: world.max(1) as u32,
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
    pub fn batches(&self, batch: usize, done: u64) -> std::vec::IntoIter<BatchRows> {
        let done = usize::try_from(done).unwrap_or(usize::MAX);
        let mut rest = self.order.get(done..).unwrap_or_default();
        let mut batches = Vec::new();
        while !rest.is_empty() {
            let place = (self.rank, self.world);
            let share = Share::next(rest.len() as u64, place, batch as u32);
            let (step, later) = rest.split_at(share.rows_of_step as usize);
            let mut rows: Vec<i64> = share.places().map(|at| step[at as usize]).collect();
            if rows.is_empty() {
                rows = step.iter().copied().take(2).collect();
            }
            batches.push(BatchRows { rows, share });
            rest = later;
        }
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

    /// The rows that count, of each rank and step.
    fn epoch(rows: usize, world: usize, batch: usize, epoch: u32) -> Vec<Vec<Vec<i64>>> {
        (0..world)
            .map(|rank| {
                let mut sampler = DistributedSampler::new(rows, rank, world, 7);
                sampler.set_epoch(epoch);
                sampler.batches(batch, 0).map(counted).collect()
            })
            .collect()
    }

    fn counted(batch: BatchRows) -> Vec<i64> {
        assert!(batch.rows.len() > 1, "{batch:?}");
        if batch.share.rows() == 0 {
            return Vec::new();
        }
        assert_eq!(batch.rows.len(), batch.share.rows() as usize);
        batch.rows
    }

    proptest! {
        #[test]
        fn every_row_is_dealt_once_and_ranks_have_equally_many_steps(
            rows in 2usize..500,
            world in 1usize..6,
            batch in 2usize..40,
        ) {
            let ranks = epoch(rows, world, batch, 3);
            for rank in &ranks {
                prop_assert_eq!(rank.len(), ranks[0].len());
            }
            let mut all: Vec<i64> = ranks.into_iter().flatten().flatten().collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..rows as i64).collect::<Vec<_>>());
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
