//! The training programs, to be read side by side: [`by_hand`] spells out everything that
//! data-parallel training needs, [`launched`] leaves it to a trainer, [`single`] does without.
//! [`trial`] is the same once more for a search of settings.

pub mod by_hand;
pub mod launched;
pub mod single;
pub mod trial;

/// What the programs are made of, so that they need not begin with a page of names.
mod prelude {
    pub(super) use workbench_ddp_protocol::{Phase, Stage};

    pub(super) use crate::adam::Adam;
    pub(super) use crate::checkpoint::{self, Checkpoints};
    pub(super) use crate::dataset::Dataset;
    pub(super) use crate::evaluation::{all_reduce, broadcast_buffers, evaluate};
    pub(super) use crate::failure::Failure;
    pub(super) use crate::job::Job;
    pub(super) use crate::reporter::Reporter;
    pub(super) use crate::sampler::DistributedSampler;
    pub(super) use crate::step::{accumulate, finite, reducer_options, waited};
    pub(super) use crate::stop::StopSign;
    pub(super) use crate::trainer::Trainer;
    pub(super) use crate::{models, parameters};
}
