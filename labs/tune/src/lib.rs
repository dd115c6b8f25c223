//! The tune lab: ways to search hyperparameters in parallel, and what stopping early really buys.
//!
//! - **Belongs here:** what is searched for, running trials on the pool, the record of a search,
//!   and what can be learnt from one afterwards.
//! - **May use:** `experiment`, `programs`, `search`, `record`, `machine`, `forest`, `dataset`,
//!   `pool`, `digest`, `clock`, `words`.
//! - **Does not belong here:** which configuration is tried next and for how long, which is
//!   `search`; measuring, which is the same for all labs.

mod again;
mod ask_tell;
mod checkpoints;
mod commands;
mod drive;
mod duration;
mod fault;
mod found_gpus;
mod gpus;
mod importance;
mod leg;
mod messages;
mod objective;
mod oracle;
mod prepared;
mod recorded;
mod settings;
mod so_far;
mod spaces;
mod timing;
mod trail;
mod ways;
mod what_if;
mod work;

use workbench_experiment::lab::{
    Calibration, CommandInput, CommandOutput, DefinitionError, Lab, LabDefinition, LabError,
    LabHost, NotTimed, ParamValue, Params, PreparedLab, QuestionSet, Refusal, RepeatAsked,
    RepeatTime, RunConfig,
};
use workbench_programs::FoundPeers;
use workbench_record::{RepeatState, Snapshot};
use workbench_search::Space;

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
        .prepared(&started.config)
        .map_err(|error| error.to_string())?;
    prepared.replay(repeat)
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
        let is_program = text(params, "objective").ok() == Some(ObjectiveKind::Program.name());
        let metric = text(params, "metric").ok().filter(|_| is_program);
        let lab = metric.and_then(|metric| Some(Self::new(self.host).ok()?.with_metric(metric)));
        Ok(lab.map(|lab| Box::new(lab) as Box<dyn Lab>))
    }

    fn calibrate(
        &self,
        config: &RunConfig,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Calibration, NotTimed> {
        if text(&config.params, "objective").ok() == Some(ObjectiveKind::Program.name()) {
            return Err(NotTimed::Programs);
        }
        let made = self.made_of(config).map_err(|_| NotTimed::Failed)?;
        let (settings, space, work) = made;
        duration::time(&work.objective, (&space, config.seed), &settings, is_wanted)
    }

    fn repeat_time(&self, asked: &RepeatAsked<'_>, timed: &Calibration) -> Option<RepeatTime> {
        let settings = SearchSettings::new(&asked.config.params).ok()?;
        duration::repeat_time(&settings, asked, timed)
    }

    fn prepare(&self, config: &RunConfig) -> Result<Box<dyn PreparedLab>, LabError> {
        let mut config = config.clone();
        found_gpus::choose(&mut config.params)?;
        Ok(Box::new(self.prepared(&config)?))
    }

    fn command(&self, name: &str, input: &CommandInput<'_>) -> Result<CommandOutput, LabError> {
        let prepared = self.prepared(commands::config(input)?)?;
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

    /// The lab with its figures called as a program calls what it tells.
    fn with_metric(mut self, metric: &str) -> Self {
        for figure in &mut self.definition.figures {
            let (label, meaning) = match figure.name.as_str() {
                trail::BEST => (
                    format!("best {metric}"),
                    "What the program told of the best trial, after its best unit.",
                ),
                trail::LOSS => (metric.to_owned(), "What the program told of a trial."),
                "test_mse" => (
                    format!("test {metric}"),
                    "What the program told as test when the best trial was trained once more.",
                ),
                _ => continue,
            };
            (figure.label, figure.meaning) = (label, meaning.to_owned());
        }
        self
    }

    /// The engines of others that a run asks for.
    fn peers(&self, config: &RunConfig) -> Option<SearchPeers> {
        let wanted = FoundPeers::wanted(&self.definition, config);
        let python = (self.host.peers_python)(&self.definition);
        let look = || FoundPeers::look(&self.definition, &wanted, python.as_deref());
        (!wanted.is_empty()).then(|| SearchPeers::new(look(), python.clone()))
    }

    /// What is searched for, in which space, and on what.
    fn made_of(&self, config: &RunConfig) -> Result<(SearchSettings, Space, SearchWork), LabError> {
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
        let mut work = work::work(config, &settings, (command, &space))?;
        let line = ParamValue::Text(spaces::line(&space));
        let is_given = config.params.get("space") != Some(&ParamValue::Text(String::new()));
        work.settled
            .extend(is_given.then(|| ("space".to_owned(), line)));
        Ok((settings, space, work))
    }

    fn prepared(&self, config: &RunConfig) -> Result<PreparedSearch, LabError> {
        let (settings, space, work) = self.made_of(config)?;
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
