//! The screen in a real terminal: the whole story with the real binary, and the terminal afterwards.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may end on the spot"
)]

mod common;

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use common::{Bench, read_json};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

/// How long something may take to show up; generous, because tests share the machine with others.
const DEADLINE: Duration = Duration::from_secs(120);

/// The binary in a terminal, and what the terminal shows.
struct Screen {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    raw: Vec<u8>,
    master: Box<dyn MasterPty + Send>,
}

fn cells(n: u16) -> NonZero<u16> {
    NonZero::new(n).unwrap()
}

impl Screen {
    fn open(bench: &Bench, args: &[&str]) -> Self {
        let size = PtySize {
            rows: 40,
            cols: 120,
            ..PtySize::default()
        };
        let pty = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_workbench"));
        command.args(args);
        command.cwd(bench.path("."));
        command.env("WORKBENCH_RUN_DIR", bench.runs());
        command.env("TERM", "xterm-256color");
        let child = pty.slave.spawn_command(command).unwrap();
        let mut reader = pty.master.try_clone_reader().unwrap();
        let (sender, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            keyboard: pty.master.take_writer().unwrap(),
            output,
            parser: vt100::Parser::new(cells(40), cells(120), 0),
            raw: Vec::new(),
            master: pty.master,
        }
    }

    fn shown(&self) -> String {
        self.parser.screen().contents()
    }

    /// Reads until the screen is as expected.
    fn wait(&mut self, what: &str, mut expected: impl FnMut(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !expected(self.parser.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => {
                    self.parser.process(&bytes);
                    self.raw.extend(bytes);
                }
                Err(error) => panic!("{what} did not come ({error}):\n{}", self.shown()),
            }
        }
    }

    fn wait_for(&mut self, text: &str) {
        self.wait(text, |screen| screen.contents().contains(text));
    }

    fn resize(&mut self, rows: u16, cols: u16) {
        let size = PtySize {
            rows,
            cols,
            ..PtySize::default()
        };
        self.parser.screen_mut().set_size(cells(rows), cells(cols));
        self.master.resize(size).unwrap();
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    fn pid(&self) -> Pid {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        Pid::from_raw(pid).unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Reads to the end and gives the exit code; the terminal has to be as it was found.
    fn end(mut self) -> (u32, String) {
        let code = self.child.wait().unwrap().exit_code();
        drop(self.keyboard);
        while let Ok(bytes) = self.output.recv_timeout(DEADLINE) {
            self.parser.process(&bytes);
            self.raw.extend(bytes);
        }
        drop(self.master);
        let screen = self.parser.screen();
        let shown = screen.contents();
        assert!(!screen.alternate_screen(), "{shown}");
        assert!(!screen.hide_cursor(), "{shown}");
        assert!(!screen.bracketed_paste(), "{shown}");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        (code, shown)
    }

    /// Chooses the lab and sets a small problem up.
    fn set_up(&mut self, models: &str, rows: &str) {
        self.wait_for("Thirty random forests");
        self.press("\r");
        self.wait_for("The same without a screen");
        self.press("l");
        self.wait_for("--preset quick");
        // From the preset to `models`, and from there to `rows`.
        self.press(&"j".repeat(11));
        self.press(models);
        self.press("\r");
        self.wait_for(&format!("--set models={models}"));
        self.press("jjjj");
        self.press(rows);
        self.press("\r");
        self.wait_for(&format!("--set rows={rows}"));
    }
}

#[test]
fn from_start_to_result_and_out_again() {
    let bench = Bench::new();
    let mut screen = Screen::open(&bench, &["--theme", "mono"]);
    screen.set_up("3", "600");
    screen.press("s");
    screen.wait_for("export");
    screen.press("e");
    screen.wait_for("Write a report");
    screen.press("\u{15}out.md\r");
    screen.wait_for("Written to");
    screen.press("\u{1b}");
    screen.wait("the end of the dialog", |s| {
        !s.contents().contains("Written to")
    });
    screen.press("q");
    let (code, shown) = screen.end();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("Record "), "{shown}");
    let report = std::fs::read_to_string(bench.path("out.md")).unwrap();
    assert!(report.contains("sequential"), "{report}");
    let result = read_json(&bench.only_run().join("result.json"));
    assert_eq!(result["status"], "completed");
    assert_eq!(result["preset"], "quick");
    assert_eq!(result["parameters"]["models"], 3);
}

/// Starts a run that takes long, and waits until its first repeat goes on.
fn long_run(bench: &Bench) -> Screen {
    let mut screen = Screen::open(bench, &[]);
    screen.set_up("200", "3900");
    screen.press("s");
    screen.wait_for("stop");
    let begun = || {
        std::fs::read_dir(bench.runs()).is_ok_and(|mut runs| {
            runs.any(|run| {
                let log = std::fs::read(run.unwrap().path().join("events.jsonl"));
                log.is_ok_and(|log| log.windows(14).any(|w| w == b"repeat_started"))
            })
        })
    };
    // The picture changes with every sample, so there is always something to wait for.
    screen.wait("a repeat", |_| begun());
    screen
}

#[test]
fn a_signal_during_a_run_closes_the_record_and_gives_the_terminal_back() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let bench = Bench::new();
        let screen = long_run(&bench);
        screen.signal(signal);
        let (code, shown) = screen.end();
        assert_eq!(code, 130, "{signal:?}: {shown}");
        let result = read_json(&bench.only_run().join("result.json"));
        assert_eq!(result["status"], "interrupted", "{signal:?}");
    }
}

#[test]
fn closing_the_window_closes_the_record() {
    let bench = Bench::new();
    let Screen {
        mut child,
        keyboard,
        output,
        master,
        ..
    } = long_run(&bench);
    // The thread that reads ends with its next piece of output; then nobody holds the terminal any more.
    drop((output, keyboard, master));
    assert_eq!(child.wait().unwrap().exit_code(), 130);
    let result = read_json(&bench.only_run().join("result.json"));
    assert_eq!(result["status"], "interrupted");
}

#[test]
fn a_signal_at_home_gives_the_terminal_back() {
    let bench = Bench::new();
    let mut screen = Screen::open(&bench, &["--no-mouse", "--ascii"]);
    screen.wait_for("Labs");
    assert!(screen.parser.screen().alternate_screen());
    screen.signal(Signal::TERM);
    assert_eq!(screen.end().0, 130);
}

#[test]
fn the_window_may_change_its_size() {
    let bench = Bench::new();
    let mut screen = Screen::open(&bench, &[]);
    screen.wait_for("Labs");
    screen.resize(10, 30);
    screen.wait_for("needs 60×16");
    screen.resize(24, 80);
    screen.wait_for("Recent runs");
    screen.press("q");
    assert_eq!(screen.end().0, 0);
}

#[test]
fn the_shell_gets_its_terminal_while_the_program_is_suspended() {
    let bench = Bench::new();
    let mut screen = Screen::open(&bench, &[]);
    screen.wait_for("Recent runs");
    screen.signal(Signal::TSTP);
    screen.wait("the normal screen", |s| {
        !s.alternate_screen() && !s.hide_cursor()
    });
    // The screen is given back a moment before the process stands still.
    let stopped = waitpid(Some(screen.pid()), WaitOptions::UNTRACED);
    assert!(stopped.unwrap().unwrap().1.stopped());
    screen.signal(Signal::CONT);
    screen.wait("the alternate screen", vt100::Screen::alternate_screen);
    screen.wait_for("Recent runs");
    screen.press("q");
    assert_eq!(screen.end().0, 0);
}
