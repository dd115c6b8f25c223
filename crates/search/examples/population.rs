//! Population based training: the schedule of learning rates that the best member went through.
//!
//!     cargo run --release -p workbench-search --example population

#![allow(clippy::print_stdout, reason = "an example")]

use std::collections::BTreeMap;
use std::error::Error;

use workbench_search::{NextLeg, Pbt, RandomSearch, Space, Study};

fn main() -> Result<(), Box<dyn Error>> {
    let space = Space::from_toml("lr = 'loguniform(1e-4, 1)'")?;
    let searcher = RandomSearch::new(space.clone(), 1);
    // 10 members, compared every 4 of 60 epochs.
    let scheduler = Pbt::new(10, 4, 60, 1)?;
    let mut study = Study::new(space, Box::new(searcher), Box::new(scheduler), 1);
    let mut states = BTreeMap::new();
    while let NextLeg::Run(leg) = study.next_leg() {
        let lr = leg.configuration.number("lr").unwrap_or_default();
        let from = leg.from.map_or(0, |from| from.budget);
        let saved = leg
            .from
            .and_then(|from| states.get(&(from.trial, from.budget)));
        let mut loss = saved.copied().unwrap_or(1.0);
        for epoch in from + 1..=leg.to {
            // The best rate falls while training goes on.
            let best = -0.5 - 2.0 * epoch as f64 / 60.0;
            loss *= 1.0 - 0.1 * (-4.0 * (lr.log10() - best).powi(2)).exp();
            study.report(leg.trial, epoch, loss);
        }
        states.insert((leg.trial, leg.to), loss);
        study.saved(leg.trial, leg.to);
    }
    let copies = study.trials().iter().filter(|trial| trial.parent.is_some());
    println!(
        "{} trials, {} of them copies",
        study.trials().len(),
        copies.count()
    );
    let mut line = Vec::new();
    let mut trial = study.best();
    let mut until = 60;
    while let Some(known) = trial {
        let from = known.parent.map_or(0, |parent| parent.budget);
        let (id, with) = (known.id, &known.configuration);
        line.push(format!("epoch {from:2} to {until:2}, trial {id:2}: {with}"));
        until = from;
        trial = known.parent.and_then(|parent| study.trial(parent.trial));
    }
    line.reverse();
    println!("{}", line.join("\n"));
    if let Some(best) = study.best().and_then(|best| best.best) {
        println!("loss {best:.4}");
    }
    Ok(())
}
