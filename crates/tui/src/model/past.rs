//! The repeats of a run that are over, as sums: a frame must not cost more the longer the run is.
//! Each repeat is looked at once, when the next one has begun; only the latest is looked at anew.

use std::collections::{BTreeMap, BTreeSet};

use workbench_record::{RepeatId, RepeatState};

use super::series::Metric;

/// An arm at a number of workers.
type Place = (String, u32);

/// What finished repeats of an arm come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// How many.
    pub count: u32,
    /// Wall time of the latest, in nanoseconds.
    pub wall_ns: u64,
    /// When the last one was over, nanoseconds on the run's clock.
    pub ended_ns: u64,
}

impl Done {
    fn add(&mut self, repeat: &RepeatState) {
        if let Some(finished) = &repeat.finished {
            let ended_ns = finished.started_ns.saturating_add(finished.wall_ns);
            self.count += 1;
            self.wall_ns = finished.wall_ns;
            self.ended_ns = self.ended_ns.max(ended_ns);
        }
    }
}

/// The sums.
#[derive(Debug, Clone, Default)]
pub struct PastRepeats {
    run: String,
    /// So many repeats are in the sums.
    settled: usize,
    /// The last of them: another one in its place is another run, or another part of it.
    last: Option<(RepeatId, u64)>,
    done: BTreeMap<Place, Done>,
    /// Whether one had states of slots or of a controller.
    tells: bool,
    own: BTreeSet<String>,
    of_items: BTreeSet<String>,
    has_throughput: bool,
    unit: Option<String>,
    /// The latest repeat with a metric, by arm.
    latest: BTreeMap<Metric, BTreeMap<Place, usize>>,
    /// How often a repeat was looked at.
    pub visits: u64,
}

impl PastRepeats {
    /// Takes in the repeats that are over.
    pub fn update(&mut self, run: &str, repeats: &[RepeatState]) {
        let over = repeats.len().saturating_sub(1);
        let last = self.settled.checked_sub(1).and_then(|at| repeats.get(at));
        let last = last.map(|repeat| (repeat.id.clone(), repeat.started_ns));
        if self.run != run || over < self.settled || last != self.last {
            *self = Self {
                run: run.to_owned(),
                visits: self.visits,
                ..Self::default()
            };
        }
        for (at, repeat) in repeats.iter().enumerate().take(over).skip(self.settled) {
            self.add(at, repeat);
        }
    }

    fn add(&mut self, at: usize, repeat: &RepeatState) {
        self.visits += 1;
        self.settled = at + 1;
        self.last = Some((repeat.id.clone(), repeat.started_ns));
        let place = (repeat.id.arm.clone(), repeat.id.workers);
        self.done.entry(place.clone()).or_default().add(repeat);
        self.tells |= tells(repeat);
        for metric in metrics_of(repeat) {
            match &metric {
                Metric::Own(name) => drop(self.own.insert(name.clone())),
                Metric::Items(name) => drop(self.of_items.insert(name.clone())),
                Metric::Throughput => self.has_throughput = true,
            }
            let latest = self.latest.entry(metric).or_default();
            latest.insert(place.clone(), at);
        }
        if self.unit.is_none() {
            self.unit = unit_of(repeat);
        }
    }

    /// The repeats that are not in the sums: the latest.
    fn rest<'a>(&self, repeats: &'a [RepeatState]) -> &'a [RepeatState] {
        repeats.get(self.settled..).unwrap_or_default()
    }

    /// Finished repeats of an arm at a number of workers.
    pub fn done(&self, repeats: &[RepeatState], arm: &str, workers: u32) -> Done {
        let known = self.done.get(&(arm.to_owned(), workers));
        let mut done = known.copied().unwrap_or_default();
        let rest = self.rest(repeats).iter();
        rest.filter(|r| r.id.arm == arm && r.id.workers == workers)
            .for_each(|repeat| done.add(repeat));
        done
    }

    /// When the last finished repeat of some arms was over; `None` where none is finished.
    pub fn ended_ns(
        &self,
        repeats: &[RepeatState],
        is_about: impl Fn(&str, u32) -> bool,
    ) -> Option<u64> {
        let mut all = Done::default();
        let known = self
            .done
            .iter()
            .filter(|((arm, workers), _)| is_about(arm, *workers));
        for (_, done) in known {
            all.count += done.count;
            all.ended_ns = all.ended_ns.max(done.ended_ns);
        }
        let rest = self.rest(repeats).iter();
        rest.filter(|r| is_about(&r.id.arm, r.id.workers))
            .for_each(|repeat| all.add(repeat));
        (all.count > 0).then_some(all.ended_ns)
    }

    /// All finished repeats.
    pub fn all_done(&self, repeats: &[RepeatState]) -> Done {
        let mut all = Done::default();
        for done in self.done.values() {
            all.count += done.count;
            all.ended_ns = all.ended_ns.max(done.ended_ns);
        }
        self.rest(repeats).iter().for_each(|repeat| all.add(repeat));
        all
    }

    /// Whether a repeat has states of slots or of a controller.
    pub fn tells(&self, repeats: &[RepeatState]) -> bool {
        self.tells || self.rest(repeats).iter().any(tells)
    }

    /// Whether there is a curve in any repeat.
    pub fn has_curves(&self, repeats: &[RepeatState]) -> bool {
        let known = self.has_throughput || !self.own.is_empty() || !self.of_items.is_empty();
        known
            || self
                .rest(repeats)
                .iter()
                .any(|r| metrics_of(r).next().is_some())
    }

    /// The metrics that there is a point of, the lab's own first.
    pub fn metrics(&self, repeats: &[RepeatState]) -> Vec<Metric> {
        let mut own: BTreeSet<Metric> = self.own.iter().cloned().map(Metric::Own).collect();
        let of_items = self.of_items.iter().cloned().map(Metric::Items);
        own.extend(of_items);
        own.extend(self.has_throughput.then_some(Metric::Throughput));
        own.extend(self.rest(repeats).iter().flat_map(metrics_of));
        own.into_iter().collect()
    }

    /// What progress counts: the counter of work that came to the same total.
    pub fn unit(&self, repeats: &[RepeatState]) -> String {
        let unit = self.unit.clone();
        let unit = unit.or_else(|| self.rest(repeats).iter().find_map(unit_of));
        unit.unwrap_or_else(|| "units".to_owned())
    }

    /// The latest repeat of an arm at a number of workers that has a metric.
    pub fn latest<'a>(
        &self,
        repeats: &'a [RepeatState],
        (arm, workers): (&str, u32),
        metric: &Metric,
    ) -> Option<&'a RepeatState> {
        let is_it = |r: &&RepeatState| r.id.arm == arm && r.id.workers == workers;
        let latest = self.latest_of_rest(repeats, metric).filter(is_it);
        latest.or_else(|| {
            let places = self.latest.get(metric)?;
            repeats.get(*places.get(&(arm.to_owned(), workers))?)
        })
    }

    /// The latest repeat of all that has a metric.
    pub fn latest_of_all<'a>(
        &self,
        repeats: &'a [RepeatState],
        metric: &Metric,
    ) -> Option<&'a RepeatState> {
        let latest = self.latest_of_rest(repeats, metric);
        latest.or_else(|| repeats.get(*self.latest.get(metric)?.values().max()?))
    }

    fn latest_of_rest<'a>(
        &self,
        repeats: &'a [RepeatState],
        metric: &Metric,
    ) -> Option<&'a RepeatState> {
        let has = |r: &&RepeatState| metrics_of(r).any(|known| known == *metric);
        self.rest(repeats).iter().rev().find(has)
    }
}

fn tells(repeat: &RepeatState) -> bool {
    !repeat.slots.is_empty() || !repeat.states.is_empty()
}

/// The metrics that a repeat has points of. A single stretch of progress makes no curve.
fn metrics_of(repeat: &RepeatState) -> impl Iterator<Item = Metric> {
    let own = repeat
        .curves
        .iter()
        .filter(|(_, points)| !points.is_empty());
    let own = own.map(|(name, _)| Metric::Own(name.clone()));
    let of_items = repeat.item_curves.keys().cloned().map(Metric::Items);
    let throughput = (repeat.progress_points.len() > 1).then_some(Metric::Throughput);
    own.chain(of_items).chain(throughput)
}

fn unit_of(repeat: &RepeatState) -> Option<String> {
    let work = &repeat.finished.as_ref()?.work;
    let mut same = work.iter().filter(|(_, n)| **n == repeat.progress.1);
    same.next().map(|(name, _)| name.clone())
}

#[cfg(test)]
mod tests {
    use workbench_record::{Event, Snapshot};
    use workbench_simulate::{Scenario, events};

    use super::*;

    fn snapshot() -> Snapshot {
        Snapshot::of(&events(Scenario::Training, 7, "run", 1_795_000_000_000))
    }

    #[test]
    fn sums_of_any_beginning_are_those_of_all_its_repeats() {
        for scenario in [Scenario::Gpus, Scenario::Training, Scenario::Dying] {
            let mut snapshot = Snapshot::default();
            let mut past = PastRepeats::default();
            let mut begun = 0_u64;
            for record in events(scenario, 3, "run", 1_795_000_000_000) {
                snapshot.apply(&record);
                let is_of_repeat = matches!(
                    record.event,
                    Event::RepeatStarted(_) | Event::RepeatFinished(_)
                );
                if !is_of_repeat {
                    continue;
                }
                begun += 1;
                let repeats = &snapshot.repeats;
                past.update("run", repeats);
                let finished = repeats.iter().filter(|r| r.finished.is_some()).count();
                assert_eq!(past.all_done(repeats).count as usize, finished);
                assert_eq!(past.tells(repeats), repeats.iter().any(tells));
                let all: BTreeSet<Metric> = repeats.iter().flat_map(metrics_of).collect();
                assert_eq!(past.metrics(repeats), all.into_iter().collect::<Vec<_>>());
                for metric in past.metrics(repeats) {
                    let has = |r: &&RepeatState| metrics_of(r).any(|m| m == metric);
                    let latest = repeats.iter().rev().find(has).map(|r| &r.id);
                    let found = past.latest_of_all(repeats, &metric);
                    assert_eq!(found.map(|r| &r.id), latest);
                }
            }
            assert!(past.visits <= begun, "{} of {begun}", past.visits);
        }
    }

    /// 10,000 repeats, looked at after each of them: no repeat is looked at twice.
    #[test]
    fn each_repeat_is_looked_at_once() {
        let first = snapshot().repeats.swap_remove(0);
        let mut repeats = Vec::new();
        let mut past = PastRepeats::default();
        for repeat in 0..10_000 {
            let id = RepeatId {
                repeat,
                ..first.id.clone()
            };
            repeats.push(RepeatState {
                id,
                ..first.clone()
            });
            past.update("run", &repeats);
        }
        assert_eq!(past.visits, 9_999);
        assert_eq!(past.settled, 9_999);
        // Another run, and a part of this one, are looked at anew.
        past.update("other", &repeats[..10]);
        assert_eq!((past.visits, past.settled), (9_999 + 9, 9));
    }
}
