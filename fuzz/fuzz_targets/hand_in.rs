//! Any bytes as a hand-in: findings, and a seal that fits where there are none.

#![no_main]

use libfuzzer_sys::fuzz_target;
use workbench_submission::{contents, open_archive};

fuzz_target!(|bytes: &[u8]| {
    let opened = open_archive(bytes);
    for found in &opened.findings {
        assert!(!found.text.is_empty());
    }
    if let Ok(files) = contents(bytes) {
        for (name, _) in files {
            assert!(!name.starts_with('/') && !name.split('/').any(|part| part == ".."));
        }
    }
    if opened.holds() {
        let manifest = opened.manifest.expect("what holds has a manifest");
        assert_eq!(manifest.own_sha256(), manifest.sha256);
    }
});
