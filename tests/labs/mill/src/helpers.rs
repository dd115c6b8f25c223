//! The arm whose blocks are hashed by worker processes.

use std::time::Duration;

use workbench_experiment::lab::{ArmContext, LabError, Part, SlotState};
use workbench_protocol::{FromWorker, WorkerEnv};
use workbench_workers::{EventKind, WorkerGroup, WorkerLaunch};

use crate::block::{Hashed, Prepared, name, span};
use crate::worker::{Messages, Order, VARIABLE};

/// How long an event is waited for, between two looks at whether to stop.
const LOOK: Duration = Duration::from_millis(50);

/// Has the blocks hashed; gives them and how the slots stood at the end.
pub fn run(
    prepared: &Prepared,
    ctx: &ArmContext<'_>,
) -> Result<(Vec<Hashed>, Vec<SlotState>), LabError> {
    let launches = (0..ctx.workers).map(|rank| launch(prepared, rank, ctx.workers));
    let group = WorkerGroup::start(launches.collect(), ctx.clock)
        .map_err(|error| LabError::Environment(error.to_string()))?;
    let mut hashed = Vec::new();
    let mut slots: Vec<SlotState> = (0..ctx.workers).map(slot).collect();
    while !group.is_over() && !ctx.progress.is_cancelled() {
        let cpu_ns = group.usage().iter().map(|usage| usage.cpu_ns).sum();
        ctx.progress.set_processes_cpu_ns(cpu_ns);
        let Some(event) = group.next(LOOK) else {
            continue;
        };
        match event.kind {
            EventKind::Message(FromWorker::Report(block)) => {
                (ctx.spans)(span(&block, event.rank, event.at_ns));
                ctx.progress.add(1);
                if let Some(slot) = slots.get_mut(event.rank as usize) {
                    count(slot, &block);
                    ctx.progress.slot(slot.clone());
                }
                hashed.push(block);
            }
            EventKind::Message(FromWorker::Failed(why)) => {
                return Err(LabError::Failed(format!("helper {} {why}", event.rank)));
            }
            EventKind::Output { line, .. } => {
                ctx.progress
                    .output(&format!("helper {}", event.rank), &line);
            }
            EventKind::Exited { exit, .. } if !exit.is_success() => {
                return Err(LabError::Failed(format!("helper {} {exit}", event.rank)));
            }
            _ => {}
        }
    }
    Ok((hashed, slots))
}

fn launch(prepared: &Prepared, rank: u32, workers: u32) -> WorkerLaunch<Messages> {
    let order = Order {
        blocks: prepared.blocks,
        rounds: prepared.rounds,
        seed: prepared.seed,
        mishap: prepared.mishap,
    };
    // They do not talk to each other, so the port is never opened.
    let place = WorkerEnv::local(rank, workers, 1);
    let mut launch = WorkerLaunch::new(&prepared.program, place, order);
    launch.vars.push((VARIABLE.into(), "1".into()));
    launch
}

fn slot(rank: u32) -> SlotState {
    SlotState {
        slot: rank,
        parts: vec![Part::work("hashing", 0)],
        ..SlotState::default()
    }
}

fn count(slot: &mut SlotState, block: &Hashed) {
    slot.steps += 1;
    slot.at_step = block.block;
    slot.doing = name(block.block);
    for part in &mut slot.parts {
        part.ns += block.took_ns;
    }
}
