//! The arms with workers that follow the protocol and train nothing: this test program is also its
//! own worker, so it has a `main` of its own.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may end on the spot, and this program is a test harness"
)]

mod cases;
mod fake;
mod late;
mod trial;

use std::panic::catch_unwind;
use std::process::{Command, ExitCode};

use workbench_ddp_protocol::version_line;
use workbench_protocol::worker_side::is_supervised;
use workbench_training::WORKER_VARIABLE;

fn main() -> ExitCode {
    if is_supervised() {
        return fake::work();
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--version") {
        println!("a fake worker\n{}", version_line());
        return ExitCode::SUCCESS;
    }
    if args.first().is_some_and(|first| first == "batches") {
        return trial::answer(&args);
    }
    if std::env::var_os(WORKER_VARIABLE).is_some() || !is_misleading() {
        return again_misled(&args);
    }
    let filters: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let mut failed = 0;
    for (name, case) in cases::ALL
        .into_iter()
        .chain([late::CASE, trial::CASE, trial::TIMING])
    {
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

/// Variables that people have set, and that would change what workers do. Everything is tested with
/// them.
pub const MISLEADING: [(&str, &str); 3] = [
    ("OMP_PROC_BIND", "true"),
    ("TORCHELASTIC_USE_AGENT_STORE", "True"),
    ("MASTER_PORT", "1"),
];

fn is_misleading() -> bool {
    MISLEADING
        .iter()
        .all(|(name, value)| std::env::var_os(name).is_some_and(|set| set == *value))
}

/// In that environment. A real worker would be taken where one is named.
fn again_misled(args: &[String]) -> ExitCode {
    let own = std::env::current_exe().unwrap();
    let status = Command::new(own)
        .args(args)
        .envs(MISLEADING)
        .env_remove(WORKER_VARIABLE)
        .status()
        .unwrap();
    if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
