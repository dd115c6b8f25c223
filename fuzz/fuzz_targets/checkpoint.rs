//! Any bytes as a checkpoint: one that is written again byte for byte as it can be read, or a
//! one-line message. Once as they are, and once with the beginning and the trailer that a sound
//! file has, because no fuzzer finds a SHA-256.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

// The file itself: the worker's crate cannot be built without libtorch.
#[allow(dead_code)]
#[path = "../../crates/worker/src/checkpoint/format.rs"]
mod format;

use format::CheckpointData;

fn check(bytes: &[u8]) {
    match CheckpointData::read(bytes) {
        Ok(snapshot) => {
            let floats: usize = snapshot.arrays.iter().map(|array| array.values.len()).sum();
            assert!(floats * 4 <= bytes.len());
            let mut again = Vec::new();
            if snapshot.write(&mut again).is_ok() {
                let read = CheckpointData::read(&again).expect("what was written can be read");
                assert_eq!(read.progress, snapshot.progress);
                assert_eq!(read.arrays.len(), snapshot.arrays.len());
            }
        }
        Err(error) => assert!(!error.to_string().contains(char::is_control), "{error:?}"),
    }
}

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    let mut framed = b"WBCKPT01".to_vec();
    framed.extend_from_slice(bytes);
    framed.extend((framed.len() as u64).to_le_bytes());
    framed.extend(Sha256::digest(&framed));
    check(&framed);
});
