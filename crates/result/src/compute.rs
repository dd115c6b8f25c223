//! Computes the result document from the fold of a run's events. Every number in the document is
//! computed here or in [`workbench_stats`], from the events alone, so a killed or old run gives the
//! same document.

use super::alike;
use super::analyses;
use super::bound::{ideal, slots_at_once};
use super::check::check;
use super::diagnose::diagnose;
use super::disturbed;
use super::document::{
    ArmResult, ArmSource, Asked, Instrument, LostSeconds, MadeBy, Predicted, RunResult, SCHEMA,
};
use super::inflation::median_usage;
use super::items;
use super::messages;
use super::opaque;
use super::race::{Race, race};
use super::scaling::scaling;
use super::tools::{judged, tools};
use super::verdict::{noise, precision};
use super::warn::caveats;
use super::what_if::{durations, what_if};
use workbench_clock::seconds;
use workbench_digest::Hasher;
use workbench_machine::MachineFacts;
use workbench_machine::monitor::ResourceUse;
use workbench_record::{
    ArmFacts, ArmFailure, Finding, Made, RepeatState, RunConfig, RunStarted, Severity, Snapshot,
};
use workbench_stats::interval::{self, Speedup};
use workbench_stats::lost_time::{self, LostTime};
use workbench_stats::schedule::{self, Order};
use workbench_stats::{descriptive, scaling as laws};

/// Slots whose cores are looked at one by one.
const MOST_SLOTS: u32 = 1 << 16;

/// The result of a run so far; `None` when the log has no first event.
pub fn compute(snapshot: &Snapshot) -> Option<RunResult> {
    let started = snapshot.started.as_deref()?;
    let config = &started.config;
    let race = race(snapshot, started);
    let check = check(snapshot, started, race.as_ref());
    let base = started.arms.first()?;
    let machine = machine(snapshot, started);
    let context = Context {
        snapshot,
        started,
        machine: &machine,
        base,
        race: race.as_ref(),
        comparable: check.passed(),
    };
    let arms = context.arms();
    let mut result = RunResult {
        schema: SCHEMA,
        run_id: started.run_id.clone(),
        lab: config.lab.clone(),
        lab_title: started.lab_title.clone(),
        preset: config.preset.clone(),
        seed: config.seed,
        command: config.command.clone(),
        started_at: time(started.unix_ms),
        status: snapshot.status,
        parameters: config.params.clone(),
        data: config.data.clone(),
        data_sha256: started.data_sha256.clone(),
        software: started.software.clone(),
        repeats: snapshot.tally.repeats,
        precision: precision(&arms, started, snapshot),
        noise: noise(&arms),
        asked: asked(config),
        failed_arms: failed_arms(snapshot, started),
        machine,
        made: snapshot.made().iter().map(made_by).collect(),
        base: base.name.clone(),
        comparison: snapshot.comparison.clone(),
        lab_facts: started.lab_facts.clone(),
        what_if: what_if(snapshot, started),
        scaling: scaling(&arms, started, snapshot),
        tools: tools(&arms, (snapshot, started), check.passed()),
        arms,
        race,
        sources: sources(started),
        check,
        left_out: disturbed::left_out(snapshot),
        disturbances: disturbed::causes(snapshot),
        instrument: instrument(snapshot),
        diagnoses: Vec::new(),
        warnings: Vec::new(),
        notes: Vec::new(),
        fingerprint: None,
    };
    (result.notes, result.warnings) = findings(&result, snapshot);
    result.diagnoses = diagnose(&result).iter().map(messages::diagnosis).collect();
    Some(result)
}

fn asked(config: &RunConfig) -> Asked {
    Asked {
        arms: config.arms.clone(),
        workers: config.workers.clone(),
    }
}

/// The findings of a run, those that put no number in doubt apart from the warnings: differences
/// between the arms, how the run ended, findings recorded while it ran, and what follows from its
/// numbers.
fn findings(result: &RunResult, snapshot: &Snapshot) -> (Vec<Finding>, Vec<Finding>) {
    let (before, after) = caveats(result, snapshot);
    let recorded = snapshot.findings.iter().map(|(_, finding)| finding);
    let mut all = messages::log::unreadable(&snapshot.damage, &result.run_id);
    all.extend(messages::log::kept_apart(&snapshot.made()));
    all.extend(messages::log::rebooted(snapshot));
    all.extend(result.check.differences.iter().cloned());
    all.extend(before.iter().map(messages::caveat));
    if let Some(race) = &result.race {
        let found = messages::race::findings(race, &result.base, &result.lab_facts);
        all.extend(found);
    }
    all.extend(disturbed::findings(result));
    all.extend(alike::folded(recorded));
    all.extend(after.iter().map(messages::caveat));
    let is_note = |found: &Finding| found.severity == Severity::Note;
    all.into_iter().partition(is_note)
}

/// The machine on which the repeats that count were made.
fn machine(snapshot: &Snapshot, started: &RunStarted) -> MachineFacts {
    let made = snapshot.made();
    let by = made.first().and_then(|made| made.by);
    by.map_or(&started.machine, |start| &start.machine).clone()
}

fn made_by(made: &Made<'_>) -> MadeBy {
    let machine = made.by.map(|start| &start.machine);
    MadeBy {
        started_at: made.by.map(|start| time(start.unix_ms)),
        program: machine.map(MachineFacts::program_name),
        cpu_model: machine.map(|facts| facts.cpu_model.clone()),
        cores_usable: machine.map(|facts| facts.cores_usable),
        repeats: made.repeats.len() as u32,
    }
}

fn time(unix_ms: u64) -> String {
    let time = jiff::Timestamp::from_millisecond(unix_ms.cast_signed());
    time.unwrap_or_default().to_string()
}

/// The arms that failed, in the lab's order.
fn failed_arms(snapshot: &Snapshot, started: &RunStarted) -> Vec<ArmFailure> {
    let failure = |arm: &ArmFacts| Some(snapshot.failed_arms.get(&arm.name)?.1.clone());
    started.arms.iter().filter_map(failure).collect()
}

/// The numbers of workers at which an arm runs: a serial arm has one slot.
pub fn workers_of(arm: &ArmFacts, workers: &[u32]) -> Vec<u32> {
    arm.workers_of(workers)
}

struct Context<'a> {
    snapshot: &'a Snapshot,
    started: &'a RunStarted,
    /// The machine of the repeats that count.
    machine: &'a MachineFacts,
    base: &'a ArmFacts,
    /// How the arms compare on their way to a goal, where they are compared so.
    race: Option<&'a Race>,
    comparable: bool,
}

impl Context<'_> {
    fn arm(&self, arm: &ArmFacts, workers: u32) -> Option<ArmResult> {
        let repeats = self.snapshot.finished(&arm.name, workers);
        let median = self.snapshot.median_repeat(&arm.name, workers)?;
        let outcome = median.finished.as_deref()?;
        let wall_s: Vec<f64> = repeats.iter().map(|r| seconds(r.wall_ns())).collect();
        let finished = repeats.iter().filter_map(|r| r.finished.as_deref());
        let cpu_s = finished.map(|f| seconds(f.cpu_ns)).collect();
        let compared = self.speedup(&arm.name, workers, &repeats);
        let speedup = compared.map(|s| s.ratio);
        let durations = durations(median);
        let items = items::of(median);
        let lost = self.lost_time(arm, &repeats, workers);
        Some(judged(ArmResult {
            name: arm.name.clone(),
            title: arm.title.clone(),
            control: arm.control,
            peer: arm.peer.is_some(),
            workers,
            oversubscribed: f64::from(workers) > self.machine.cores_usable,
            wall_median_s: descriptive::median(&wall_s)?,
            wall_s,
            cpu_s,
            speedup,
            speedup_interval: compared.and_then(|s| s.interval),
            efficiency: speedup
                .filter(|_| !self.is_slot_for_slot())
                .and_then(|s| laws::efficiency(s, f64::from(workers))),
            ideal: (!self.is_slot_for_slot()).then(|| self.ideal(workers)),
            bound: match opaque::cpu_s(median) {
                Some(_) => opaque::bound(workers, self.ideal(workers), speedup),
                None => self.bound(&durations, workers),
            },
            predicted: (arm.parallel && self.is_schedulable())
                .then(|| self.predicted(&durations, workers))
                .flatten(),
            karp_flatt: speedup
                .filter(|_| self.has_equal_work())
                .and_then(|s| laws::karp_flatt(s, f64::from(workers))),
            useful_s: lost.useful,
            lost_s: lost_seconds(&lost),
            tasks: durations.len() as u64,
            work: outcome.work.clone(),
            quality: outcome.quality.clone(),
            usage: usage(&repeats),
            breakdown: outcome.breakdown.clone(),
            analysis: analyses::of_repeats(outcome.analysis.as_ref(), &repeats),
            time_by_size: items::time_by_size(&items, &self.started.lab_facts),
            outputs_sha256: outputs_hash(median),
            items,
        }))
    }

    /// Every arm at every number of workers.
    fn arms(&self) -> Vec<ArmResult> {
        let arms = self.started.arms.iter().flat_map(|arm| {
            let workers = workers_of(arm, &self.started.config.workers).into_iter();
            workers.filter_map(|workers| self.arm(arm, workers))
        });
        arms.collect()
    }

    /// Whether an arm is compared with the base on as many slots, so that neither an ideal nor an
    /// efficiency says anything.
    fn is_slot_for_slot(&self) -> bool {
        self.race.is_some() && self.base.parallel
    }

    /// The repeats of the base that an arm on so many slots is compared with.
    fn base_repeats(&self, workers: u32) -> Vec<&RepeatState> {
        let workers = if self.is_slot_for_slot() { workers } else { 1 };
        self.snapshot.finished(&self.base.name, workers)
    }

    /// The most that any work can gain from so many slots.
    fn ideal(&self, workers: u32) -> f64 {
        ideal(workers, self.machine, &self.snapshot.comparison)
    }

    /// Whether another order of an arm's tasks would have given the same outcome.
    fn is_schedulable(&self) -> bool {
        !self.snapshot.comparison.lockstep && self.has_equal_work()
    }

    fn has_equal_work(&self) -> bool {
        self.snapshot.comparison.basis.needs_equal_work()
    }

    /// Tasks in lockstep can be split arbitrarily, so only slots and cores bound the speed-up.
    /// Where arms do different work, the tasks of one arm do not bound its speed-up over another.
    fn bound(&self, durations: &[f64], workers: u32) -> Option<f64> {
        if !self.has_equal_work() {
            return None;
        }
        let ideal = self.ideal(workers);
        if self.snapshot.comparison.lockstep {
            return Some(ideal);
        }
        let limit = if let Some(durations) = self.durations_on_fastest(durations.len()) {
            schedule::limit(&durations)
        } else {
            let slowest = self.machine.fastest_cores(workers.min(MOST_SLOTS)).pop();
            schedule::limit(durations).map(|limit| limit / slowest.unwrap_or(1.0))
        };
        Some(limit?.min(ideal))
    }

    /// On cores of different speed a task lasts longer where its core is slow. The base runs on one
    /// core, the fastest, so where it did the same tasks, these are their durations there.
    fn durations_on_fastest(&self, tasks: usize) -> Option<Vec<f64>> {
        self.machine.core_speeds.as_ref()?;
        let base = self.started.arms.first()?;
        let base = durations(self.snapshot.median_repeat(&base.name, 1)?);
        (base.len() == tasks).then_some(base)
    }

    /// What list scheduling makes of the tasks on the slots that can run at once, on the fastest
    /// cores.
    fn predicted(&self, durations: &[f64], workers: u32) -> Option<Predicted> {
        let (machine, comparison) = (self.machine, &self.snapshot.comparison);
        let at_once = slots_at_once(workers, machine, comparison);
        // More slots than tasks stay empty.
        let slots = (at_once.ceil() as u32).min(durations.len().max(1) as u32);
        let on_fastest = self.durations_on_fastest(durations.len());
        let durations = on_fastest.as_deref().unwrap_or(durations);
        let speeds = machine.fastest_cores(slots);
        // Only a part of a core lowers what whole cores give.
        let most = if at_once.fract() > 0.0 {
            ideal(workers, machine, comparison)
        } else {
            f64::INFINITY
        };
        let speedup = |order| schedule::speedup_on(durations, order, &speeds).map(|s| s.min(most));
        Some(Predicted {
            fifo: speedup(Order::Fifo)?,
            longest_first: speedup(Order::LongestFirst)?,
        })
    }

    /// `None` when arms may not be compared or the base is missing.
    fn speedup(&self, name: &str, workers: u32, repeats: &[&RepeatState]) -> Option<Speedup> {
        if self.base.name == name {
            return Some(Speedup {
                ratio: 1.0,
                interval: None,
            });
        }
        if !self.comparable {
            return None;
        }
        let base_repeats = self.base_repeats(workers);
        if let Some(race) = self.race {
            return race.speedup((self.base, &base_repeats), (name, workers, repeats));
        }
        // Only repeats that both arms have finished form pairs; in an interrupted run the base can
        // have one more.
        let pairs: Vec<(f64, f64)> = base_repeats
            .iter()
            .filter_map(|base| {
                let arm = repeats.iter().find(|r| r.id.repeat == base.id.repeat)?;
                Some((seconds(base.wall_ns()), seconds(arm.wall_ns())))
            })
            .collect();
        let (base, arm): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        interval::speedup(&base, &arm).ok()
    }

    /// The split of the repeat with the median wall time, or the mean of the middle two.
    fn lost_time(&self, arm: &ArmFacts, repeats: &[&RepeatState], workers: u32) -> LostTime {
        let base = middle(&self.base_repeats(workers));
        let splits: Vec<LostTime> = middle(repeats)
            .iter()
            .map(|repeat| {
                // Until the base has run, and where arms do different work, the only measure of
                // useful work is the arm's own work. The same holds where the base's CPU time is
                // not recorded, and where the arm has another engine than the base.
                let of_base = mean_of(&base, opaque::work_cpu_s);
                let alike = arm.peer.is_none() && self.has_equal_work();
                let useful = if alike && of_base > 0.0 {
                    of_base
                } else {
                    opaque::work_cpu_s(repeat)
                };
                split(repeat, workers, useful)
            })
            .collect();
        let mean = |part: fn(&LostTime) -> f64| {
            descriptive::total(splits.iter().map(part)) / splits.len().max(1) as f64
        };
        LostTime {
            overhead: mean(|s| s.overhead),
            imbalance: mean(|s| s.imbalance),
            waiting: mean(|s| s.waiting),
            inflation: mean(|s| s.inflation),
            no_core: mean(|s| s.no_core),
            useful: mean(|s| s.useful),
        }
    }
}

fn lost_seconds(lost: &LostTime) -> LostSeconds {
    LostSeconds {
        overhead: lost.overhead,
        imbalance: lost.imbalance,
        waiting: lost.waiting,
        inflation: lost.inflation,
        no_core: lost.no_core,
    }
}

/// What a repeat of an arm used, as medians.
fn usage(repeats: &[&RepeatState]) -> Option<ResourceUse> {
    let usages = repeats
        .iter()
        .filter_map(|repeat| repeat.finished.as_ref()?.usage.as_ref());
    median_usage(&usages.collect::<Vec<_>>())
}

fn split(repeat: &RepeatState, workers: u32, useful_cpu_s: f64) -> LostTime {
    if let Some(cpu_s) = opaque::cpu_s(repeat) {
        let slots_s = f64::from(workers) * seconds(repeat.wall_ns());
        return lost_time::split_by_cpu(slots_s, cpu_s, useful_cpu_s);
    }
    let spans: Vec<lost_time::Span> = repeat
        .tasks
        .iter()
        .map(|task| lost_time::Span {
            slot: task.slot,
            ready_ns: task.ready_ns,
            started_ns: task.started_ns,
            finished_ns: task.finished_ns,
            cpu_ns: task.cpu_ns,
            core_wait_ns: task.core_wait_ns,
        })
        .collect();
    lost_time::split(&lost_time::LostTimeInput {
        workers,
        started_ns: repeat.started_ns,
        wall_ns: repeat.wall_ns(),
        spans: &spans,
        useful_cpu_s,
    })
}

/// The repeat with the median wall time, or the middle two.
fn middle<'a>(repeats: &[&'a RepeatState]) -> Vec<&'a RepeatState> {
    let mut sorted = repeats.to_vec();
    sorted.sort_by_key(|r| r.wall_ns());
    let n = sorted.len();
    match n {
        0 => sorted,
        _ if n % 2 == 1 => vec![sorted[n / 2]],
        _ => vec![sorted[n / 2 - 1], sorted[n / 2]],
    }
}

fn mean_of(repeats: &[&RepeatState], figure: fn(&RepeatState) -> f64) -> f64 {
    descriptive::total(repeats.iter().map(|r| figure(r))) / repeats.len().max(1) as f64
}

fn outputs_hash(repeat: &RepeatState) -> String {
    let mut hash = Hasher::default();
    for item in repeat.finished.iter().flat_map(|f| &f.items) {
        hash.update(item.name.as_bytes());
        hash.update([0]);
        hash.update(item.sha256.as_bytes());
        hash.update([b'\n']);
    }
    hash.finish()
}

fn sources(started: &RunStarted) -> Vec<ArmSource> {
    let source = |arm: &ArmFacts| {
        Some(ArmSource {
            arm: arm.name.clone(),
            source: arm.source.clone()?,
        })
    };
    started.arms.iter().filter_map(source).collect()
}

fn instrument(snapshot: &Snapshot) -> Instrument {
    let finished = || {
        snapshot
            .repeats
            .iter()
            .filter_map(|r| r.finished.as_deref())
    };
    let sampled = descriptive::total(finished().map(|f| seconds(f.instrument_cpu_ns)));
    let drawn = descriptive::total(finished().map(|f| seconds(f.screen_cpu_ns)));
    // A killed run has no last event; then the values of its repeats are used.
    let cpu_s = seconds(snapshot.instrument_cpu_ns).max(sampled);
    let screen_cpu_s = seconds(snapshot.screen_cpu_ns).max(drawn);
    let wall = seconds(snapshot.now_ns).max(1e-9);
    Instrument {
        cpu_s,
        share_of_one_core: cpu_s / wall,
        screen_cpu_s,
        screen_share_of_one_core: screen_cpu_s / wall,
    }
}
