//! `workbench setup` and what `doctor` says about it, with the real binary and without a network.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may end on the spot"
)]

mod common;

use std::path::Path;
use std::process::Output;

use common::{Bench, stderr, stdout};

/// Runs the binary with a cache folder of its own and an index that is an empty folder.
fn run(bench: &Bench, args: &[&str], libtorch: Option<&Path>) -> Output {
    let index = bench.path("index");
    std::fs::create_dir_all(&index).unwrap();
    let mut command = bench.command();
    command
        .args(args)
        .env("WORKBENCH_CACHE_DIR", bench.path("cache"))
        .env("PIP_NO_INDEX", "1")
        .env("PIP_FIND_LINKS", &index)
        .env_remove("LIBTORCH");
    if let Some(path) = libtorch {
        command.env("LIBTORCH", path);
    }
    command.output().unwrap()
}

/// A folder that looks like a libtorch of some release.
fn fake_libtorch(bench: &Bench, minor: u32) -> std::path::PathBuf {
    let root = bench.path("own");
    let include = root.join("include/torch/headeronly");
    std::fs::create_dir_all(&include).unwrap();
    std::fs::create_dir_all(root.join("lib")).unwrap();
    let header = format!(
        "#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR {minor}\n#define TORCH_VERSION_PATCH 0\n"
    );
    std::fs::write(include.join("version.h"), header).unwrap();
    for name in ["libtorch.so", "libtorch_cpu.so", "libc10.so"] {
        std::fs::write(root.join("lib").join(name), "").unwrap();
    }
    root
}

#[test]
fn without_a_terminal_it_says_what_to_type_and_touches_nothing() {
    let bench = Bench::new();
    let output = run(&bench, &["setup"], None);
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    for part in ["518 MiB to download", "workbench setup --yes", "LIBTORCH"] {
        assert!(said.contains(part), "{said}");
    }
    assert!(stdout(&output).is_empty());
    assert!(!bench.path("cache").exists());
}

#[test]
fn check_says_what_is_missing_and_what_is_there() {
    let bench = Bench::new();
    let output = run(&bench, &["setup", "--check"], None);
    assert_eq!(output.status.code(), Some(3));
    let missing = "missing  libtorch 2.11.0: `workbench setup` installs it\n";
    assert!(stdout(&output).starts_with(missing), "{}", stdout(&output));
    // The doctor says the same, and finds the machine fit for the labs that need none of it.
    let doctor = run(&bench, &["doctor"], None);
    assert_eq!(doctor.status.code(), Some(0));
    assert!(stdout(&doctor).contains(missing), "{}", stdout(&doctor));

    let own = fake_libtorch(&bench, 11);
    let found = format!(
        "ok       libtorch 2.11.0 (CPU) in {} (from LIBTORCH)\n",
        own.display()
    );
    for args in [&["setup", "--check"][..], &["doctor"]] {
        let output = run(&bench, args, Some(&own));
        assert!(stdout(&output).contains(&found), "{}", stdout(&output));
    }
    assert!(!bench.path("cache").exists());
}

#[test]
fn a_libtorch_of_another_release_is_refused() {
    let bench = Bench::new();
    let own = fake_libtorch(&bench, 9);
    let output = run(&bench, &["setup", "--yes"], Some(&own));
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    assert!(
        said.contains("this is libtorch 2.9.0, and 2.11.0 is needed"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_wheel_that_is_not_the_pinned_one_is_refused() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path("index")).unwrap();
    let name =
        "nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl";
    bench.write(&format!("index/{name}"), "something else");
    let output = run(&bench, &["setup", "--yes"], None);
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    assert!(said.contains("DO NOT MATCH THE HASHES"), "{said}");
    assert!(
        said.contains("the download of nvidia-cuda-runtime 13.0.96 failed"),
        "{said}"
    );
    assert!(!bench.path("cache/wheels").join(name).exists());
    assert!(!bench.path("cache/libtorch-2.11.0-cpu").exists());
}
