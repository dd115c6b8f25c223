//! Any program as an objective: it trains, and tells a metric after every unit of budget. Each
//! trial is a tree of processes of its own, which is ended when the trial leaves its slot. What a
//! trial goes on from later is what the program has kept in its folder.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use workbench_experiment::lab::Params;
use workbench_programs::template::PlaceValues;
use workbench_programs::{ArmLine, ArmLineError, ArmLines, OnceEnd, OnceProgram, OnceStart};

use super::error::TrialError;
use super::running::hold;
use super::seed::TrialSeed;
use crate::gpus::{SharedGpus, TakenGpus};

/// What a command may name besides the parameters of the space.
pub const PLACES: [&str; 10] = [
    "slot",
    "slots",
    "gpus",
    "trial",
    "seed",
    "repeat",
    "units",
    "checkpoint",
    "data",
    "judge",
];
/// The metric of the test rows.
const TEST: &str = "test";
/// How long a program may take to end by itself after the last unit of its budget.
const END_PATIENCE: Duration = Duration::from_secs(10);

/// A program that trains trials.
#[derive(Debug)]
pub struct TrialProgram {
    /// What is started.
    pub command: OnceProgram,
    /// The values of parameters that a configuration does not have.
    pub usual: PlaceValues,
    /// The metric that it tells after every unit.
    pub metric: String,
    /// The path of the data.
    pub data: String,
    /// How long a process may run.
    pub limit: Option<Duration>,
    /// How much memory it may have, with all that it started, in bytes.
    pub memory_bytes: Option<u64>,
    /// The GPUs that trials get; `None` where they are not given out.
    pub gpus: Option<SharedGpus>,
    /// CPU time of all processes that have ended, in nanoseconds.
    pub cpu_ns: AtomicU64,
}

/// Hears the GPUs of a trial, by number or name.
pub type GpuListener = dyn Fn(&[String]) + Send + Sync;

/// Where a trial has its files, and when it has to end.
#[derive(Clone)]
pub struct TrialPlace {
    /// A folder of its own.
    pub dir: PathBuf,
    /// The most units that it will be asked for.
    pub units: u64,
    /// Its number among the trials that run at once, from 0.
    pub slot: usize,
    /// Slots that it has.
    pub slots: u32,
    /// Whether it is trained to be judged by the test rows.
    pub judged: bool,
    /// Whether it is to end.
    pub stop: Arc<dyn Fn() -> bool + Send + Sync>,
    /// Hears which GPUs it gets, each time that it gets some.
    pub on_gpus: Arc<GpuListener>,
}

impl TrialPlace {
    /// For trials that have no files.
    pub fn none() -> Self {
        Self {
            dir: PathBuf::new(),
            units: 0,
            slot: 0,
            slots: 1,
            judged: false,
            stop: Arc::new(|| false),
            on_gpus: Arc::new(|_| {}),
        }
    }
}

impl fmt::Debug for TrialPlace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.dir.fmt(out)
    }
}

/// A trial of a program.
#[derive(Debug)]
pub struct ProgramTrial {
    program: Arc<TrialProgram>,
    place: TrialPlace,
    values: PlaceValues,
    units: u64,
    /// What was told earlier and not been asked for yet, by unit.
    known: BTreeMap<u64, f64>,
    process: Option<TrialProcess>,
    /// Whether the process began without anything that was kept.
    anew: bool,
    /// The error on the test rows, where it was told.
    test: Option<f64>,
}

/// What a process says.
enum FromProgram {
    Unit(u64, f64),
    Test(f64),
    Wrong(ArmLineError),
    Ended(Result<OnceEnd, String>),
}

/// A process that trains, and the thread that listens to it.
#[derive(Debug)]
struct TrialProcess {
    /// Lets it go on after a unit; dropped, it ends.
    go_on: Option<Sender<()>>,
    told: Receiver<FromProgram>,
    /// Whether it waits to go on.
    waits: bool,
    is_over: Arc<AtomicBool>,
    listener: Option<JoinHandle<u64>>,
}

impl TrialProgram {
    /// The values of a command's placeholders.
    pub fn values(&self, config: &Params, seed: TrialSeed, place: &TrialPlace) -> PlaceValues {
        let own = [
            ("slot", place.slot.to_string()),
            ("slots", place.slots.to_string()),
            // Known when it starts.
            ("gpus", String::new()),
            ("trial", seed.trial().to_string()),
            ("seed", seed.number().to_string()),
            ("repeat", seed.search().to_string()),
            ("units", place.units.to_string()),
            (
                "checkpoint",
                checkpoint_dir(&place.dir).display().to_string(),
            ),
            ("data", self.data.clone()),
            ("judge", u8::from(place.judged).to_string()),
        ];
        let params = config
            .iter()
            .map(|(name, of)| (name.clone(), of.to_string()));
        let own = own.map(|(name, value)| (name.to_owned(), value));
        let usual = self.usual.clone().into_iter();
        usual.chain(params).chain(own).collect()
    }

    /// A trial that begins with an empty folder.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn begin(
        self: &Arc<Self>,
        config: &Params,
        seed: TrialSeed,
        place: &TrialPlace,
    ) -> Result<ProgramTrial, TrialError> {
        empty(&place.dir).map_err(|error| no_folder(&place.dir, &error))?;
        Ok(self.trial(config, seed, place))
    }

    /// A trial that goes on after so many units, from what it has kept in its folder.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn load(
        self: &Arc<Self>,
        units: u64,
        (config, seed): (&Params, TrialSeed),
        place: &TrialPlace,
    ) -> Result<ProgramTrial, TrialError> {
        fs::create_dir_all(checkpoint_dir(&place.dir))
            .map_err(|error| no_folder(&place.dir, &error))?;
        let mut trial = self.trial(config, seed, place);
        trial.units = units;
        trial.known = reports(&place.dir, &self.metric);
        trial.anew = false;
        Ok(trial)
    }

    fn trial(
        self: &Arc<Self>,
        config: &Params,
        seed: TrialSeed,
        place: &TrialPlace,
    ) -> ProgramTrial {
        ProgramTrial {
            values: self.values(config, seed, place),
            program: Arc::clone(self),
            place: place.clone(),
            units: 0,
            known: BTreeMap::new(),
            process: None,
            anew: true,
            test: None,
        }
    }
}

impl ProgramTrial {
    /// Units of budget trained.
    pub fn units(&self) -> u64 {
        self.units
    }

    /// Its error on the test rows, where the program told one.
    pub fn test(&self) -> Option<f64> {
        self.test
    }

    /// Trains one unit more; its loss.
    ///
    /// # Errors
    /// When the program ends before, says what cannot be, or is to stop.
    pub fn train(&mut self) -> Result<f64, TrialError> {
        let next = self.units + 1;
        let loss = match self.known.remove(&next) {
            Some(loss) => loss,
            None => self.wait_for(next)?,
        };
        self.units = next;
        if next >= self.place.units {
            self.let_end();
        }
        Ok(loss)
    }

    /// Waits until the process tells a unit. What it tells of units before is passed over.
    fn wait_for(&mut self, unit: u64) -> Result<f64, TrialError> {
        loop {
            let process = match &mut self.process {
                Some(process) => process,
                none => none.insert(TrialProcess::start(
                    &self.program,
                    &self.place,
                    &self.values,
                )),
            };
            match process.next() {
                FromProgram::Unit(at, loss) if at == unit => return Ok(loss),
                FromProgram::Unit(at, _) if at < unit => {}
                FromProgram::Unit(at, _) => {
                    if self.anew {
                        let after = unit - 1;
                        return Err(TrialError::Skipped { at, after });
                    }
                    // What it has kept is further than what is known of it, so it begins anew.
                    self.process = None;
                    let dir = &self.place.dir;
                    empty(dir).map_err(|error| no_folder(dir, &error))?;
                    self.anew = true;
                }
                FromProgram::Test(error) => self.test = Some(error),
                FromProgram::Wrong(error) => return Err(TrialError::Line(error)),
                FromProgram::Ended(end) => return Err(self.ended(end)),
            }
        }
    }

    /// Waits for the end of a process that has trained all that it will be asked for.
    fn let_end(&mut self) {
        let Some(process) = &mut self.process else {
            return;
        };
        process.release();
        loop {
            match process.told.recv_timeout(END_PATIENCE) {
                Ok(FromProgram::Test(error)) => self.test = Some(error),
                Ok(FromProgram::Wrong(_)) => {}
                // One that trains on does not know its budget.
                Ok(FromProgram::Ended(_) | FromProgram::Unit(..)) | Err(_) => break,
            }
        }
        self.process = None;
    }

    fn ended(&self, end: Result<OnceEnd, String>) -> TrialError {
        match end {
            Ok(OnceEnd::Asked) => TrialError::Stopped,
            Ok(OnceEnd::Done) => TrialError::Short {
                units: self.units,
                of: self.place.units,
                metric: self.program.metric.clone(),
            },
            Ok(OnceEnd::TimeLimit) => {
                TrialError::TimeLimit(self.program.limit.map_or(0.0, |limit| limit.as_secs_f64()))
            }
            Ok(OnceEnd::Memory(bytes)) => TrialError::Memory(bytes),
            Ok(OnceEnd::Failed(text)) => TrialError::Died(text),
            Err(text) => TrialError::Engine(text),
        }
    }
}

impl TrialProcess {
    fn start(program: &Arc<TrialProgram>, place: &TrialPlace, values: &PlaceValues) -> Self {
        let (go_on, may) = channel();
        let (tell, told) = channel();
        let is_over: Arc<AtomicBool> = Arc::default();
        let listener = Listener {
            program: Arc::clone(program),
            place: place.clone(),
            values: values.clone(),
            is_over: Arc::clone(&is_over),
            tell,
            may,
        };
        Self {
            go_on: Some(go_on),
            told,
            waits: false,
            is_over,
            listener: Some(thread::spawn(move || listener.run())),
        }
    }

    /// Lets it go on, if it waits.
    fn release(&mut self) {
        if let Some(go_on) = self.go_on.as_ref().filter(|_| self.waits) {
            // It may have ended.
            let _ = go_on.send(());
        }
        self.waits = false;
    }

    /// What it says next.
    fn next(&mut self) -> FromProgram {
        self.release();
        let gone = || FromProgram::Ended(Ok(OnceEnd::Asked));
        let said = self.told.recv().unwrap_or_else(|_| gone());
        self.waits = matches!(said, FromProgram::Unit(..));
        said
    }
}

impl Drop for TrialProcess {
    /// Ends it, with all that it started.
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.go_on = None;
        if let Some(Ok(cpu_ns)) = self.listener.take().map(JoinHandle::join) {
            workbench_pool::add_process_cpu_ns(cpu_ns);
        }
    }
}

/// The thread that starts a process and listens to it.
struct Listener {
    program: Arc<TrialProgram>,
    place: TrialPlace,
    values: PlaceValues,
    is_over: Arc<AtomicBool>,
    tell: Sender<FromProgram>,
    may: Receiver<()>,
}

impl Listener {
    /// The CPU time of the process, in nanoseconds.
    fn run(mut self) -> u64 {
        let program = Arc::clone(&self.program);
        let is_over = Arc::clone(&self.is_over);
        let asked = Arc::clone(&self.place.stop);
        let stop = move || is_over.load(Ordering::Relaxed) || asked();
        // Until all of it has ended: before, there is no room for another.
        let gpus = program.gpus.as_ref().map(|gpus| gpus.take(&stop));
        if let Some(None) = gpus {
            let _ = self.tell.send(FromProgram::Ended(Ok(OnceEnd::Asked)));
            return 0;
        }
        let gpus = gpus.flatten();
        let names = gpus.as_ref().map(TakenGpus::names).unwrap_or_default();
        if !names.is_empty() {
            // Before it can tell anything, so that the record has both in this order.
            (self.place.on_gpus)(&names);
        }
        self.values.insert("gpus".to_owned(), names.join(","));
        let vars = gpus.as_ref().map(TakenGpus::variables).unwrap_or_default();
        self.listen(&stop, &vars)
    }

    fn listen(self, stop: &dyn Fn() -> bool, vars: &[(String, String)]) -> u64 {
        let told = told_file(&self.place.dir);
        let holds = hold(&self.place.dir);
        let start = OnceStart {
            values: &self.values,
            vars,
            keep: Some(&told),
            holds: holds.as_ref(),
            limit: self.program.limit,
            memory_bytes: self.program.memory_bytes,
            stop,
        };
        let done = self.program.command.run(&start, &mut |line| match line {
            Ok(ArmLine::Metric {
                name, step, value, ..
            }) if name == self.program.metric => self.unit(step, value),
            Ok(ArmLine::Metric { name, value, .. }) if name == TEST => {
                self.tell.send(FromProgram::Test(value)).is_ok()
            }
            Ok(_) => true,
            Err(error) => self.tell.send(FromProgram::Wrong(error)).is_ok(),
        });
        let (end, cpu_ns) = match done {
            Ok((end, cpu_ns)) => (Ok(end), cpu_ns),
            Err(why) => (Err(why), 0),
        };
        self.program.cpu_ns.fetch_add(cpu_ns, Ordering::Relaxed);
        // Nobody listens any more where the trial has left its slot.
        let _ = self.tell.send(FromProgram::Ended(end));
        cpu_ns
    }

    /// Hands a unit over, and waits until it is known whether the trial goes on. A program works
    /// ahead meanwhile, and what it tells is in its file for when it goes on from there.
    fn unit(&self, at: u64, loss: f64) -> bool {
        self.tell.send(FromProgram::Unit(at, loss)).is_ok() && self.may.recv().is_ok()
    }
}

/// The folder in which a program keeps its state.
pub fn checkpoint_dir(dir: &Path) -> PathBuf {
    dir.join("checkpoint")
}

/// The file with all that the processes of a trial have told.
fn told_file(dir: &Path) -> PathBuf {
    dir.join("told")
}

/// The losses that a trial has told so far, from its first unit on.
fn reports(dir: &Path, metric: &str) -> BTreeMap<u64, f64> {
    let bytes = fs::read(told_file(dir)).unwrap_or_default();
    let mut known = BTreeMap::new();
    let mut take = |line: Result<ArmLine, ArmLineError>| {
        // The last line may be a part of one, and the next process begins with a new one.
        let Ok(ArmLine::Metric {
            name, step, value, ..
        }) = line
        else {
            return;
        };
        let is_next = step == known.len() as u64 + 1;
        if name == metric && is_next && value.is_finite() {
            known.insert(step, value);
        }
    };
    let mut lines = ArmLines::default();
    lines.push(&bytes, &mut take);
    lines.finish(&mut take);
    known
}

fn empty(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::create_dir_all(checkpoint_dir(dir))
}

fn no_folder(dir: &Path, error: &io::Error) -> TrialError {
    TrialError::Engine(format!(
        "its folder {} cannot be made: {error}",
        dir.display()
    ))
}
