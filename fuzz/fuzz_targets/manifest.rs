//! Any bytes as the manifest of a hand-in: one that survives writing and reading, or a problem.

#![no_main]

use libfuzzer_sys::fuzz_target;
use workbench_submission::Manifest;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(manifest) = Manifest::parse(bytes) {
        let sealed = manifest.sealed();
        let text = serde_json::to_vec(&sealed).expect("a manifest can be written");
        let again = Manifest::parse(&text).ok().expect("and read again");
        assert_eq!(again.own_sha256(), sealed.sha256);
    }
});
