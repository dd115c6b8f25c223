//! The order of repeats: arms are interleaved, in an order that is drawn anew for every second
//! round and reversed for the round after it. So a drift of the machine (warm-up, a noisy
//! neighbour) affects all arms alike, and what it leaves in the times of one round it takes from
//! those of the next.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::lab::RunConfig;
use workbench_record::{ArmFacts, RepeatId};
use workbench_result::workers_of;

/// The first `repeats` repeats of every arm of a run, in the order in which they are to be run.
/// Depends on the configuration alone, so a resumed run finds the same plan, and a plan of more
/// repeats begins with that of fewer.
pub fn plan(config: &RunConfig, arms: &[ArmFacts], repeats: u32) -> Vec<RepeatId> {
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let slots = |arm: &ArmFacts| workers_of(arm, &config.workers);
    let mut round: Vec<(&str, u32)> = arms
        .iter()
        .flat_map(|arm| {
            slots(arm)
                .into_iter()
                .map(|workers| (arm.name.as_str(), workers))
        })
        .collect();
    let mut plan = Vec::new();
    for repeat in 0..repeats {
        if repeat.is_multiple_of(2) {
            round.shuffle(&mut rng);
        } else {
            round.reverse();
        }
        plan.extend(round.iter().map(|(arm, workers)| RepeatId {
            arm: (*arm).to_owned(),
            workers: *workers,
            repeat,
        }));
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use workbench_record::{DataSource, Params};

    #[test]
    fn a_linear_drift_cancels_in_two_rounds() {
        let arm = |name: &str, parallel| ArmFacts {
            name: name.to_owned(),
            title: String::new(),
            parallel,
            control: false,
            peer: None,
            source: None,
        };
        let config = RunConfig {
            lab: String::new(),
            preset: String::new(),
            seed: 3,
            repeats: 6,
            arms: vec!["base".to_owned(), "tasks".to_owned()],
            workers: vec![1, 2],
            oversubscribe: false,
            until: None,
            control: false,
            assignment: None,
            params: Params::default(),
            data: DataSource::Embedded,
            command: String::new(),
        };
        let arms = [arm("base", false), arm("tasks", true)];
        let plan = plan(&config, &arms, 6);
        assert_eq!(plan.len(), 18);
        for (rounds, first) in plan.chunks(6).zip((0..).step_by(2)) {
            let (one, two) = rounds.split_at(3);
            for (a, b) in one.iter().zip(two.iter().rev()) {
                assert_eq!((&a.arm, a.workers), (&b.arm, b.workers));
                assert_eq!((a.repeat, b.repeat), (first, first + 1));
            }
        }
        let starts = [0, 6, 12].map(|at| (&plan[at].arm, plan[at].workers));
        assert!(starts.iter().any(|start| *start != starts[0]), "{starts:?}");
    }
}
