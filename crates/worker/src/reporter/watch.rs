//! Where the time of a step goes.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use tch::Tensor;
use torch_ddp::cuda::Mark;
use workbench_ddp_protocol::{Phase, Share, StepReport};

use super::Reporter;
use crate::checkpoint::format::SavedProgress;

/// Times the parts of a step. Every change of phase is said once, and books what has passed on the
/// phase before.
///
/// The wait for other ranks is what passes in [`Phase::AllReduce`], and what
/// [`waited`](Self::waited) takes out of the backward pass.
///
/// A GPU works after the calls that give it work have returned, so a phase would end when its work
/// is ordered, and not when it is done. The forward pass ends with reading the loss, which waits.
/// For the end of the backward pass a mark is left in the GPU's work and waited for after the
/// optimizer's part is ordered too: so the GPU has work while this thread wakes up, and what was
/// waited counts as backward. The optimizer's own time on the GPU is waited for where the next step
/// first needs the GPU to be done, in its data.
#[derive(Debug)]
pub struct StepWatch<'a> {
    report: &'a Reporter,
    epoch: u32,
    rows_before: u64,
    phase: Cell<Phase>,
    since: Cell<Instant>,
    booked: Cell<[Duration; Phase::ALL.len()]>,
    slept: Cell<Duration>,
    gradients: RefCell<Option<Mark>>,
}

impl Reporter {
    /// Begins the next step of a training that has come so far, with the fetching of its rows.
    pub fn begin_step(&self, progress: &SavedProgress) -> StepWatch<'_> {
        StepWatch::begin(self, progress)
    }
}

impl<'a> StepWatch<'a> {
    fn begin(report: &'a Reporter, progress: &SavedProgress) -> Self {
        report.at(Phase::Data);
        Self {
            report,
            epoch: progress.epoch,
            rows_before: progress.rows,
            phase: Cell::new(Phase::Data),
            since: Cell::new(Instant::now()),
            booked: Cell::new([Duration::ZERO; Phase::ALL.len()]),
            slept: Cell::new(Duration::ZERO),
            gradients: RefCell::new(None),
        }
    }

    /// The step's number, from 0.
    pub fn step(&self) -> u64 {
        self.report.steps()
    }

    /// The next phase begins.
    pub fn at(&self, phase: Phase) {
        self.turn(phase);
        if phase == Phase::Backward {
            let faults = self.report.faults();
            self.slept(faults.strike_all_reduce(self.step(), self.usual_work()));
        }
    }

    /// The next phase begins, in which no fault strikes.
    pub(crate) fn turn(&self, phase: Phase) {
        let now = Instant::now();
        let passed = now - self.since.replace(now);
        self.book(self.phase.replace(phase), passed);
        self.report.at(phase);
        if phase == Phase::Optimizer
            && let Some(gpu) = self.report.gpu.get()
        {
            // A step is as good without it; only its times would be said of other phases.
            self.gradients.replace(Mark::new(gpu).ok());
        }
    }

    /// On a GPU: what passes from here on is waiting for this step's gradients, and belongs to the
    /// backward pass again.
    pub(crate) fn awaits_gradients(&self) {
        if self.report.gpu.get().is_some() {
            self.turn(Phase::Backward);
        }
    }

    fn book(&self, phase: Phase, time: Duration) {
        let mut booked = self.booked.get();
        booked[phase as usize] += time;
        self.booked.set(booked);
    }

    /// Of the backward pass, so much was waiting for the other ranks' gradients.
    pub fn waited(&self, time: Duration) {
        let mut booked = self.booked.get();
        let backward = &mut booked[Phase::Backward as usize];
        let time = time.min(*backward);
        *backward -= time;
        booked[Phase::AllReduce as usize] += time;
        self.booked.set(booked);
    }

    /// What a fault makes of this step, and of its loss.
    pub(crate) fn strike(&self, loss: f64) -> f64 {
        let faults = self.report.faults();
        let (slept, is_nan) = faults.strike_forward(self.step(), self.usual_work());
        self.slept(slept);
        if is_nan { f64::NAN } else { loss }
    }

    /// What a fault makes of the gradients that are going to be computed from a loss.
    pub(crate) fn strike_gradients(&self, loss: &Tensor) {
        self.report.faults().strike_gradients(self.step(), loss);
    }

    /// A fault made the step longer by so much.
    fn slept(&self, time: Duration) {
        self.slept.set(self.slept.get() + time);
    }

    /// How long a step's own work takes, by the step before, or by this step's forward pass when it
    /// is the first: backward passes take about twice as long.
    fn usual_work(&self) -> Duration {
        let usual = self.report.usual_work.get();
        if usual.is_zero() {
            self.since.get().elapsed() * 3
        } else {
            usual
        }
    }

    /// The step is over, with this share of its rows and their mean loss.
    pub fn end(self, share: &Share, loss: f64) {
        if let Some(mark) = self.gradients.take() {
            self.awaits_gradients();
            // What went wrong on the GPU is told by whatever needs it next.
            let _ = mark.wait();
        }
        self.at(Phase::Data);
        let booked = self.booked.get();
        let of = |phase: Phase| booked[phase as usize];
        let own = [
            Phase::Data,
            Phase::Forward,
            Phase::Backward,
            Phase::Optimizer,
        ];
        let work = own.into_iter().map(of).sum::<Duration>();
        let ns = |phase: Phase| of(phase).as_nanos() as u64;
        let report = StepReport {
            step: self.step(),
            epoch: self.epoch,
            samples: share.rows(),
            rows_of_step: share.rows_of_step,
            rows_before: self.rows_before,
            loss,
            data_ns: ns(Phase::Data),
            forward_ns: ns(Phase::Forward),
            backward_ns: ns(Phase::Backward),
            wait_ns: ns(Phase::AllReduce),
            optimizer_ns: ns(Phase::Optimizer),
        };
        self.report
            .end_step(report, work.saturating_sub(self.slept.get()));
    }
}
