//! From a job to its end: getting libtorch ready, running the program, and saying how it ended.

use std::panic::{self, AssertUnwindSafe};

use tch::{Device, Kind, Tensor};
use workbench_ddp_protocol::{Phase, Place, Program, Stage};

use crate::failure::Failure;
use crate::job::Job;
use crate::programs::{by_hand, launched, single};
use crate::reporter::Reporter;

/// Trains, and reports how that ended. Returns what the process should end with.
pub fn run(job: &Job, report: &Reporter) -> u8 {
    guarded(job, report, || match job.spec.program {
        Program::Single => single::run(job, report),
        Program::ByHand => by_hand::run(job, report),
        Program::Launched => launched::run(job, report),
    })
}

/// The same for a training of another kind, once libtorch is ready.
pub fn guarded(job: &Job, report: &Reporter, train: impl FnOnce() -> Result<(), Failure>) -> u8 {
    // tch panics where libtorch throws; what it says is reported as a failure, once.
    panic::set_hook(Box::new(|_| {}));
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
        start(job, report).and_then(|()| train())
    }))
    .unwrap_or_else(|payload| Err(Failure::from_panic(&*payload)));
    match outcome {
        Ok(()) => 0,
        Err(failure) => {
            report.failed(&failure);
            failure.exit_code()
        }
    }
}

fn start(job: &Job, report: &Reporter) -> Result<(), Failure> {
    report.at(Phase::Loading);
    if let Device::Cuda(index) = job.device {
        torch_ddp::cuda::set_device(index)?;
        report.computes_on_gpu(index);
    }
    tch::set_num_threads(i32::try_from(job.spec.threads).unwrap_or(i32::MAX));
    tch::set_num_interop_threads(1);
    // The first operation is slow: libtorch looks at the processor and starts its threads.
    let one = Tensor::f_ones([1, 1, 8, 8], (Kind::Float, job.device))?;
    let _ = one.f_conv2d::<Tensor>(&one, None, 1, 0, 1, 1)?;
    if let Device::Cuda(index) = job.device {
        tch::Cuda::synchronize(index as i64);
    }
    report.stage(Stage::LibraryLoaded);
    report.pass(Place::StartUp);
    Ok(())
}
