//! Finding a batch by trying: the largest that fits, and the fastest per row.
//!
//! Belongs here: timed steps of one process with ever larger batches, and when to stop. Does not
//! belong here: training.

use std::fmt;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

use tch::nn;
use workbench_ddp_protocol::{FailureKind, Share, TrainSpec};
use workbench_images::Subset;

use crate::adam::Adam;
use crate::dataset::Dataset;
use crate::failure::Failure;
use crate::job::Job;
use crate::models;
use crate::sampler::BatchRows;

/// The first batch that is tried; every other is twice the one before.
const FIRST: u32 = 8;
/// Steps of a batch that are timed, after one that is not; the fastest counts.
const STEPS: u32 = 4;
/// The share of the free memory that a batch may be expected to need.
const MEMORY_SHARE: f64 = 0.8;

/// A batch that was tried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tried {
    /// Rows of a step.
    pub batch: u32,
    /// The fastest step, forward pass, backward pass and optimizer.
    pub step: Duration,
    /// The most memory that this process had until then, in bytes; `None` where the system does not
    /// say.
    pub peak: Option<u64>,
}

impl Tried {
    /// Rows per second.
    pub fn rate(&self) -> f64 {
        f64::from(self.batch) / self.step.as_secs_f64().max(1e-9)
    }
}

/// Why no larger batch is tried.
#[derive(Debug, Clone, PartialEq)]
pub enum BatchLimit {
    /// There are no more rows.
    Rows(usize),
    /// A larger one would need more memory than is free: both in bytes, as estimated.
    Memory {
        /// What it would need.
        needed: u64,
        /// What is free.
        free: u64,
    },
    /// Memory was used up when this batch was tried.
    UsedUp(u32),
    /// A step of a larger one would take longer than was asked for.
    Time(Duration),
}

impl fmt::Display for BatchLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MIB: u64 = 1 << 20;
        match self {
            Self::Rows(rows) => write!(f, "the data has {rows} training rows"),
            Self::Memory { needed, free } => {
                let (needed, free) = (needed / MIB, free / MIB);
                write!(
                    f,
                    "twice as many would need about {needed} MiB more, and {free} MiB are free"
                )
            }
            Self::UsedUp(batch) => write!(f, "memory was used up with {batch}"),
            Self::Time(most) => write!(f, "a step of twice as many would take more than {most:?}"),
        }
    }
}

/// What is free, and what there is.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Training rows.
    pub rows: usize,
    /// Bytes of memory that this process could still get.
    pub free: Option<u64>,
    /// The longest step.
    pub most: Duration,
}

/// Whether a batch twice as large as the last can be tried, by what those before needed.
pub fn limit(tried: &[Tried], bounds: Bounds) -> Option<BatchLimit> {
    let last = tried.last()?;
    if last.batch as usize * 2 > bounds.rows {
        return Some(BatchLimit::Rows(bounds.rows));
    }
    if last.step * 2 > bounds.most {
        return Some(BatchLimit::Time(bounds.most));
    }
    let before = tried.iter().rev().nth(1)?;
    // Memory grows with the rows: twice as many more than last time need twice as much more.
    let grown = last.peak?.saturating_sub(before.peak?);
    let (needed, free) = (grown * 2, bounds.free?);
    (needed as f64 > free as f64 * MEMORY_SHARE).then_some(BatchLimit::Memory { needed, free })
}

/// Tries batches for the model and data of a specification, and tells `each`. Gives back what was
/// tried, and why no more.
///
/// # Errors
/// When there is nothing to be tried.
pub fn find(
    spec: &TrainSpec,
    most: Duration,
    mut each: impl FnMut(&Tried),
) -> Result<(Vec<Tried>, BatchLimit), Failure> {
    let job = Job::new(spec.clone())?;
    tch::set_num_threads(i32::try_from(spec.threads).unwrap_or(i32::MAX));
    let data = Dataset::load(spec, Subset::Train, job.device)?;
    if data.len() < FIRST as usize {
        return Err(Failure::spec(format!(
            "the data has {} training rows; {FIRST} or more are needed to try a batch",
            data.len()
        )));
    }
    // tch panics where libtorch throws.
    panic::set_hook(Box::new(|_| {}));
    let mut tried: Vec<Tried> = Vec::new();
    let mut batch = FIRST;
    loop {
        let step = panic::catch_unwind(AssertUnwindSafe(|| fastest_step(&job, &data, batch)))
            .unwrap_or_else(|payload| Err(Failure::from_panic(&*payload)));
        let step = match step {
            Ok(step) => step,
            Err(failure) if failure.kind == FailureKind::OutOfMemory && !tried.is_empty() => {
                return Ok((tried, BatchLimit::UsedUp(batch)));
            }
            Err(failure) => return Err(failure),
        };
        let peak = peak();
        let one = Tried { batch, step, peak };
        each(&one);
        tried.push(one);
        let bounds = Bounds {
            rows: data.len(),
            free: free(),
            most,
        };
        if let Some(limit) = limit(&tried, bounds) {
            return Ok((tried, limit));
        }
        batch *= 2;
    }
}

fn fastest_step(job: &Job, data: &Dataset, batch: u32) -> Result<Duration, Failure> {
    tch::manual_seed(job.spec.seed as i64);
    let vars = nn::VarStore::new(job.device);
    let net = models::build(
        (job.spec.model, job.spec.tuning),
        &vars.root(),
        data.shape(),
    )?;
    let mut adam = Adam::new(&vars, job.spec.lr);
    let rows = BatchRows {
        rows: (0..i64::from(batch)).collect(),
        share: Share::next(u64::from(batch), (0, 1), batch),
    };
    let mut fastest = Duration::MAX;
    for step in 0..=STEPS {
        let began = Instant::now();
        let batch = data.batch(&rows);
        let (early, last) = batch.parts(job.spec.tuning.accumulate);
        adam.zero_grad();
        for part in early.iter().chain([&last]) {
            let loss = part.loss(&net.forward_t(&part.images, true), &batch);
            // Reading it waits for a GPU.
            let _ = loss.f_double_value(&[])?;
            loss.f_backward()?;
        }
        adam.step()?;
        if step > 0 {
            fastest = fastest.min(began.elapsed());
        }
    }
    Ok(fastest)
}

/// The number after a name in a file of the kernel, in bytes.
fn kibibytes(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(number * 1024)
}

fn peak() -> Option<u64> {
    kibibytes("/proc/self/status", "VmHWM:")
}

/// What the machine, and the control group where it is limited, still have.
fn free() -> Option<u64> {
    let machine = kibibytes("/proc/meminfo", "MemAvailable:");
    let number = |name: &str| -> Option<u64> {
        let text = fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?;
        text.trim().parse().ok()
    };
    let group = number("memory.max")
        .zip(number("memory.current"))
        .map(|(most, used)| most.saturating_sub(used));
    machine.into_iter().chain(group).min()
}

/// Of those that were tried, the fastest per row; of nearly equal ones the smallest.
pub fn fastest(tried: &[Tried]) -> Option<&Tried> {
    let best = tried.iter().map(Tried::rate).fold(0.0, f64::max);
    tried.iter().find(|one| one.rate() >= 0.98 * best)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn tried(batch: u32, ms: u64, peak: u64) -> Tried {
        Tried {
            batch,
            step: Duration::from_millis(ms),
            peak: Some(peak * MIB),
        }
    }

    fn bounds(rows: usize, free: u64) -> Bounds {
        Bounds {
            rows,
            free: Some(free * MIB),
            most: Duration::from_secs(10),
        }
    }

    #[test]
    fn what_those_before_needed_says_whether_to_go_on() {
        let two = [tried(64, 10, 300), tried(128, 18, 350)];
        assert_eq!(limit(&two, bounds(1000, 1000)), None);
        assert_eq!(limit(&two, bounds(255, 1000)), Some(BatchLimit::Rows(255)));
        let memory = BatchLimit::Memory {
            needed: 100 * MIB,
            free: 120 * MIB,
        };
        assert_eq!(limit(&two, bounds(1000, 120)), Some(memory));
        let slow = [tried(64, 3000, 300), tried(128, 6000, 350)];
        let time = BatchLimit::Time(Duration::from_secs(10));
        assert_eq!(limit(&slow, bounds(1000, 1000)), Some(time));
        // Of one batch nothing is known about how memory grows.
        assert_eq!(limit(&two[..1], bounds(1000, 1)), None);
        assert_eq!(limit(&[], bounds(1000, 1)), None);
    }

    #[test]
    fn of_nearly_equal_batches_the_smallest_is_named() {
        let all = [
            tried(64, 64, 0),
            tried(128, 100, 0),
            tried(256, 199, 0),
            tried(512, 500, 0),
        ];
        assert_eq!(fastest(&all).map(|one| one.batch), Some(128));
        assert_eq!(fastest(&[]), None);
    }
}
