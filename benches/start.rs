//! How long the screen lets people wait: from starting the program to its first picture, in
//! a real terminal.
//!
//! `cargo bench --bench start` prints the median and the longest of 20 starts and fails when the
//! median passes 15 ms.

use std::io::Read;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

const STARTS: usize = 20;
const LIMIT: Duration = Duration::from_millis(15);

/// One start, until the name of the lab is on the screen.
fn start() -> Result<Duration, Box<dyn std::error::Error>> {
    let size = PtySize {
        rows: 60,
        cols: 200,
        ..PtySize::default()
    };
    let runs = tempfile::tempdir()?;
    let pty = native_pty_system().openpty(size)?;
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_workbench"));
    command.env("WORKBENCH_RUN_DIR", runs.path());
    command.env("XDG_CONFIG_HOME", runs.path());
    command.env("TERM", "xterm-256color");
    let mut reader = pty.master.try_clone_reader()?;
    let began = Instant::now();
    let mut child = pty.slave.spawn_command(command)?;
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    let name = b"Thirty random forests";
    let waited = loop {
        match reader.read(&mut buffer)? {
            0 => return Err("the program ended before its first picture".into()),
            n => seen.extend_from_slice(&buffer[..n]),
        }
        if seen.windows(name.len()).any(|window| window == name) {
            break began.elapsed();
        }
    };
    child.kill()?;
    child.wait()?;
    Ok(waited)
}

fn main() -> ExitCode {
    let mut waits = Vec::new();
    for _ in 0..STARTS {
        match start() {
            Ok(wait) => waits.push(wait),
            Err(error) => {
                eprintln!("cannot start the program in a terminal: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    waits.sort_unstable();
    let median = waits[STARTS / 2];
    let ms = |wait: Duration| wait.as_secs_f64() * 1e3;
    eprintln!(
        "first picture after {:.1} ms (median of {STARTS} starts; longest {:.1} ms)",
        ms(median),
        ms(waits[STARTS - 1])
    );
    if median > LIMIT {
        eprintln!("longer than {} ms", LIMIT.as_millis());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
