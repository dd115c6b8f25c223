//! The command that reproduces a run, made from its configuration.

use std::fmt::Write as _;

use super::AskedWorkers;
use super::until::command_words;
use crate::lab::{
    DataSource, LIST_SEPARATOR, LabDefinition, ParamValue, Params, Preset, RunConfig,
};
use workbench_dataset::shell_word;

/// The command that gives the same configuration on any machine, independent of its defaults.
pub(super) fn command(lab: &LabDefinition, preset: &Preset, config: &RunConfig) -> String {
    let of_preset: Params = lab.resolve(preset, &[]).unwrap_or_default();
    let least_workers = lab.roles.least_workers.as_deref();
    let workers = asked_workers(config, &of_preset, least_workers);
    let mut out = format!(
        "workbench --lab {} --preset {} --seed {} --repeats {} --workers {}",
        config.lab, config.preset, config.seed, config.repeats, workers
    );
    if !config.arms.iter().eq(lab.usual_arms()) {
        let _ = write!(out, " --arms {}", config.arms.join(","));
    }
    let elastic = matches!(workers, AskedWorkers::Elastic { .. });
    for (key, value) in &config.params {
        if of_preset.get(key) == Some(value) || (elastic && Some(key.as_str()) == least_workers) {
            continue;
        }
        let value = value.to_string();
        if let Some((option, _)) = lab.roles.options.iter().find(|(_, param)| *param == key) {
            let is_list = lab.roles.lists.contains(key);
            out.push_str(&option_words(option, &value, is_list));
            continue;
        }
        let faults: Vec<&str> = value.split(';').map(str::trim).collect();
        if Some(key) == lab.roles.faults.as_ref() && !faults.contains(&"") {
            for fault in faults {
                let _ = write!(out, " --fault {}", shell_word(fault));
            }
        } else {
            let _ = write!(out, " --set {}", shell_word(&format!("{key}={value}")));
        }
    }
    out.push_str(&data_words(&config.data));
    if let Some(recorded) = &config.assignment {
        let _ = write!(out, " --assignment {}", shell_word(&recorded.file));
    }
    if config.oversubscribe {
        out.push_str(" --oversubscribe");
    }
    for words in command_words(config) {
        let _ = write!(out, " {words}");
    }
    out
}

/// The options that name the data of a run, each with a space before it; none for what comes with
/// the lab.
pub fn data_words(data: &DataSource) -> String {
    match data {
        DataSource::Embedded => String::new(),
        DataSource::File {
            path,
            target,
            reading,
            ..
        } => {
            let (path, target) = (shell_word(path), shell_word(target));
            let mut words = format!(" --data {path} --target {target}");
            if !reading.is_default() {
                let _ = write!(words, " {}", reading.command_words());
            }
            words
        }
        DataSource::Folder { path, .. } => format!(" --data {}", shell_word(path)),
    }
}

/// An option of some labs as it is typed: once for each part of a list, alone for a switch.
fn option_words(option: &str, value: &str, is_list: bool) -> String {
    let parts: Vec<&str> = if is_list {
        value.split(LIST_SEPARATOR).map(str::trim).collect()
    } else {
        vec![value]
    };
    let mut out = String::new();
    for part in parts {
        let _ = match part {
            "true" => write!(out, " --{option}"),
            part => write!(out, " --{option} {}", shell_word(part)),
        };
    }
    out
}

/// The value of `--workers` for a configuration.
fn asked_workers(
    config: &RunConfig,
    of_preset: &Params,
    least_workers: Option<&str>,
) -> AskedWorkers {
    let least = |params: &Params| match params.get(least_workers?)? {
        ParamValue::Integer(least) => u32::try_from(*least).ok(),
        _ => None,
    };
    match (config.workers.as_slice(), least(&config.params)) {
        ([most], Some(given))
            if (1..=*most).contains(&given) && least(of_preset) != Some(given) =>
        {
            AskedWorkers::Elastic {
                least: given,
                most: *most,
            }
        }
        _ => AskedWorkers::Numbers(config.workers.clone()),
    }
}
