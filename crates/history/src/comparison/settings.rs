//! The settings and machines of the runs: those that differ, row by row, and the names of those
//! that are equal.

use std::collections::BTreeMap;

use workbench_experiment::lab::DataSource;
use workbench_machine::MachineFacts;
use workbench_report::format;
use workbench_result::RunResult;

use super::row::finished;

/// What kind of setting it is, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The work, its repeats and its data.
    Run,
    /// The lab's parameters.
    Parameters,
    /// The machine.
    Machine,
    /// The program.
    Versions,
}

impl Group {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "Run",
            Self::Parameters => "Parameters",
            Self::Machine => "Machine",
            Self::Versions => "Versions",
        }
    }
}

/// A setting that is not the same in all runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DifferingSetting {
    /// Its kind.
    pub group: Group,
    /// Its name.
    pub name: String,
    /// Its value in each run; `None` where a run has no such setting.
    pub values: Vec<Option<String>>,
}

/// All settings of some runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingsCompared {
    /// The settings that differ.
    pub differing: Vec<DifferingSetting>,
    /// The names of the settings that are equal in all runs.
    pub same: Vec<String>,
}

impl SettingsCompared {
    /// The equal settings, on one line.
    pub fn same_line(&self) -> String {
        match self.same.len() {
            0 => "Nothing is the same.".to_owned(),
            _ => format!("The same: {}.", self.same.join(", ")),
        }
    }
}

type Facts = BTreeMap<(Group, String), String>;

/// Compares the settings of some runs.
pub(super) fn of(results: &[&RunResult]) -> SettingsCompared {
    let columns: Vec<Facts> = results.iter().map(|result| facts(result)).collect();
    let mut keys: Vec<&(Group, String)> = columns.iter().flat_map(BTreeMap::keys).collect();
    keys.sort();
    keys.dedup();
    let one_lab = results.windows(2).all(|pair| pair[0].lab == pair[1].lab);
    let mut settings = SettingsCompared::default();
    for key in keys {
        let values: Vec<Option<String>> = columns.iter().map(|c| c.get(key).cloned()).collect();
        if values.windows(2).all(|pair| pair[0] == pair[1]) {
            if one_lab || !is_of_lab(key) {
                settings.same.push(key.1.clone());
            }
        } else {
            settings.differing.push(DifferingSetting {
                group: key.0,
                name: key.1.clone(),
                values,
            });
        }
    }
    settings
}

/// Whether a setting means what its lab makes of it: the own data of two labs, their presets and
/// their parameters of one name have only the name in common.
fn is_of_lab((group, name): &(Group, String)) -> bool {
    match group {
        Group::Parameters => true,
        Group::Run => matches!(name.as_str(), "preset" | "data" | "arms"),
        Group::Machine | Group::Versions => false,
    }
}

fn facts(result: &RunResult) -> Facts {
    let mut facts = Facts::new();
    let mut add = |group, name: &str, value: String| {
        facts.insert((group, format::clean(name, 40)), format::clean(&value, 120));
    };
    for (name, value) in &result.parameters {
        add(Group::Parameters, name, value.to_string());
    }
    let data = match &result.data {
        DataSource::Embedded => "embedded".to_owned(),
        DataSource::File {
            path,
            target,
            reading,
            ..
        } if reading.is_default() => format!("{path} ({target})"),
        DataSource::File {
            path,
            target,
            reading,
            ..
        } => format!("{path} ({target}, {})", reading.command_words()),
        DataSource::Folder { path, sha256 } => match sha256 {
            Some(hash) => format!("{path} ({})", format::hash_prefix(hash)),
            None => path.clone(),
        },
    };
    let arms: Vec<&str> = names(result);
    for (name, value) in [
        ("lab", result.lab.clone()),
        ("preset", result.preset.clone()),
        ("seed", result.seed.to_string()),
        ("repeats", result.repeats.to_string()),
        ("data", data),
        ("arms", arms.join(", ")),
        ("workers", workers(result)),
    ] {
        add(Group::Run, name, value);
    }
    for (group, name, value) in machine(&result.machine) {
        add(group, name, value);
    }
    facts
}

/// The requested arms; documents of older versions hold only those that finished a repeat.
fn names(result: &RunResult) -> Vec<&str> {
    if !result.asked.arms.is_empty() {
        return result.asked.arms.iter().map(String::as_str).collect();
    }
    let mut names: Vec<&str> = Vec::new();
    for arm in finished(result) {
        if !names.contains(&arm.name.as_str()) {
            names.push(&arm.name);
        }
    }
    names
}

/// The requested numbers of workers, likewise.
fn workers(result: &RunResult) -> String {
    let mut workers = result.asked.workers.clone();
    if workers.is_empty() {
        workers = finished(result).map(|arm| arm.workers).collect();
    }
    workers.sort_unstable();
    workers.dedup();
    let texts: Vec<String> = workers.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

fn machine(machine: &MachineFacts) -> Vec<(Group, &'static str, String)> {
    use Group::{Machine, Versions};
    let or_missing = |text: &Option<String>| text.clone().unwrap_or_else(|| format::MISSING.into());
    let gpus: Vec<&str> = machine.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
    let gpus = match gpus.as_slice() {
        [] => "none".to_owned(),
        [one] => (*one).to_owned(),
        several if several.iter().all(|name| name == &several[0]) => {
            format!("{} × {}", several.len(), several[0])
        }
        several => several.join(", "),
    };
    let commit = machine
        .workbench_commit
        .clone()
        .unwrap_or_else(|| "no commit".to_owned());
    vec![
        (Machine, "processor", machine.cpu_model.trim().to_owned()),
        (
            Machine,
            "usable cores",
            format::number(machine.cores_usable),
        ),
        (Machine, "cores", machine.cores_logical.to_string()),
        (Machine, "memory", format::bytes(machine.memory_bytes)),
        (Machine, "GPUs", gpus),
        (Machine, "governor", or_missing(&machine.governor)),
        (Machine, "system", machine.os.clone()),
        (Machine, "kernel", machine.kernel.clone()),
        (
            Versions,
            "workbench",
            format!("{} ({commit})", machine.workbench_version),
        ),
        (Versions, "profile", machine.build_profile.clone()),
        (Versions, "compiler", machine.compiler.clone()),
        (Versions, "GPU driver", or_missing(&machine.gpu_driver)),
    ]
}
