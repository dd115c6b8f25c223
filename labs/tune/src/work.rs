//! What is trained, made ready from the parameters and the data of a run.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use workbench_dataset::{AllowedCells, DataError, Table};
use workbench_experiment::lab::{
    DataSource, Finding, LabError, Opt, ParamValue, Params, Refusal, RunConfig, TableData,
    read_table,
};
use workbench_programs::template::PlaceValues;
use workbench_programs::{OnceProgram, hash_file};
use workbench_search::Space;
use workbench_words::counted;

use crate::gpus::SharedGpus;
use crate::objective::{Objective, ObjectiveKind, PLACES, SearchData, TrialProgram};
use crate::settings::{SearchSettings, count, number, text};

/// What is trained, and what is known of its data.
pub struct SearchWork {
    /// What is trained.
    pub objective: Arc<Objective>,
    /// SHA-256 of the data; `None` without data.
    pub data_sha256: Option<String>,
    /// SHA-256 of the split.
    pub split_sha256: Option<String>,
    /// The names of the features.
    pub features: Vec<String>,
    /// What a reader has to know of the data.
    pub findings: Vec<Finding>,
    /// Where the data came from.
    pub source: DataSource,
    /// Parameters that are recorded instead of the request.
    pub settled: Params,
}

/// The program of a run, before its data is looked at; `None` where none is trained.
pub struct ProgramCommand {
    line: OnceProgram,
    dir: PathBuf,
}

impl ProgramCommand {
    /// From the parameters.
    ///
    /// # Errors
    /// When there is no command or no such program, or one is given to an objective that has none.
    pub fn of(params: &Params, objective: ObjectiveKind) -> Result<Option<Self>, LabError> {
        let given = text(params, "command")?;
        if objective != ObjectiveKind::Program {
            let reason = "only objective=program runs a command; add --set objective=program";
            let is_none = given.trim().is_empty();
            return is_none
                .then_some(None)
                .ok_or_else(|| refused(given, reason));
        }
        if given.trim().is_empty() {
            let reason =
                "objective=program needs one, for example 'command=python3 train.py --lr {lr}'";
            return Err(refused(given, reason));
        }
        let asked = text(params, "dir")?;
        let dir = std::path::absolute(if asked.is_empty() { "." } else { asked });
        let dir = dir.ok().filter(|dir| dir.is_dir()).ok_or_else(|| {
            let option = Opt::Set("dir".to_owned());
            LabError::Refused(Refusal::new(option, asked, "there is no such directory"))
        })?;
        let line = OnceProgram::new(given, &dir, &PLACES);
        let line = line.map_err(|reason| refused(given, &reason))?;
        Ok(Some(Self { line, dir }))
    }

    /// The placeholders that are parameters.
    pub fn names(&self) -> Vec<String> {
        let names = self.line.names().filter(|name| !PLACES.contains(name));
        names.map(str::to_owned).collect()
    }

    /// What it trains.
    fn work(
        self,
        config: &RunConfig,
        settings: &SearchSettings,
        space: &Space,
    ) -> Result<SearchWork, LabError> {
        let params = &config.params;
        let names: Vec<String> = space.dimensions().iter().map(|d| d.name.clone()).collect();
        let given = text(params, "command")?;
        let checked = self.line.check_names(&names);
        checked.map_err(|reason| refused(given, &reason))?;
        let data = match &config.data {
            DataSource::Embedded => String::new(),
            DataSource::File { path, .. } | DataSource::Folder { path, .. } => path.clone(),
        };
        let sha256 = match data.as_str() {
            "" => None,
            path => Some(hash_file(Path::new(path)).map_err(|error| {
                let reason = format!("the file cannot be read: {error}");
                LabError::Refused(Refusal::new(Opt::Data, path, reason))
            })?),
        };
        let (limit, memory_bytes) = limits(params)?;
        let listed = ParamValue::Text(settings.gpus.join(","));
        let dir = ParamValue::Text(self.dir.display().to_string());
        Ok(SearchWork {
            objective: Arc::new(Objective::Program(Arc::new(TrialProgram {
                command: self.line,
                usual: PlaceValues::new(),
                metric: text(params, "metric")?.to_owned(),
                data,
                limit,
                memory_bytes,
                gpus: shared_gpus(settings),
                cpu_ns: AtomicU64::new(0),
            }))),
            data_sha256: sha256,
            split_sha256: None,
            features: Vec::new(),
            findings: Vec::new(),
            source: config.data.clone(),
            settled: [("dir".to_owned(), dir), ("gpus".to_owned(), listed)]
                .into_iter()
                .collect(),
        })
    }
}

/// How long a process of a trial may run, and how many bytes of memory it may have.
///
/// # Errors
/// When a parameter is missing.
pub fn limits(params: &Params) -> Result<(Option<Duration>, Option<u64>), LabError> {
    let seconds = number(params, "trial_time_s")?;
    let megabytes = count(params, "memory_mb")?;
    Ok((
        (seconds > 0.0).then(|| Duration::from_secs_f64(seconds)),
        (megabytes > 0).then_some(megabytes << 20),
    ))
}

/// The GPUs that trials get, all of them free.
pub fn shared_gpus(settings: &SearchSettings) -> Option<SharedGpus> {
    let gpus = |share| SharedGpus::new(settings.gpus.clone(), share);
    settings.trial_gpus.map(gpus)
}

/// What a run trains.
///
/// # Errors
/// When the data cannot be used, or the parameters do not fit it.
pub fn work(
    config: &RunConfig,
    settings: &SearchSettings,
    (command, space): (Option<ProgramCommand>, &Space),
) -> Result<SearchWork, LabError> {
    match command {
        Some(command) => command.work(config, settings, space),
        None => on_rows(config, settings),
    }
}

/// A network or a forest on the rows of a table.
fn on_rows(config: &RunConfig, settings: &SearchSettings) -> Result<SearchWork, LabError> {
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
    let objective = Objective::on_rows(settings.objective, Arc::new(data))
        .map_err(|error| LabError::Config(error.to_string()))?;
    Ok(SearchWork {
        objective: Arc::new(objective),
        data_sha256: Some(table.sha256()),
        split_sha256: Some(split_sha256),
        features: table.feature_names.clone(),
        findings,
        source,
        settled: Params::default(),
    })
}

fn own() -> Result<(Table, &'static str), DataError> {
    Ok((workbench_dataset::california_housing()?, "MedHouseVal"))
}

fn refused(given: &str, reason: &str) -> LabError {
    let option = Opt::Set("command".to_owned());
    LabError::Refused(Refusal::new(option, given, reason.to_owned()))
}
