//! The real binary in a terminal.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use super::Bench;

/// How long something may take to show up; generous, because tests share the machine with others.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// The binary in a terminal, and what the terminal shows.
pub struct Screen {
    pub child: Box<dyn Child + Send + Sync>,
    pub keyboard: Box<dyn Write + Send>,
    pub output: Receiver<Vec<u8>>,
    pub parser: vt100::Parser,
    pub raw: Vec<u8>,
    pub master: Box<dyn MasterPty + Send>,
}

fn cells(n: u16) -> NonZero<u16> {
    NonZero::new(n).unwrap()
}

impl Screen {
    /// The program with arguments, in a window of 120 columns and 40 lines.
    pub fn open(bench: &Bench, args: &[&str]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_workbench"));
        command.args(args);
        command.env("WORKBENCH_RUN_DIR", bench.runs());
        command.env("TMPDIR", bench.path(""));
        Self::spawn(bench, command)
    }

    /// Any program in such a window.
    pub fn spawn(bench: &Bench, mut command: CommandBuilder) -> Self {
        let size = PtySize {
            rows: 40,
            cols: 120,
            ..PtySize::default()
        };
        let pty = native_pty_system().openpty(size).unwrap();
        command.cwd(bench.path("."));
        command.env("XDG_CONFIG_HOME", bench.path("config"));
        command.env_remove("WORKBENCH_CONFIG");
        command.env_remove("NO_COLOR");
        command.env("TERM", "xterm-256color");
        for name in ["LC_ALL", "LC_CTYPE", "LANG", "COLORTERM", "COLORFGBG"] {
            command.env_remove(name);
        }
        // A stack trace would push out of the window what is looked for.
        command.env("RUST_BACKTRACE", "0");
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

    pub fn shown(&self) -> String {
        self.parser.screen().contents()
    }

    /// Reads until the screen is as expected.
    pub fn wait(&mut self, what: &str, mut expected: impl FnMut(&vt100::Screen) -> bool) {
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

    pub fn wait_for(&mut self, text: &str) {
        self.wait(text, |screen| screen.contents().contains(text));
    }

    /// Whether a text shows up before the program ends.
    pub fn comes_up(&mut self, text: &str) -> bool {
        while !self.shown().contains(text) {
            match self.output.recv_timeout(DEADLINE) {
                Ok(bytes) => {
                    self.parser.process(&bytes);
                    self.raw.extend(bytes);
                }
                Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) => panic!("{text} did not come"),
            }
        }
        true
    }

    pub fn resize(&mut self, rows: u16, cols: u16) {
        let size = PtySize {
            rows,
            cols,
            ..PtySize::default()
        };
        self.parser.screen_mut().set_size(cells(rows), cells(cols));
        self.master.resize(size).unwrap();
    }

    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    pub fn pid(&self) -> Pid {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        Pid::from_raw(pid).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Reads to the end and gives the exit code; the terminal has to be as it was found.
    pub fn end(mut self) -> (u32, String) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => {
                    self.parser.process(&bytes);
                    self.raw.extend(bytes);
                }
                // Nothing has the terminal open any more.
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("the program did not end:\n{}", self.shown())
                }
            }
        }
        let code = self.child.wait().unwrap().exit_code();
        drop(self.keyboard);
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
    pub fn set_up(&mut self, models: &str, rows: &str) {
        self.wait_for("Thirty random forests");
        self.press("\r");
        self.wait_for("The same without a screen");
        // Whoever has no run yet begins with it.
        self.wait_for("--preset quick");
        self.go_to("Forests");
        self.press(models);
        self.press("\r");
        self.wait_for(&format!("--set models={models}"));
        self.go_to("Rows used");
        self.press(rows);
        self.press("\r");
        self.wait_for(&format!("--set rows={rows}"));
    }

    /// Goes down to a row of the form.
    fn go_to(&mut self, row: &str) {
        let chosen = |text: &str| {
            let line = text.lines().find(|line| line.contains('▸'))?;
            Some(line.to_owned())
        };
        let wanted = format!("▸ {row} ");
        while !self.shown().contains(&wanted) {
            let before = chosen(&self.shown());
            self.press("j");
            self.wait("the next row", |s| chosen(&s.contents()) != before);
        }
    }

    /// Starts a run that takes long, and waits until its first repeat goes on.
    pub fn start_long_run(&mut self, bench: &Bench) {
        self.set_up("200", "3900");
        self.press("s");
        // What takes long is asked about first.
        self.wait("the run", |s| {
            let shown = s.contents();
            shown.contains("Start this run?") || shown.contains("c stop")
        });
        if self.shown().contains("Start this run?") {
            self.press("y");
        }
        self.wait_for("c stop");
        let begun = || {
            std::fs::read_dir(bench.runs()).is_ok_and(|mut runs| {
                runs.any(|run| {
                    let log = std::fs::read(run.unwrap().path().join("events.jsonl"));
                    log.is_ok_and(|log| log.windows(14).any(|w| w == b"repeat_started"))
                })
            })
        };
        // The picture changes with every sample, so there is always something to wait for.
        self.wait("a repeat", |_| begun());
    }
}
