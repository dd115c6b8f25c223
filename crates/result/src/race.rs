//! Arms that come nearer to a goal while they run: when each reached the target, how far each was
//! after equal time and after equal work, and how likely one is ahead of another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workbench_clock::seconds;
use workbench_json::Floats;
use workbench_record::{ArmFacts, Basis, CurvePoint, Direction, RepeatState, RunStarted, Snapshot};
use workbench_stats::descriptive;
use workbench_stats::interval::{self, Interval, Speedup, median_interval};

/// How arms compare that work towards a goal, by a curve that each repeat has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Race {
    /// The curve.
    pub metric: String,
    /// On which side of a value the better ones lie.
    pub direction: Direction,
    /// The value to reach; null where no repeat of the base has a curve.
    #[serde(default, with = "Floats::<Option<f64>>")]
    pub target: Option<f64>,
    /// Whether the target is what every repeat of the base reached; otherwise it was given.
    pub target_of_base: bool,
    /// The shortest wall time of a repeat, in seconds: arms are compared at that time.
    #[serde(with = "Floats::<f64>")]
    pub equal_time_s: f64,
    /// The fewest steps of a repeat's curve: arms are compared after so much work.
    pub equal_steps: u64,
    /// One entry per arm and number of workers.
    pub arms: Vec<RaceArm>,
}

/// One arm in a race.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RaceArm {
    /// The arm.
    pub arm: String,
    /// Number of slots.
    pub workers: u32,
    /// When each repeat reached the target, in seconds; null where it never did (censored), or
    /// there is no target.
    #[serde(with = "Floats::<Vec<Option<f64>>>")]
    pub to_target_s: Vec<Option<f64>>,
    /// How many repeats reached it.
    pub reached: u32,
    /// The median of those times, where a repeat that never reached the target counts as later than
    /// all others; null where that is half of them or more.
    #[serde(default, with = "Floats::<Option<f64>>")]
    pub to_target_median_s: Option<f64>,
    /// The curve's values at the end of each repeat.
    pub at_end: RaceLevel,
    /// Those after the same time.
    pub at_equal_time: RaceLevel,
    /// Those after the same work.
    pub at_equal_steps: RaceLevel,
    /// The share of pairs of a repeat of this arm and one of the base in which this one is better
    /// after the same time; equal ones count half. Null for the base.
    #[serde(default, with = "Floats::<Option<f64>>")]
    pub better_than_base: Option<f64>,
    /// How many pairs those are; 0 for the base, and in results of older versions.
    #[serde(default)]
    pub pairs_with_base: u32,
}

/// Values of a curve, one for each repeat.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RaceLevel {
    /// The values; null where the curve had not begun.
    #[serde(with = "Floats::<Vec<Option<f64>>>")]
    pub values: Vec<Option<f64>>,
    /// Their median; one that is missing counts as the worst.
    #[serde(default, with = "Floats::<Option<f64>>")]
    pub median: Option<f64>,
    /// The interval of the median; null with fewer than two values, or where one is missing.
    pub interval: Option<Interval>,
}

impl Race {
    /// An arm at a number of workers.
    pub fn arm(&self, name: &str, workers: u32) -> Option<&RaceArm> {
        let is_it = |arm: &&RaceArm| arm.arm == name && arm.workers == workers;
        self.arms.iter().find(is_it)
    }
}

impl Race {
    /// The speed-up of an arm against the base on the way to the target, paired by repeat; `None`
    /// where a repeat of either never reached it. Repeats are those of the arm, in order.
    pub(super) fn speedup(
        &self,
        (base, base_repeats): (&ArmFacts, &[&RepeatState]),
        (name, workers, repeats): (&str, u32, &[&RepeatState]),
    ) -> Option<Speedup> {
        let slots = if base.parallel { workers } else { 1 };
        let of_base = self.arm(&base.name, slots)?;
        let of_arm = self.arm(name, workers)?;
        let mut pairs = Vec::new();
        for (base, base_s) in base_repeats.iter().zip(&of_base.to_target_s) {
            let mut arms = repeats.iter().zip(&of_arm.to_target_s);
            if let Some((_, arm_s)) = arms.find(|(arm, _)| arm.id.repeat == base.id.repeat) {
                pairs.push(((*base_s)?, (*arm_s)?));
            }
        }
        let (base, arm): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        interval::speedup(&base, &arm).ok()
    }
}

impl RaceArm {
    /// How many repeats never reached the target.
    pub fn censored(&self) -> u32 {
        self.to_target_s.len() as u32 - self.reached
    }
}

/// The curve of a repeat by which it is judged, and what is asked of it.
#[derive(Clone, Copy)]
struct Goal<'a> {
    metric: &'a str,
    direction: Direction,
}

impl Goal<'_> {
    fn curve<'r>(&self, repeat: &'r RepeatState) -> &'r [CurvePoint] {
        repeat.curves.get(self.metric).map_or(&[], Vec::as_slice)
    }

    /// Whether the first value is better than the second.
    fn is_better(&self, one: f64, other: f64) -> bool {
        match self.direction {
            Direction::AtLeast => one > other,
            Direction::AtMost => one < other,
        }
    }

    /// When a repeat had reached the target, in seconds since its start.
    fn reached_s(&self, repeat: &RepeatState, target: Option<f64>) -> Option<f64> {
        let target = target?;
        let mut points = self.curve(repeat).iter();
        let first = points.find(|point| self.direction.reached(point.value, target))?;
        Some(since_start(repeat, first))
    }

    /// The last value for which `is_by_then` holds.
    fn at(&self, repeat: &RepeatState, is_by_then: impl Fn(&CurvePoint) -> bool) -> Option<f64> {
        let points = self.curve(repeat).iter();
        points
            .take_while(|point| is_by_then(point))
            .last()
            .map(|point| point.value)
    }

    fn level(&self, values: Vec<Option<f64>>) -> RaceLevel {
        let worst = match self.direction {
            Direction::AtLeast => f64::NEG_INFINITY,
            Direction::AtMost => f64::INFINITY,
        };
        let filled: Vec<f64> = values.iter().map(|value| value.unwrap_or(worst)).collect();
        let known: Option<Vec<f64>> = values.iter().copied().collect();
        RaceLevel {
            median: descriptive::median(&filled).filter(|median| median.is_finite()),
            interval: known.and_then(|known| median_interval(&known)),
            values,
        }
    }
}

fn since_start(repeat: &RepeatState, point: &CurvePoint) -> f64 {
    seconds(point.t_ns.saturating_sub(repeat.started_ns))
}

/// The repeats of every arm at every number of workers.
type Entries<'a> = Vec<(&'a ArmFacts, u32, Vec<&'a RepeatState>)>;

/// The race of a run; `None` where its arms are compared in another way.
pub(super) fn race(snapshot: &Snapshot, started: &RunStarted) -> Option<Race> {
    let Basis::TimeOnCurve {
        metric,
        target: given,
        direction,
    } = &snapshot.comparison.basis
    else {
        return None;
    };
    let goal = Goal {
        metric,
        direction: *direction,
    };
    let entries: Entries<'_> = started
        .arms
        .iter()
        .flat_map(|arm| {
            let workers = arm.workers_of(&started.config.workers).into_iter();
            workers.map(move |workers| (arm, workers, snapshot.finished(&arm.name, workers)))
        })
        .filter(|(.., repeats)| !repeats.is_empty())
        .collect();
    let base = &started.arms.first()?.name;
    let of_base = entries.iter().filter(|(arm, ..)| arm.name == *base);
    let ends: Option<Vec<f64>> = of_base
        .flat_map(|(.., repeats)| repeats)
        .map(|repeat| goal.at(repeat, |_| true))
        .collect();
    // The worst of them, so that every repeat of the base has reached it.
    let reached = ends.and_then(|ends| {
        ends.into_iter().reduce(|worst, end| {
            if goal.is_better(end, worst) {
                worst
            } else {
                end
            }
        })
    });
    let all = || entries.iter().flat_map(|(.., repeats)| repeats);
    let equal_ns = all().map(|repeat| repeat.wall_ns()).min()?;
    let steps = all().filter_map(|repeat| goal.curve(repeat).last());
    let equal_steps = steps.map(|point| point.step).min().unwrap_or_default();
    let mut race = Race {
        metric: metric.clone(),
        direction: *direction,
        target: given.or(reached),
        target_of_base: given.is_none(),
        equal_time_s: seconds(equal_ns),
        equal_steps,
        arms: Vec::new(),
    };
    race.arms = entries
        .iter()
        .map(|entry| race_arm(entry, goal, &race))
        .collect();
    compare_with_base(&mut race, started, goal);
    Some(race)
}

fn race_arm(
    (arm, workers, repeats): &(&ArmFacts, u32, Vec<&RepeatState>),
    goal: Goal<'_>,
    race: &Race,
) -> RaceArm {
    let each = |value: &dyn Fn(&RepeatState) -> Option<f64>| -> Vec<Option<f64>> {
        repeats.iter().map(|repeat| value(repeat)).collect()
    };
    let to_target_s = each(&|repeat| goal.reached_s(repeat, race.target));
    let times: Vec<f64> = to_target_s
        .iter()
        .map(|at| at.unwrap_or(f64::INFINITY))
        .collect();
    let by_time = |repeat: &RepeatState| {
        goal.at(repeat, |point| {
            since_start(repeat, point) <= race.equal_time_s
        })
    };
    RaceArm {
        arm: arm.name.clone(),
        workers: *workers,
        reached: to_target_s.iter().flatten().count() as u32,
        to_target_median_s: descriptive::median(&times).filter(|median| median.is_finite()),
        to_target_s,
        at_end: goal.level(each(&|repeat| goal.at(repeat, |_| true))),
        at_equal_time: goal.level(each(&by_time)),
        at_equal_steps: goal.level(each(&|repeat| {
            goal.at(repeat, |point| point.step <= race.equal_steps)
        })),
        better_than_base: None,
        pairs_with_base: 0,
    }
}

/// How likely an arm is ahead of the base: the Mann–Whitney statistic over the number of pairs.
fn compare_with_base(race: &mut Race, started: &RunStarted, goal: Goal<'_>) {
    let Some(base) = started.arms.first() else {
        return;
    };
    let of_base: Vec<(u32, Vec<Option<f64>>)> = race
        .arms
        .iter()
        .filter(|arm| arm.arm == base.name)
        .map(|arm| (arm.workers, arm.at_equal_time.values.clone()))
        .collect();
    for arm in race.arms.iter_mut().filter(|arm| arm.arm != base.name) {
        let workers = if base.parallel { arm.workers } else { 1 };
        let against = of_base.iter().find(|(of, _)| *of == workers);
        let Some((_, against)) = against else {
            continue;
        };
        let mut won = 0.0;
        for one in &arm.at_equal_time.values {
            for other in against {
                won += match (one, other) {
                    (Some(one), Some(other)) if goal.is_better(*one, *other) => 1.0,
                    (Some(one), Some(other)) if goal.is_better(*other, *one) => 0.0,
                    (Some(_), None) => 1.0,
                    (None, Some(_)) => 0.0,
                    (Some(_), Some(_)) | (None, None) => 0.5,
                };
            }
        }
        let pairs = arm.at_equal_time.values.len() * against.len();
        arm.pairs_with_base = pairs as u32;
        arm.better_than_base = (pairs > 0).then(|| won / pairs as f64);
    }
}
