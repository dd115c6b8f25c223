//! The arms with workers that follow the protocol and train nothing: this test program is also its
//! own worker, so it has a `main` of its own.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may end on the spot, and this program is a test harness"
)]

mod cases;
mod fake;

use std::panic::catch_unwind;
use std::process::{Command, ExitCode};

use workbench_ddp_protocol::version_line;
use workbench_lab_ddp::WORKER_VARIABLE;
use workbench_protocol::worker_side::is_supervised;

fn main() -> ExitCode {
    if is_supervised() {
        return fake::work();
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--version") {
        println!("a fake worker\n{}", version_line());
        return ExitCode::SUCCESS;
    }
    if std::env::var_os(WORKER_VARIABLE).is_some() {
        return again_without_variable(&args);
    }
    let filters: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let mut failed = 0;
    for (name, case) in cases::ALL {
        if !filters.is_empty() && !filters.iter().any(|filter| name.contains(filter.as_str())) {
            continue;
        }
        let passed = catch_unwind(case).is_ok();
        failed += u32::from(!passed);
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
    }
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        println!("{failed} failed");
        ExitCode::FAILURE
    }
}

/// Where a real worker is named, it would be taken.
fn again_without_variable(args: &[String]) -> ExitCode {
    let own = std::env::current_exe().unwrap();
    let status = Command::new(own)
        .args(args)
        .env_remove(WORKER_VARIABLE)
        .status()
        .unwrap();
    if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
