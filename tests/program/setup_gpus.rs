//! `workbench setup --cuda` and what is said about GPUs, with the real binary, without a network
//! and without a GPU's library.

use std::path::{Path, PathBuf};
use std::process::Output;

use crate::common::{Bench, stderr, stdout};

fn run(bench: &Bench, args: &[&str], libtorch: Option<&Path>) -> Output {
    let mut command = bench.command();
    command
        .args(args)
        .env("WORKBENCH_CACHE_DIR", bench.path("cache"))
        .env("PIP_NO_INDEX", "1")
        .env_remove("LIBTORCH");
    if let Some(path) = libtorch {
        command.env("LIBTORCH", path);
    }
    command.output().unwrap()
}

/// A folder that looks like a libtorch with these libraries.
fn fake_libtorch(bench: &Bench, libraries: &[&str]) -> PathBuf {
    let root = bench.path("own");
    let include = root.join("include/torch/headeronly");
    std::fs::create_dir_all(&include).unwrap();
    std::fs::create_dir_all(root.join("lib")).unwrap();
    let header = "#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 11\n#define TORCH_VERSION_PATCH 0\n";
    std::fs::write(include.join("version.h"), header).unwrap();
    for name in libraries {
        std::fs::write(root.join("lib").join(format!("lib{name}.so")), "").unwrap();
    }
    root
}

const LEAN: [&str; 3] = ["torch", "torch_cpu", "c10"];
const FULL: [&str; 4] = ["torch", "torch_cpu", "c10", "torch_cuda"];

#[test]
fn the_size_is_announced_before_anything_is_fetched() {
    let bench = Bench::new();
    let output = run(&bench, &["setup", "--cuda"], None);
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    for part in [
        "libtorch 2.11.0 with CUDA is not there",
        "2.34 GiB to download",
        "3.35 GiB on disk",
        "workbench setup --cuda --yes",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!bench.path("cache").exists());
}

#[test]
fn a_named_libtorch_for_the_cpu_is_refused_for_gpus() {
    let bench = Bench::new();
    let own = fake_libtorch(&bench, &LEAN);
    let output = run(&bench, &["setup", "--cuda", "--yes"], Some(&own));
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    let start = format!(
        "LIBTORCH={}: this libtorch is for the CPU alone",
        own.display()
    );
    assert!(said.contains(&start), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn check_says_whether_gpus_can_be_trained_on() {
    let bench = Bench::new();
    for libraries in [&LEAN[..], &FULL] {
        let own = fake_libtorch(&bench, libraries);
        for args in [&["setup", "--check"][..], &["doctor"]] {
            let text = stdout(&run(&bench, args, Some(&own)));
            let lines: Vec<&str> = text
                .lines()
                .filter(|l| l.contains("training on GPUs: "))
                .collect();
            assert_eq!(lines.len(), 1, "{text}");
        }
    }
    // Asked for GPUs, the check is about them: there is no worker.
    let own = bench.path("own");
    let output = run(&bench, &["setup", "--check", "--cuda"], Some(&own));
    assert_eq!(output.status.code(), Some(3));
    let text = stdout(&output);
    assert!(text.contains("libtorch 2.11.0 (CUDA)"), "{text}");
    assert!(
        text.contains("`workbench setup --cuda` builds it"),
        "{text}"
    );
}
