//! One question to a worker's program: a specification in JSON, and JSON as the answer.

use std::path::Path;
use std::process::{Command, Stdio};

use workbench_ddp_protocol::TrainSpec;
use workbench_report::format::clean;

use crate::environment::Environment;

/// The variable by which libtorch's OpenMP knows its threads before any is started.
const THREADS: &str = "OMP_NUM_THREADS";

/// Asks a worker's program, in an environment as the ranks have it.
///
/// # Errors
/// Its last words where it fails.
pub fn query(
    (worker, environment): (&Path, &Environment),
    args: &[&str],
    spec: &TrainSpec,
) -> Result<Vec<u8>, String> {
    let order = serde_json::to_string(spec).map_err(|error| error.to_string())?;
    let mut command = Command::new(worker);
    command
        .args(args)
        .args(["--spec", &order])
        .env(THREADS, spec.threads.to_string())
        .stdin(Stdio::null());
    for name in environment.cleared() {
        if name != THREADS {
            command.env_remove(name);
        }
    }
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty());
    Err(last.map_or_else(|| output.status.to_string(), |line| clean(line, 300)))
}
