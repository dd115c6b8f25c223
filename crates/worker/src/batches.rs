//! Finding a batch by trying: the largest that fits, and the fastest per row.
//!
//! Belongs here: timed steps of one process with ever larger batches, and when to stop. Does not
//! belong here: training.

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

use tch::nn;
use workbench_ddp_protocol::{BatchLimit, FailureKind, Share, TrainSpec, TriedBatch, TriedBatches};
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
pub fn limit(tried: &[TriedBatch], bounds: Bounds) -> Option<BatchLimit> {
    let last = tried.last()?;
    if last.batch as usize * 2 > bounds.rows {
        return Some(BatchLimit::Rows {
            rows: bounds.rows as u64,
        });
    }
    if u128::from(last.step_ns) * 2 > bounds.most.as_nanos() {
        return Some(BatchLimit::Time {
            most_s: bounds.most.as_secs_f64(),
        });
    }
    let before = tried.iter().rev().nth(1)?;
    // Memory grows with the rows: twice as many more than last time need twice as much more.
    let grown = last.peak_bytes?.saturating_sub(before.peak_bytes?);
    let (needed, free) = (grown * 2, bounds.free?);
    (needed as f64 > free as f64 * MEMORY_SHARE).then_some(BatchLimit::Memory { needed, free })
}

/// How long and how far batches are tried.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// The longest step.
    pub most: Duration,
    /// Processes that will share the free memory.
    pub processes: u64,
}

/// Tries batches for the model and data of a specification, and tells `each`.
///
/// # Errors
/// When there is nothing to be tried.
pub fn find(
    spec: &TrainSpec,
    search: Search,
    mut each: impl FnMut(&TriedBatch),
) -> Result<TriedBatches, Failure> {
    let job = Job::new(spec.clone())?;
    tch::set_num_threads(i32::try_from(spec.threads).unwrap_or(i32::MAX));
    let data = Dataset::load(spec, Subset::Train, job.device)?;
    if data.len() < FIRST as usize {
        return Err(Failure::spec(format!(
            "there are {} training rows; {FIRST} or more are needed to try a batch",
            data.len()
        )));
    }
    // tch panics where libtorch throws.
    panic::set_hook(Box::new(|_| {}));
    let mut tried: Vec<TriedBatch> = Vec::new();
    let mut batch = FIRST;
    loop {
        let step = panic::catch_unwind(AssertUnwindSafe(|| fastest_step(&job, &data, batch)))
            .unwrap_or_else(|payload| Err(Failure::from_panic(&*payload)));
        let step = match step {
            Ok(step) => step,
            Err(failure) if failure.kind == FailureKind::OutOfMemory && !tried.is_empty() => {
                let limit = BatchLimit::UsedUp { batch };
                return Ok(TriedBatches { tried, limit });
            }
            Err(failure) => return Err(failure),
        };
        let one = TriedBatch {
            batch,
            step_ns: u64::try_from(step.as_nanos()).unwrap_or(u64::MAX),
            peak_bytes: peak(),
        };
        each(&one);
        tried.push(one);
        let bounds = Bounds {
            rows: data.len(),
            free: free().map(|free| free / search.processes.max(1)),
            most: search.most,
        };
        if let Some(limit) = limit(&tried, bounds) {
            return Ok(TriedBatches { tried, limit });
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

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn tried(batch: u32, ms: u64, peak: u64) -> TriedBatch {
        TriedBatch {
            batch,
            step_ns: ms * 1_000_000,
            peak_bytes: Some(peak * MIB),
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
        let rows = BatchLimit::Rows { rows: 255 };
        assert_eq!(limit(&two, bounds(255, 1000)), Some(rows));
        let memory = BatchLimit::Memory {
            needed: 100 * MIB,
            free: 120 * MIB,
        };
        assert_eq!(limit(&two, bounds(1000, 120)), Some(memory));
        let slow = [tried(64, 3000, 300), tried(128, 6000, 350)];
        let time = BatchLimit::Time { most_s: 10.0 };
        assert_eq!(limit(&slow, bounds(1000, 1000)), Some(time));
        // Of one batch nothing is known about how memory grows.
        assert_eq!(limit(&two[..1], bounds(1000, 1)), None);
        assert_eq!(limit(&[], bounds(1000, 1)), None);
    }
}
