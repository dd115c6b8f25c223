//! What a decision costs: of schedulers with 10,000 trials behind them, of searchers with 1,000.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use workbench_search::{
    Asha, Configuration, FiniteLoss, GridSearch, Hyperband, LearningCurve, LegCosts, LossPoint,
    MedianRule, NextLeg, NextStep, Pbt, RandomSearch, Searcher, SettingError, Space, Study, Tpe,
    TrialId, TrialScheduler, simulate,
};

/// The space that guides use for a small network.
const SMALL: &str = "lr = 'loguniform(1e-4, 1e-1)'\nbatch = [16, 32, 64, 128]\n\
                     hidden = 'integer(64, 512)'";

/// Parameters of every kind.
const LARGE: &str = "lr = 'loguniform(1e-5, 1)'\noptimizer = ['sgd', 'adam', 'rmsprop']\n\
                     momentum = 'uniform(0, 1) if optimizer = sgd'\ndepth = 'integer(1, 8)'\n\
                     units = 'loginteger(8, 512)'\ndropout = 'quniform(0, 0.5, 0.05)'\n\
                     decay = 'loguniform(1e-6, 1e-2)'\nwarm = 'uniform(0, 1)'\n\
                     size = 'grid(16, 32, 64)'\nnorm = ['none', 'batch', 'layer']";

#[allow(clippy::expect_used, reason = "the spaces above are right")]
fn space(text: &str) -> Space {
    Space::from_toml(text).expect("a space")
}

/// A loss that no decision is easy with.
fn loss(trial: TrialId, budget: u64) -> f64 {
    let mixed = (trial.0 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
    mixed as f64 / (1_u64 << 53) as f64 + 1.0 / budget as f64
}

/// One decision: what a slot is to do, and what becomes of the trial.
fn decide(scheduler: &mut dyn TrialScheduler) {
    let (NextStep::Start { trial, to, .. } | NextStep::Resume { trial, to }) = scheduler.next(true)
    else {
        return;
    };
    if let Some(loss) = FiniteLoss::new(loss(trial, to)) {
        scheduler.report(trial, to, loss);
        scheduler.saved(trial, to);
    }
}

fn boxed<S: TrialScheduler + 'static>(
    scheduler: Result<S, SettingError>,
) -> Option<Box<dyn TrialScheduler>> {
    Some(Box::new(scheduler.ok()?))
}

fn schedulers(criterion: &mut Criterion) {
    let trials = 1 << 40;
    let mut group = criterion.benchmark_group("a decision after 10,000 trials");
    let mut bench = |name: &str, scheduler: Option<Box<dyn TrialScheduler>>| {
        let Some(mut scheduler) = scheduler else {
            return;
        };
        for _ in 0..10_000 {
            decide(&mut *scheduler);
        }
        group.bench_function(name, |bencher| bencher.iter(|| decide(&mut *scheduler)));
    };
    bench("asha", boxed(Asha::new(1, 256, 2, trials)));
    bench("hyperband", boxed(Hyperband::new(1, 256, 2, trials)));
    bench("median", boxed(MedianRule::new(100, 10, trials)));
    bench("pbt of 100", boxed(Pbt::new(100, 1, 1 << 40, 1)));
    bench("pbt of 10,000", boxed(Pbt::new(10_000, 1, 1 << 40, 1)));
    group.finish();
}

/// Tells a searcher of so many trials.
fn told(searcher: &mut dyn Searcher, random: &RandomSearch, trials: u64) {
    for number in 0..trials {
        let trial = TrialId(number);
        let configuration: Configuration = random.configuration(trial);
        searcher.started(trial, &configuration);
        if let Some(loss) = FiniteLoss::new(loss(trial, 1)) {
            searcher.told(trial, 1, loss);
        }
    }
}

fn searchers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a suggestion");
    for (name, text) in [("3 parameters", SMALL), ("10 parameters", LARGE)] {
        let random = RandomSearch::new(space(text), 2);
        for trials in [100, 1000, 10_000] {
            let mut tpe = Tpe::new(space(text), 1);
            told(&mut tpe, &random, trials);
            group.bench_function(format!("tpe, {name}, {trials} trials"), |bencher| {
                bencher.iter(|| black_box(tpe.ask(TrialId(trials))));
            });
        }
        group.bench_function(format!("random, {name}"), |bencher| {
            bencher.iter(|| black_box(random.ask(TrialId(7))));
        });
    }
    if let Ok(grid) = GridSearch::new(space(LARGE), 10, 1) {
        group.bench_function(
            format!("grid of {:e} points", grid.points() as f64),
            |bencher| {
                bencher.iter(|| black_box(grid.ask(TrialId(7))));
            },
        );
    }
    group.finish();
}

/// A whole search with a report after every unit, without training.
fn study(trials: u64) -> Option<usize> {
    let searcher = RandomSearch::new(space(SMALL), 1);
    let scheduler = Asha::new(1, 64, 2, trials).ok()?;
    let mut study = Study::new(space(SMALL), Box::new(searcher), Box::new(scheduler), 1);
    let mut events = 0;
    while let NextLeg::Run(leg) = study.next_leg() {
        let from = leg.from.map_or(0, |from| from.budget);
        for budget in from + 1..=leg.to {
            study.report(leg.trial, budget, loss(leg.trial, budget));
        }
        study.saved(leg.trial, leg.to);
        events += study.take_events().len();
    }
    Some(events)
}

fn studies(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a whole search without training");
    group.sample_size(10);
    for trials in [1000, 10_000] {
        group.bench_function(format!("asha, {trials} trials"), |bencher| {
            bencher.iter(|| black_box(study(trials)));
        });
    }
    group.finish();
}

fn simulations(criterion: &mut Criterion) {
    let point = |trial: u64, budget: u64| LossPoint {
        budget,
        loss: FiniteLoss::new(loss(TrialId(trial), budget)),
        seconds: 1.0 + (trial % 7) as f64 / 7.0,
    };
    let curve = |trial| LearningCurve {
        points: (1..=100).map(|budget| point(trial, budget)).collect(),
    };
    let curves: Vec<LearningCurve> = (0..100).map(curve).collect();
    let mut group = criterion.benchmark_group("a simulation of 100 trials and 100 epochs");
    for slots in [1, 64] {
        group.bench_function(format!("asha on {slots} slots"), |bencher| {
            let asha = || Asha::new(10, 100, 2, 100);
            bencher.iter_batched(
                asha,
                |asha| {
                    let mut asha = asha.ok()?;
                    simulate(&curves, &mut asha, slots, LegCosts::default()).ok()
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(2));
    targets = schedulers, searchers, studies, simulations
}
criterion_main!(benches);
