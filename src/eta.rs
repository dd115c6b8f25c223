//! How long a run will still take, from what its events say so far.

use std::collections::BTreeMap;

use workbench_engine::clock::seconds;
use workbench_engine::experiment::plan;
use workbench_engine::record::{RepeatId, RepeatState, Snapshot};

/// Below this share of a repeat its speed says too little.
const EARLY: f64 = 0.05;

/// The share of the whole run that is done (0 to 1), and the seconds that are left.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outlook {
    /// Share of the estimated time that has passed.
    pub done: f64,
    /// Seconds left; `None` while it is too early to tell.
    pub left_s: Option<f64>,
    /// Seconds left of each arm at each number of workers, as far as that can be told.
    pub arms: BTreeMap<(String, u32), f64>,
}

/// Looks ahead from a snapshot.
pub fn outlook(snapshot: &Snapshot) -> Outlook {
    let Some(started) = snapshot.started.as_deref() else {
        return Outlook::default();
    };
    let walls = known_walls(snapshot);
    let (mut spent, mut total, mut known) = (0.0, 0.0, true);
    let mut arms: BTreeMap<(String, u32), f64> = BTreeMap::new();
    for id in plan(&started.config, &started.arms) {
        if snapshot.has_given_up(&id.arm) {
            continue;
        }
        let state = snapshot.repeats.iter().find(|r| r.id == id);
        let estimate = estimate(&id, &walls);
        known &= estimate.is_some();
        let wall = estimate.unwrap_or(1.0);
        total += wall;
        let done = match state {
            Some(state) if state.finished.is_some() => wall,
            Some(state) => wall * share(state),
            None => 0.0,
        };
        spent += done;
        if estimate.is_some() {
            *arms.entry((id.arm, id.workers)).or_default() += wall - done;
        }
    }
    Outlook {
        done: if total > 0.0 {
            (spent / total).clamp(0.0, 1.0)
        } else {
            0.0
        },
        left_s: known.then_some(total - spent),
        arms,
    }
}

/// Seconds of slot time per repeat, by arm and workers: measured, or projected from the repeat under way.
fn known_walls(snapshot: &Snapshot) -> BTreeMap<(String, u32), f64> {
    let mut sums: BTreeMap<(String, u32), (f64, u32)> = BTreeMap::new();
    let mut add = |state: &RepeatState, wall: f64| {
        let key = (state.id.arm.clone(), state.id.workers);
        let entry = sums.entry(key).or_default();
        *entry = (entry.0 + wall, entry.1 + 1);
    };
    for state in snapshot.repeats.iter().filter(|r| r.finished.is_some()) {
        add(state, seconds(state.wall_ns()));
    }
    if let Some(state) = snapshot.repeats.last()
        && state.finished.is_none()
        && share(state) >= EARLY
    {
        let elapsed = seconds(snapshot.now_ns.saturating_sub(state.started_ns));
        add(state, elapsed / share(state));
    }
    sums.into_iter()
        .map(|(key, (sum, n))| (key, sum / f64::from(n)))
        .collect()
}

/// The wall time of a repeat: its own kind's mean, or another kind's slot time spread over its workers.
fn estimate(id: &RepeatId, walls: &BTreeMap<(String, u32), f64>) -> Option<f64> {
    if let Some(wall) = walls.get(&(id.arm.clone(), id.workers)) {
        return Some(*wall);
    }
    let n = walls.len() as f64;
    let slot_time: f64 = walls
        .iter()
        .map(|((_, workers), wall)| wall * f64::from(*workers))
        .sum();
    (n > 0.0).then(|| slot_time / n / f64::from(id.workers))
}

fn share(state: &RepeatState) -> f64 {
    let (done, total) = state.progress;
    if total == 0 {
        0.0
    } else {
        done as f64 / total as f64
    }
}

#[cfg(test)]
mod tests {
    use workbench_engine::record::Record;
    use workbench_engine::simulate::{Scenario, events};

    use super::*;

    /// What is left is what is left of the arms, and it shrinks as a repeat goes on.
    #[test]
    fn the_arms_are_the_whole() {
        let records: Vec<Record> = events(Scenario::Gpus, 1, "a-run", 0);
        let mut snapshot = Snapshot::default();
        let mut told = 0;
        for record in &records {
            snapshot.apply(record);
            let ahead = outlook(&snapshot);
            if let Some(left) = ahead.left_s {
                let arms: f64 = ahead.arms.values().sum();
                assert!((left - arms).abs() < 1e-6, "{left} {arms}");
                assert!((0.0..=1.0).contains(&ahead.done) && left >= -1e-6);
                told += 1;
            }
        }
        assert!(told > 10, "{told}");
        assert!(outlook(&snapshot).left_s.is_some_and(|left| left < 1e-6));
    }
}
