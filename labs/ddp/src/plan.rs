//! The plan of one arm: number of workers, number of steps, and the order for each worker.

use std::path::{Path, PathBuf};

use workbench_ddp_protocol::{Checkpointing, Fault, TrainSpec};

use crate::arm::Arm;
use crate::settings::TrainSettings;

/// The training of one arm.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The arm.
    pub arm: Arm,
    /// Its full number of ranks.
    pub world: u32,
    /// Workers that one rank stands for: those of the arm, where it is one process.
    pub workers_of_rank: u32,
    /// The settings.
    pub settings: TrainSettings,
    /// Where checkpoints go.
    pub checkpoints: PathBuf,
}

impl Plan {
    /// The training of `arm` with so many workers, whose files go to `scratch`.
    pub fn new(arm: Arm, workers: u32, settings: &TrainSettings, scratch: &Path) -> Self {
        let (world, workers_of_rank) = match arm {
            Arm::Single => (1, 1),
            Arm::Threads => (1, workers.max(1)),
            Arm::ByHand | Arm::Launcher => (workers.max(1), 1),
        };
        Self {
            arm,
            world,
            workers_of_rank,
            settings: settings.clone(),
            checkpoints: scratch.join("checkpoints"),
        }
    }

    /// The training of one process by which batches are tried.
    pub fn trial(settings: &TrainSettings) -> Self {
        Self::new(Arm::Single, 1, settings, Path::new(""))
    }

    /// Rows of the whole training, each counted once in every epoch.
    pub fn rows(&self) -> u64 {
        self.settings.train_rows * u64::from(self.settings.epochs)
    }

    /// Workers of the arm, as it is named with them.
    pub fn workers(&self) -> u32 {
        self.world * self.workers_of_rank
    }

    /// Threads of every rank.
    pub fn threads(&self) -> u32 {
        self.settings.threads.saturating_mul(self.workers_of_rank)
    }

    /// The fewest workers to continue with.
    pub fn least(&self) -> u32 {
        match (self.arm, self.settings.least_workers) {
            (Arm::Launcher, Some(least)) => least.min(self.world),
            _ => self.world,
        }
    }

    /// The faults of this arm. Those of one process have none, because the others are
    /// compared with them.
    pub fn faults(&self) -> FaultPlan {
        match self.arm {
            Arm::Single | Arm::Threads => FaultPlan::default(),
            Arm::ByHand | Arm::Launcher => FaultPlan(self.settings.faults.clone()),
        }
    }

    /// The order for one rank of `world`, where `faults` have not struck yet.
    pub fn spec(&self, rank: u32, world: u32, faults: &FaultPlan, resume: bool) -> TrainSpec {
        let settings = &self.settings;
        TrainSpec {
            program: self.arm.program(),
            model: settings.model,
            data: settings.data.clone(),
            train_rows: Some(settings.train_rows),
            test_rows: Some(settings.test_rows),
            epochs: settings.epochs,
            batch: settings.batch_of(world),
            lr: settings.lr_of(world),
            seed: settings.seed,
            threads: self.threads(),
            device: settings.device(rank),
            checkpoint: Some(Checkpointing {
                dir: self.checkpoints.clone(),
                every_steps: Some(settings.checkpoint_every.unwrap_or(u64::MAX)),
                every_s: settings.checkpoint_every_s,
                keep: settings.keep,
            }),
            resume: resume.then(|| self.checkpoints.clone()),
            faults: faults.of(world),
            step_reports_every: 1,
            timeout_s: settings.timeout_s,
            tuning: if self.arm.has_ranks() {
                settings.tuned.parallel()
            } else {
                settings.tuned.plain()
            },
        }
    }
}

/// The faults that have not struck yet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FaultPlan(Vec<Fault>);

impl FaultPlan {
    /// Those that strike one of `world` ranks.
    pub fn of(&self, world: u32) -> Vec<Fault> {
        let faults = self.0.iter().copied();
        faults.filter(|fault| fault.rank() < world).collect()
    }

    /// Records a failed attempt that had done this many steps, because of `cause` if a fault
    /// explains it. A fault strikes once: otherwise a training would fail again at the same step
    /// after each restart. Slowness stays, and so do faults of later steps.
    pub fn struck(&mut self, cause: Option<Fault>, steps: u64) {
        let explains = |fault: &Fault| Some(*fault) == cause && !fault.is_lasting();
        if let Some(at) = self.0.iter().position(explains) {
            self.0.remove(at);
        }
        // Removes faults that cause no failure by themselves, and, if no fault explains the
        // failure, all that may have caused it.
        self.0.retain(|fault| {
            let silent = matches!(fault, Fault::DiskFull { .. } | Fault::Corrupt { .. });
            let begun = fault.step().is_none_or(|step| step <= steps);
            fault.is_lasting() || !(begun && (silent || cause.is_none()))
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

    use super::*;

    fn faults(texts: &[&str]) -> FaultPlan {
        FaultPlan(texts.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn what_struck_is_over_and_what_comes_later_stays() {
        let kill = "kill:rank=1,step=8";
        let all = [
            kill,
            kill,
            "nan:rank=0,step=12",
            "slow:rank=1,x=2",
            "corrupt:step=4",
            "disk-full:step=20",
        ];
        let mut left = faults(&all);
        left.struck(Some(kill.parse().unwrap()), 9);
        let rest = [
            kill,
            "nan:rank=0,step=12",
            "slow:rank=1,x=2",
            "disk-full:step=20",
        ];
        assert_eq!(left, faults(&rest));
        // No fault explains this failure, so all faults that may have caused it count as struck.
        left.struck(None, 12);
        assert_eq!(left, faults(&["slow:rank=1,x=2", "disk-full:step=20"]));
        left.struck(Some("slow:rank=1,x=2".parse().unwrap()), 13);
        assert_eq!(left, faults(&["slow:rank=1,x=2", "disk-full:step=20"]));
        assert_eq!(left.of(1).len(), 1);
    }
}
