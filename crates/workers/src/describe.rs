//! The states of all ranks in a sentence, which names the rank that explains the others.

use workbench_protocol::PhaseName;

use crate::health::state::{Loss, RankState, Stall, WorkerHealth};

/// How much a rank's health explains about the others: a lost rank more than a silent one, a silent
/// one more than a stuck one.
fn weight<P: PhaseName>(health: WorkerHealth<P>) -> u8 {
    match health {
        WorkerHealth::Lost(_) => 3,
        WorkerHealth::Stalled(Stall::Silent | Stall::Stopped) => 2,
        WorkerHealth::Stalled(Stall::Stuck) => 1,
        WorkerHealth::Working
        | WorkerHealth::Waiting
        | WorkerHealth::Slow(_)
        | WorkerHealth::Ended => 0,
    }
}

/// States what is wrong, with which rank, and what the other ranks do. Of several problems only the
/// most severe are named, since they explain the others: `rank 1 stopped answering in forward at
/// step 40, 2.1 s ago; ranks 0, 2 wait in all-reduce`.
pub fn describe<P: PhaseName>(states: &[RankState<P>]) -> String {
    let weights = states.iter().map(|state| weight(state.health));
    let gravest = weights.max().unwrap_or_default();
    let (grave, others): (Vec<&RankState<P>>, Vec<&RankState<P>>) = states
        .iter()
        .partition(|state| gravest > 0 && weight(state.health) == gravest);
    let mut parts: Vec<String> = grave.iter().map(|state| trouble(state)).collect();
    parts.extend(activities(&others));
    if parts.is_empty() {
        return "there are no ranks".to_owned();
    }
    parts.join("; ")
}

fn trouble<P: PhaseName>(state: &RankState<P>) -> String {
    let (rank, for_s) = (state.rank, state.for_s);
    let place = format!(
        "in {} at step {}",
        state.position.phase, state.position.step
    );
    match state.health {
        WorkerHealth::Stalled(Stall::Stopped) => {
            format!("rank {rank} is stopped by a signal {place}, for {for_s:.1} s")
        }
        WorkerHealth::Stalled(Stall::Stuck) => {
            format!("rank {rank} is stuck {place}, for {for_s:.1} s")
        }
        WorkerHealth::Lost(Loss::Exited(exit)) => {
            format!("rank {rank} {exit} {place}, {for_s:.1} s ago")
        }
        WorkerHealth::Lost(Loss::Failed) => format!("rank {rank} failed {place}, {for_s:.1} s ago"),
        _ => format!("rank {rank} stopped answering {place}, {for_s:.1} s ago"),
    }
}

/// What a rank does, in the form in which several ranks are grouped.
#[derive(Clone, Copy, PartialEq)]
enum Activity<P> {
    Finished,
    Silent,
    WaitsIn(P),
    IsIn(P),
}

/// What the other ranks do, grouped by activity, in order of the first rank of a group.
fn activities<P: PhaseName>(states: &[&RankState<P>]) -> Vec<String> {
    let mut groups: Vec<(Activity<P>, Vec<u32>)> = Vec::new();
    for state in states {
        let activity = activity(state);
        match groups.iter_mut().find(|(known, _)| *known == activity) {
            Some((_, ranks)) => ranks.push(state.rank),
            None => groups.push((activity, vec![state.rank])),
        }
    }
    groups
        .into_iter()
        .map(|(activity, ranks)| {
            let one = ranks.len() == 1;
            let list: Vec<String> = ranks.iter().map(u32::to_string).collect();
            let who = format!("{} {}", if one { "rank" } else { "ranks" }, list.join(", "));
            let pick = |singular, plural| if one { singular } else { plural };
            match activity {
                Activity::Finished => format!("{who} {} finished", pick("has", "have")),
                Activity::Silent => format!("{who} {} silent", pick("is", "are")),
                Activity::WaitsIn(phase) => format!("{who} {} in {phase}", pick("waits", "wait")),
                Activity::IsIn(phase) => format!("{who} {} in {phase}", pick("is", "are")),
            }
        })
        .collect()
}

fn activity<P: PhaseName>(state: &RankState<P>) -> Activity<P> {
    let phase = state.position.phase;
    match state.health {
        WorkerHealth::Ended => Activity::Finished,
        WorkerHealth::Stalled(Stall::Silent | Stall::Stopped) => Activity::Silent,
        _ if phase.is_waiting() => Activity::WaitsIn(phase),
        _ => Activity::IsIn(phase),
    }
}
