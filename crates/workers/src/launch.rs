//! What is needed to start one worker.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use command_fds::CommandFdExt as _;
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
    /// Environment variables that it does not inherit.
    pub without: Vec<OsString>,
    /// Descriptors that it inherits, each with the variable that tells it the number.
    pub descriptors: Vec<(OsString, Arc<OwnedFd>)>,
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
            without: Vec::new(),
            descriptors: Vec::new(),
            env,
            order,
        }
    }

    /// The command: in a process group of its own, so that a keyboard's Ctrl-C reaches the
    /// supervisor alone, and so that killing the group also ends the worker's own children.
    ///
    /// # Errors
    /// When there is no descriptor left.
    pub(super) fn command(&self) -> io::Result<Command> {
        use std::os::unix::process::CommandExt as _;
        let mut command = Command::new(&self.program);
        for name in &self.without {
            command.env_remove(name);
        }
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
        if !self.descriptors.is_empty() {
            let mut kept = Vec::new();
            for (name, descriptor) in &self.descriptors {
                // Only of this copy does the child get one, and no other child of this process.
                let copy = descriptor.try_clone()?;
                command.env(name, copy.as_raw_fd().to_string());
                kept.push(copy);
            }
            command.preserved_fds(kept);
        }
        Ok(command)
    }
}
