//! A model whose gradients are averaged over the ranks.

use std::cell::Cell;
use std::time::Duration;

use tch::{Tensor, nn};
use torch_ddp::{DistributedDataParallel, ProcessGroup};
use workbench_ddp_protocol::Phase;

use crate::adam::Adam;
use crate::dataset::Batch;
use crate::failure::Failure;
use crate::job::Job;
use crate::models::Net;
use crate::parameters;
use crate::reporter::{Reporter, StepWatch};
use crate::step::{accumulate, finite, reducer_options, waited};

/// A model that [`Trainer::prepare_model`](super::Trainer::prepare_model) made data-parallel.
#[derive(Debug)]
pub struct PreparedModel<'a> {
    // Before the variables, which it refers to.
    ddp: DistributedDataParallel,
    net: Net,
    vars: nn::VarStore,
    report: &'a Reporter,
    gradient_bytes: u64,
    /// Parts of a step.
    parts: u32,
    /// Loss of the early parts of the step under way.
    early: Cell<f64>,
}

impl<'a> PreparedModel<'a> {
    pub(super) fn new(
        vars: nn::VarStore,
        net: Net,
        group: &ProcessGroup,
        (job, report): (&Job, &'a Reporter),
    ) -> Result<Self, Failure> {
        report.at(Phase::AllReduce);
        let tuning = job.spec.tuning;
        Ok(Self {
            ddp: DistributedDataParallel::new(&vars, group, reducer_options(&tuning))?,
            net,
            gradient_bytes: parameters::gradient_bytes(&vars, tuning.gradients),
            vars,
            report,
            parts: tuning.accumulate,
            early: Cell::default(),
        })
    }

    /// The variables.
    pub fn vars(&self) -> &nn::VarStore {
        &self.vars
    }

    /// The model by itself.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// The loss of a batch, or of its last part where gradients are accumulated; those of the parts
    /// before are there then.
    ///
    /// # Errors
    /// When a rank is lost or late, or an early part has no finite loss.
    pub fn forward(&mut self, batch: &Batch, watch: &StepWatch) -> Result<Tensor, Failure> {
        watch.at(Phase::AllReduce);
        self.ddp.zero_grad()?;
        let net = &self.net;
        let (early, last) = batch.parts(self.parts);
        let early = self
            .ddp
            .no_sync(|_| accumulate(net, &early, batch, watch))?;
        self.early.set(early);
        let logits = self.ddp.forward(|| {
            watch.at(Phase::Forward);
            net.forward_t(&last.images, true)
        })?;
        Ok(last.loss(&logits, batch))
    }

    /// Computes gradients and averages them over the rows of all ranks. Gives back the loss as a
    /// number.
    ///
    /// # Errors
    /// When the loss is not finite, before it can spoil the weights; when a rank is lost or late.
    pub fn backward(
        &self,
        loss: &Tensor,
        batch: &Batch,
        watch: &StepWatch,
    ) -> Result<f64, Failure> {
        let value = self.early.take() + finite(loss, watch)?;
        watch.at(Phase::Backward);
        self.ddp.backward(&batch.weighted(loss))?;
        self.report.reduced(self.gradient_bytes);
        Ok(value)
    }

    /// Moves the weights.
    ///
    /// # Errors
    /// Those of [`Adam::step`].
    pub fn step(&mut self, adam: &mut Adam, watch: &StepWatch) -> Result<(), Failure> {
        watch.at(Phase::Optimizer);
        adam.step()
    }

    pub(super) fn waited(&self, watch: &StepWatch) -> Result<Duration, Failure> {
        waited(&self.ddp, watch)
    }
}
