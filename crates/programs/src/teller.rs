//! The program's side of what arms tell: for shell scripts, which have no library.

use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;

use workbench_protocol::arm::{ArmLine, EVENTS, EVENTS_PATH, TaskLine};

use crate::hashed::hash_file;
use crate::tree::{Counted, monotonic_ns};

/// Tells what a program that is an arm has to tell.
#[derive(Debug)]
pub struct Teller {
    /// `None` where nobody listens.
    pipe: Option<File>,
}

impl Teller {
    /// Tells whoever runs this program as an arm, if somebody does.
    pub fn open() -> Self {
        let open = |path: &Path| OpenOptions::new().write(true).open(path).ok();
        let by_path = env::var_os(EVENTS_PATH).and_then(|path| open(Path::new(&path)));
        let number = env::var(EVENTS).ok().filter(|_| by_path.is_none());
        let number = number.and_then(|number| number.parse::<u32>().ok());
        let inherited = number.and_then(|number| open(Path::new(&format!("/dev/fd/{number}"))));
        Self {
            pipe: by_path.or(inherited),
        }
    }

    /// Tells one thing.
    ///
    /// # Errors
    /// When it is none that may be told; see [`ArmLine`].
    pub fn tell(&self, line: &ArmLine) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        ArmLine::parse(&text)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        text.push(b'\n');
        if let Some(mut pipe) = self.pipe.as_ref() {
            // Whoever listened is gone, and so will this program be.
            let _ = pipe.write_all(&text);
        }
        Ok(())
    }

    /// Tells that something came out, with the hash of the file that holds it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn tell_output(&self, name: String, file: Option<&Path>) -> io::Result<()> {
        let sha256 = file.map(hash_file).transpose()?.unwrap_or_default();
        self.tell(&ArmLine::Output {
            name,
            sha256,
            metrics: [].into(),
        })
    }

    /// Runs a program and tells it as a task. Returns its exit code; 128 + n where signal n ended
    /// it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run_task(&self, name: String, slot: Option<u32>, argv: &[String]) -> io::Result<u8> {
        let [program, args @ ..] = argv else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let before = Counted::now();
        let started_ns = monotonic_ns();
        let status = Command::new(program).args(args).status()?;
        let used = Counted::now().since(&before).processes;
        self.tell(&ArmLine::Task(TaskLine {
            name,
            started_ns,
            finished_ns: monotonic_ns(),
            cpu_ns: used.map(|used| used.cpu_ns()),
            ready_ns: None,
            slot,
            by: None,
            failed: !status.success(),
        }))?;
        let code = status.code().or_else(|| Some(128 + status.signal()?));
        Ok(code
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(u8::MAX))
    }
}
