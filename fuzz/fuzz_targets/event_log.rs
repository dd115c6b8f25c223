//! Any bytes as an event log: a log or a one-line message, and whatever is read folds into a
//! result without panicking.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use workbench_record::{Snapshot, parse_log};
use workbench_report::{Format, render};
use workbench_result::compute;

fuzz_target!(|bytes: &[u8]| {
    match parse_log(bytes, Path::new("events.jsonl")) {
        Ok(log) => {
            assert!(!log.records.is_empty());
            assert!(log.whole_bytes + log.cut_bytes <= bytes.len() as u64);
            let snapshot = Snapshot::of(&log.records);
            let result = compute(&snapshot).expect("a log that is accepted has a first event");
            for arm in &result.arms {
                let lost = arm.lost_s;
                for part in lost.by_cause() {
                    assert!(part >= -1e-6, "{lost:?}");
                }
            }
            for format in [Format::Json, Format::Csv, Format::Markdown] {
                let _ = render(format, &result, &snapshot, None);
            }
        }
        Err(error) => assert!(!error.to_string().contains(char::is_control), "{error:?}"),
    }
});
