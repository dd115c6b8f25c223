//! Reading runs for the screens, and writing their reports: slow work, done on threads of the
//! session.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use workbench_dataset::{CsvOptions, ReadOptions, survey_csv};
use workbench_experiment::lab::DataKind;
use workbench_experiment::setup::SetupStore;
use workbench_history::Standing;
use workbench_history::comparison::{self, Comparison, compare, curves};
use workbench_questions::AnswerSheet;
use workbench_record::{RecordError, RunDir, RunStore, Snapshot};
use workbench_report::format;
use workbench_result::{RunResult, compute, load};

use crate::event::{AppEvent, ExportRequest, Exported, Loaded, Recorded, SetupsEffect, SideBySide};
use crate::screens::form_data::{SurveyRequest, Surveyed};
use crate::sheet_place::SheetPlace;

/// Reads a run from its log, in whatever state it is.
pub fn open(run: &RunDir) -> Result<Loaded, String> {
    if !run.events().exists() {
        let id = format::clean(&run.id(), 60);
        return Err(format!(
            "{id} is not there any more: r reads the list again."
        ));
    }
    // Asked before reading: a run that ends meanwhile is no killed one.
    let live = run.is_live();
    let loaded = load(run)
        .map_err(|error| short(run, &error.to_string()))?
        .ok_or_else(|| format!("{}: the run has not begun", run.id()))?;
    Ok(Loaded {
        run: run.clone(),
        snapshot: loaded.snapshot,
        standing: standing(run, live, &loaded.result),
        result: loaded.result,
    })
}

fn standing(run: &RunDir, live: bool, result: &RunResult) -> Standing {
    match Standing::of(run, result) {
        Standing::Killed if live => Standing::Running,
        other => other,
    }
}

/// Reads all records of a run, to play it again.
pub fn records(run: RunDir) -> Result<Recorded, String> {
    let live = run.is_live();
    let log = run.read().map_err(|error| error.to_string())?;
    let result = compute(&Snapshot::of(&log.records));
    Ok(Recorded {
        standing: result.map_or(Standing::Unfinished, |of| standing(&run, live, &of)),
        records: log.records.into(),
        run,
    })
}

/// An error without the directory of all runs, so that one line has room for what was wrong.
fn short(run: &RunDir, error: &str) -> String {
    match run.path().parent() {
        Some(root) => error.replace(&format!("{}/", root.display()), ""),
        None => error.to_owned(),
    }
}

/// Reads runs from their logs and puts them side by side; one that cannot be read is told, and
/// nothing is compared.
pub fn side_by_side(runs: Vec<RunDir>) -> Result<SideBySide, String> {
    let loaded = runs.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let snapshots: Vec<&Snapshot> = loaded.iter().map(|loaded| &loaded.snapshot).collect();
    Ok(SideBySide {
        comparison: compared(&loaded),
        curves: curves(&snapshots),
        runs,
    })
}

fn compared(loaded: &[Loaded]) -> Comparison {
    let results: Vec<&RunResult> = loaded.iter().map(|loaded| &loaded.result).collect();
    let mut comparison = compare(&results);
    for (named, run) in comparison.runs.iter_mut().zip(loaded) {
        named.standing = run.standing;
    }
    comparison
}

/// Reads answers; none where there are none yet.
pub fn answers(store: &RunStore, place: &SheetPlace) -> Result<AnswerSheet, String> {
    let sheet = match place {
        SheetPlace::Draft {
            lab,
            assignment_sha256,
        } => store.read_draft(lab, assignment_sha256.as_deref()),
        SheetPlace::Run(run) => run.read_answers().and_then(|sheet| match sheet {
            Some(sheet) => Ok(sheet),
            None => empty_sheet(run),
        }),
    };
    sheet.map_err(|error| error.to_string())
}

/// An empty sheet for a run.
fn empty_sheet(run: &RunDir) -> Result<AnswerSheet, RecordError> {
    let started = run.snapshot()?.started;
    let config = started.as_deref().map(|started| &started.config);
    let assignment = config.and_then(|config| config.assignment.as_deref());
    let hash = assignment.map(|recorded| recorded.sha256.as_str());
    Ok(AnswerSheet::empty(
        config.map_or("", |config| &config.lab),
        hash,
    ))
}

/// Reads set-ups, keeps one or deletes one. After one was deleted the others are read again.
pub fn setups(folder: Option<PathBuf>, effect: SetupsEffect) -> AppEvent {
    let none = "this account has no folder for settings, so no set-up is kept";
    let Some(store) = folder.map(SetupStore::at) else {
        return AppEvent::SetupsRead(Err(none.to_owned()));
    };
    let deleted = match effect {
        SetupsEffect::Keep(asked) => {
            let kept = store.keep(&asked.name, &asked.setup, asked.replace);
            return AppEvent::SetupKept(asked.name, kept);
        }
        SetupsEffect::Delete(name) => store.delete(&name),
        SetupsEffect::Read => Ok(()),
    };
    let read = || {
        let told = |error| format!("cannot read {}: {error}", store.folder().display());
        store.list().map_err(told)
    };
    let deleted = deleted.map_err(|error| error.to_string());
    AppEvent::SetupsRead(deleted.and_then(|()| read()))
}

/// Writes a report of a run.
pub fn export(request: &ExportRequest, loaded: &Loaded) -> Exported {
    written(request, |path| {
        let sheet = loaded.run.read_answers().ok().flatten();
        let (result, snapshot) = (&loaded.result, &loaded.snapshot);
        workbench_report::write(path, result, snapshot, sheet.as_ref())
            .map_err(|error| error.to_string())
    })
}

/// Writes runs side by side, as they are by now.
pub fn export_comparison(request: &ExportRequest, runs: &[RunDir]) -> Exported {
    written(request, |path| {
        let loaded = runs.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let results: Vec<&RunResult> = loaded.iter().map(|loaded| &loaded.result).collect();
        comparison::report::write(path, &compared(&loaded), &results)
            .map_err(|error| error.to_string())
    })
}

/// Writes a file, unless there is one that is not to be replaced.
fn written(request: &ExportRequest, write: impl FnOnce(&Path) -> Result<(), String>) -> Exported {
    let path = std::path::absolute(&request.path).unwrap_or_else(|_| request.path.clone());
    if !request.replace && path.exists() {
        return Exported::Exists(path);
    }
    match write(&path) {
        Ok(()) => Exported::Written(path),
        Err(error) => Exported::Refused(error),
    }
}

/// Looks through a file, with the first rows for a preview, or whether a folder is there.
pub fn survey(request: &SurveyRequest) -> Surveyed {
    const ROWS: usize = 20;
    if request.kind == DataKind::Folder {
        return match std::fs::read_dir(&request.path) {
            Ok(_) => Ok(None),
            Err(error) => Err(format!("this folder cannot be read: {error}")),
        };
    }
    let options = CsvOptions {
        reading: ReadOptions {
            no_header: request.no_header,
            delimiter: request.delimiter,
            decimal: request.decimal,
            ..ReadOptions::default()
        },
        ..CsvOptions::default()
    };
    match survey_csv(&request.path, &options, ROWS) {
        Ok(survey) => Ok(Some(Arc::new(survey))),
        Err(error) => Err(error.to_string()),
    }
}
