//! The commands about a run: trials as a table, the best model, and other schedulers on the
//! recorded curves.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use workbench_experiment::data_words;
use workbench_experiment::lab::{
    CommandInput, CommandOutput, LabError, OutputTable, ParamValue, Quantity, RunConfig,
};
use workbench_search::{Checkpoint, TrialId};

use crate::again;
use crate::messages;
use crate::objective::{Objective, ObjectiveKind, TrialPlace, TrialProgram};
use crate::prepared::PreparedSearch;
use crate::recorded::{RecordedSearch, RecordedTrial, searches};
use crate::settings::text;
use crate::trail;
use crate::worker_model::{self, WorkerFolder};

/// The text of an option; `None` where it is empty.
pub fn word<'a>(input: &'a CommandInput<'_>, name: &str) -> Option<&'a str> {
    match input.options.get(name) {
        Some(ParamValue::Text(text)) if !text.trim().is_empty() => Some(text.trim()),
        _ => None,
    }
}

/// The number of an option; `None` where it is 0.
pub fn number(input: &CommandInput<'_>, name: &str) -> Option<u64> {
    match input.options.get(name) {
        Some(ParamValue::Integer(number)) if *number > 0 => Some(*number as u64),
        _ => None,
    }
}

/// The configuration of the run.
///
/// # Errors
/// When its record has no beginning.
pub fn config<'a>(input: &CommandInput<'a>) -> Result<&'a RunConfig, LabError> {
    let started = input.snapshot.started.as_deref();
    let started = started.ok_or_else(|| LabError::Config(messages::no_search()))?;
    Ok(&started.config)
}

/// The searches that the options name: all of an arm, or one.
///
/// # Errors
/// When there is none.
pub fn chosen<'a>(
    input: &CommandInput<'a>,
    prepared: &PreparedSearch,
    usual: Option<&str>,
) -> Result<Vec<RecordedSearch<'a>>, LabError> {
    let mut found = searches(
        input.snapshot,
        word(input, "arm").or(usual),
        &prepared.names(),
    )?;
    if let Some(repeat) = number(input, "repeat") {
        found.retain(|search| u64::from(search.repeat.id.repeat) + 1 == repeat);
        if found.is_empty() {
            return Err(LabError::Config(messages::no_repeat(repeat)));
        }
    }
    Ok(found)
}

/// `workbench tune trials RUN`.
///
/// # Errors
/// When there is no such search.
pub fn trials(
    prepared: &PreparedSearch,
    input: &CommandInput<'_>,
) -> Result<CommandOutput, LabError> {
    let found = chosen(input, prepared, None)?;
    let names = prepared.names();
    let mut header = vec!["arm", "workers", "repeat", "trial", "state", "units"];
    header.extend(names.iter().map(String::as_str));
    header.extend(["best", "best after", "failed attempts", "seconds", "from"]);
    let mut trials = found.iter().flat_map(|search| search.trials.values());
    let with_gpus = trials.any(|trial| !trial.gpus.is_empty());
    header.extend(with_gpus.then_some("GPUs"));
    let header: Vec<String> = header.into_iter().map(str::to_owned).collect();
    let mut rows = Vec::new();
    let mut documents = Vec::new();
    for search in &found {
        for (trial, known) in &search.trials {
            let mut row = row(search, (trial.0, known), &names);
            row.extend(with_gpus.then(|| gpus(known)));
            rows.push(row);
            documents.push(document(search, (trial.0, known)));
        }
    }
    let files = word(input, "csv").map(|path| (PathBuf::from(path), csv(&header, &rows)));
    let table = OutputTable {
        title: String::new(),
        header,
        rows,
    };
    Ok(CommandOutput {
        tables: vec![table],
        document: Value::Array(documents),
        files: files.into_iter().collect(),
        ..CommandOutput::default()
    })
}

fn row(
    search: &RecordedSearch<'_>,
    (id, trial): (u64, &RecordedTrial),
    names: &[String],
) -> Vec<String> {
    let of = &search.repeat.id;
    let best = trial.best();
    let mut row = vec![
        of.arm.clone(),
        of.workers.to_string(),
        (of.repeat + 1).to_string(),
        id.to_string(),
        trial.phase.name().to_owned(),
        trial.units.to_string(),
    ];
    row.extend(names.iter().map(|name| {
        let value = trial.configuration.get(name);
        value.map_or_else(String::new, ToString::to_string)
    }));
    row.push(best.map_or_else(String::new, |(loss, _)| loss.to_string()));
    row.push(best.map_or_else(String::new, |(_, unit)| unit.to_string()));
    row.push(trial.failures.to_string());
    row.push(format!("{:.3}", trial.seconds));
    row.push(trial.parent.map_or_else(String::new, |parent| {
        format!("{} after {}", parent.trial, parent.budget)
    }));
    row
}

/// The GPUs of a trial: `0,1` where it had two at once, `0; 1` where it went on with another.
fn gpus(trial: &RecordedTrial) -> String {
    let each = trial.gpus.iter().map(|gpus| gpus.join(","));
    each.collect::<Vec<_>>().join("; ")
}

fn document(search: &RecordedSearch<'_>, (id, trial): (u64, &RecordedTrial)) -> Value {
    let of = &search.repeat.id;
    let best = trial.best();
    json!({
        "arm": of.arm,
        "workers": of.workers,
        "repeat": of.repeat + 1,
        "trial": id,
        "state": trial.phase.name(),
        "units": trial.units,
        "configuration": trial.configuration,
        "best": best.map(|(loss, _)| loss),
        "best_after": best.map(|(_, unit)| unit),
        "failed_attempts": trial.failures,
        "seconds": trial.seconds,
        "from": trial.parent,
        "gpus": trial.gpus,
        "losses": trial.losses,
    })
}

/// Comma-separated, with quotes where a cell needs them (RFC 4180).
fn csv(header: &[String], rows: &[Vec<String>]) -> Vec<u8> {
    let cell = |text: &String| {
        if text.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.clone()
        }
    };
    let line = |row: &[String]| row.iter().map(cell).collect::<Vec<_>>().join(",");
    let rows = rows.iter().map(Vec::as_slice);
    let lines: Vec<String> = std::iter::once(header).chain(rows).map(line).collect();
    format!("{}\n", lines.join("\n")).into_bytes()
}

/// `workbench tune best RUN`.
///
/// # Errors
/// When the data is not that of the run, no trial has a value, or training fails.
pub fn best(
    prepared: &PreparedSearch,
    input: &CommandInput<'_>,
) -> Result<CommandOutput, LabError> {
    check_data(prepared, input)?;
    let found = chosen(input, prepared, None)?;
    let best = found.iter().filter_map(|search| {
        let (loss, at) = search.best()?;
        Some((loss, search, at))
    });
    let best = best.min_by_key(|(loss, ..)| *loss);
    let (loss, search, at) = best.ok_or_else(|| LabError::Config(messages::no_search()))?;
    let chosen = ChosenTrial {
        search,
        loss: loss.get(),
        at,
        known: search.trials.get(&at.trial).cloned().unwrap_or_default(),
    };
    let of = &search.repeat.id;
    let mut said = vec![
        messages::best_is(&trail::name(at.trial), of, at.budget),
        format!("Configuration: {}", chosen.known.configuration),
    ];
    let output = word(input, "output").map(PathBuf::from);
    let mut judged = chosen.judged(prepared, config(input)?, &mut said)?;
    let state = output.as_deref().and_then(|path| judged.beside(path));
    let document = json!({
        "run": input.run_id,
        "arm": of.arm,
        "workers": of.workers,
        "repeat": of.repeat + 1,
        "trial": at.trial,
        "units": at.budget,
        "configuration": chosen.known.configuration,
        "validation_mse": loss,
        "test_mse": judged.test,
        "command": judged.command,
        "model": judged.model,
    });
    let file = output.map(|path| {
        let text = serde_json::to_string_pretty(&document).unwrap_or_default();
        (path, format!("{text}\n").into_bytes())
    });
    Ok(CommandOutput {
        said,
        document,
        files: state.into_iter().chain(file).collect(),
        ..CommandOutput::default()
    })
}

/// The best trial of the searches that were looked at.
struct ChosenTrial<'a> {
    search: &'a RecordedSearch<'a>,
    loss: f64,
    at: Checkpoint,
    known: RecordedTrial,
}

/// What is known of it beyond the search.
struct JudgedTrial {
    /// Its error on the test rows.
    test: Option<f64>,
    /// The command that trains it.
    command: String,
    /// The model.
    model: Value,
    /// The model as a file of bytes, where it is no document.
    state: Option<Vec<u8>>,
}

impl JudgedTrial {
    /// Takes a model that is no document out, for a file beside the document, which names it.
    fn beside(&mut self, document: &Path) -> Option<(PathBuf, Vec<u8>)> {
        let state = self.state.take()?;
        let file = worker_model::beside(document);
        let name = file.file_name().map(|name| name.to_string_lossy());
        self.model = json!({ "checkpoint": name });
        Some((file, state))
    }
}

impl ChosenTrial<'_> {
    /// How it does on the test rows, and its model.
    fn judged(
        &self,
        prepared: &PreparedSearch,
        config: &RunConfig,
        said: &mut Vec<String>,
    ) -> Result<JudgedTrial, LabError> {
        match prepared.work.objective.as_ref() {
            Objective::Program(program)
                if prepared.settings.objective == ObjectiveKind::Program =>
            {
                Ok(self.typed(prepared, program, said))
            }
            _ => self.trained(prepared, config, said),
        }
    }

    /// The command of a program with everything filled in. It is not run: what it trains is its
    /// own, and was judged in the run.
    fn typed(
        &self,
        prepared: &PreparedSearch,
        program: &TrialProgram,
        said: &mut Vec<String>,
    ) -> JudgedTrial {
        let of = &self.search.repeat.id;
        let place = TrialPlace {
            dir: PathBuf::from("."),
            units: self.at.budget,
            slots: prepared.settings.trial_slots,
            judged: true,
            ..TrialPlace::none()
        };
        let seed = prepared.trial_seed(of.repeat, self.at.trial.0);
        let config = trail::params(&self.known.configuration);
        let command = program
            .command
            .typed(&program.values(&config, seed, &place));
        let finished = self.search.repeat.finished.as_ref();
        let quality = finished.and_then(|finished| finished.quality.get("test_mse"));
        let test = match quality {
            // What was judged is the best of the repeat, and this is the best of all.
            Some(Quantity::Number(test)) => Some(*test),
            _ => None,
        };
        said.extend(test.map(|test| messages::program_judged(self.loss, test)));
        said.push(messages::run_alone(&command, program.command.dir()));
        JudgedTrial {
            test,
            command,
            model: Value::Null,
            state: None,
        }
    }

    /// Trains it again, and judges it by the test rows.
    fn trained(
        &self,
        prepared: &PreparedSearch,
        config: &RunConfig,
        said: &mut Vec<String>,
    ) -> Result<JudgedTrial, LabError> {
        let of = &self.search.repeat.id;
        let seed = |trial: TrialId| prepared.trial_seed(of.repeat, trial.0);
        let origin = |trial| self.search.origin(trial);
        let is_process = prepared.settings.objective.is_process();
        let folder = is_process.then(WorkerFolder::new).transpose()?;
        let place = TrialPlace {
            dir: folder
                .as_ref()
                .map(|of| of.path().to_owned())
                .unwrap_or_default(),
            units: self.at.budget,
            slots: prepared.settings.trial_slots,
            judged: true,
            ..TrialPlace::none()
        };
        let trained = again::train(&prepared.work.objective, &origin, seed, (self.at, &place));
        let (model, again) = trained.map_err(|error| LabError::Failed(error.to_string()))?;
        let test = prepared.work.objective.test(&model);
        let command = fixed_command(config, &self.known);
        let figure = prepared.settings.objective.figure();
        said.extend(test.map(|test| messages::judged(figure, self.loss, test)));
        let is_same = (of.repeat, self.at.trial.0) == (0, 0);
        said.push(messages::train_alone(&command, is_same));
        if again.to_bits() != self.loss.to_bits() {
            said.push(messages::not_reproduced(self.at.trial, self.loss, again).text);
        }
        Ok(JudgedTrial {
            test,
            command,
            model: prepared
                .work
                .objective
                .export(&model, &prepared.work.features),
            state: folder.as_ref().map(WorkerFolder::state).transpose()?,
        })
    }
}

/// Checks that the data is still what the run was made with; older versions did not record it.
fn check_data(prepared: &PreparedSearch, input: &CommandInput<'_>) -> Result<(), LabError> {
    let started = input.snapshot.started.as_deref();
    let before = started.and_then(|started| started.data_sha256.as_ref());
    match before.zip(prepared.work.data_sha256.as_ref()) {
        None => Ok(()),
        Some((before, now)) if before == now => Ok(()),
        Some((before, now)) => {
            let text = messages::other_data(input.run_id, before, now);
            Err(LabError::Config(text))
        }
    }
}

/// The command that trains one configuration, alone.
fn fixed_command(config: &RunConfig, trial: &RecordedTrial) -> String {
    let set = |name: &str, value: &str| format!(" --set '{name}={value}'");
    let mut command = format!("workbench --lab {} --arms random", config.lab);
    let is_cnn = text(&config.params, "objective").ok() == Some(ObjectiveKind::Cnn.name());
    let kept: &[&str] = if is_cnn {
        // Sums depend on the threads that add them up, and on what computes.
        &[
            "objective",
            "budget",
            "rows",
            "validation_share",
            "trial_slots",
            "trial_gpus",
        ]
    } else {
        &[
            "objective",
            "budget",
            "rows",
            "test_share",
            "validation_share",
        ]
    };
    for name in kept {
        if let Some(value) = config.params.get(*name) {
            command += &set(name, &value.to_string());
        }
    }
    command += &set("grace", "1");
    command += &set("trials", "1");
    for (name, value) in trial.configuration.iter() {
        command += &set(name, &value.to_string());
    }
    let data = data_words(&config.data);
    format!("{command} --seed {} --repeats 1{data}", config.seed)
}
