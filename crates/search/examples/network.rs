//! ASHA on a made-up network, with one and with four slots, and what TPE adds.
//!
//!     cargo run --release -p workbench-search --example network

#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;

use workbench_search::{
    Asha, Configuration, FullBudget, Leg, NextLeg, RandomSearch, Searcher, Space, Study, Tpe,
    TrialScheduler,
};

const SPACE: &str = "
lr = 'loguniform(1e-4, 1e-1)'
batch = [16, 32, 64, 128]
hidden = 'integer(64, 512)'
optimizer = ['sgd', 'adam']
momentum = 'uniform(0, 1) if optimizer = sgd'
";

fn main() -> Result<(), Box<dyn Error>> {
    let space = Space::from_toml(SPACE)?;
    println!("{space}");
    let trials = 60;
    println!("search         slots  epochs  time  best loss");
    for slots in [1, 4] {
        for name in ["random", "random + ASHA", "TPE + ASHA"] {
            let searcher: Box<dyn Searcher> = match name {
                "TPE + ASHA" => Box::new(Tpe::new(space.clone(), 7)),
                _ => Box::new(RandomSearch::new(space.clone(), 7)),
            };
            let scheduler: Box<dyn TrialScheduler> = match name {
                "random" => Box::new(FullBudget::new(100, trials)?),
                _ => Box::new(Asha::new(10, 100, 2, trials)?),
            };
            let mut study = Study::new(space.clone(), searcher, scheduler, 7);
            let (epochs, time) = run(&mut study, slots);
            let best = study.best().and_then(|best| best.best);
            let best = best.map_or(f64::NAN, workbench_search::FiniteLoss::get);
            println!("{name:14} {slots:5}  {epochs:6}  {time:4}  {best:.4}");
        }
    }
    Ok(())
}

/// Runs the legs of a study, each epoch a unit of time: epochs of all slots, and time.
fn run(study: &mut Study, slots: usize) -> (u64, u64) {
    let mut running: Vec<(Leg, u64)> = Vec::new();
    let (mut epochs, mut time) = (0, 0);
    loop {
        while running.len() < slots {
            let NextLeg::Run(leg) = study.next_leg() else {
                break;
            };
            let from = leg.from.map_or(0, |from| from.budget);
            running.push((leg, from));
        }
        if running.is_empty() {
            return (epochs, time);
        }
        time += 1;
        running.retain_mut(|(leg, epoch)| {
            *epoch += 1;
            epochs += 1;
            study.report(leg.trial, *epoch, loss(&leg.configuration, *epoch));
            let ends = *epoch == leg.to;
            if ends {
                study.saved(leg.trial, *epoch);
            }
            !ends
        });
    }
}

/// What training would give: a curve that falls to a loss of the configuration.
fn loss(with: &Configuration, epoch: u64) -> f64 {
    let number = |name| with.number(name).unwrap_or_default();
    let best_lr: f64 = if with.text("optimizer") == Some("sgd") {
        -1.5
    } else {
        -2.7
    };
    let wrong_lr = (number("lr").log10() - best_lr).powi(2);
    let wrong_momentum = with.number("momentum").map_or(0.1, |m| (m - 0.9).powi(2));
    let floor = 0.2 + 0.1 * wrong_lr + 0.1 * wrong_momentum + 4.0 / number("hidden");
    floor + (1.0 + wrong_lr) * (-(epoch as f64) / number("batch")).exp()
}
