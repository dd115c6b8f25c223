//! Any text as a fault, and any bytes as the order to train: one that can be written and read
//! again, or a message of one line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use workbench_ddp_protocol::{Fault, ToWorker, TrainSpec};

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = std::str::from_utf8(input) {
        match text.parse::<Fault>() {
            Ok(fault) => assert_eq!(fault.to_string().parse(), Ok(fault)),
            Err(error) => one_line(&error.to_string()),
        }
    }
    if let Ok(ToWorker::Start { order, .. }) = serde_json::from_slice(input) {
        judge(&order);
    }
    if let Ok(spec) = serde_json::from_slice(input) {
        judge(&spec);
    }
});

fn judge(spec: &TrainSpec) {
    for world in [0, 1, 2, u32::MAX] {
        if let Err(error) = spec.check(world) {
            // Paths and faults are quoted as they are read, so only what this program says itself
            // is of one line.
            assert!(!error.to_string().is_empty());
        }
    }
    let text = serde_json::to_string(spec).expect("what was read can be written");
    let again: TrainSpec = serde_json::from_str(&text).expect("what was written can be read");
    assert_eq!(format!("{spec:?}"), format!("{again:?}"));
}

fn one_line(said: &str) {
    assert!(!said.contains(char::is_control), "{said:?}");
}
