//! Recorded learning curves under other schedulers, on 1 to 64 slots.
//!
//!     cargo run --release -p workbench-search --example what_if

#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;

use workbench_search::{
    Asha, FiniteLoss, FullBudget, Hyperband, LearningCurve, LegCosts, LossPoint, MedianRule,
    SimulatedSearch, TrialScheduler, simulate,
};

fn main() -> Result<(), Box<dyn Error>> {
    let curves: Vec<LearningCurve> = (0..100).map(curve).collect();
    println!("scheduler  slots   time  idle  regret  best was stopped at");
    for slots in [1, 2, 8, 64] {
        let schedulers: [(&str, Box<dyn TrialScheduler>); 4] = [
            ("none", Box::new(FullBudget::new(81, 100)?)),
            ("median", Box::new(MedianRule::new(81, 9, 100)?)),
            ("asha", Box::new(Asha::new(1, 81, 3, 100)?)),
            ("hyperband", Box::new(Hyperband::new(1, 81, 3, 100)?)),
        ];
        for (name, mut scheduler) in schedulers {
            let search = simulate(&curves, &mut *scheduler, slots, LegCosts::default())?;
            let stopped = search.best_stopped_at();
            println!(
                "{name:9} {slots:6} {:6.0} {:4.0}% {:7.4}  {}",
                search.makespan_s,
                100.0 * search.idle_share(),
                search.regret().unwrap_or(f64::NAN),
                stopped.map_or_else(|| "-".to_owned(), |budget| budget.to_string()),
            );
        }
    }
    let mut asha = Asha::new(1, 81, 3, 27)?;
    let search = simulate(&curves, &mut asha, 4, LegCosts::default())?;
    println!("\nASHA, 27 trials on 4 slots:");
    draw(&search);
    Ok(())
}

/// A line for each slot: the number of the trial that runs, two letters wide, or dots.
fn draw(search: &SimulatedSearch) {
    let width = 78.0;
    for slot in 0..search.slots {
        let mut line = vec!['.'; 78];
        for leg in search.legs.iter().filter(|leg| leg.slot == slot) {
            let place = |seconds: f64| (seconds / search.makespan_s * width) as usize;
            let name = char::from(b'a' + (leg.trial.0 % 26) as u8);
            line[place(leg.start_s)..place(leg.end_s)].fill(name);
        }
        println!("{slot} {}", line.iter().collect::<String>());
    }
}

/// A trial: how good it gets, how fast, and how long an epoch takes.
fn curve(trial: u64) -> LearningCurve {
    let mixed = |salt: u64| {
        let bits = (trial * 8 + salt + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((bits ^ (bits >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11) as f64
            / (1_u64 << 53) as f64
    };
    let (floor, pace) = (mixed(1), 1.0 + 20.0 * mixed(2));
    let point = |epoch: u64| LossPoint {
        budget: epoch,
        loss: FiniteLoss::new(floor + (-(epoch as f64) / pace).exp()),
        seconds: 1.0 + mixed(3),
    };
    LearningCurve {
        points: (1..=81).map(point).collect(),
    }
}
