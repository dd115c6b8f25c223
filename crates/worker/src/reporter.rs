//! What is said about a training while it goes on: as frames to the supervisor, or as lines for
//! people.
//!
//! Belongs here: sending, and counting what was done; passing on to the faults where the training
//! is. Does not belong here: deciding anything.

mod lines;
mod watch;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tch::nn;
use workbench_ddp_protocol::{
    self as protocol, DoneReport, FromWorker, Phase, Place, Reached, Report, Stage, StepReport,
    WorkerSide,
};
use workbench_protocol::Clocks;

use crate::failure::Failure;
use crate::faults::Faults;
use crate::metrics::Metrics;
use crate::parameters;

pub use lines::Lines;
pub use watch::StepWatch;

/// Who listens.
#[derive(Debug, Clone)]
pub enum Audience {
    /// A supervisor.
    Supervisor(WorkerSide),
    /// People, at standard output.
    People(Lines),
    /// A search, which is told what it needs by the trial itself; failures go to standard error.
    Search,
    /// Whoever wants the reports of the first steps and no more.
    FirstSteps(FirstSteps),
}

/// The reports of the first steps, of which so many are wanted.
#[derive(Debug, Clone)]
pub struct FirstSteps {
    /// How many are wanted.
    pub wanted: usize,
    /// Those that there are.
    pub reports: Rc<RefCell<Vec<StepReport>>>,
}

impl FirstSteps {
    fn take(&self, message: &FromWorker) {
        match message {
            FromWorker::Report(Report::Step(step)) => self.reports.borrow_mut().push(*step),
            FromWorker::Failed(failure) => eprintln!("{}", failure.message),
            _ => {}
        }
    }

    fn is_complete(&self) -> bool {
        self.reports.borrow().len() >= self.wanted
    }
}

impl Audience {
    /// Tells it what happens in the training.
    pub fn report(&self, report: Report) {
        self.tell(&FromWorker::Report(report));
    }

    /// As [`report`](Self::report), of what happened at another moment.
    fn report_of(&self, clocks: Clocks, report: Report) {
        match self {
            Self::Supervisor(side) => {
                let _ = side.send_of(clocks, &FromWorker::Report(report));
            }
            Self::People(_) | Self::FirstSteps(_) | Self::Search => self.report(report),
        }
    }

    /// Sends a message. A supervisor that cannot be reached any more is gone, and this process ends
    /// with it from another thread.
    fn tell(&self, message: &FromWorker) {
        match self {
            Self::Supervisor(side) => {
                let _ = side.send(message);
            }
            Self::People(lines) => lines.print(message),
            Self::FirstSteps(steps) => steps.take(message),
            Self::Search => {
                if let FromWorker::Failed(failure) = message {
                    eprintln!("{}", failure.message);
                }
            }
        }
    }
}

/// Reports of one rank. The training thread's own.
#[derive(Debug)]
pub struct Reporter {
    audience: Audience,
    every: u64,
    step: Cell<u64>,
    first: Cell<bool>,
    usual_work: Cell<Duration>,
    /// The GPU that computes, if one does.
    gpu: Cell<Option<usize>>,
    /// The last step that was not reported, and when it was done.
    held_back: Cell<Option<(Clocks, StepReport)>>,
    tally: RefCell<DoneReport>,
    faults: Faults,
}

impl Reporter {
    /// Reports every `every` steps, and the first and the last.
    pub fn new(audience: Audience, every: u32) -> Self {
        Self {
            audience,
            every: u64::from(every.max(1)),
            step: Cell::new(0),
            first: Cell::new(true),
            usual_work: Cell::new(Duration::ZERO),
            gpu: Cell::new(None),
            held_back: Cell::new(None),
            tally: RefCell::default(),
            faults: Faults::default(),
        }
    }

    /// A rank that has faults.
    #[must_use]
    pub fn with_faults(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }

    /// This rank's faults.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The training is at a place where a fault may strike. Returns whether what is computed here
    /// is not a number from now on.
    pub fn pass(&self, place: Place) -> bool {
        self.faults.strike(place, self.steps())
    }

    /// The work of a step, without what faults add to it.
    pub(crate) fn usual_work(&self) -> Duration {
        self.usual_work.get()
    }

    /// Says where the training thread is. Cheap enough to be called for every batch.
    pub fn at(&self, phase: Phase) {
        if let Audience::Supervisor(side) = &self.audience {
            // What comes after a step belongs to it: places are compared to find the rank that is
            // last.
            let step = self.step.get();
            let step = step.saturating_sub(u64::from(phase.follows_step()));
            side.at(phase, step);
        }
    }

    /// From now on steps are computed on this GPU, which works while this process goes on; they are
    /// timed accordingly.
    pub fn computes_on_gpu(&self, index: usize) {
        self.gpu.set(Some(index));
    }

    /// A stage of the start-up is reached.
    pub fn stage(&self, stage: Stage) {
        self.audience.report(Report::Stage(stage));
    }

    /// Steps done in all, those before a resumption included.
    pub fn steps(&self) -> u64 {
        self.step.get()
    }

    /// The training goes on from there.
    pub fn resumed(&self, reached: Reached) {
        self.step.set(reached.steps);
        self.audience.report(Report::Resumed(reached));
    }

    fn end_step(&self, report: StepReport, work: Duration) {
        self.step.set(report.step + 1);
        self.usual_work.set(work);
        let mut tally = self.tally.borrow_mut();
        tally.samples += u64::from(report.samples);
        tally.final_loss = report.loss;
        let first = self.first.replace(false);
        if first {
            self.stage(Stage::FirstStep);
        }
        if first || report.step.is_multiple_of(self.every) {
            self.audience.report(Report::Step(report));
            self.held_back.set(None);
        } else {
            self.held_back.set(Some((Clocks::read(), report)));
        }
    }

    /// So many bytes went into an all-reduce.
    pub fn reduced(&self, bytes: u64) {
        self.tally.borrow_mut().bytes_reduced += bytes;
    }

    /// The test rows were looked at.
    pub fn evaluated(&self, epoch: u32, metrics: &Metrics) {
        self.tally.borrow_mut().evaluated += 1;
        self.audience.report(Report::Evaluated {
            epoch,
            step: self.steps(),
            correct: metrics.correct,
            count: metrics.count,
            loss_sum: metrics.loss_sum,
        });
    }

    /// A checkpoint is complete.
    pub fn checkpointed(&self, step: u64, path: &std::path::Path, bytes: u64, took: Duration) {
        self.tally.borrow_mut().checkpoints += 1;
        self.audience.report(Report::Checkpointed {
            step,
            path: path.to_path_buf(),
            bytes,
            took_ns: took.as_nanos() as u64,
        });
    }

    /// A checkpoint could not be written; the text is as that of a warning.
    pub fn not_checkpointed(&self, step: u64, text: String) {
        self.audience
            .report(Report::CheckpointFailed { step, text });
    }

    /// Something that people should know, in one line without a full stop.
    pub fn warn(&self, text: impl Into<String>) {
        self.audience.report(Report::Warning { text: text.into() });
    }

    /// The training is over, and this is what became of it.
    pub fn done(&self, vars: &nn::VarStore) {
        if let Some((clocks, report)) = self.held_back.take() {
            self.audience.report_of(clocks, Report::Step(report));
        }
        self.at(Phase::Closing);
        let mut tally = self.tally.borrow().clone();
        tally.steps = self.steps();
        tally.parameters_sha256 = parameters::sha256(vars);
        self.audience.tell(&FromWorker::Done(tally));
    }

    /// The training cannot go on.
    pub fn failed(&self, failure: &Failure) {
        self.audience
            .tell(&FromWorker::Failed(protocol::FailureNotice {
                kind: failure.kind,
                message: failure.message.clone(),
                step: self.steps(),
            }));
    }

    /// Whether a supervisor listens.
    pub fn is_supervised(&self) -> bool {
        matches!(self.audience, Audience::Supervisor(_))
    }

    /// Whether the audience wants the training to end in order.
    pub fn stop_requested(&self) -> bool {
        match &self.audience {
            Audience::Supervisor(side) => side.stop_requested(),
            Audience::FirstSteps(steps) => steps.is_complete(),
            Audience::People(_) | Audience::Search => false,
        }
    }
}
