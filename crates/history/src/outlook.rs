//! How long a run will still take, from what its events say so far.

use std::collections::BTreeMap;

use workbench_clock::seconds;
use workbench_experiment::plan;
use workbench_record::{RepeatId, RepeatState, Snapshot};

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

/// The outlook of a run that is followed: what was done stays done, whatever is learnt later about how long the rest takes.
#[derive(Debug, Clone, Default)]
pub struct Ahead {
    /// The run that was looked at, how often it had been taken up again, and its time then.
    seen: Option<(String, u32, u64)>,
    outlook: Outlook,
}

impl Ahead {
    /// Whether nothing was looked at yet.
    pub fn is_new(&self) -> bool {
        self.seen.is_none()
    }

    /// What was seen last.
    pub fn outlook(&self) -> &Outlook {
        &self.outlook
    }

    /// Looks ahead once more.
    pub fn look(&mut self, snapshot: &Snapshot) -> &Outlook {
        let run = snapshot.started.as_ref().map(|started| &started.run_id);
        let now_ns = snapshot.now_ns;
        let resumed = snapshot.resumed;
        // Time that ran backwards is another part of the run, looked at again.
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

/// Looks ahead from a snapshot.
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

/// Whether an arm was stopped or has failed: what is left of it is not run. In a run that was taken up again, repeats that did not come
/// to their end are.
fn is_over(arm: &str, snapshot: &Snapshot) -> bool {
    let before = snapshot.repeats.len().saturating_sub(1);
    let failed = |state: &RepeatState| state.id.arm == arm && state.finished.is_none();
    snapshot.has_given_up(arm)
        || (snapshot.resumed == 0 && snapshot.repeats[..before].iter().any(failed))
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
        && let Some((wall, _)) = projected(state)
    {
        add(state, wall);
    }
    sums.into_iter()
        .map(|(key, (sum, n))| (key, sum / f64::from(n)))
        .collect()
}

/// Seconds that a repeat has taken; one that another followed was over by then.
fn elapsed(state: &RepeatState, snapshot: &Snapshot) -> f64 {
    if state.finished.is_some() {
        return seconds(state.wall_ns());
    }
    let next = snapshot.repeats.iter().map(|other| other.started_ns);
    let until = next.filter(|start| *start > state.started_ns).min();
    let until_ns = until.unwrap_or(snapshot.now_ns);
    seconds(until_ns.saturating_sub(state.started_ns))
}

/// Seconds that another repeat like the one under way would take, and those that this one will still take at its pace so far; `None`
/// while it is too early to tell.
///
/// The pace is that of getting on. Standing still makes nothing take longer that is yet to come: neither does the start-up, nor the
/// gap that is open now, nor the longest one so far where it is alone of its length, such as that of a failure.
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

#[cfg(test)]
mod tests {
    use workbench_record::{Event, Record};
    use workbench_simulate::{Scenario, events};

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

    /// A run up to somewhere in the middle of a repeat, and what it is followed by there.
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

    /// While nothing gets on, the share that is done stays or grows and what is left stays, also when it gets on again.
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

    /// Going back in a recording is no going back of the run.
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
