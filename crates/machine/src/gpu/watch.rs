//! Watching the GPUs for whoever looks at the whole machine: a helper of its own, and a thread that
//! waits for it, so that nobody else does and a run's samples never stand behind it.

use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

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
    /// How often they have said something.
    answers: u64,
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
        let (ask, asked) = mpsc::sync_channel(1);
        let _ = ask.try_send(());
        let told = Arc::clone(&seen);
        let started = thread::Builder::new()
            .name("workbench-gpu-watch".to_owned())
            .spawn(move || watch((command, DEADLINE), &asked, &told));
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
        drop(seen);
        self.ask();
        looked
    }

    /// Asks for more. Whoever asks again before there is an answer asks for nothing new.
    pub fn ask(&self) {
        if let Some(ask) = &self.ask {
            let _ = ask.try_send(());
        }
    }

    /// Whether the driver may still answer: it has GPUs or has not said yet, and is not silent.
    pub fn is_awaited(&self) -> bool {
        let seen = self.seen.lock();
        let has_none = seen.at.is_some() && seen.gpus.is_empty();
        self.ask.is_some() && !seen.ended && !has_none && seen.problem.is_none()
    }

    /// How often the driver has answered.
    pub fn answers(&self) -> u64 {
        self.seen.lock().answers
    }

    /// CPU time of the helper, in nanoseconds.
    pub fn cpu_ns(&self) -> u64 {
        self.seen.lock().cpu_ns
    }
}

impl Seen {
    /// Takes in what the GPUs said so long ago.
    fn take(&mut self, gpus: Vec<GpuState>, age: Duration) {
        let now = Instant::now();
        self.gpus = gpus;
        self.at = Some(now.checked_sub(age).unwrap_or(now));
        self.problem = None;
        self.answers += 1;
    }

    /// Nothing more will be heard of the GPUs, and what was is no longer true.
    fn end(&mut self, problem: Option<DriverProblem>) {
        self.gpus.clear();
        (self.problem, self.ended) = (problem, true);
    }
}

/// Asks the helper whenever somebody wants to know, until nobody does. An answer is late after the
/// deadline.
fn watch((command, deadline): (Command, Duration), asked: &Receiver<()>, seen: &Mutex<Seen>) {
    let mut link = match Link::start(command, deadline) {
        Ok(link) => link,
        Err(error) => {
            let reason = error.to_string();
            seen.lock().end(Some(DriverProblem::NotAsked { reason }));
            return;
        }
    };
    while asked.recv().is_ok() {
        // Why it cannot be asked is told by what is heard.
        let _ = link.ask(Ask::Details);
        loop {
            let heard = link.next(deadline);
            let mut seen = seen.lock();
            match heard {
                Ok(Answer::Details {
                    gpus,
                    age_ns,
                    cpu_ns,
                }) => {
                    seen.take(gpus, Duration::from_nanos(age_ns));
                    seen.cpu_ns = cpu_ns;
                    break;
                }
                Ok(Answer::Absent) => {
                    seen.end(None);
                    return;
                }
                Ok(_) => {}
                // It may answer again, and is asked nothing else meanwhile.
                Err(problem @ DriverProblem::Silent { .. }) => {
                    seen.problem = Some(problem);
                    if is_over(asked) {
                        return;
                    }
                }
                Err(problem) => {
                    seen.end(Some(problem));
                    return;
                }
            }
        }
    }
}

/// Whether nobody asks any more. What was asked meanwhile is asked already.
fn is_over(asked: &Receiver<()>) -> bool {
    loop {
        if let Err(why) = asked.try_recv() {
            return why == TryRecvError::Disconnected;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asked_and_went_asks_no_more() {
        let (ask, asked) = mpsc::sync_channel(2);
        assert!(!is_over(&asked));
        ask.send(()).unwrap();
        assert!(!is_over(&asked));
        // As the screen does: it asks at every look, and goes.
        ask.send(()).unwrap();
        drop(ask);
        assert!(is_over(&asked));
    }

    /// Watches a helper made of a shell script; asks once, and is gone then.
    fn watched(script: &str, deadline: Duration) -> Seen {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let (ask, asked) = mpsc::sync_channel(1);
        ask.try_send(()).unwrap();
        drop(ask);
        let seen = Mutex::default();
        watch((command, deadline), &asked, &seen);
        seen.into_inner()
    }

    const LONG: Duration = Duration::from_secs(100);

    #[test]
    fn a_silent_driver_keeps_nobody_who_is_not_asked_any_more() {
        let seen = watched("read never; read never", Duration::ZERO);
        assert_eq!(seen.problem, Some(DriverProblem::Silent { seconds: 0 }));
        assert!(!seen.ended, "it may answer the next who asks");
    }

    #[test]
    fn figures_are_as_old_as_the_helper_says() {
        let seen = watched(
            r#"read line
            echo '{"details":{"gpus":[{"index":0}],"age_ns":4000000000,"cpu_ns":7}}'"#,
            LONG,
        );
        assert_eq!((seen.gpus.len(), seen.cpu_ns), (1, 7));
        assert!(seen.at.unwrap().elapsed() >= Duration::from_secs(4));
    }

    #[test]
    fn what_a_driver_said_before_it_crashed_is_not_said_again() {
        let mut seen = Seen::default();
        seen.take(vec![GpuState::default()], Duration::ZERO);
        seen.end(Some(DriverProblem::Crashed { signal: Some(11) }));
        assert!(seen.gpus.is_empty() && seen.ended);
        let seen = watched("kill -SEGV $$", LONG);
        let by = DriverProblem::Crashed { signal: Some(11) };
        assert_eq!((seen.problem, seen.ended), (Some(by), true));
        let (ask, asked) = mpsc::sync_channel::<()>(1);
        let seen = Mutex::default();
        watch((Command::new("/nowhere/at all"), LONG), &asked, &seen);
        assert!(seen.into_inner().ended);
        drop(ask);
    }
}
