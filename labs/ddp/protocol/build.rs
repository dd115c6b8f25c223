//! Names the state of the sources of the worker and of its protocol, so that programs of different
//! states find out before they misunderstand each other, or train in different ways.

use std::fs;
use std::path::{Path, PathBuf};

/// Where they are.
const SOURCES: [&str; 5] = [
    "src",
    "../../../crates/protocol/src",
    "../../../crates/worker/src",
    "../../../crates/torch-ddp/src",
    "../../../crates/torch-ddp/csrc",
];

fn main() {
    let mut files = Vec::new();
    for sources in SOURCES {
        // A path that is not there would count as changed each time.
        if Path::new(sources).is_dir() {
            println!("cargo::rerun-if-changed={sources}");
        }
        find(Path::new(sources), &mut files);
    }
    files.sort();
    // FNV-1a (Fowler, Noll and Vo): the same everywhere, and enough against accidents.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for file in files {
        let content = fs::read(&file).unwrap_or_default();
        for byte in file.to_string_lossy().bytes().chain(content) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    println!("cargo::rustc-env=WORKBENCH_WORKER_SOURCES={hash:016x}");
}

fn find(dir: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        if path.is_dir() {
            find(&path, files);
        } else {
            files.push(path);
        }
    }
}
