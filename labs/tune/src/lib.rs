//! The tune lab: ways to search hyperparameters in parallel, and what stopping early really buys.
//!
//! - **Belongs here:** what is searched for, running trials on the pool, the record of a search,
//!   and what can be learnt from one afterwards.
//! - **May use:** `experiment`, `search`, `record`, `forest`, `dataset`, `pool`, `digest`, `clock`,
//!   `words`.
//! - **Does not belong here:** which configuration is tried next and for how long, which is
//!   `search`; measuring, which is the same for all labs.

mod again;
mod checkpoints;
mod commands;
mod drive;
mod fault;
mod leg;
mod messages;
mod objective;
mod oracle;
mod prepared;
mod recorded;
mod settings;
mod so_far;
mod spaces;
mod trail;
mod ways;
mod what_if;

use std::sync::Arc;

use workbench_dataset::{AllowedCells, DataError, Table};
use workbench_experiment::lab::{
    CommandInput, CommandOutput, DefinitionError, Lab, LabDefinition, LabError, LabHost, Opt,
    ParamValue, Params, PreparedLab, QuestionSet, Refusal, RunConfig, TableData, read_table,
};
use workbench_record::{RepeatState, Snapshot};
use workbench_words::counted;

use objective::{Objective, SearchData};
use prepared::PreparedSearch;
use settings::SearchSettings;

/// Makes the lab.
///
/// # Errors
/// When `lab.toml` is broken, which the tests rule out.
pub fn lab(_: LabHost) -> Result<Box<dyn Lab>, DefinitionError> {
    Ok(Box::new(Tune::new()?))
}

/// Goes through the record of a search once more: every decision and every configuration have to
/// come out as they were recorded.
///
/// # Errors
/// What comes out otherwise, or what keeps the search from being made again.
pub fn replay(snapshot: &Snapshot, repeat: &RepeatState) -> Result<(), String> {
    let lab = Tune::new().map_err(|error| error.to_string())?;
    let started = snapshot.started.as_deref().ok_or("the run has not begun")?;
    let prepared = lab
        .prepared(&started.config)
        .map_err(|error| error.to_string())?;
    prepared.replay(repeat)
}

struct Tune {
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

    fn prepare(&self, config: &RunConfig) -> Result<Box<dyn PreparedLab>, LabError> {
        Ok(Box::new(self.prepared(config)?))
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
    fn new() -> Result<Self, DefinitionError> {
        let definition = LabDefinition::parse(include_str!("../lab.toml"))?;
        let questions = definition.read_questions(include_str!("../questions.toml"))?;
        Ok(Self {
            definition,
            questions,
        })
    }

    fn prepared(&self, config: &RunConfig) -> Result<PreparedSearch, LabError> {
        let settings = SearchSettings::new(&config.params)?;
        let space = spaces::space(&config.params, settings.objective, &self.definition)?;
        let allowed = AllowedCells::default();
        let TableData {
            table,
            findings,
            source,
        } = read_table(&config.data, allowed, own)?;
        let rows = match settings.rows {
            0 => table.rows,
            rows if rows <= table.rows => rows,
            rows => {
                let there = counted(table.rows as u64, "row");
                let reason = format!("the data has {there}; give 0 for all of them, or fewer");
                let option = Opt::Set("rows".to_owned());
                return Err(LabError::Refused(Refusal::new(option, rows, reason)));
            }
        };
        let data = SearchData::new(&table, rows, settings.shares, config.seed)
            .map_err(|problem| LabError::Config(problem.to_string()))?;
        let split_sha256 = data.split_sha256.clone();
        let objective = Objective::new(settings.objective, Arc::new(data))
            .map_err(|error| LabError::Config(error.to_string()))?;
        let line = ParamValue::Text(spaces::line(&space));
        let is_from_file = config.params.get("space") != Some(&ParamValue::Text(String::new()));
        let settled = is_from_file.then(|| ("space".to_owned(), line));
        Ok(PreparedSearch {
            objective: Arc::new(objective),
            settings,
            space,
            seed: config.seed,
            data_sha256: table.sha256(),
            split_sha256,
            features: table.feature_names.clone(),
            findings,
            source,
            settled: settled.into_iter().collect::<Params>(),
        })
    }
}

fn own() -> Result<(Table, &'static str), DataError> {
    Ok((workbench_dataset::california_housing()?, "MedHouseVal"))
}
