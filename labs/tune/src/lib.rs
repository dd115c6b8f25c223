//! The tune lab: ways to search hyperparameters in parallel, and what stopping early really buys.
//!
//! - **Belongs here:** what is searched for, running trials on the pool, the record of a search,
//!   and what can be learnt from one afterwards.
//! - **May use:** `experiment`, `programs`, `search`, `record`, `machine`, `forest`, `dataset`,
//!   `training`, `pool`, `digest`, `clock`, `words`.
//! - **Does not belong here:** which configuration is tried next and for how long, which is
//!   `search`; measuring, which is the same for all labs.

mod again;
mod ask_tell;
mod checkpoints;
mod cnn;
mod commands;
mod drive;
mod duration;
mod fault;
mod found_gpus;
mod gpus;
mod importance;
mod labels;
mod leg;
mod messages;
mod objective;
mod oracle;
mod prepared;
mod process_time;
mod recorded;
mod searched;
mod settings;
mod so_far;
mod spaces;
mod timing;
mod trail;
mod ways;
mod what_if;
mod work;
mod worker_model;

use std::path::PathBuf;

use workbench_experiment::lab::{
    Calibration, CommandInput, CommandOutput, DefinitionError, Lab, LabDefinition, LabError,
    LabHost, NotTimed, ParamValue, Params, PreparedLab, QuestionSet, Refusal, RepeatAsked,
    RepeatTime, RunConfig,
};
use workbench_programs::FoundPeers;
use workbench_record::{RepeatState, Snapshot};
use workbench_search::Space;
use workbench_training::{WORKER, find_worker};

use ask_tell::SearchPeers;
use objective::ObjectiveKind;
use prepared::PreparedSearch;
use settings::{SearchSettings, text};
use work::{ProgramCommand, SearchWork};

/// Makes the lab.
///
/// # Errors
/// When `lab.toml` is broken, which the tests rule out.
pub fn lab(host: LabHost) -> Result<Box<dyn Lab>, DefinitionError> {
    Ok(Box::new(Tune::new(host)?))
}

/// Goes through the record of a search once more: every decision and every configuration have to
/// come out as they were recorded.
///
/// # Errors
/// What comes out otherwise, or what keeps the search from being made again.
pub fn replay(snapshot: &Snapshot, repeat: &RepeatState) -> Result<(), String> {
    let lab = Tune::new(LabHost::default()).map_err(|error| error.to_string())?;
    let started = snapshot.started.as_deref().ok_or("the run has not begun")?;
    let prepared = lab
        .prepared(&started.config, WorkerNeed::Unneeded)
        .map_err(|error| error.to_string())?;
    prepared.replay(repeat)
}

/// Whether the worker's program has to be there, where it trains what is searched for.
#[derive(Debug, Clone, Copy)]
enum WorkerNeed {
    /// It is started.
    Found,
    /// Only what was recorded is looked at.
    Unneeded,
}

struct Tune {
    host: LabHost,
    definition: LabDefinition,
    questions: QuestionSet,
}

impl Lab for Tune {
    fn definition(&self) -> &LabDefinition {
        &self.definition
    }

    fn handout(&self) -> &'static str {
        include_str!("../handout.md")
    }

    fn questions(&self) -> &QuestionSet {
        &self.questions
    }

    fn specialised(&self, params: &Params) -> Result<Option<Box<dyn Lab>>, Refusal> {
        let objective = text(params, "objective").ok().and_then(ObjectiveKind::of);
        if !objective.is_some_and(ObjectiveKind::is_process) {
            return Ok(None);
        }
        let Ok(mut own) = Self::new(self.host) else {
            return Ok(None);
        };
        match (objective, text(params, "metric")) {
            (Some(ObjectiveKind::Cnn), _) => labels::of_images(&mut own.definition),
            (_, Ok(metric)) => labels::of_program(&mut own.definition, metric),
            _ => {}
        }
        Ok(Some(Box::new(own)))
    }

    fn calibrate(
        &self,
        config: &RunConfig,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Calibration, NotTimed> {
        let failed = |_| NotTimed::Failed;
        let settings = SearchSettings::new(&config.params).map_err(failed)?;
        match settings.objective {
            ObjectiveKind::Program => Err(NotTimed::Programs),
            ObjectiveKind::Cnn => {
                let few = process_time::on_few_images(config, &settings);
                let (mut few, scale) = few.map_err(failed)?;
                found_gpus::choose(&mut few.params).map_err(failed)?;
                let made = self.made_of(&few, WorkerNeed::Found);
                let (_, space, work) = made.map_err(|error| match error {
                    LabError::SetUp { .. } | LabError::Environment(_) => NotTimed::NotSetUp,
                    _ => NotTimed::Failed,
                })?;
                let of = (&settings, scale);
                process_time::time(&work.objective, (&space, config.seed), of, is_wanted)
            }
            ObjectiveKind::Mlp | ObjectiveKind::Forest => {
                let made = self.made_of(config, WorkerNeed::Unneeded);
                let (settings, space, work) = made.map_err(failed)?;
                duration::time(&work.objective, (&space, config.seed), &settings, is_wanted)
            }
        }
    }

    fn repeat_time(&self, asked: &RepeatAsked<'_>, timed: &Calibration) -> Option<RepeatTime> {
        let settings = SearchSettings::new(&asked.config.params).ok()?;
        duration::repeat_time(&settings, asked, timed)
    }

    fn prepare(&self, config: &RunConfig) -> Result<Box<dyn PreparedLab>, LabError> {
        let mut config = config.clone();
        found_gpus::choose(&mut config.params)?;
        Ok(Box::new(self.prepared(&config, WorkerNeed::Found)?))
    }

    fn command(&self, name: &str, input: &CommandInput<'_>) -> Result<CommandOutput, LabError> {
        let worker = match name {
            "best" => WorkerNeed::Found,
            _ => WorkerNeed::Unneeded,
        };
        let prepared = self.prepared(commands::config(input)?, worker)?;
        match name {
            "what-if" => what_if::what_if(&prepared, input),
            "best" => commands::best(&prepared, input),
            "trials" => commands::trials(&prepared, input),
            other => Err(LabError::Config(messages::no_command(other))),
        }
    }
}

impl Tune {
    fn new(host: LabHost) -> Result<Self, DefinitionError> {
        let definition = LabDefinition::parse(include_str!("../lab.toml"))?;
        let questions = definition.read_questions(include_str!("../questions.toml"))?;
        Ok(Self {
            host,
            definition,
            questions,
        })
    }

    /// The engines of others that a run asks for.
    fn peers(&self, config: &RunConfig) -> Option<SearchPeers> {
        let wanted = FoundPeers::wanted(&self.definition, config);
        let python = (self.host.peers_python)(&self.definition);
        let look = || FoundPeers::look(&self.definition, &wanted, python.as_deref());
        (!wanted.is_empty()).then(|| SearchPeers::new(look(), python.clone()))
    }

    /// The worker's program.
    fn worker(&self, settings: &SearchSettings, worker: WorkerNeed) -> Result<PathBuf, LabError> {
        match worker {
            WorkerNeed::Unneeded => Ok(PathBuf::from(WORKER)),
            WorkerNeed::Found => {
                let gpus = settings.trial_gpus.is_some();
                find_worker(cnn::WHO, (self.host.program)(WORKER), gpus)
            }
        }
    }

    /// What is searched for, in which space, and on what.
    fn made_of(
        &self,
        config: &RunConfig,
        worker: WorkerNeed,
    ) -> Result<(SearchSettings, Space, SearchWork), LabError> {
        let settings = SearchSettings::new(&config.params)?;
        settings.check_workers(&config.workers)?;
        let command = ProgramCommand::of(&config.params, settings.objective)?;
        let named = command
            .as_ref()
            .map(ProgramCommand::names)
            .unwrap_or_default();
        let space = spaces::space(
            &config.params,
            settings.objective,
            (&self.definition, &named),
        )?;
        let mut work = if settings.objective == ObjectiveKind::Cnn {
            let find = || self.worker(&settings, worker);
            cnn::work(config, &settings, (&space, &self.definition), find)?
        } else {
            work::work(config, &settings, (command, &space))?
        };
        let line = ParamValue::Text(spaces::line(&space));
        let is_given = config.params.get("space") != Some(&ParamValue::Text(String::new()));
        work.settled
            .extend(is_given.then(|| ("space".to_owned(), line)));
        Ok((settings, space, work))
    }

    fn prepared(&self, config: &RunConfig, worker: WorkerNeed) -> Result<PreparedSearch, LabError> {
        let (settings, space, work) = self.made_of(config, worker)?;
        Ok(PreparedSearch {
            work,
            settings,
            space,
            seed: config.seed,
            arms: config.arms.clone(),
            peers: self.peers(config),
        })
    }
}
