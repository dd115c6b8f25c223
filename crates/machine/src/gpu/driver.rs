//! Asking the helper process, with a deadline for every answer.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::answer::{Answer, Ask};
use super::problem::DriverProblem;
use crate::facts::GpuFacts;
use crate::monitor::sample::GpuSample;

/// The argument that makes the program a helper: it has to call [`serve`](super::serve) then.
pub const HELPER: &str = "gpu-driver-helper";

/// How long the driver may take for one answer. Starting it wakes the GPUs up, which takes a second
/// or two each where nothing else keeps the driver awake.
pub(super) const DEADLINE: Duration = Duration::from_secs(10);

/// How long a look at the machine waits for the GPUs. A later answer serves the next look.
const PATIENCE: Duration = Duration::from_millis(100);

static START: OnceLock<fn() -> Command> = OnceLock::new();
static SIMULATED: OnceLock<SimulatedGpus> = OnceLock::new();
static DRIVER: OnceLock<Driver> = OnceLock::new();

/// Says how the helper is started: a command that ends in a call of [`serve`](super::serve). In a
/// program that never says so there are no GPUs.
pub fn start_helper_with(command: fn() -> Command) {
    let _ = START.set(command);
}

/// A library that takes the place of NVIDIA's, and the file that it reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedGpus {
    /// The library.
    pub library: PathBuf,
    /// What the GPUs do: see the crate `nvml-sim`.
    pub scenario: PathBuf,
}

/// The variable that tells the simulated library its scenario.
pub const SCENARIO_VARIABLE: &str = "WORKBENCH_GPU_SCENARIO";

/// From now on a library that simulates GPUs is loaded in the place of NVIDIA's. Has to be called
/// before anything asks for GPUs.
pub fn simulate(gpus: SimulatedGpus) {
    let _ = SIMULATED.set(gpus);
}

/// The helper's command; the library to load, where it is not NVIDIA's, is its second argument.
pub(super) fn helper_command() -> Option<Command> {
    let mut command = START.get()?();
    if let Some(simulated) = SIMULATED.get() {
        command.arg(&simulated.library);
        command.env(SCENARIO_VARIABLE, &simulated.scenario);
    }
    Some(command)
}

/// The driver, asked at most once in a process; a driver that failed is not asked again.
pub(crate) fn driver() -> Option<&'static Driver> {
    START.get()?;
    let ask = || helper_command().map(|command| Driver::ask(command, DEADLINE));
    Some(DRIVER.get_or_init(|| ask().unwrap_or_default()))
}

/// What is known of the driver, and the way to ask for more.
#[derive(Debug, Default)]
pub(crate) struct Driver {
    /// Its version.
    pub version: Option<String>,
    /// Its GPUs, in its order.
    pub gpus: Vec<GpuFacts>,
    /// Why it cannot be asked.
    pub problem: Option<DriverProblem>,
    link: Option<Mutex<Link>>,
}

impl Driver {
    fn ask(command: Command, deadline: Duration) -> Self {
        let mut driver = Self::default();
        match Link::start(command, deadline) {
            Ok(mut link) => match driver.introduce(&mut link) {
                Ok(true) => driver.link = Some(Mutex::new(link)),
                Ok(false) => {}
                Err(problem) => driver.problem = Some(problem),
            },
            Err(error) => {
                let reason = error.to_string();
                driver.problem = Some(DriverProblem::NotAsked { reason });
            }
        }
        driver
    }

    /// Takes in what the driver is; whether there is one.
    fn introduce(&mut self, link: &mut Link) -> Result<bool, DriverProblem> {
        let Answer::Driver { version, gpus } = link.next(link.deadline)? else {
            return Ok(false);
        };
        for _ in 0..gpus {
            if let Answer::Gpu(facts) = link.next(link.deadline)? {
                self.gpus.push(facts);
            }
        }
        self.version = version;
        Ok(true)
    }

    /// The way to ask for samples, where there are GPUs.
    pub(crate) fn link(&self) -> Option<&Mutex<Link>> {
        self.link.as_ref().filter(|_| !self.gpus.is_empty())
    }
}

enum Heard {
    Answer(Answer),
    /// The helper has ended, by this signal where it was one.
    Ended(Option<i32>),
}

/// The pipe to a helper.
#[derive(Debug)]
pub(crate) struct Link {
    deadline: Duration,
    ask: ChildStdin,
    heard: Receiver<Heard>,
    child: Arc<Mutex<Child>>,
    /// Since when an answer is awaited.
    asked: Option<Instant>,
    /// Why there will be no more answers; also set while the driver is silent.
    problem: Option<DriverProblem>,
    /// CPU time of the helper at its last answer, in nanoseconds.
    pub cpu_ns: u64,
}

impl Link {
    pub(super) fn start(mut command: Command, deadline: Duration) -> io::Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors())
            // Ctrl-C and Ctrl-Z are for the program alone.
            .process_group(0)
            .spawn()?;
        let (Some(ask), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let child = Arc::new(Mutex::new(child));
        let (tell, heard) = mpsc::channel();
        let ended = Arc::clone(&child);
        thread::Builder::new()
            .name("workbench-gpus".to_owned())
            .spawn(move || listen(BufReader::new(answers), &ended, &tell))?;
        Ok(Self {
            deadline,
            ask,
            heard,
            child,
            asked: None,
            problem: None,
            cpu_ns: 0,
        })
    }

    pub(super) fn next(&self, within: Duration) -> Result<Answer, DriverProblem> {
        match self.heard.recv_timeout(within) {
            Ok(Heard::Answer(answer)) => Ok(answer),
            Ok(Heard::Ended(signal)) => Err(DriverProblem::Crashed { signal }),
            Err(RecvTimeoutError::Disconnected) => Err(DriverProblem::Crashed { signal: None }),
            Err(RecvTimeoutError::Timeout) => Err(DriverProblem::Silent {
                seconds: within.as_secs(),
            }),
        }
    }

    /// Asks, and waits for nothing.
    pub(super) fn ask(&mut self, what: Ask) -> io::Result<()> {
        let mut line = serde_json::to_vec(&what)?;
        line.push(b'\n');
        self.ask.write_all(&line)
    }

    /// Looks at the GPUs: the newest answer, where there is one since the last look. Takes no
    /// longer than [`PATIENCE`], whatever the driver does.
    pub(crate) fn look(&mut self) -> Option<Vec<GpuSample>> {
        let late = self.asked.and_then(|_| self.take(Duration::ZERO));
        if self.asked.is_none() && self.ask(Ask::Look).is_ok() {
            self.asked = Some(Instant::now());
        }
        self.take(PATIENCE).or(late)
    }

    fn take(&mut self, within: Duration) -> Option<Vec<GpuSample>> {
        match self.next(within) {
            Ok(Answer::Look { gpus, cpu_ns }) => {
                self.cpu_ns = cpu_ns;
                self.asked = None;
                self.problem = None;
                Some(gpus)
            }
            Ok(_) => None,
            Err(DriverProblem::Silent { .. }) => {
                let waited = self.asked.map_or(Duration::ZERO, |asked| asked.elapsed());
                if waited >= self.deadline {
                    let seconds = waited.as_secs();
                    self.problem = Some(DriverProblem::Silent { seconds });
                }
                None
            }
            Err(problem) => {
                self.asked = None;
                self.problem.get_or_insert(problem);
                None
            }
        }
    }

    /// Why the GPUs say nothing, while they do not. A silent driver may answer again.
    pub(crate) fn problem(&self) -> Option<&DriverProblem> {
        self.problem.as_ref()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // Held only where the helper has ended and is waited for.
        if let Some(mut child) = self.child.try_lock() {
            let _ = child.kill();
        }
    }
}

/// Where the helper's standard error goes: nowhere, because NVIDIA's library is not asked to print,
/// but what is wrong with a scenario is for whoever wrote it.
fn errors() -> Stdio {
    match SIMULATED.get() {
        Some(_) => Stdio::inherit(),
        None => Stdio::null(),
    }
}

/// Hands over the answers until the helper ends. A line that is no answer is passed over.
fn listen(answers: impl BufRead, child: &Mutex<Child>, tell: &Sender<Heard>) {
    for line in answers.lines().map_while(Result::ok) {
        if let Ok(answer) = serde_json::from_str(&line)
            && tell.send(Heard::Answer(answer)).is_err()
        {
            break;
        }
    }
    let status = child.lock().wait();
    let signal = status.ok().and_then(|status| status.signal());
    let _ = tell.send(Heard::Ended(signal));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A helper made of a shell script.
    fn script(text: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", text]);
        command
    }

    const ONE_GPU: &str = r#"echo '{"driver":{"version":"570.1","gpus":1}}'
        echo '{"gpu":{"index":0,"name":"H200","memory_bytes":1,"power_limit_w":null}}'"#;

    fn ask(text: &str) -> Driver {
        Driver::ask(script(text), Duration::from_secs(100))
    }

    #[test]
    fn a_driver_that_is_not_there_is_no_problem() {
        let driver = ask(r#"echo '"absent"'"#);
        assert!(driver.gpus.is_empty() && driver.version.is_none());
        assert_eq!(driver.problem, None);
    }

    #[test]
    fn what_never_answers_is_silent_and_what_crashes_has_crashed() {
        let silent = Driver::ask(script("read never"), Duration::ZERO);
        assert_eq!(silent.problem, Some(DriverProblem::Silent { seconds: 0 }));
        assert!(silent.gpus.is_empty());
        let crashed = ask("kill -ABRT $$");
        let by = DriverProblem::Crashed { signal: Some(6) };
        assert_eq!(crashed.problem, Some(by));
        let nothing = Driver::ask(Command::new("/nowhere/at all"), Duration::ZERO);
        let problem = nothing.problem.unwrap();
        assert!(matches!(problem, DriverProblem::NotAsked { .. }));
    }

    #[test]
    fn every_look_is_answered_and_what_else_is_printed_is_passed_over() {
        let driver = ask(&format!(
            r#"{ONE_GPU}; echo a warning
            while read line; do
                echo '{{"look":{{"gpus":[{{"busy":0.5}}],"cpu_ns":7}}}}'
            done"#
        ));
        assert_eq!(driver.version.as_deref(), Some("570.1"));
        assert_eq!(driver.gpus[0].name, "H200");
        let mut link = driver.link().unwrap().lock();
        // A machine that is busy with other things may keep the helper from answering in time.
        let look = (0..1000).find_map(|_| link.look()).unwrap();
        assert_eq!((look[0].busy, link.cpu_ns), (Some(0.5), 7));
        assert_eq!(link.problem(), None);
    }

    #[test]
    fn a_driver_that_falls_silent_later_is_told_and_holds_nobody_up() {
        let driver = Driver::ask(
            script(&format!("{ONE_GPU}; while read line; do :; done")),
            Duration::from_secs(100),
        );
        let mut link = driver.link().unwrap().lock();
        assert_eq!(link.look(), None);
        assert_eq!(link.problem(), None, "it has all the time it was given");
        link.deadline = Duration::ZERO;
        assert_eq!(link.look(), None);
        let problem = link.problem().cloned();
        assert!(matches!(problem, Some(DriverProblem::Silent { .. })));
    }

    #[test]
    fn a_driver_that_crashes_later_is_told() {
        let driver = ask(&format!("{ONE_GPU}; read line; kill -SEGV $$"));
        let mut link = driver.link().unwrap().lock();
        while link.problem().is_none() {
            assert_eq!(link.look(), None);
        }
        let by = DriverProblem::Crashed { signal: Some(11) };
        assert_eq!(link.problem(), Some(&by));
        assert_eq!(link.look(), None);
        assert_eq!(link.problem(), Some(&by));
    }
}
