//! Batches of one rank.

use std::vec;

use crate::dataset::{Batch, Dataset};
use crate::job::Job;
use crate::sampler::{BatchRows, DistributedSampler};

/// Deals the rows of an epoch, batch by batch.
#[derive(Debug)]
pub struct Loader<'d> {
    data: &'d Dataset,
    sampler: DistributedSampler,
    batch: usize,
    batches: vec::IntoIter<BatchRows>,
}

impl<'d> Loader<'d> {
    pub(super) fn new(data: &'d Dataset, job: &Job) -> Self {
        Self {
            data,
            sampler: DistributedSampler::new(data.len(), job.rank, job.world, job.spec.seed),
            batch: job.batch(),
            batches: Vec::new().into_iter(),
        }
    }

    pub(super) fn begin_epoch(&mut self, epoch: u32, done: u64) {
        self.sampler.set_epoch(epoch);
        self.batches = self.sampler.batches(self.batch, done);
    }

    pub(super) fn next_batch(&mut self) -> Option<Batch> {
        self.batches.next().map(|rows| self.data.batch(&rows))
    }
}
