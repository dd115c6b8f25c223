//! A batch that is found by trying: what the worker is asked, and what the run then has.

use std::process::ExitCode;

use workbench_ddp_protocol::{BatchLimit, TrainSpec, TriedBatch, TriedBatches};
use workbench_experiment::lab::ParamValue;

use crate::MISLEADING;
use crate::cases::play;

pub const CASE: (&str, fn()) = (
    "a_batch_that_was_found_is_recorded_as_if_it_was_given",
    case,
);

/// Answers as a worker does that was asked to try batches.
pub fn answer(args: &[String]) -> ExitCode {
    for (name, value) in MISLEADING {
        let set = std::env::var_os(name);
        assert!(set.is_none_or(|set| set != value), "{name} got through");
    }
    let order = args.iter().skip_while(|arg| *arg != "--spec").nth(1);
    let spec: TrainSpec = serde_json::from_str(order.unwrap()).unwrap();
    // Each of two workers has half of the rows.
    assert_eq!((spec.train_rows, spec.tuning.accumulate), (Some(160), 3));
    let processes = args.iter().skip_while(|arg| *arg != "--processes").nth(1);
    assert_eq!(processes.unwrap(), "2");
    let tried = |(batch, ms): (u32, u64)| TriedBatch {
        batch,
        step_ns: ms * 1_000_000,
        peak_bytes: Some(u64::from(batch) << 20),
    };
    let found = TriedBatches {
        tried: [(8, 8), (16, 10), (32, 40)].map(tried).into(),
        limit: BatchLimit::Rows { rows: 160 },
    };
    println!("{}", serde_json::to_string(&found).unwrap());
    ExitCode::SUCCESS
}

fn case() {
    for (wanted, batch, why) in [
        ("fastest", 16, "the fastest per row"),
        ("largest", 32, "the largest that fits"),
    ] {
        let set = [&format!("find_batch={wanted}"), "accumulate=3"];
        let played = play(&["single", "ddp"], &set);
        let params = &played
            .ended
            .snapshot
            .started
            .as_ref()
            .unwrap()
            .config
            .params;
        assert_eq!(params["batch"], ParamValue::Integer(batch), "{wanted}");
        assert_eq!(params["find_batch"], ParamValue::Text("no".to_owned()));
        assert!((played.number("ddp", "batch_per_rank") - batch as f64).abs() < 1e-9);
        played.says(&format!("batch={batch} was found by trying, {why}"));
        played.says("8: 1000 images/s and 8.00 MiB, 16: 1600 images/s");
        played.says("there are 160 training rows");
    }
}
