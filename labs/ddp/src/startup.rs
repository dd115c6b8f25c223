//! The start-up of an arm: when each rank reached each stage.

use workbench_clock::seconds;
use workbench_ddp_protocol::Stage;

/// When the ranks of one attempt reached each stage.
#[derive(Debug, Clone, Default)]
pub struct StartUp {
    began_ns: u64,
    ranks: Vec<[Option<u64>; Stage::ALL.len()]>,
}

/// The name of a stage: the phase that ends with it.
pub fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Started => "process",
        Stage::LibraryLoaded => "library",
        Stage::Rendezvous => "rendezvous",
        Stage::DataLoaded => "data",
        Stage::FirstStep => "first step",
    }
}

impl StartUp {
    /// Starts an attempt with this many ranks.
    pub fn begin(world: u32, now_ns: u64) -> Self {
        Self {
            began_ns: now_ns,
            ranks: vec![[None; Stage::ALL.len()]; world as usize],
        }
    }

    /// Records that a rank has reached a stage.
    pub fn reach(&mut self, rank: u32, stage: Stage, at_ns: u64) {
        let index = Stage::ALL.iter().position(|known| *known == stage);
        if let (Some(ranks), Some(index)) = (self.ranks.get_mut(rank as usize), index) {
            ranks[index].get_or_insert(at_ns);
        }
    }

    /// Seconds until the last rank had reached a stage; `None` before.
    pub fn until(&self, stage: Stage) -> Option<f64> {
        let index = Stage::ALL.iter().position(|known| *known == stage)?;
        let last = self
            .ranks
            .iter()
            .map(|rank| rank[index])
            .try_fold(0, |last, at| at.map(|at| last.max(at)))?;
        Some(seconds(last.saturating_sub(self.began_ns)))
    }

    /// Seconds of each stage, from when the last rank had reached the previous one: they add up to
    /// the time to the first step.
    pub fn stages(&self) -> Vec<(Stage, f64)> {
        let mut before = 0.0;
        let mut stages = Vec::new();
        for stage in Stage::ALL {
            let Some(until) = self.until(stage) else {
                break;
            };
            stages.push((stage, (until - before).max(0.0)));
            before = until.max(before);
        }
        stages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_add_up_to_the_time_to_the_first_step_of_the_last_rank() {
        let mut start = StartUp::begin(2, 1_000_000_000);
        for (rank, times) in [(0, [2, 3, 5, 6, 9]), (1, [1, 4, 5, 7, 8])] {
            for (stage, second) in Stage::ALL.into_iter().zip(times) {
                start.reach(rank, stage, 1_000_000_000 * (1 + second));
            }
        }
        let took: Vec<f64> = start.stages().into_iter().map(|(_, s)| s).collect();
        assert_eq!(took, [2.0, 2.0, 1.0, 2.0, 2.0]);
        assert_eq!(start.until(Stage::FirstStep), Some(9.0));
    }

    #[test]
    fn a_stage_that_a_rank_has_not_reached_is_not_over() {
        let mut start = StartUp::begin(2, 0);
        start.reach(0, Stage::Started, 5);
        assert_eq!(start.until(Stage::Started), None);
        assert_eq!(start.stages(), []);
        start.reach(9, Stage::Started, 5);
    }
}
