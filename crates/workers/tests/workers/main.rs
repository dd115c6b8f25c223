//! The supervisor with real processes.
//!
//! This program is both the test and the worker that it tests: started with a role in its
//! environment it is a worker, and otherwise it runs the tests, some at a time. What tests wait for
//! are events (of a group, the end of a pipe that a process holds), never the passing of time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test may end on the spot and speaks on standard output"
)]

mod ends;
mod faults;
mod life;
mod link;
mod roles;
mod training;

use std::panic::catch_unwind;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

type Test = (&'static str, fn());

/// Tests that run side by side.
const AT_ONCE: usize = 4;

fn main() -> ExitCode {
    if let Ok(role) = std::env::var(roles::ROLE) {
        return roles::play(&role);
    }
    let tests: Vec<Test> = [life::TESTS, ends::TESTS, faults::TESTS].concat();
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--list") {
        // Ignored tests are asked for separately; there are none.
        if !args.iter().any(|arg| arg == "--ignored") {
            for (name, _) in &tests {
                println!("{name}: test");
            }
        }
        return ExitCode::SUCCESS;
    }
    let exact = args.iter().any(|arg| arg == "--exact");
    let wanted: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let chosen: Vec<Test> = tests
        .into_iter()
        .filter(|(name, _)| {
            wanted.is_empty()
                || wanted
                    .iter()
                    .any(|part| *part == name || (!exact && name.contains(part.as_str())))
        })
        .collect();
    let failed = run(&chosen);
    println!(
        "\ntest result: {}. {} passed; {} failed",
        if failed.is_empty() { "ok" } else { "FAILED" },
        chosen.len() - failed.len(),
        failed.len()
    );
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        println!("failures: {}", failed.join(", "));
        ExitCode::from(101)
    }
}

/// Runs the tests and gives the names of those that failed.
fn run(tests: &[Test]) -> Vec<&'static str> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((name, test)) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let passed = catch_unwind(test).is_ok();
                    println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
                    if !passed {
                        failed.lock().unwrap().push(*name);
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap()
}
