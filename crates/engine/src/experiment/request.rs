//! From what a person asked for to the resolved configuration of a run, with every default filled in and every value
//! checked.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::lab::{DataSource, LabDefinition, ParamError, Params, Preset, RunConfig, suggest};
use crate::machine::UsableCores;

/// More slots than this are a slip of the keyboard, oversubscribed or not.
pub const MAX_WORKERS: u32 = 1024;
/// More repeats than this are a slip of the keyboard.
pub const MAX_REPEATS: u32 = 10_000;
/// Seed when none is given.
pub const DEFAULT_SEED: u64 = 42;

/// What a person asked for; `None` and empty mean "the default".
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    /// Name of the preset.
    pub preset: Option<String>,
    /// Overrides of parameters, `key=value`.
    pub set: Vec<String>,
    /// Names of the arms to run.
    pub arms: Vec<String>,
    /// Numbers of workers for the parallel arms.
    pub workers: Vec<u32>,
    /// Repeats of every arm.
    pub repeats: Option<u32>,
    /// Seed of everything random.
    pub seed: Option<u64>,
    /// A CSV file instead of the lab's own data.
    pub data: Option<PathBuf>,
    /// The column to predict.
    pub target: Option<String>,
    /// More workers than usable cores are allowed.
    pub oversubscribe: bool,
}

/// Why a request cannot be run. Every message says what may be asked instead.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// A parameter.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// No such preset.
    #[error("`--preset {given}`: the {lab} lab has no such preset; {hint}")]
    Preset {
        /// What was given.
        given: String,
        /// The lab.
        lab: String,
        /// What there is.
        hint: String,
    },
    /// No such arm.
    #[error("`--arms {given}`: the {lab} lab has no such arm; {hint}")]
    Arm {
        /// What was given.
        given: String,
        /// The lab.
        lab: String,
        /// What there is.
        hint: String,
    },
    /// The base is missing among the arms.
    #[error(
        "`--arms {given}`: speed-ups are stated against `{base}`, so it has to run too; give --arms {base},{given}"
    )]
    NoBase {
        /// What was given.
        given: String,
        /// The base.
        base: String,
    },
    /// Zero, or too many.
    #[error("`{option} {given}`: give a whole number from 1 to {max}")]
    Count {
        /// The option.
        option: &'static str,
        /// What was given.
        given: u32,
        /// The largest value.
        max: u32,
    },
    /// More workers than cores.
    #[error(
        "`--workers {given}`: this machine has {cores} usable cores ({reason}); give {range}, or --oversubscribe"
    )]
    TooManyWorkers {
        /// What was given.
        given: u32,
        /// Usable cores.
        cores: f64,
        /// Why so many.
        reason: String,
        /// What may be given.
        range: String,
    },
    /// `--data` without `--target` or the other way round, or for a lab that takes none.
    #[error("{0}")]
    Data(String),
}

/// Fills in the defaults and checks everything that can be checked without the data.
///
/// # Errors
/// [`RequestError`], with what may be asked instead.
pub fn resolve(
    lab: &LabDefinition,
    request: &Request,
    usable: &UsableCores,
) -> Result<RunConfig, RequestError> {
    let (preset_name, preset) = preset(lab, request.preset.as_deref())?;
    let params = lab.resolve(preset, &request.set)?;
    let repeats = request.repeats.unwrap_or(preset.repeats);
    count("--repeats", repeats, MAX_REPEATS)?;
    let mut config = RunConfig {
        lab: lab.name.clone(),
        preset: preset_name.to_owned(),
        seed: request.seed.unwrap_or(DEFAULT_SEED),
        repeats,
        arms: arms(lab, &request.arms)?,
        workers: workers(request, usable)?,
        oversubscribe: request.oversubscribe,
        data: data(lab, request)?,
        command: String::new(),
        params,
    };
    config.command = command(lab, preset, &config);
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

fn arms(lab: &LabDefinition, asked: &[String]) -> Result<Vec<String>, RequestError> {
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
    // The lab's order, whatever the order of asking: reports of the same arms look the same.
    let wanted = |name: &String| asked.is_empty() || asked.contains(name);
    Ok(lab
        .arms
        .iter()
        .map(|arm| arm.name.clone())
        .filter(wanted)
        .collect())
}

fn count(option: &'static str, given: u32, max: u32) -> Result<(), RequestError> {
    if (1..=max).contains(&given) {
        return Ok(());
    }
    Err(RequestError::Count { option, given, max })
}

fn workers(request: &Request, usable: &UsableCores) -> Result<Vec<u32>, RequestError> {
    let most = (usable.cores.floor() as u32).max(1);
    let mut workers = request.workers.clone();
    if workers.is_empty() {
        workers.push(most);
    }
    for &given in &workers {
        count("--workers", given, MAX_WORKERS)?;
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

fn data(lab: &LabDefinition, request: &Request) -> Result<DataSource, RequestError> {
    let error = |text: String| Err(RequestError::Data(text));
    match (&request.data, &request.target) {
        (None, None) => Ok(DataSource::Embedded),
        _ if !lab.takes_data => error(format!("`--data`: the {} lab takes no data", lab.name)),
        (Some(path), None) => error(format!(
            "`--data {}`: say which column to predict with --target COLUMN",
            path.display()
        )),
        (None, Some(target)) => error(format!(
            "`--target {target}`: give the file that has this column with --data FILE.csv"
        )),
        (Some(path), Some(target)) => Ok(DataSource::File {
            // A run is resumed and reproduced from anywhere, so a relative path would not do.
            path: std::path::absolute(path)
                .unwrap_or_else(|_| path.clone())
                .to_string_lossy()
                .into_owned(),
            target: target.clone(),
        }),
    }
}

/// The command that gives the same configuration on any machine, whatever its defaults there.
fn command(lab: &LabDefinition, preset: &Preset, config: &RunConfig) -> String {
    let list = |numbers: &[u32]| {
        numbers
            .iter()
            .map(u32::to_string)
            .collect::<Vec<_>>()
            .join(",")
    };
    let mut out = format!(
        "workbench --lab {} --preset {} --seed {} --repeats {} --workers {}",
        config.lab,
        config.preset,
        config.seed,
        config.repeats,
        list(&config.workers)
    );
    if config.arms.len() < lab.arms.len() {
        let _ = write!(out, " --arms {}", config.arms.join(","));
    }
    let of_preset: Params = lab.resolve(preset, &[]).unwrap_or_default();
    for (key, value) in &config.params {
        if of_preset.get(key) != Some(value) {
            let _ = write!(out, " --set {}", quote(&format!("{key}={value}")));
        }
    }
    if let DataSource::File { path, target } = &config.data {
        let _ = write!(out, " --data {} --target {}", quote(path), quote(target));
    }
    if config.oversubscribe {
        out.push_str(" --oversubscribe");
    }
    out
}

/// Quotes a word for a POSIX shell where it needs it.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
