//! Search engines of others: a Python program that is asked and told, line by line, as a searcher
//! and a scheduler of `search`. Trials are trained here.

use std::fmt;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use workbench_experiment::lab::LabError;
use workbench_programs::FoundPeers;
use workbench_search::{
    Checkpoint, ConfigValue, Configuration, Domain, FiniteLoss, FullBudget, NextStep, Searcher,
    SettingError, Space, Study, TrialId, TrialScheduler, TrialVerdict,
};

use crate::messages;
use crate::settings::SearchSettings;
use crate::ways::Stopper;

/// The program.
const PROGRAM: &str = include_str!("../peers/search.py");

/// An engine of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerEngine {
    /// Optuna's TPE; every trial has its whole budget.
    Optuna,
    /// Optuna's TPE and Hyperband pruner.
    OptunaHyperband,
    /// Random configurations and ASHA of Ray Tune.
    RayTune,
}

impl PeerEngine {
    /// All of them.
    const ALL: [Self; 3] = [Self::Optuna, Self::OptunaHyperband, Self::RayTune];

    /// Its arm.
    pub fn arm(self) -> &'static str {
        match self {
            Self::Optuna => "optuna",
            Self::OptunaHyperband => "optuna+hyperband",
            Self::RayTune => "ray-tune",
        }
    }

    /// The engine of an arm.
    pub fn of(arm: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.arm() == arm)
    }

    /// Who decides how long a trial is trained, by its kin among the ways of this program.
    pub fn stopper(self) -> Stopper {
        match self {
            Self::Optuna => Stopper::Nobody,
            Self::OptunaHyperband => Stopper::Hyperband,
            Self::RayTune => Stopper::Asha,
        }
    }

    /// The budgets at which it may stop a trial.
    fn rungs(self, settings: &SearchSettings) -> Vec<u64> {
        match self {
            Self::Optuna => vec![settings.budget],
            // Its brackets have rungs of their own.
            Self::OptunaHyperband => (settings.grace..=settings.budget).collect(),
            Self::RayTune => settings.marks(),
        }
    }

    /// Trials at most.
    fn trials(self, settings: &SearchSettings) -> u64 {
        match self {
            Self::Optuna => settings.trials,
            Self::OptunaHyperband | Self::RayTune => settings.most_trials(),
        }
    }
}

/// The engines of others that a run asks for.
#[derive(Debug)]
pub struct SearchPeers {
    /// Which of them can be used.
    pub found: FoundPeers,
    /// The Python that runs them.
    pub python: Option<PathBuf>,
    /// The one of the next repeat.
    ready: Mutex<Option<AskedEngine>>,
}

impl SearchPeers {
    /// None is started yet.
    pub fn new(found: FoundPeers, python: Option<PathBuf>) -> Self {
        Self {
            found,
            python,
            ready: Mutex::default(),
        }
    }

    /// Starts the engine of a repeat, off the clock.
    ///
    /// # Errors
    /// When it cannot be used, or does not start.
    pub fn start(&self, engine: PeerEngine, with: (&SearchSettings, u64)) -> Result<(), LabError> {
        let arm = engine.arm();
        if let Some(why) = self.found.why_not(arm) {
            return Err(LabError::Environment(why));
        }
        let python = self.python.as_deref().unwrap_or(Path::new(""));
        let started = AskedEngine::start(python, engine, with);
        let started =
            started.map_err(|why| LabError::Environment(messages::no_engine(arm, &why)))?;
        *self.slot() = Some(started);
        Ok(())
    }

    /// Takes it.
    ///
    /// # Errors
    /// When none was started.
    pub fn take(&self) -> Result<AskedEngine, LabError> {
        let missing = || LabError::Failed("its engine is not there".to_owned());
        self.slot().take().ok_or_else(missing)
    }

    fn slot(&self) -> MutexGuard<'_, Option<AskedEngine>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A program that answers.
#[derive(Debug, Clone)]
pub struct AskedEngine(Arc<Mutex<Link>>);

#[derive(Debug)]
struct Link {
    child: Child,
    into: ChildStdin,
    from: BufReader<ChildStdout>,
    /// Why it does not answer any more.
    broken: Option<String>,
}

impl Link {
    /// Asks one thing; `None` once it does not answer.
    fn ask(&mut self, question: &Value) -> Option<Value> {
        if self.broken.is_some() {
            return None;
        }
        match self.exchange(question) {
            Ok(answer) => Some(answer),
            Err(why) => {
                self.broken = Some(why);
                None
            }
        }
    }

    fn exchange(&mut self, question: &Value) -> Result<Value, String> {
        let mut line = format!("{question}\n");
        let sent = self.into.write_all(line.as_bytes());
        line.clear();
        let read = sent.and_then(|()| self.from.read_line(&mut line));
        if !matches!(read, Ok(bytes) if bytes > 0) {
            return Err("it ended".to_owned());
        }
        let answer: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        match answer.get("error").and_then(Value::as_str) {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer.get("value").cloned().unwrap_or_default()),
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // It ends with its input anyway.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl AskedEngine {
    /// Starts an engine and waits until it is ready.
    ///
    /// # Errors
    /// When it cannot be started, in words.
    pub fn start(
        python: &Path,
        engine: PeerEngine,
        (settings, seed): (&SearchSettings, u64),
    ) -> Result<Self, String> {
        let program = |error: io::Error| format!("{} cannot be started: {error}", python.display());
        let mut child = Command::new(python)
            .args(["-c", PROGRAM])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("OMP_NUM_THREADS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(program)?;
        let (Some(into), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(program(io::ErrorKind::BrokenPipe.into()));
        };
        let mut link = Link {
            child,
            into,
            from: BufReader::new(from),
            broken: None,
        };
        // What both take as a seed.
        let seed = seed as u32;
        link.exchange(&json!({
            "engine": engine.arm(),
            "seed": seed,
            "budget": settings.budget,
            "grace": settings.grace,
            "reduction": settings.reduction,
        }))?;
        Ok(Self(Arc::new(Mutex::new(link))))
    }

    fn ask(&self, question: &Value) -> Option<Value> {
        let mut link = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        link.ask(question)
    }

    /// Why it does not answer any more.
    pub fn broken(&self) -> Option<String> {
        let link = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        link.broken.clone()
    }

    /// What a trial came to; `None` where it failed.
    fn end(&self, trial: TrialId, loss: Option<FiniteLoss>, stopped: bool) {
        self.ask(&json!({
            "ask": "end",
            "trial": trial,
            "loss": loss,
            "stopped": stopped,
        }));
    }
}

/// Chooses configurations by asking.
struct AskedSearcher {
    space: Space,
    engine: AskedEngine,
}

impl fmt::Debug for AskedSearcher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.space.fmt(out)
    }
}

impl Searcher for AskedSearcher {
    fn has(&self, _: TrialId) -> bool {
        self.engine.broken().is_none()
    }

    fn ask(&self, trial: TrialId) -> Option<Configuration> {
        self.engine.ask(&json!({"ask": "start", "trial": trial}))?;
        let mut chosen = Configuration::default();
        for dimension in self.space.dimensions() {
            let is_active = dimension.condition.as_ref().is_none_or(|condition| {
                let of = chosen.get(&condition.parameter);
                of.is_some_and(|value| condition.test.holds(value))
            });
            if is_active {
                let value = suggestion(&self.engine, trial, &dimension.name, &dimension.domain)?;
                chosen.set(&dimension.name, value);
            }
        }
        Some(chosen)
    }
}

/// One value of a configuration.
fn suggestion(
    engine: &AskedEngine,
    trial: TrialId,
    name: &str,
    domain: &Domain,
) -> Option<ConfigValue> {
    let mut question = match domain {
        Domain::Uniform { low, high } => json!({"low": low, "high": high}),
        Domain::LogUniform { low, high } => json!({"low": low, "high": high, "log": true}),
        Domain::Quantised { low, high, step } => json!({"low": low, "high": high, "step": step}),
        Domain::Integer { low, high, step } => json!({"low": low, "high": high, "step": step}),
        Domain::LogInteger { low, high } => {
            json!({"low": low, "high": high, "step": 1, "log": true})
        }
        Domain::Choice(values) | Domain::Grid(values) => json!({"count": values.len()}),
        Domain::Fixed(value) => return Some(value.clone()),
    };
    let kind = match domain {
        Domain::Integer { .. } | Domain::LogInteger { .. } => "integer",
        Domain::Choice(_) | Domain::Grid(_) => "index",
        _ => "float",
    };
    let fields = question.as_object_mut()?;
    for (field, value) in [
        ("ask", json!("suggest")),
        ("trial", json!(trial)),
        ("name", json!(name)),
        ("kind", json!(kind)),
    ] {
        fields.insert(field.to_owned(), value);
    }
    for (field, none) in [("log", json!(false)), ("step", Value::Null)] {
        fields.entry(field).or_insert(none);
    }
    let answer = engine.ask(&question)?;
    match domain {
        Domain::Choice(values) | Domain::Grid(values) => {
            values.get(usize::try_from(answer.as_u64()?).ok()?).cloned()
        }
        Domain::Integer { .. } | Domain::LogInteger { .. } => {
            answer.as_i64().map(ConfigValue::Integer)
        }
        _ => answer.as_f64().map(ConfigValue::Float),
    }
}

/// The search of an engine, not yet begun.
///
/// # Errors
/// When it has no trials or no budget.
pub fn study(
    kind: PeerEngine,
    engine: &AskedEngine,
    space: &Space,
    settings: &SearchSettings,
) -> Result<Study, SettingError> {
    let searcher = Box::new(AskedSearcher {
        space: space.clone(),
        engine: engine.clone(),
    });
    let scheduler = Box::new(AskedScheduler {
        kind,
        engine: engine.clone(),
        budget: settings.budget,
        full: FullBudget::new(settings.budget, kind.trials(settings))?,
        rungs: kind.rungs(settings),
    });
    // Nothing is copied, so there is nothing random in the study.
    Ok(Study::new(space.clone(), searcher, scheduler, 0))
}

/// Has an engine say which trials are stopped. None is paused.
struct AskedScheduler {
    kind: PeerEngine,
    engine: AskedEngine,
    budget: u64,
    /// Begins the trials and counts those that run.
    full: FullBudget,
    rungs: Vec<u64>,
}

impl fmt::Debug for AskedScheduler {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(out)
    }
}

impl TrialScheduler for AskedScheduler {
    fn next(&mut self, more: bool) -> NextStep {
        self.full.next(more)
    }

    fn report(&mut self, trial: TrialId, budget: u64, loss: FiniteLoss) -> TrialVerdict {
        let is_whole = budget >= self.budget;
        let mut stops = false;
        if self.rungs.binary_search(&budget).is_ok() {
            let question = json!({"ask": "report", "trial": trial, "budget": budget, "loss": loss});
            let answer = self.engine.ask(&question);
            // Without an engine nobody knows what to do with the trial.
            stops = answer.is_none_or(|stops| stops == true);
        }
        if !stops && !is_whole {
            return TrialVerdict::Continue;
        }
        self.engine.end(trial, Some(loss), !is_whole);
        if is_whole {
            self.full.report(trial, budget, loss)
        } else {
            self.full.stopped(trial);
            TrialVerdict::Stop
        }
    }

    fn saved(&mut self, trial: TrialId, budget: u64) {
        self.full.saved(trial, budget);
    }

    fn may_copy(&self, state: Checkpoint) -> bool {
        self.full.may_copy(state)
    }

    fn failed(&mut self, trial: TrialId) {
        self.full.failed(trial);
        self.engine.end(trial, None, false);
    }

    fn stopped(&mut self, trial: TrialId) {
        self.failed(trial);
    }

    fn rungs(&self) -> Vec<u64> {
        self.rungs.clone()
    }
}
