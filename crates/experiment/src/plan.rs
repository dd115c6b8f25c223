//! The order of repeats: arms are interleaved and shuffled in every round, so that a drift of the
//! machine (warm-up, a noisy neighbour) affects all arms alike.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::lab::RunConfig;
use workbench_record::{ArmFacts, RepeatId};
use workbench_result::workers_of;

/// Every repeat of a run, in the order in which they are to be run. Depends on the configuration
/// alone, so a resumed run finds the same plan.
pub fn plan(config: &RunConfig, arms: &[ArmFacts]) -> Vec<RepeatId> {
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let mut plan = Vec::new();
    for repeat in 0..config.repeats {
        let mut round: Vec<RepeatId> = arms
            .iter()
            .flat_map(|arm| {
                workers_of(arm, &config.workers)
                    .into_iter()
                    .map(move |workers| RepeatId {
                        arm: arm.name.clone(),
                        workers,
                        repeat,
                    })
            })
            .collect();
        round.shuffle(&mut rng);
        plan.append(&mut round);
    }
    plan
}
