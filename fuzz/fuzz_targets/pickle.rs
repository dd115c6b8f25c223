//! Any bytes as a pickle of CIFAR's version for Python: as many pixels as labels, taken from the
//! input itself, or a one-line message.

#![no_main]

use libfuzzer_sys::fuzz_target;
use workbench_images::pickle;

fuzz_target!(|bytes: &[u8]| {
    match pickle::parse(bytes, "labels", 4) {
        Ok(batch) => assert_eq!(batch.pixels.len(), 4 * batch.labels.len()),
        Err(error) => assert!(!error.to_string().contains(char::is_control), "{error:?}"),
    }
});
