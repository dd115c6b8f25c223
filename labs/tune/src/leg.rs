//! One part of a trial, as a task of the pool: from a checkpoint, or from nothing, up to a budget.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, SyncSender, sync_channel};

use workbench_clock::Clock;
use workbench_experiment::lab::{ItemFailure, Params};
use workbench_search::{Checkpoint, TrialId};
use workbench_words::panic_message;

use crate::checkpoints::KeptStates;
use crate::fault::{Mishap, TrialFault};
use crate::objective::{Objective, TrialError, TrialModel, TrialPlace, TrialSeed};

/// What a leg needs to run anywhere.
pub struct LegWork {
    pub objective: Arc<Objective>,
    pub trial: TrialId,
    pub config: Params,
    pub seed: TrialSeed,
    /// Where it has its files.
    pub place: TrialPlace,
    /// The state that it goes on from.
    pub from: Option<Arc<Vec<u8>>>,
    /// Up to and with this unit of budget.
    pub to: u64,
    /// The budgets after which somebody may decide otherwise, rising.
    pub decided_at: Arc<Vec<u64>>,
    /// The budgets after which its state is kept, rising.
    pub kept_at: Arc<Vec<u64>>,
    /// Where checkpoints are written.
    pub dir: PathBuf,
    pub faults: Arc<Vec<TrialFault>>,
    /// Attempts that have failed.
    pub failures: u32,
    pub stop: Arc<AtomicBool>,
    pub clock: Clock,
    pub tell: Sender<FromLeg>,
}

/// What a leg says.
pub enum FromLeg {
    /// A unit of budget is done.
    TrainedUnit(TrainedUnit),
    /// It ends before its budget.
    Failed {
        trial: TrialId,
        failure: ItemFailure,
        message: String,
    },
    /// It computes on these GPUs from now on.
    OnGpus { trial: TrialId, gpus: Vec<String> },
    /// Its state could not be kept: with the trial nothing is wrong.
    NotKept { trial: TrialId, message: String },
    /// It was asked to stop.
    Stopped(TrialId),
}

/// A unit of budget of a trial.
pub struct TrainedUnit {
    pub trial: TrialId,
    pub budget: u64,
    pub loss: f64,
    /// When it was done, in nanoseconds on the run's clock.
    pub at_ns: u64,
    /// The state after it, where it was kept.
    pub kept: Option<Arc<Vec<u8>>>,
    /// Asked whether to go on, where that is not certain.
    pub reply: Option<SyncSender<bool>>,
}

/// Why a leg ends before its budget.
enum Broken {
    Failed(ItemFailure, String),
    NotKept(String),
    Stopped,
    /// Its trial was stopped or paused; that is known already.
    Decided,
}

impl LegWork {
    /// Runs it. A panic goes no further.
    pub fn run(self) {
        let done = catch_unwind(AssertUnwindSafe(|| self.train()));
        let broken = match done {
            Ok(Ok(())) => return,
            Ok(Err(broken)) => broken,
            Err(payload) => {
                Broken::Failed(ItemFailure::Panicked, panic_message(&*payload).to_owned())
            }
        };
        let trial = self.trial;
        // Nobody listens any more where the search was given up.
        let _ = match broken {
            Broken::Decided => Ok(()),
            Broken::NotKept(message) => self.tell.send(FromLeg::NotKept { trial, message }),
            Broken::Stopped => self.tell.send(FromLeg::Stopped(trial)),
            Broken::Failed(failure, message) => self.tell.send(FromLeg::Failed {
                trial,
                failure,
                message,
            }),
        };
    }

    fn train(&self) -> Result<(), Broken> {
        let failed = |error: TrialError| match error {
            TrialError::Stopped => Broken::Stopped,
            error => Broken::Failed(error.failure(), error.to_string()),
        };
        let with = (&self.config, self.seed);
        let mut model = match &self.from {
            Some(bytes) => self.objective.load(bytes, with, &self.place),
            None => self.objective.begin(&self.config, self.seed, &self.place),
        }
        .map_err(failed)?;
        while model.epoch() < self.to {
            if self.stop.load(Ordering::Relaxed) {
                return Err(Broken::Stopped);
            }
            let loss = self.objective.train(&mut model).map_err(failed)?;
            let loss = self.strike(model.epoch(), loss);
            if !loss.is_finite() {
                let message = format!("the loss after {} is {loss}", model.epoch());
                return Err(Broken::Failed(ItemFailure::NotFinite, message));
            }
            self.tell(&model, loss)?;
        }
        Ok(())
    }

    fn strike(&self, at: u64, loss: f64) -> f64 {
        let mut faults = self.faults.iter();
        let fault = faults.find(|fault| fault.strikes(self.trial.0, at, self.failures));
        match fault.map(|fault| fault.mishap) {
            Some(Mishap::Panic) => std::panic::panic_any("a panic on purpose"),
            Some(Mishap::NotANumber) => f64::NAN,
            None => loss,
        }
    }

    fn tell(&self, model: &TrialModel, loss: f64) -> Result<(), Broken> {
        let budget = model.epoch();
        let kept = if self.kept_at.binary_search(&budget).is_ok() || budget >= self.to {
            let bytes = model.save();
            let at = Checkpoint {
                trial: self.trial,
                budget,
            };
            KeptStates::write(&self.dir, at, &bytes)
                .map_err(|error| Broken::NotKept(error.to_string()))?;
            Some(Arc::new(bytes))
        } else {
            None
        };
        // At the end of its budget it has ended, whatever is decided.
        let asks = budget < self.to && self.decided_at.binary_search(&budget).is_ok();
        let (reply, answer) = if asks {
            let (reply, answer) = sync_channel(1);
            (Some(reply), Some(answer))
        } else {
            (None, None)
        };
        let unit = FromLeg::TrainedUnit(TrainedUnit {
            trial: self.trial,
            budget,
            loss,
            at_ns: self.clock.now_ns(),
            kept,
            reply,
        });
        self.tell.send(unit).map_err(|_| Broken::Stopped)?;
        match answer.map(|answer| answer.recv()) {
            None | Some(Ok(true)) => Ok(()),
            Some(Ok(false)) => Err(Broken::Decided),
            Some(Err(_)) => Err(Broken::Stopped),
        }
    }
}
