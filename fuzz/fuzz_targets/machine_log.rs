//! Any bytes as a recording of a machine: looks that can be read by their numbers, or a reason why
//! it is none.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use workbench_monitor::StateLog;

fuzz_target!(|input: &[u8]| {
    let Ok(mut log) = StateLog::read(Cursor::new(input)) else {
        return;
    };
    assert!(!log.times.is_empty() && log.times.is_sorted());
    for number in 0..log.times.len() {
        if let Ok(state) = log.state(number) {
            let json = serde_json::to_vec(&state).expect("what was read can be written");
            let again: serde_json::Value = serde_json::from_slice(&json).expect("and read again");
            assert_eq!(again["unix_ms"], state.unix_ms);
        }
    }
    assert!(log.state(log.times.len()).is_err());
});
