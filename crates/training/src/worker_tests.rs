//! Programs that are no workers of this program, and the errors about them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use workbench_ddp_protocol::version_line;

use super::*;

/// Held while a program is written and run: a process that another thread is just starting has all
/// files open that are being written, and the system starts no program that somebody has open for
/// writing.
static STARTING: Mutex<()> = Mutex::new(());

/// A program that answers everything with a script, while the guard lives.
fn answering(script: &str) -> (MutexGuard<'static, ()>, tempfile::TempDir, PathBuf) {
    let guard = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("workbench-worker");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    (guard, dir, program)
}

/// What is wrong with a program that answers so.
fn told(script: &str) -> String {
    let (_guard, _dir, program) = answering(script);
    check(&program, false).expect("this is refused").to_string()
}

fn saying(stderr: &str) -> String {
    told(&format!("echo '{stderr}' >&2\nexit 127"))
}

#[test]
fn a_worker_of_the_same_sources_and_libtorch_is_taken() {
    let ours = version_line();
    // A path with a parenthesis is no version.
    for said in [
        format!(
            "workbench-worker 0.1.0\n{ours}\nbuilt for libtorch {LIBTORCH}, with NCCL\nloaded /l/libtorch_cpu.so ({LIBTORCH}+cpu)"
        ),
        format!("{ours}\nbuilt for libtorch unknown\nloaded /l (old)/libtorch_cpu.so"),
        ours.clone(),
    ] {
        let (_guard, _dir, program) = answering(&format!("cat <<'END'\n{said}\nEND"));
        assert!(check(&program, false).is_none(), "{said}");
    }
}

#[test]
fn a_worker_without_nccl_does_for_processors_alone() {
    let said = |nccl: &str| {
        format!(
            "{}\nbuilt for libtorch {LIBTORCH}, {nccl} NCCL",
            version_line()
        )
    };
    let answer = |said: &str, gpus: bool| {
        let (_guard, _dir, program) = answering(&format!("cat <<'END'\n{said}\nEND"));
        check(&program, gpus).map(|misfit| misfit.to_string())
    };
    assert_eq!(answer(&said("with"), true), None);
    assert_eq!(answer(&said("without"), false), None);
    let told = answer(&said("without"), true).unwrap();
    assert!(told.contains("without NCCL"), "{told}");
}

#[test]
fn workers_of_other_sources_are_refused() {
    assert!(told("echo ls 9.1").contains("another program"));
    assert!(told("exit 0").contains("another program"));
    for said in [
        "workbench-worker 0.1.0".to_owned(),
        "protocol 4000000000 0123456789abcdef".to_owned(),
        format!("{}0", version_line()),
        format!("the {}", version_line()),
    ] {
        let told = told(&format!("echo 'workbench-worker 1'; echo '{said}'"));
        assert!(
            told.contains("another state of the sources"),
            "{said}: {told}"
        );
    }
}

#[test]
fn another_libtorch_is_named_with_the_one_that_is_needed() {
    let ours = version_line();
    let built = told(&format!("echo '{ours}'; echo 'built for libtorch 2.9.0'"));
    assert_eq!(
        built,
        format!("the worker was built for libtorch 2.9.0, and libtorch {LIBTORCH} is needed")
    );
    let loaded = told(&format!(
        "echo '{ours}'; echo 'built for libtorch {LIBTORCH}'; echo 'loaded /opt/old/libtorch_cpu.so (2.10.0+cu128)'"
    ));
    assert_eq!(
        loaded,
        format!(
            "the worker loads /opt/old/libtorch_cpu.so, which is libtorch 2.10.0+cu128, and libtorch {LIBTORCH} is needed"
        )
    );
}

#[test]
fn the_dynamic_linkers_words_are_told_in_ours() {
    let missing = saying(
        "/x/workbench-worker: error while loading shared libraries: libtorch_cpu.so: cannot open shared object file: No such file or directory",
    );
    assert_eq!(
        missing,
        format!(
            "the worker cannot start without libtorch_cpu.so (cannot open shared object file: No such file or directory), which belongs to libtorch {LIBTORCH} or the system"
        )
    );
    let symbol = "_ZN4c10d12ProcessGroup".repeat(9);
    let lacking = saying(&format!(
        "/x/workbench-worker: symbol lookup error: /x/workbench-worker: undefined symbol: {symbol}"
    ));
    assert!(
        lacking.starts_with(&format!(
            "the worker cannot start because the libtorch that is found is not libtorch {LIBTORCH} (it lacks _ZN4c10d"
        )),
        "{lacking}"
    );
    assert!(lacking.len() < 250, "{lacking}");
    let found = refusal(
        "w: symbol lookup error: w: undefined symbol: _Z1f, version V",
        || Some("/opt/old/libtorch_cpu.so".into()),
    );
    assert_eq!(
        found.unwrap().to_string(),
        format!(
            "the worker cannot start because /opt/old/libtorch_cpu.so is not libtorch {LIBTORCH} (it lacks _Z1f)"
        )
    );
}

#[test]
fn other_ends_are_told_in_the_programs_own_words() {
    assert_eq!(
        told("echo; echo ' no room ' >&2; echo more >&2; exit 3"),
        "the worker does not run (no room)"
    );
    assert!(told("exit 3").contains("exit status: 3"));
    assert!(told("kill -9 $$").contains("signal: 9"));
    let (_guard, _dir, program) = answering("exit 0");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o644)).unwrap();
    let told = check(&program, false).unwrap().to_string();
    assert!(told.starts_with("the worker cannot be started ("), "{told}");
}
