//! Headless runs on a real terminal: a bar with an estimate while it goes on, and a clean
//! screen after it.

use std::io::Read;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::common::Bench;

#[test]
fn a_bar_with_an_estimate_is_drawn_and_taken_away() {
    let bench = Bench::new();
    let pty = native_pty_system()
        .openpty(PtySize {
            rows: 24,
            cols: 100,
            ..PtySize::default()
        })
        .unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_workbench"));
    command.cwd(bench.path("."));
    command.env("WORKBENCH_RUN_DIR", bench.runs());
    command.env("TMPDIR", bench.path(""));
    command.env("XDG_CONFIG_HOME", bench.path("config"));
    command.env_remove("WORKBENCH_CONFIG");
    command.env("TERM", "xterm-256color");
    command.args([
        "--lab",
        "rf",
        "--preset",
        "quick",
        "--set",
        "rows=2000",
        "--workers",
        "2",
        "--oversubscribe",
    ]);
    let mut child = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    let mut output = String::new();
    // Ends with an error on Linux when the child has closed its side.
    let _ = pty
        .master
        .try_clone_reader()
        .unwrap()
        .read_to_string(&mut output);
    assert!(child.wait().unwrap().success(), "{output}");
    assert!(output.contains(" left"), "an estimate was shown: {output}");
    assert!(output.contains('━'), "a bar was drawn: {output}");
    let after_bar = output.rsplit("\x1b[2K").next().unwrap_or_default();
    assert!(
        !after_bar.contains('━'),
        "the bar is gone at the end: {after_bar}"
    );
    assert!(
        after_bar.contains("Record"),
        "the summary stays: {after_bar}"
    );
}
