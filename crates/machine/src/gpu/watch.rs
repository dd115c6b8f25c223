//! Watching the GPUs for whoever looks at the whole machine: a helper of its own, and a thread that
//! waits for it, so that nobody else does and a run's samples never stand behind it.

use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::Instant;

use parking_lot::Mutex;

use super::answer::{Answer, Ask};
use super::driver::{DEADLINE, Link, helper_command};
use super::problem::DriverProblem;
use super::state::GpuState;

/// What the helper said last, for everybody who looks.
#[derive(Debug, Default)]
pub(crate) struct GpuWatch {
    seen: Arc<Mutex<Seen>>,
    /// Asks for the next look. The thread ends when it is dropped.
    ask: Option<SyncSender<()>>,
}

/// What is known of the GPUs.
#[derive(Debug)]
pub(crate) struct SeenGpus {
    /// The GPUs, each followed by its MIG devices.
    pub gpus: Vec<GpuState>,
    /// How old that is, in seconds.
    pub age_s: f64,
    /// Why they do not answer.
    pub problem: Option<DriverProblem>,
}

#[derive(Debug, Default)]
struct Seen {
    gpus: Vec<GpuState>,
    at: Option<Instant>,
    problem: Option<DriverProblem>,
    cpu_ns: u64,
    /// There is no driver, or it has gone.
    ended: bool,
}

impl GpuWatch {
    /// No GPUs.
    #[cfg(all(target_os = "linux", not(workbench_portable)))]
    pub fn none() -> Self {
        Self::default()
    }

    /// Starts to watch, where the program has said how the helper is started.
    pub fn start() -> Self {
        helper_command().map_or_else(Self::default, Self::with)
    }

    fn with(command: Command) -> Self {
        let seen: Arc<Mutex<Seen>> = Arc::default();
        // Whoever looks again before there is an answer asks for nothing new.
        let (ask, asked) = mpsc::sync_channel(1);
        let _ = ask.try_send(());
        let told = Arc::clone(&seen);
        let started = thread::Builder::new()
            .name("workbench-gpu-watch".to_owned())
            .spawn(move || watch(command, &asked, &told));
        if let Err(error) = started {
            let reason = error.to_string();
            seen.lock().problem = Some(DriverProblem::NotAsked { reason });
            return Self { seen, ask: None };
        }
        Self {
            seen,
            ask: Some(ask),
        }
    }

    /// What is known of the GPUs; asks for more. Takes no time.
    pub fn look(&self) -> SeenGpus {
        let seen = self.seen.lock();
        let age = seen.at.map_or(0.0, |at| at.elapsed().as_secs_f64());
        let looked = SeenGpus {
            gpus: seen.gpus.clone(),
            age_s: (age * 1000.0).round() / 1000.0,
            problem: seen.problem.clone(),
        };
        if let Some(ask) = &self.ask {
            let _ = ask.try_send(());
        }
        looked
    }

    /// Whether there may be GPUs: the driver has some, or has not said yet.
    pub fn is_open(&self) -> bool {
        let seen = self.seen.lock();
        self.ask.is_some() && !seen.ended && !(seen.at.is_some() && seen.gpus.is_empty())
    }

    /// CPU time of the helper, in nanoseconds.
    pub fn cpu_ns(&self) -> u64 {
        self.seen.lock().cpu_ns
    }
}

/// Asks the helper whenever somebody wants to know, until nobody does.
fn watch(command: Command, asked: &Receiver<()>, seen: &Mutex<Seen>) {
    let mut link = match Link::start(command, DEADLINE) {
        Ok(link) => link,
        Err(error) => {
            let reason = error.to_string();
            seen.lock().problem = Some(DriverProblem::NotAsked { reason });
            return;
        }
    };
    while asked.recv().is_ok() {
        // Why it cannot be asked is told by what is heard.
        let _ = link.ask(Ask::Details);
        loop {
            let heard = link.next(DEADLINE);
            let mut seen = seen.lock();
            match heard {
                Ok(Answer::Details { gpus, cpu_ns }) => {
                    (seen.gpus, seen.at, seen.cpu_ns) = (gpus, Some(Instant::now()), cpu_ns);
                    seen.problem = None;
                    break;
                }
                Ok(Answer::Absent) => {
                    seen.ended = true;
                    return;
                }
                Ok(_) => {}
                // It may answer again, and is asked nothing else meanwhile.
                Err(problem @ DriverProblem::Silent { .. }) => seen.problem = Some(problem),
                Err(problem) => {
                    (seen.problem, seen.ended) = (Some(problem), true);
                    return;
                }
            }
        }
    }
}
