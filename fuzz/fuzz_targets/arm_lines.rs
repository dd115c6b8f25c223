//! Any bytes as what a program tells: lines that are written again as they were read, or errors;
//! never more than one line in memory, and the same in pieces as in one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use workbench_protocol::arm::{ArmLine, ArmLineError, ArmLines};

fn read(pieces: &[&[u8]]) -> Vec<Result<ArmLine, ArmLineError>> {
    let mut lines = ArmLines::default();
    let mut read = Vec::new();
    for piece in pieces {
        lines.push(piece, |line| read.push(line));
    }
    lines.finish(|line| read.push(line));
    read
}

fuzz_target!(|bytes: &[u8]| {
    let whole = read(&[bytes]);
    let (first, second) = bytes.split_at(bytes.len() / 3);
    assert_eq!(read(&[first, second]), whole);
    for line in whole.into_iter().flatten() {
        if let Ok(text) = serde_json::to_vec(&line) {
            assert_eq!(ArmLine::parse(&text), Ok(line));
        }
    }
});
