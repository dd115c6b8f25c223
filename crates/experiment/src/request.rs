//! From a request to the resolved configuration of a run, with all defaults filled in and all
//! values checked.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::AskedWorkers;
use super::assignment;
use super::at_home::at_home;
use super::command::command;
use super::until::{MAX_REPEATS, MaxTime, Width, until};
use crate::lab::{
    ArmDefinition, DataKind, DataSource, LIST_SEPARATOR, Lab, LabDefinition, Opt, ParamValue,
    Params, Preset, Refusal, RunConfig, suggest,
};
use crate::request_error::RequestError;
use workbench_dataset::ReadOptions;
use workbench_machine::UsableCores;
use workbench_record::Until;

/// More slots than this are taken for a typing error, oversubscribed or not.
pub const MAX_WORKERS: u32 = 1024;
/// Seed when none is given.
pub const DEFAULT_SEED: u64 = 42;

/// What was requested; `None` and empty mean "the default".
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    /// Name of the preset.
    pub preset: Option<String>,
    /// Overrides of parameters, `key=value`.
    pub set: Vec<String>,
    /// Names of the arms to run.
    pub arms: Vec<String>,
    /// All arms that are peers, besides the named ones.
    pub peers: bool,
    /// Numbers of workers for the parallel arms.
    pub workers: AskedWorkers,
    /// Repeats of every arm.
    pub repeats: Option<u32>,
    /// Seed of everything random.
    pub seed: Option<u64>,
    /// Faults; each is a part of the lab's parameter for faults ([`crate::lab::Roles`]).
    pub faults: Vec<String>,
    /// Options that only some labs have, each with its value ([`crate::lab::Roles::options`]).
    pub options: Vec<(String, String)>,
    /// A file or folder instead of the lab's own data.
    pub data: Option<PathBuf>,
    /// The column of a file to predict.
    pub target: Option<String>,
    /// How a file is read: which columns and rows, and how it is written.
    pub reading: ReadOptions,
    /// More workers than usable cores are allowed.
    pub oversubscribe: bool,
    /// How narrow every interval is to be; more repeats are run until it is.
    pub until: Option<Width>,
    /// The longest time of a run that goes on until its intervals are narrow.
    pub max_time: Option<MaxTime>,
    /// The base runs as a second, equal arm.
    pub control: bool,
}

/// Fills in the defaults and checks everything that can be checked without the data.
///
/// # Errors
/// [`RequestError`], with what is possible instead.
pub fn resolve(
    lab: &LabDefinition,
    request: &Request,
    usable: &UsableCores,
) -> Result<RunConfig, RequestError> {
    let config = resolved(lab, request, usable)?;
    assignment::check_arms(&config)?;
    Ok(config)
}

/// The same, whatever arms an assignment requires.
fn resolved(
    lab: &LabDefinition,
    request: &Request,
    usable: &UsableCores,
) -> Result<RunConfig, RequestError> {
    let (preset_name, preset) = preset(lab, request.preset.as_deref())?;
    let mut set = request.set.clone();
    set.extend(faults(lab, request)?);
    set.extend(options(lab, request)?);
    set.extend(least_workers(lab, request)?);
    let mut params = lab.resolve(preset, &set)?;
    let asked = lab.assignment.as_deref();
    assignment::check_preset(lab, preset_name, &params)?;
    make_absolute(lab, &mut params);
    let repeats = assignment::repeats(asked, request.repeats, preset.repeats)?;
    count(Opt::Repeats, repeats, MAX_REPEATS)?;
    let mut config = RunConfig {
        lab: lab.name.clone(),
        preset: preset_name.to_owned(),
        seed: assignment::seed(asked, request.seed)?.unwrap_or(DEFAULT_SEED),
        repeats,
        arms: arms(lab, request)?,
        workers: workers(request, usable)?,
        oversubscribe: request.oversubscribe,
        until: precision(request)?,
        control: request.control,
        assignment: asked.cloned().map(Box::new),
        data: data(lab, request)?,
        command: String::new(),
        params,
    };
    config.command = command(lab, preset, &config);
    Ok(config)
}

/// The same for a lab whose parameters may decide which arms it has.
///
/// # Errors
/// [`RequestError`], with what is possible instead.
pub fn resolve_for(
    lab: &dyn Lab,
    request: &Request,
    usable: &UsableCores,
) -> Result<RunConfig, RequestError> {
    // With its own arms and data alone, so that those of others are judged by the definition that
    // has them.
    let general = Request {
        arms: Vec::new(),
        data: None,
        target: None,
        reading: ReadOptions::default(),
        ..request.clone()
    };
    let config = resolved(lab.definition(), &general, usable)?;
    let own = lab.specialised(&config.params);
    let own = own.map_err(RequestError::Refused)?;
    let lab = own.as_deref().unwrap_or(lab);
    let config = resolve(lab.definition(), request, usable)?;
    lab.check(&config).map_err(RequestError::Refused)?;
    Ok(config)
}

fn preset<'a>(
    lab: &'a LabDefinition,
    name: Option<&str>,
) -> Result<(&'a str, &'a Preset), RequestError> {
    let name = name.unwrap_or(&lab.default_preset);
    lab.presets
        .get_key_value(name)
        .map(|(name, preset)| (name.as_str(), preset))
        .ok_or_else(|| RequestError::Preset {
            given: name.to_owned(),
            lab: lab.name.clone(),
            hint: suggest(name, lab.presets.keys().map(String::as_str)),
        })
}

fn arms(lab: &LabDefinition, request: &Request) -> Result<Vec<String>, RequestError> {
    let asked = &request.arms;
    if request.peers && !lab.arms.iter().any(|arm| arm.peer.is_some()) {
        let reason = format!("the {} lab has no peers; leave it out", lab.name);
        return Err(RequestError::Refused(Refusal::of(Opt::Peers, reason)));
    }
    for arm in asked {
        if lab.arm(arm).is_none() {
            return Err(RequestError::Arm {
                given: arm.clone(),
                lab: lab.name.clone(),
                hint: suggest(arm, lab.arms.iter().map(|arm| arm.name.as_str())),
            });
        }
    }
    if !asked.is_empty() && !asked.contains(&lab.base) {
        return Err(RequestError::NoBase {
            given: asked.join(","),
            base: lab.base.clone(),
        });
    }
    // The lab's order, not that of the request, so reports of the same arms are equal.
    let wanted = |arm: &&ArmDefinition| match arm.peer {
        Some(_) => request.peers || asked.contains(&arm.name),
        None => asked.is_empty() || asked.contains(&arm.name),
    };
    let wanted = lab.arms.iter().filter(wanted);
    Ok(wanted.map(|arm| arm.name.clone()).collect())
}

fn count(option: Opt, given: u32, max: u32) -> Result<(), RequestError> {
    if (1..=max).contains(&given) {
        return Ok(());
    }
    Err(RequestError::Count { option, given, max })
}

fn workers(request: &Request, usable: &UsableCores) -> Result<Vec<u32>, RequestError> {
    let most = (usable.cores.floor() as u32).max(1);
    let mut workers = match &request.workers {
        AskedWorkers::Numbers(numbers) if numbers.is_empty() => vec![most],
        AskedWorkers::Numbers(numbers) => numbers.clone(),
        AskedWorkers::Elastic { most, .. } => vec![*most],
    };
    for &given in &workers {
        count(Opt::Workers, given, MAX_WORKERS)?;
        if given > most && !request.oversubscribe {
            return Err(RequestError::TooManyWorkers {
                given,
                cores: usable.cores,
                reason: usable.limit.clone(),
                range: if most == 1 {
                    "1".to_owned()
                } else {
                    format!("1 to {most}")
                },
            });
        }
    }
    workers.sort_unstable();
    workers.dedup();
    Ok(workers)
}

/// The value of `--fault`, as the parameter that it sets.
fn faults(lab: &LabDefinition, request: &Request) -> Result<Option<String>, RequestError> {
    let Some(first) = request.faults.first() else {
        return Ok(None);
    };
    let error = |text: String| refused(Opt::Fault, first, text);
    let Some(param) = &lab.roles.faults else {
        return error(format!(
            "the {} lab has no faults; leave --fault out",
            lab.name
        ));
    };
    if is_set(request, param) {
        return error(format!(
            "--set {param}=… says the same; give one of the two"
        ));
    }
    Ok(Some(format!("{param}={}", request.faults.join(";"))))
}

/// The lower end of `--workers 1..2`, as the parameter that it sets.
fn least_workers(lab: &LabDefinition, request: &Request) -> Result<Option<String>, RequestError> {
    let AskedWorkers::Elastic { least, most } = request.workers else {
        return Ok(None);
    };
    let error = |text: String| {
        let given = format!("{least}..{most}");
        refused(Opt::Workers, &given, text)
    };
    let Some(param) = &lab.roles.least_workers else {
        return error(format!(
            "no arm of the {} lab can go on with fewer workers; to compare numbers of workers, give them all, for example {least},{most}",
            lab.name
        ));
    };
    if is_set(request, param) {
        return error(format!(
            "--set {param}=… says the same; give one of the two"
        ));
    }
    Ok(Some(format!("{param}={least}")))
}

/// What `--until` and `--max-time` ask for.
fn precision(request: &Request) -> Result<Option<Until>, RequestError> {
    match (request.until, request.max_time) {
        (Some(width), max_time) => Ok(Some(until(width, max_time))),
        (None, None) => Ok(None),
        (None, Some(given)) => refused(
            Opt::MaxTime,
            &given.to_string(),
            "it limits a run that goes on until its intervals are narrow; say how narrow with --until, for example --until 2%",
        ),
    }
}

/// The values of options that only some labs have, as the parameters that they set.
fn options(lab: &LabDefinition, request: &Request) -> Result<Vec<String>, RequestError> {
    let mut set: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for (option, value) in &request.options {
        let opt = || Opt::Of(option.clone());
        let Some(param) = lab.roles.options.get(option) else {
            let reason = format!("the {} lab has no such option; leave it out", lab.name);
            return Err(RequestError::Refused(Refusal::of(opt(), reason)));
        };
        if is_set(request, param) {
            let reason = format!("--set {param}=… says the same; give one of the two");
            return refused(opt(), value, reason);
        }
        let given = set.entry(param).or_default();
        if !given.is_empty() && !lab.roles.lists.contains(param) {
            return refused(opt(), value, "give it once");
        }
        given.push(value);
    }
    let joined = |(param, values): (&str, Vec<&str>)| {
        format!("{param}={}", values.join(&format!(" {LIST_SEPARATOR} ")))
    };
    Ok(set.into_iter().map(joined).collect())
}

/// Names the directory of a lab that has one from the root, because a run can be resumed from
/// anywhere.
fn make_absolute(lab: &LabDefinition, params: &mut Params) {
    let Some(name) = &lab.roles.directory else {
        return;
    };
    if let Some(ParamValue::Text(text)) = params.get_mut(name)
        && let Ok(path) =
            std::path::absolute(at_home(Path::new(if text.is_empty() { "." } else { text })))
    {
        *text = path.to_string_lossy().into_owned();
    }
}

fn refused<T>(option: Opt, given: &str, reason: impl Into<String>) -> Result<T, RequestError> {
    Err(RequestError::Refused(Refusal::new(option, given, reason)))
}

fn is_set(request: &Request, parameter: &str) -> bool {
    let names = |text: &String| {
        text.split_once('=')
            .is_some_and(|(key, _)| key.trim() == parameter)
    };
    request.set.iter().any(names)
}

fn data(lab: &LabDefinition, request: &Request) -> Result<DataSource, RequestError> {
    // A run can be resumed and reproduced from any directory, so the path must be absolute.
    let absolute = |path: &PathBuf| {
        let path = at_home(path);
        std::path::absolute(&path)
            .unwrap_or(path)
            .to_string_lossy()
            .into_owned()
    };
    let of_table = of_table(&request.reading);
    let Some(kind) = lab.takes_data.as_ref().map(|data| data.kind) else {
        if request.data.is_none() && request.target.is_none() && of_table.is_none() {
            return Ok(DataSource::Embedded);
        }
        let reason = format!("the {} lab takes no data", lab.name);
        return Err(RequestError::Refused(Refusal::of(Opt::Data, reason)));
    };
    if let (Some(option), DataKind::Folder) = (&of_table, kind) {
        let reason = format!("the {} lab takes a folder; leave it out", lab.name);
        return Err(RequestError::Refused(Refusal::of(option.clone(), reason)));
    }
    match (&request.data, &request.target) {
        (None, None) => match of_table {
            None => Ok(DataSource::Embedded),
            Some(option) => Err(RequestError::Refused(Refusal::of(
                option,
                "it concerns a file; give one with --data FILE.csv, and --target COLUMN",
            ))),
        },
        (_, Some(target)) if kind == DataKind::Folder => refused(
            Opt::Target,
            target,
            format!(
                "the {} lab takes a folder, so there is no column to predict; leave --target out",
                lab.name
            ),
        ),
        (Some(path), None) if kind == DataKind::Folder => Ok(DataSource::Folder {
            path: absolute(path),
            sha256: None,
        }),
        (Some(path), None) => refused(
            Opt::Data,
            &path.to_string_lossy(),
            "say which column to predict with --target COLUMN",
        ),
        (None, Some(target)) => refused(
            Opt::Target,
            target,
            "give the file that has this column with --data FILE.csv",
        ),
        (Some(path), Some(target)) => Ok(DataSource::File {
            path: absolute(path),
            target: target.clone(),
            reading: request.reading.clone(),
            facts: None,
        }),
    }
}

/// The first option that was given and only tables have.
fn of_table(reading: &ReadOptions) -> Option<Opt> {
    [
        (!reading.columns.is_empty(), Opt::Columns),
        (!reading.drop_columns.is_empty(), Opt::DropColumns),
        (reading.no_header, Opt::NoHeader),
        (reading.drop_missing, Opt::DropMissing),
        (reading.delimiter.is_some(), Opt::Delimiter),
        (reading.decimal.is_some(), Opt::Decimal),
    ]
    .into_iter()
    .find_map(|(is_given, option)| is_given.then_some(option))
}
