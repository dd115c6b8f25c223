//! What is needed to start one worker.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use workbench_protocol::{Protocol, WorkerEnv, worker_side};

/// One worker to be started.
#[derive(Debug, Clone)]
pub struct WorkerLaunch<P: Protocol> {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Environment variables, besides those of rank and supervision.
    pub vars: Vec<(OsString, OsString)>,
    /// Its place among the ranks.
    pub env: WorkerEnv,
    /// Its order: what it has to do.
    pub order: P::Order,
}

impl<P: Protocol> WorkerLaunch<P> {
    /// A worker without arguments and further variables.
    pub fn new(program: impl Into<PathBuf>, env: WorkerEnv, order: P::Order) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            vars: Vec::new(),
            env,
            order,
        }
    }

    /// The command: in a process group of its own, so that a keyboard's Ctrl-C reaches the
    /// supervisor alone, and so that killing the group also ends the worker's own children.
    pub(super) fn command(&self) -> Command {
        use std::os::unix::process::CommandExt as _;
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .envs(self.vars.iter().map(|(name, value)| (name, value)))
            .envs(self.env.to_vars())
            .env(worker_side::SUPERVISED, "1")
            .env(worker_side::SUPERVISOR, std::process::id().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        command
    }
}
