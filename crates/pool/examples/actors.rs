//! Actors: state that handles messages in order, and starts anew after a panic.
//!
//! `cargo run -p workbench-pool --example actors`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::HashMap;
use std::error::Error;

use workbench_pool::{ActorOptions, Pool};

/// Counts words.
#[derive(Default)]
struct Counter {
    counts: HashMap<String, usize>,
}

impl Counter {
    fn add(&mut self, word: &str) -> usize {
        assert!(!word.is_empty(), "an empty word");
        let count = self.counts.entry(word.to_owned()).or_default();
        *count += 1;
        *count
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let pool = Pool::builder().workers(2).build()?;
    let options = ActorOptions {
        name: "counter".into(),
        max_restarts: 1,
        ..ActorOptions::default()
    };
    let counter = pool.actor_with(options, Counter::default);

    // Messages are handled one at a time, in the order in which they are sent: no lock is needed.
    let words = ["to", "be", "or", "not", "to", "be"];
    let counts: Vec<_> = words
        .map(|word| counter.call(move |state| state.add(word)))
        .into();
    for (word, count) in words.iter().zip(&counts) {
        println!("{word}: {}", *count.get()?);
    }

    // A panic fails its message. The next message finds a newly built state.
    let failed = counter.call(|state| state.add(""));
    if let Err(error) = failed.get() {
        println!("{error}");
    }
    let again = counter.call(|state| state.add("to"));
    println!("after the restart, to: {}", *again.get()?);
    Ok(())
}
