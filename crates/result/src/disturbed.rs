//! What disturbed the repeats of a run: summed up by cause, and which repeats are left out for it.

mod messages;

pub use messages::{disturbed_text, left_out as left_out_finding};

use std::mem::discriminant;

use workbench_clock::seconds;
use workbench_record::{Disturbance, Finding, RepeatFinished, Snapshot};

use super::document::{DisturbedBy, LeftOutRepeat, RunResult};

/// The repeats that are left out, in the order in which they ran.
pub(super) fn left_out(snapshot: &Snapshot) -> Vec<LeftOutRepeat> {
    let left_out = snapshot.left_out.repeats().iter();
    left_out
        .map(|finished| LeftOutRepeat {
            arm: finished.id.arm.clone(),
            workers: finished.id.workers,
            repeat: finished.id.repeat,
            wall_s: seconds(finished.wall_ns),
            replaced: snapshot
                .finished(&finished.id.arm, finished.id.workers)
                .iter()
                .any(|repeat| repeat.id == finished.id),
            disturbances: finished.disturbances.clone(),
        })
        .collect()
}

/// Every cause with its size over all repeats, those that are left out included.
pub(super) fn causes(snapshot: &Snapshot) -> Vec<DisturbedBy> {
    let counted = snapshot
        .repeats
        .iter()
        .filter_map(|r| r.finished.as_deref());
    let mut causes: Vec<DisturbedBy> = Vec::new();
    for repeat in snapshot.left_out.repeats().iter().chain(counted) {
        for found in &repeat.disturbances {
            add(&mut causes, found, repeat);
        }
    }
    causes
}

fn add(causes: &mut Vec<DisturbedBy>, found: &Disturbance, repeat: &RepeatFinished) {
    let left_out = u32::from(!repeat.counts());
    let same = |known: &&mut DisturbedBy| discriminant(&known.cause) == discriminant(found);
    match causes.iter_mut().find(same) {
        Some(known) => {
            known.cause = known.cause.with(found);
            known.repeats += 1;
            known.left_out += left_out;
        }
        None => causes.push(DisturbedBy {
            cause: found.clone(),
            repeats: 1,
            left_out,
        }),
    }
}

/// What a reader has to know about disturbances: each cause, and what became of the repeats.
pub(super) fn findings(result: &RunResult) -> Vec<Finding> {
    let mut findings: Vec<Finding> = result.disturbances.iter().map(messages::cause).collect();
    if !result.left_out.is_empty() {
        findings.push(messages::repeats_left_out(result));
    }
    findings
}
