//! A batch that is found by trying: what the worker is asked, and what the run then has.

use std::cell::Cell;
use std::process::ExitCode;

use workbench_ddp_protocol::{BatchLimit, TrainSpec, TriedBatch, TriedBatches};
use workbench_experiment::lab::{Lab as _, NotTimed, ParamValue};
use workbench_experiment::{Request, resolve};
use workbench_machine::usable_cores;

use crate::MISLEADING;
use crate::cases::{lab, play};

pub const CASE: (&str, fn()) = (
    "a_batch_that_was_found_is_recorded_as_if_it_was_given",
    case,
);

pub const TIMING: (&str, fn()) = ("a_step_is_timed_by_the_worker_while_it_is_wanted", timing);

/// The seed of a set-up whose step is timed, and of one whose worker never answers.
const TIMED: u64 = 4242;
const HANGS: u64 = 4243;

fn timing() {
    let lab = lab();
    let request = Request {
        set: vec!["batch=32".to_owned(), "train_rows=320".to_owned()],
        workers: vec![1].into(),
        ..Request::default()
    };
    let mut config = resolve(lab.definition(), &request, &usable_cores()).unwrap();
    config.seed = TIMED;
    let timed = lab.calibrate(&config, &|| true).unwrap();
    assert_eq!(timed.unit, "step of 32 rows");
    assert!((timed.unit_s - 0.040).abs() < 1e-9, "{timed:?}");
    // A worker that does not answer is ended as soon as nobody waits for it.
    config.seed = HANGS;
    let asked = Cell::new(0);
    let is_wanted = || {
        asked.set(asked.get() + 1);
        asked.get() < 3
    };
    assert_eq!(lab.calibrate(&config, &is_wanted), Err(NotTimed::Unwanted));
}

/// Answers as a worker does that was asked to try batches.
pub fn answer(args: &[String]) -> ExitCode {
    for (name, value) in MISLEADING {
        let set = std::env::var_os(name);
        assert!(set.is_none_or(|set| set != value), "{name} got through");
    }
    let order = args.iter().skip_while(|arg| *arg != "--spec").nth(1);
    let spec: TrainSpec = serde_json::from_str(order.unwrap()).unwrap();
    if spec.seed == HANGS {
        loop {
            std::thread::park();
        }
    }
    if spec.seed == TIMED {
        return say(&[(8, 8), (16, 10), (32, 40)]);
    }
    // Each of two workers has half of the rows.
    assert_eq!((spec.train_rows, spec.tuning.accumulate), (Some(160), 3));
    let processes = args.iter().skip_while(|arg| *arg != "--processes").nth(1);
    assert_eq!(processes.unwrap(), "2");
    say(&[(8, 8), (16, 10), (32, 40)])
}

fn say(all: &[(u32, u64)]) -> ExitCode {
    let tried = |&(batch, ms): &(u32, u64)| TriedBatch {
        batch,
        step_ns: ms * 1_000_000,
        peak_bytes: Some(u64::from(batch) << 20),
    };
    let found = TriedBatches {
        tried: all.iter().map(tried).collect(),
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
