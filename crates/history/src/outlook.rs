//! The remaining time of a run, estimated from its events so far.

use std::collections::BTreeMap;

use workbench_clock::seconds;
use workbench_experiment::plan;
use workbench_record::{RepeatId, RepeatState, Snapshot};

/// Below this share of a repeat its speed is no reliable measure.
const EARLY: f64 = 0.05;

/// The share of the whole run that is done (0 to 1), and the seconds that are left.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outlook {
    /// Share of the estimated time that has passed.
    pub done: f64,
    /// Seconds left; `None` while it is too early for an estimate.
    pub left_s: Option<f64>,
    /// Seconds left of each arm at each number of workers, where they can be estimated.
    pub arms: BTreeMap<(String, u32), f64>,
}

/// The outlook of a run that is followed: the share done never shrinks when the estimate of the
/// rest changes.
#[derive(Debug, Clone, Default)]
pub struct Ahead {
    /// The run, how often it had been resumed, and its time at the last update.
    seen: Option<(String, u32, u64)>,
    outlook: Outlook,
}

impl Ahead {
    /// Whether there was no update yet.
    pub fn is_new(&self) -> bool {
        self.seen.is_none()
    }

    /// The last outlook.
    pub fn outlook(&self) -> &Outlook {
        &self.outlook
    }

    /// Updates the outlook.
    pub fn look(&mut self, snapshot: &Snapshot) -> &Outlook {
        let run = snapshot.started.as_ref().map(|started| &started.run_id);
        let now_ns = snapshot.now_ns;
        let resumed = snapshot.resumed;
        // Time that ran backwards means that an earlier part of the run is shown again.
        let goes_on = self.seen.as_ref().is_some_and(|(known, part, at_ns)| {
            Some(known) == run && *part == resumed && *at_ns <= now_ns
        });
        let least = if goes_on { self.outlook.done } else { 0.0 };
        self.seen = run.map(|run| (run.clone(), resumed, now_ns));
        self.outlook = outlook(snapshot);
        self.outlook.done = self.outlook.done.max(least);
        &self.outlook
    }
}

/// The outlook of a snapshot.
pub fn outlook(snapshot: &Snapshot) -> Outlook {
    let Some(started) = snapshot.started.as_deref() else {
        return Outlook::default();
    };
    let walls = known_walls(snapshot);
    let (mut spent, mut left, mut known) = (0.0, 0.0, true);
    let mut arms: BTreeMap<(String, u32), f64> = BTreeMap::new();
    for id in plan(&started.config, &started.arms) {
        let state = snapshot.repeats.iter().find(|r| r.id == id);
        if is_over(&id.arm, snapshot) {
            spent += state.map_or(0.0, |state| elapsed(state, snapshot));
            continue;
        }
        let estimate = estimate(&id, &walls);
        known &= estimate.is_some();
        let (gone, ahead) = match (state, estimate) {
            (Some(state), _) if state.finished.is_some() => (seconds(state.wall_ns()), 0.0),
            (Some(state), Some(wall)) => {
                let left = projected(state).map(|(_, left)| left);
                let ahead = left.unwrap_or(wall * (1.0 - state.share()));
                (elapsed(state, snapshot), ahead)
            }
            (Some(state), None) => (state.share(), 1.0 - state.share()),
            (None, estimate) => (0.0, estimate.unwrap_or(1.0)),
        };
        spent += gone;
        left += ahead;
        if estimate.is_some() {
            *arms.entry((id.arm, id.workers)).or_default() += ahead;
        }
    }
    let total = spent + left;
    Outlook {
        done: if total > 0.0 {
            (spent / total).clamp(0.0, 1.0)
        } else {
            0.0
        },
        left_s: known.then_some(left),
        arms,
    }
}

/// Whether an arm was stopped or has failed: its missing repeats are not run. In a resumed run they
/// are.
fn is_over(arm: &str, snapshot: &Snapshot) -> bool {
    let before = snapshot.repeats.len().saturating_sub(1);
    let failed = |state: &RepeatState| state.id.arm == arm && state.finished.is_none();
    snapshot.has_given_up(arm)
        || (snapshot.resumed == 0 && snapshot.repeats[..before].iter().any(failed))
}

/// Seconds of slot time per repeat, by arm and workers: measured, or extrapolated from the repeat
/// under way.
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
        && let Some((wall, _)) = projected(state)
    {
        add(state, wall);
    }
    sums.into_iter()
        .map(|(key, (sum, n))| (key, sum / f64::from(n)))
        .collect()
}

/// Seconds that a repeat has taken; it ended at the latest when the next one started.
fn elapsed(state: &RepeatState, snapshot: &Snapshot) -> f64 {
    if state.finished.is_some() {
        return seconds(state.wall_ns());
    }
    let next = snapshot.repeats.iter().map(|other| other.started_ns);
    let until = next.filter(|start| *start > state.started_ns).min();
    let until_ns = until.unwrap_or(snapshot.now_ns);
    seconds(until_ns.saturating_sub(state.started_ns))
}

/// Seconds that another repeat like the one under way would take, and those that this one will
/// still take at its speed so far; `None` while it is too early for an estimate.
///
/// The speed is that of the progress. Pauses do not lengthen the estimate: neither the start-up,
/// nor the current gap, nor the longest gap so far if it is the only one of its length, such as
/// that of a failure.
fn projected(state: &RepeatState) -> Option<(f64, f64)> {
    if state.share() < EARLY {
        return None;
    }
    let mut gaps: Vec<u64> = Vec::new();
    let mut before = (state.started_ns, 0);
    for (t_ns, done) in &state.progress_points {
        if *done > before.1 {
            gaps.push(t_ns.saturating_sub(before.0));
            before = (*t_ns, *done);
        }
    }
    let mut later: Vec<u64> = gaps.iter().skip(1).copied().collect();
    later.sort_unstable_by(|a, b| b.cmp(a));
    let longest = later.get(1).copied().unwrap_or(u64::MAX);
    let usual: u64 = gaps.iter().map(|gap| (*gap).min(longest)).sum();
    let (_, total) = state.progress;
    if before.1 == 0 {
        return None;
    }
    let left = seconds(usual) / before.1 as f64 * total.saturating_sub(before.1) as f64;
    let start_up = gaps
        .first()
        .map_or(0, |first| first.saturating_sub(longest));
    Some((seconds(usual.saturating_add(start_up)) + left, left))
}

/// The wall time of a repeat: its own kind's mean, or another kind's slot time spread over its
/// workers.
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

#[cfg(test)]
mod tests {
    use workbench_record::{Event, Record};
    use workbench_simulate::{Scenario, events};

    use super::*;

    /// The time left is the sum over the arms, and it shrinks during a repeat.
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

    /// A run up to a point in the middle of a repeat, and what it is followed by there.
    fn midway() -> (Snapshot, Vec<Record>) {
        let records: Vec<Record> = events(Scenario::Gpus, 1, "a-run", 0);
        let mut snapshot = Snapshot::default();
        let mut records = records.into_iter();
        for record in records.by_ref() {
            snapshot.apply(&record);
            let under_way = snapshot.repeats.last().filter(|r| r.finished.is_none());
            if under_way.is_some_and(|r| r.share() > 0.5) {
                break;
            }
        }
        (snapshot, records.collect())
    }

    /// Without progress, the share done stays or grows and the time left stays, also when progress
    /// continues.
    #[test]
    fn a_standstill_neither_takes_back_what_is_done_nor_prolongs_the_rest() {
        const STILL_S: u64 = 60;
        let (mut snapshot, rest) = midway();
        let mut ahead = Ahead::default();
        let before = ahead.look(&snapshot).clone();
        let left = before.left_s.unwrap();
        let (done, total) = snapshot.repeats.last().unwrap().progress;
        let since_ns = snapshot.now_ns;
        let mut at_least = before.done;
        for second in 1..=STILL_S {
            let event = Event::Progress { done, total };
            let t_ns = since_ns + second * 1_000_000_000;
            snapshot.apply(&Record { t_ns, event });
            let now = ahead.look(&snapshot);
            assert!((now.left_s.unwrap() - left).abs() < 1e-6);
            assert!(now.done >= at_least, "{} {at_least}", now.done);
            at_least = now.done;
        }
        let later = |record: &Record| Record {
            t_ns: record.t_ns + STILL_S * 1_000_000_000,
            event: record.event.clone(),
        };
        let repeat = rest
            .iter()
            .take_while(|r| !matches!(r.event, Event::RepeatFinished(_)));
        for record in repeat {
            snapshot.apply(&later(record));
            let now = ahead.look(&snapshot);
            assert!(now.left_s.unwrap() < 1.3 * left + 1.0, "{now:?}, {left}");
            assert!(now.done >= at_least, "{} {at_least}", now.done);
            at_least = now.done;
        }
    }

    #[test]
    fn nothing_is_left_of_an_arm_that_has_failed() {
        let (mut snapshot, _) = midway();
        let failed = snapshot.repeats.last().unwrap().id.clone();
        let started = snapshot.started.as_deref().unwrap();
        let plan = plan(&started.config, &started.arms);
        let other = plan.into_iter().find(|id| id.arm != failed.arm).unwrap();
        let key = (failed.arm, failed.workers);
        assert!(outlook(&snapshot).arms.contains_key(&key));
        let t_ns = snapshot.now_ns + 1;
        let event = Event::RepeatStarted(other);
        snapshot.apply(&Record { t_ns, event });
        assert!(!outlook(&snapshot).arms.contains_key(&key));
    }

    /// An earlier point of a replay has its own outlook.
    #[test]
    fn an_earlier_look_stands_for_itself() {
        let (snapshot, rest) = midway();
        let mut later = snapshot.clone();
        for record in &rest {
            later.apply(record);
        }
        let mut ahead = Ahead::default();
        let end = ahead.look(&later).done;
        assert!(ahead.look(&snapshot).done < end);
    }
}
