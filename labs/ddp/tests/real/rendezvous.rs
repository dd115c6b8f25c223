//! Several runs at once: each trains what it would train alone.

use std::collections::BTreeMap;
use std::thread;

use workbench_experiment::Request;

use crate::common::{is_there, play};

/// Runs side by side, with a seed each.
const RUNS: u64 = 4;
/// How often.
const ROUNDS: usize = 2;

/// The hash of the parameters that a short training with this seed ends with.
fn train(seed: u64) -> String {
    let small = [
        "model=cnn",
        "epochs=1",
        "train_rows=128",
        "test_rows=4",
        "batch=32",
    ];
    let request = Request {
        set: small.map(str::to_owned).into(),
        workers: vec![2].into(),
        repeats: Some(1),
        seed: Some(seed),
        oversubscribe: true,
        until: None,
        control: false,
        ..Request::default()
    };
    let played = play(&request, Some(&["ddp"]));
    played.text("ddp", "parameters_sha256").to_owned()
}

#[test]
fn ranks_of_different_runs_never_meet() {
    if !is_there() {
        return;
    }
    let mut known: BTreeMap<u64, String> = BTreeMap::new();
    for _ in 0..ROUNDS {
        let hashes: Vec<(u64, String)> = thread::scope(|scope| {
            let runs: Vec<_> = (1..=RUNS)
                .map(|seed| (seed, scope.spawn(move || train(seed))))
                .collect();
            runs.into_iter()
                .map(|(seed, run)| (seed, run.join().unwrap()))
                .collect()
        });
        for (seed, hash) in hashes {
            let before = known.entry(seed).or_insert_with(|| hash.clone());
            assert_eq!(*before, hash, "seed {seed}");
        }
    }
    let mut hashes: Vec<&String> = known.values().collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len() as u64, RUNS, "{known:?}");
}
