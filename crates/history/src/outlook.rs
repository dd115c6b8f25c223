//! The remaining time of a run, estimated from its events so far. The estimate reads sums
//! ([`Tally`]), so that it costs the same however long the run is: it is made anew with every
//! event, beside the measurement.

use std::collections::BTreeMap;

use workbench_clock::seconds;
use workbench_record::{RepeatPace, Tally};

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
    pub fn look(&mut self, tally: &Tally) -> &Outlook {
        let run = tally.run_id.as_ref();
        let now_ns = tally.now_ns;
        let resumed = tally.resumed;
        // Time that ran backwards means that an earlier part of the run is shown again.
        let goes_on = self.seen.as_ref().is_some_and(|(known, part, at_ns)| {
            Some(known) == run && *part == resumed && *at_ns <= now_ns
        });
        let least = if goes_on { self.outlook.done } else { 0.0 };
        self.seen = run.map(|run| (run.clone(), resumed, now_ns));
        self.outlook = outlook(tally);
        self.outlook.done = self.outlook.done.max(least);
        &self.outlook
    }
}

/// The outlook of a run.
pub fn outlook(tally: &Tally) -> Outlook {
    let walls = known_walls(tally);
    let (mut spent, mut left, mut known) = (0.0, 0.0, true);
    let mut arms = BTreeMap::new();
    for kind in &tally.planned {
        let sums = tally.arms.get(kind).copied().unwrap_or_default();
        let under_way = tally.under_way().filter(|pace| is_of(pace, kind));
        let elapsed = under_way.map_or(0.0, |pace| {
            seconds(tally.now_ns.saturating_sub(pace.started_ns))
        });
        spent += seconds(sums.wall_ns.saturating_add(sums.unfinished_ns));
        if tally.has_given_up(&kind.0) {
            spent += elapsed;
            continue;
        }
        let missing = tally.repeats.saturating_sub(sums.finished);
        let missing = missing.saturating_sub(u32::from(under_way.is_some()));
        let Some(wall) = estimate(kind, &walls) else {
            // Nothing has finished yet: repeats are taken to be equally long.
            known = false;
            let share = under_way.map(RepeatPace::share);
            spent += share.unwrap_or(0.0);
            left += f64::from(missing) + share.map_or(0.0, |share| 1.0 - share);
            continue;
        };
        spent += elapsed;
        let of_this = under_way.map_or(0.0, |pace| {
            projected(pace).map_or(wall * (1.0 - pace.share()), |(_, left)| left)
        });
        let ahead = wall * f64::from(missing) + of_this;
        left += ahead;
        arms.insert(kind.clone(), ahead);
    }
    let total = spent + left;
    let is_begun = tally.run_id.is_some();
    Outlook {
        done: if total > 0.0 {
            (spent / total).clamp(0.0, 1.0)
        } else {
            0.0
        },
        left_s: (known && is_begun).then_some(left),
        arms,
    }
}

fn is_of(pace: &RepeatPace, (arm, workers): &(String, u32)) -> bool {
    pace.id.arm == *arm && pace.id.workers == *workers
}

/// Seconds of slot time per repeat, by arm and workers: measured, or extrapolated from the repeat
/// under way.
fn known_walls(tally: &Tally) -> BTreeMap<&(String, u32), f64> {
    let mut walls = BTreeMap::new();
    for kind in &tally.planned {
        let sums = tally.arms.get(kind).copied().unwrap_or_default();
        let under_way = tally.under_way().filter(|pace| is_of(pace, kind));
        let projected = under_way.and_then(projected).map(|(wall, _)| wall);
        let repeats = sums.finished + u32::from(projected.is_some());
        if repeats > 0 {
            let all = seconds(sums.wall_ns) + projected.unwrap_or(0.0);
            walls.insert(kind, all / f64::from(repeats));
        }
    }
    walls
}

/// Seconds that another repeat like the one under way would take, and those that this one will
/// still take; `None` while it is too early for an estimate.
fn projected(pace: &RepeatPace) -> Option<(f64, f64)> {
    let (wall, left) = pace.projected_ns().filter(|_| pace.share() >= EARLY)?;
    Some((wall / 1e9, left / 1e9))
}

/// The wall time of a repeat: its own kind's mean, or another kind's slot time spread over its
/// workers.
fn estimate(kind: &(String, u32), walls: &BTreeMap<&(String, u32), f64>) -> Option<f64> {
    if let Some(wall) = walls.get(kind) {
        return Some(*wall);
    }
    let n = walls.len() as f64;
    let slot_time: f64 = walls
        .iter()
        .map(|((_, workers), wall)| wall * f64::from(*workers))
        .sum();
    (n > 0.0).then(|| slot_time / n / f64::from(kind.1))
}

#[cfg(test)]
mod tests {
    use workbench_experiment::plan;
    use workbench_record::{Event, Record, RepeatId, Snapshot};
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
            let ahead = outlook(&snapshot.tally);
            if let Some(left) = ahead.left_s {
                let arms: f64 = ahead.arms.values().sum();
                assert!((left - arms).abs() < 1e-6, "{left} {arms}");
                assert!((0.0..=1.0).contains(&ahead.done) && left >= -1e-6);
                told += 1;
            }
        }
        assert!(told > 10, "{told}");
        assert!(
            outlook(&snapshot.tally)
                .left_s
                .is_some_and(|left| left < 1e-6)
        );
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
        let before = ahead.look(&snapshot.tally).clone();
        let left = before.left_s.unwrap();
        let (done, total) = snapshot.repeats.last().unwrap().progress;
        let since_ns = snapshot.now_ns;
        let mut at_least = before.done;
        for second in 1..=STILL_S {
            let event = Event::Progress { done, total };
            let t_ns = since_ns + second * 1_000_000_000;
            snapshot.apply(&Record { t_ns, event });
            let now = ahead.look(&snapshot.tally);
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
            let now = ahead.look(&snapshot.tally);
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
        let plan = plan(&started.config, &started.arms, started.config.repeats);
        let other = plan.into_iter().find(|id| id.arm != failed.arm).unwrap();
        let key = (failed.arm, failed.workers);
        assert!(outlook(&snapshot.tally).arms.contains_key(&key));
        let t_ns = snapshot.now_ns + 1;
        let event = Event::RepeatStarted(other);
        snapshot.apply(&Record { t_ns, event });
        assert!(!outlook(&snapshot.tally).arms.contains_key(&key));
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
        let end = ahead.look(&later.tally).done;
        assert!(ahead.look(&snapshot.tally).done < end);
    }

    /// A run of very many repeats, event by event. The callback sees the sums after each.
    fn long_run(repeats: u32, mut see: impl FnMut(&Tally)) {
        let records: Vec<Record> = events(Scenario::Gpus, 1, "a-run", 0);
        let mut tally = Tally::default();
        let mut of_round: Vec<Record> = Vec::new();
        for record in records {
            match &record.event {
                Event::RunStarted(started) => {
                    let mut started = started.clone();
                    started.config.repeats = repeats;
                    tally.apply(&Record {
                        t_ns: 0,
                        event: Event::RunStarted(started),
                    });
                }
                Event::RunFinished { .. } => {}
                _ => of_round.push(record),
            }
        }
        let last_ns = of_round.iter().map(|record| record.t_ns).max().unwrap_or(0);
        for round in 0..repeats {
            for record in &mut of_round {
                record.t_ns += if round == 0 { 0 } else { last_ns };
                let number = |id: &mut RepeatId| id.repeat = round;
                match &mut record.event {
                    Event::RepeatStarted(id) => number(id),
                    Event::RepeatFinished(finished) => number(&mut finished.id),
                    _ => {}
                }
                tally.apply(record);
                see(&tally);
            }
        }
    }

    /// What an update reads does not grow with the run, so neither does its work.
    #[test]
    fn a_long_run_is_no_more_work_per_event_than_a_short_one() {
        let size = |repeats: u32| {
            let mut most = (0, 0);
            let mut ahead = Ahead::default();
            let mut step = 0_u64;
            long_run(repeats, |tally| {
                step += 1;
                if step.is_multiple_of(997) {
                    let parts = tally.arms.len() + tally.planned.len();
                    let known = ahead.look(tally).arms.len();
                    most = (
                        most.0.max(parts + known),
                        most.1.max(format!("{tally:?}").len()),
                    );
                }
            });
            most
        };
        let (short, long) = (size(10), size(2_000));
        assert_eq!(short.0, long.0);
        // The numbers in it have more digits.
        assert!(long.1 < short.1 + 200, "{long:?} {short:?}");
    }
}
