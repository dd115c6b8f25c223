//! One question to a worker's program: a specification in JSON, and JSON as the answer.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use workbench_ddp_protocol::TrainSpec;
use workbench_report::format::clean;

use crate::environment::Environment;

/// The variable by which libtorch's OpenMP knows its threads before any is started.
const THREADS: &str = "OMP_NUM_THREADS";
/// How often it is looked whether an answer is still wanted.
const LOOK: Duration = Duration::from_millis(50);

/// Asks a worker's program, in an environment as the ranks have it.
///
/// # Errors
/// Its last words where it fails.
pub fn query(
    program: (&Path, &Environment),
    args: &[&str],
    spec: &TrainSpec,
) -> Result<Vec<u8>, String> {
    let mut command = command(program, args, spec)?;
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty());
    Err(last.map_or_else(|| output.status.to_string(), |line| clean(line, 300)))
}

/// As [`query`], for at most so long and only while the answer is wanted: then the program is
/// ended. `None` where there is no answer.
pub fn query_within(
    program: (&Path, &Environment),
    (args, spec): (&[&str], &TrainSpec),
    (most, is_wanted): (Duration, &dyn Fn() -> bool),
) -> Option<Vec<u8>> {
    let deadline = Instant::now() + most;
    let mut command = command(program, args, spec).ok()?;
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let answer = answer(&mut child);
    let said = loop {
        match answer.as_ref()?.recv_timeout(LOOK) {
            Ok(said) => break Some(said),
            Err(RecvTimeoutError::Disconnected) => break None,
            Err(RecvTimeoutError::Timeout) if is_wanted() && Instant::now() < deadline => {}
            Err(RecvTimeoutError::Timeout) => {
                // It may have ended by itself.
                let _ = child.kill();
                break None;
            }
        }
    };
    let ended = child.wait().ok()?;
    said.filter(|_| ended.success())
}

/// Everything that a program prints, once it has closed its output.
fn answer(child: &mut Child) -> Option<Receiver<Vec<u8>>> {
    let mut output = child.stdout.take()?;
    let (tell, told) = channel();
    let read = move || {
        let mut said = Vec::new();
        if output.read_to_end(&mut said).is_ok() {
            // Nobody may listen any more.
            let _ = tell.send(said);
        }
    };
    let named = thread::Builder::new().name("workbench-answer".to_owned());
    if named.spawn(read).is_err() {
        let _ = child.kill();
        let _ = child.wait();
        return None;
    }
    Some(told)
}

fn command(
    (worker, environment): (&Path, &Environment),
    args: &[&str],
    spec: &TrainSpec,
) -> Result<Command, String> {
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
    Ok(command)
}
