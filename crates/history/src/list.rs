//! The runs as rows of a list, the latest first. Reading them can take long, so callers with a
//! screen read them on a separate thread, and only runs that have changed are read again.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::SystemTime;

use jiff::Timestamp;
use workbench_record::{RunDir, RunLabel, RunStore};
use workbench_report::format;
use workbench_result::{ArmResult, RunResult, load_result};

use crate::estimate::PastRun;
use crate::filter::FilterFacts;
use crate::standing::Standing;

/// One run of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// The run.
    pub run: RunDir,
    /// Its id.
    pub id: String,
    /// Its lab; empty when the run cannot be read.
    pub lab: String,
    /// Its preset.
    pub preset: String,
    /// When it started, where that is known.
    pub started_at: Option<Timestamp>,
    /// Its status; `None` for a run that cannot be read.
    pub standing: Option<Standing>,
    /// Missing repeats, over all arms.
    pub missing_repeats: u32,
    /// The best speed-up with its arm, or a dash; for a run that cannot be read, the reason.
    pub best: String,
    /// The best speed-up.
    pub best_speedup: Option<f64>,
    /// What the run found, in sentences.
    pub said: Vec<String>,
    /// What a person says about it.
    pub label: RunLabel,
    /// Bytes that its files take.
    pub disk_bytes: u64,
    /// The facts that a filter compares.
    pub facts: FilterFacts,
    /// For the estimate of another run's duration; `None` unless it was completed.
    pub past: Option<PastRun>,
}

/// The state of a run's files when they were read.
#[derive(Debug, Clone, Default, PartialEq)]
struct Stamp {
    /// Bytes of the log, and when it was written to.
    log: Option<(u64, SystemTime)>,
    /// The same of the result.
    result: Option<(u64, SystemTime)>,
    /// The same of what a person says about the run.
    label: Option<(u64, SystemTime)>,
}

impl Stamp {
    fn of(run: &RunDir) -> Self {
        let look = |path: PathBuf| {
            let facts = std::fs::metadata(path).ok()?;
            Some((facts.len(), facts.modified().ok()?))
        };
        Self {
            log: look(run.events()),
            result: look(run.result()),
            label: look(run.label_file()),
        }
    }
}

impl RunRow {
    /// The status of the run, in one or two words.
    pub fn status(&self) -> &'static str {
        self.standing.map_or("unreadable", Standing::name)
    }
}

/// The runs as they were read last, so that only changed runs are read again.
#[derive(Debug, Default)]
pub struct RunList {
    rows: Vec<(Stamp, RunRow)>,
    /// Whether the last attempt to list the runs failed.
    failed: bool,
    /// How many runs were read.
    #[cfg(test)]
    reads: u32,
}

impl RunList {
    /// Reads new and changed runs and drops removed ones; returns whether there were any. A run
    /// that is under way counts as changed when it ends: reading a long log repeatedly would
    /// disturb the measurement.
    ///
    /// # Errors
    /// When the runs cannot be listed.
    pub fn refresh(&mut self, store: &RunStore) -> Result<bool, String> {
        let listed = store.list().map_err(|error| error.to_string());
        let mended = std::mem::replace(&mut self.failed, listed.is_err());
        let runs = listed?;
        let before = std::mem::take(&mut self.rows);
        let mut changed = mended || before.len() != runs.len();
        let mut old: HashMap<PathBuf, (Stamp, RunRow)> = before
            .into_iter()
            .map(|known| (known.1.run.path().to_owned(), known))
            .collect();
        for run in runs.into_iter().rev() {
            // Taken before reading, so that later writes are found the next time.
            let stamp = Stamp::of(&run);
            let same = |known: &(Stamp, RunRow)| {
                if known.1.standing == Some(Standing::Running) {
                    run.is_live()
                } else {
                    known.0 == stamp
                }
            };
            if let Some(known) = old.remove(run.path()).filter(same) {
                self.rows.push(known);
                continue;
            }
            changed = true;
            #[cfg(test)]
            {
                self.reads += 1;
            }
            self.rows.push((stamp, row(run)));
        }
        Ok(changed)
    }

    /// All runs, the latest first.
    pub fn rows(&self) -> Vec<RunRow> {
        self.rows.iter().map(|(_, row)| row.clone()).collect()
    }
}

fn row(run: RunDir) -> RunRow {
    match load(&run) {
        Ok(result) => of_result(run, &result),
        Err(reason) => RunRow {
            id: format::clean(&run.id(), 60),
            lab: String::new(),
            preset: String::new(),
            started_at: None,
            standing: None,
            missing_repeats: 0,
            best: format::clean(&reason, 200),
            best_speedup: None,
            said: Vec::new(),
            facts: FilterFacts::unreadable(&run.id(), &reason).labelled(&run.label()),
            label: run.label(),
            disk_bytes: run.disk_bytes(),
            past: None,
            run,
        },
    }
}

/// The row of a run whose result is known.
pub fn of_result(run: RunDir, result: &RunResult) -> RunRow {
    let id = format::clean(&run.id(), 60);
    let (standing, best, label) = (Standing::of(&run, result), best(result), run.label());
    RunRow {
        lab: format::clean(&result.lab, 30),
        preset: format::clean(&result.preset, 30),
        started_at: result.started_at.parse().ok(),
        facts: FilterFacts::of(&run.id(), result, standing.name(), &best).labelled(&label),
        best_speedup: result.best_arm().map(|(speedup, _)| speedup),
        said: workbench_report::headline(result),
        label,
        disk_bytes: run.disk_bytes(),
        standing: Some(standing),
        missing_repeats: missing_repeats(result),
        best,
        past: PastRun::of(&id, result),
        id,
        run,
    }
}

fn missing_repeats(result: &RunResult) -> u32 {
    let done = |arm: &ArmResult| u32::try_from(arm.wall_s.len()).unwrap_or(u32::MAX);
    let arms = result.arms.iter();
    arms.map(|arm| result.repeats.saturating_sub(done(arm)))
        .fold(0, u32::saturating_add)
}

/// The document that the run wrote when it ended, where it fits its log, else the result of the log
/// so far.
///
/// # Errors
/// Why it cannot be read, in one line.
pub fn load(run: &RunDir) -> Result<RunResult, String> {
    load_result(run)
        .map_err(|error| error.to_string())?
        .ok_or_else(|| format!("{}: the run has not begun", run.id()))
}

/// The best speed-up of a run with its arm, or a dash.
pub fn best(result: &RunResult) -> String {
    let best = result.best_arm();
    best.map_or_else(|| "—".to_owned(), |(speedup, arm)| best_text(speedup, arm))
}

fn best_text(speedup: f64, arm: &ArmResult) -> String {
    // A speed-up below 1 is none.
    let none = if speedup < 1.0 { "none: " } else { "" };
    format!(
        "{none}{} ({} on {})",
        format::speedup(speedup),
        arm.name,
        arm.workers
    )
}

#[cfg(test)]
mod tests {

    use std::fs;

    use workbench_clock::Clock;
    use workbench_record::{Event, Finding, Recorder, RunStatus, Snapshot};
    use workbench_result::compute;
    use workbench_simulate::{Scenario, events};

    use super::*;

    /// The control is the base once more: a run of these two has no speed-up.
    #[test]
    fn a_control_is_no_best_arm() {
        let records = events(Scenario::Gpus, 1, "20261121-100000-rf-0001", 0);
        let mut result = compute(&Snapshot::of(&records)).unwrap();
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("events.jsonl"), "").unwrap();
        let run = RunDir::at(dir.path()).unwrap();
        let row = |result: &RunResult| of_result(run.clone(), result);
        assert!(row(&result).best_speedup.is_some());
        for arm in &mut result.arms {
            arm.control = arm.name != result.base;
        }
        let row = row(&result);
        assert_eq!((row.best.as_str(), row.best_speedup), ("—", None));
    }

    /// Only new or changed runs are read again; a run of another process changes when it ends.
    #[test]
    fn looking_again_reads_only_what_has_changed() {
        let dir = tempfile::tempdir().unwrap();
        let store = RunStore::open(Some(dir.path().to_owned())).unwrap();
        let log = |id: &str| {
            let path = dir.path().join(id);
            fs::create_dir_all(&path).unwrap();
            let recorder =
                Recorder::create(&path.join("events.jsonl"), Clock::start(), Box::new(|_| {}));
            let recorder = recorder.unwrap();
            for record in events(Scenario::Gpus, 1, id, 0)
                .into_iter()
                .take_while(|r| !matches!(r.event, Event::RunFinished { .. }))
            {
                recorder.emit_at(record.t_ns, record.event);
            }
            recorder.sync().unwrap();
            recorder
        };
        let mut list = RunList::default();
        assert_eq!(list.refresh(&store), Ok(false));
        let ended = log("20261121-100000-rf-0001");
        ended.finish().unwrap();
        let live = log("20261121-110000-rf-0002");
        assert_eq!((list.refresh(&store), list.reads), (Ok(true), 2));
        let said = |list: &RunList| {
            let rows = list.rows();
            rows.iter().map(RunRow::status).collect::<Vec<_>>()
        };
        assert_eq!(said(&list), ["running", "killed"]);
        live.emit(Event::Finding(Finding::note("something", "Something.")));
        live.sync().unwrap();
        assert_eq!((list.refresh(&store), list.reads), (Ok(false), 2));
        live.emit(Event::RunFinished {
            status: RunStatus::Completed,
            instrument_cpu_ns: 0,
            screen_cpu_ns: 0,
        });
        live.finish().unwrap();
        assert_eq!((list.refresh(&store), list.reads), (Ok(true), 3));
        assert_eq!(said(&list), ["completed", "killed"]);
        assert_eq!((list.refresh(&store), list.reads), (Ok(false), 3));
        fs::remove_dir_all(dir.path().join("20261121-100000-rf-0001")).unwrap();
        assert_eq!((list.refresh(&store), list.reads), (Ok(true), 3));
        assert_eq!(said(&list), ["completed"]);
    }
}
