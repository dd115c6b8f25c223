//! The tables of a report, as texts in rows: pages and Markdown lay out the same ones.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::arms::{figure_names, finished, stated_speedup};
use super::intervals::Kinds;
use super::{format, ideal, label};
use workbench_result::{ArmResult, Fit, LostSeconds, RunResult};

/// Characters of a name that a table shows.
const LONGEST: usize = 80;

/// A table. All texts are plain: whoever lays them out escapes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ReportTable {
    /// Titles of the columns.
    pub columns: Vec<Column>,
    /// Cells by row; each row is as long as `columns`.
    pub rows: Vec<Vec<String>>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Its title.
    pub title: String,
    /// Whether it holds numbers, which are set right-aligned.
    pub numeric: bool,
}

impl ReportTable {
    pub(super) fn new(columns: &[(&str, bool)]) -> Self {
        let column = |(title, numeric): &(&str, bool)| Column {
            title: (*title).to_owned(),
            numeric: *numeric,
        };
        Self {
            columns: columns.iter().map(column).collect(),
            rows: Vec::new(),
        }
    }

    pub(super) fn column(&mut self, title: impl Into<String>, numeric: bool) {
        self.columns.push(Column {
            title: title.into(),
            numeric,
        });
    }
}

pub(super) fn name(text: &str) -> String {
    format::clean(text, LONGEST)
}

/// Arm and number of workers, the first cells of many rows.
pub(super) fn subject(arm: &ArmResult) -> Vec<String> {
    vec![name(&arm.name), format::count(u64::from(arm.workers))]
}

/// The heading of speed-ups, which names what they are stated against.
pub fn speedup_over(result: &RunResult) -> String {
    format!("speed-up over {}", format::clean(&result.base, 40))
}

/// Times and speed-ups.
pub(super) fn arms(result: &RunResult) -> ReportTable {
    let kinds = Kinds::of_arms(&result.arms);
    let mut table = ReportTable::new(&[
        ("arm", false),
        ("workers", true),
        ("repeats", true),
        ("median wall time", true),
        ("shortest to longest", true),
        (&speedup_over(result), true),
        (kinds.name(), true),
        ("efficiency", true),
    ]);
    for arm in &result.arms {
        let stated = stated_speedup(result, arm);
        let is_base = arm.name == result.base;
        let mut row = subject(arm);
        if arm.oversubscribed {
            row[1] += " (more than cores)";
        }
        row.push(format::count(arm.wall_s.len() as u64));
        let median = (!arm.wall_s.is_empty()).then_some(arm.wall_median_s);
        row.push(format::or_missing(median, format::seconds));
        row.push(range(&arm.wall_s));
        row.push(match stated {
            Some(_) if is_base => "base".to_owned(),
            Some(speedup) => format::speedup(speedup),
            None => format::MISSING.to_owned(),
        });
        let interval = arm.speedup_interval.filter(|_| stated.is_some());
        row.push(format::or_missing(interval, |i| kinds.cell(&i)));
        row.push(format::or_missing(
            arm.efficiency.filter(|_| stated.is_some()),
            format::percent,
        ));
        table.rows.push(row);
    }
    table
}

/// What each parallel arm could have reached.
pub(super) fn bounds(result: &RunResult) -> ReportTable {
    let mut table = ReportTable::new(&[
        ("arm", false),
        ("workers", true),
        (&speedup_over(result), true),
        ("ideal", true),
        ("bound", true),
        ("of the bound", true),
        ("list scheduling predicts", true),
        ("longest first predicts", true),
        ("Karp–Flatt", true),
    ]);
    for arm in finished(result).filter(|arm| arm.name != result.base) {
        let stated = stated_speedup(result, arm);
        let reached = stated
            .zip(arm.bound)
            .map(|(speedup, bound)| speedup / bound);
        let mut row = subject(arm);
        row.push(format::or_missing(stated, format::speedup));
        row.push(format::or_missing(arm.ideal, format::speedup));
        row.push(format::or_missing(arm.bound, format::speedup));
        row.push(format::or_missing(reached, format::percent));
        row.push(format::or_missing(
            arm.predicted.map(|p| p.fifo),
            format::speedup,
        ));
        row.push(format::or_missing(
            arm.predicted.map(|p| p.longest_first),
            format::speedup,
        ));
        row.push(format::or_missing(
            arm.karp_flatt.filter(|_| stated.is_some()),
            format::percent,
        ));
        table.rows.push(row);
    }
    table
}

fn range(values: &[f64]) -> String {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if values.len() < 2 || !low.is_finite() || !high.is_finite() {
        format::MISSING.to_owned()
    } else {
        format!("{} to {}", format::seconds(low), format::seconds(high))
    }
}

/// Where workers × wall time went, in seconds.
pub(super) fn lost(result: &RunResult) -> ReportTable {
    let mut table = ReportTable::new(&[("arm", false), ("workers", true)]);
    let times = ["slot time", "useful work"].into_iter();
    for title in times.chain(LostSeconds::CAUSES).chain(["lost"]) {
        table.column(title, true);
    }
    for arm in finished(result) {
        let lost = &arm.lost_s;
        let all = arm.useful_s + lost.total();
        let mut row = subject(arm);
        row.extend([all, arm.useful_s].map(format::seconds));
        row.extend(lost.by_cause().map(format::seconds));
        row.push(format::percent(lost.total() / all));
        table.rows.push(row);
    }
    table
}

/// Work counters, quality and the hash over all outputs, per arm.
pub(super) fn work(result: &RunResult) -> ReportTable {
    let arms: Vec<&ArmResult> = finished(result).collect();
    let counters: BTreeSet<&str> = arms
        .iter()
        .flat_map(|arm| arm.work.keys().map(String::as_str))
        .collect();
    let quality = figure_names(result, &arms);
    let facts = &result.lab_facts;
    let mut table = ReportTable::new(&[("arm", false), ("workers", true), ("tasks", true)]);
    for column in counters.iter().chain(&quality) {
        table.column(label::label(facts, column), true);
    }
    table.column("all outputs, SHA-256", false);
    for arm in arms {
        let mut row = subject(arm);
        row.push(format::count(arm.tasks));
        row.extend(counters.iter().map(|counter| {
            let value = arm.work.get(*counter);
            format::or_missing(value.copied(), |n| label::count(facts, counter, n))
        }));
        row.extend(quality.iter().map(|figure| {
            let value = arm.quality.get(*figure);
            format::or_missing(value, |value| label::value(facts, figure, value))
        }));
        row.push(name(&arm.outputs_sha256));
        table.rows.push(row);
    }
    table
}

/// What other numbers of slots would give, at powers of two, and which of them this machine has
/// cores for.
pub(super) fn what_if(result: &RunResult) -> ReportTable {
    let mut table = ReportTable::new(&[("slots", true)]);
    for curve in &result.what_if {
        table.column(format!("{}, submission order", name(&curve.arm)), true);
        table.column(format!("{}, longest first", name(&curve.arm)), true);
    }
    let usable = result.usable_cores();
    if usable.is_some() {
        table.column("enough usable cores here", false);
    }
    let workers: BTreeSet<u32> = result
        .what_if
        .iter()
        .flat_map(|curve| curve.points.iter().map(|p| p.workers))
        .filter(|p| p.is_power_of_two())
        .collect();
    for p in workers {
        let mut row = vec![format::count(u64::from(p))];
        for curve in &result.what_if {
            let point = curve.points.iter().find(|point| point.workers == p);
            row.push(format::or_missing(point.map(|p| p.fifo), format::speedup));
            row.push(format::or_missing(
                point.map(|p| p.longest_first),
                format::speedup,
            ));
        }
        row.extend(usable.map(|cores| ideal::has_enough(cores, p)));
        table.rows.push(row);
    }
    table
}

/// The laws that were fitted to the scaling of each arm.
pub(super) fn laws(result: &RunResult) -> ReportTable {
    let mut table = ReportTable::new(&[
        ("arm", false),
        ("law", false),
        ("parameters", false),
        ("RMSE", true),
    ]);
    for scaling in &result.scaling {
        if let Fit::Fitted(fit) = &scaling.amdahl {
            table.rows.push(vec![
                name(&scaling.arm),
                "Amdahl (1967)".to_owned(),
                format!("serial fraction {}", format::percent(fit.serial_fraction)),
                format::speedup(fit.rmse),
            ]);
        }
        if let Fit::Fitted(fit) = &scaling.usl {
            let peak = fit.peak_workers.map_or_else(String::new, |p| {
                format!(", highest at {} workers", format::number(p.round()))
            });
            table.rows.push(vec![
                name(&scaling.arm),
                "universal scalability law (Gunther 1993)".to_owned(),
                format!(
                    "contention σ {}, coherency κ {}{peak}",
                    format::parameter(fit.sigma),
                    format::parameter(fit.kappa)
                ),
                format::speedup(fit.rmse),
            ]);
        }
    }
    table
}

/// Why laws were not fitted, each reason once, in full sentences.
pub(super) fn refusals(result: &RunResult) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for scaling in &result.scaling {
        let refused = [scaling.amdahl.refused(), scaling.usl.refused()];
        for reason in refused.into_iter().flatten() {
            let reason = format::clean(&reason.text, 300);
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
    reasons
}

/// The machine, as names and values.
pub(super) fn machine(result: &RunResult) -> Vec<(String, String)> {
    let m = &result.machine;
    let mut rows: Vec<(&str, String)> = vec![("processor", name(&m.cpu_model))];
    let physical = m
        .cores_physical
        .map_or_else(String::new, |n| format!(", {n} physical"));
    rows.push(("cores", format!("{} logical{physical}", m.cores_logical)));
    let limit = if m.cores_limit.is_empty() {
        String::new()
    } else {
        format!(" ({})", name(&m.cores_limit))
    };
    rows.push((
        "usable cores",
        format!("{}{limit}", format::number(m.cores_usable)),
    ));
    rows.extend(ideal::core_speeds(m).map(|speeds| ("speeds of cores", speeds)));
    rows.push(("memory", format::bytes(m.memory_bytes)));
    rows.push(("system", name(&m.os)));
    rows.push(("kernel", name(&m.kernel)));
    let governor = format::or_missing(m.governor.as_deref(), name);
    rows.push(("frequency governor", governor));
    rows.push((
        "virtual machine",
        if m.hypervisor { "yes" } else { "no" }.to_owned(),
    ));
    for gpu in m.gpus.iter().take(64) {
        let power = gpu
            .power_limit_w
            .map_or_else(String::new, |w| format!(", {} W", format::number(w)));
        let text = format!(
            "{} {}, {}{power}",
            gpu.index,
            name(&gpu.name),
            format::bytes(gpu.memory_bytes)
        );
        rows.push(("GPU", text));
    }
    if let Some(driver) = &m.gpu_driver {
        rows.push(("GPU driver", name(driver)));
    }
    let commit = m
        .workbench_commit
        .as_deref()
        .map_or_else(String::new, |c| format!(", commit {}", name(c)));
    rows.push((
        "workbench",
        format!(
            "{}{commit}, {} build",
            name(&m.workbench_version),
            name(&m.build_profile)
        ),
    ));
    rows.push(("compiler", name(&m.compiler)));
    rows.extend(software(result).map(|list| ("with", list)));
    rows.into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

/// The software beside the program that did work of the lab, as a list; `None` where there was
/// none.
pub fn software(result: &RunResult) -> Option<String> {
    let software = result.software.iter().take(64);
    let list: Vec<String> = software
        .map(|(of, version)| format!("{} {}", name(of), name(version)))
        .collect();
    (!list.is_empty()).then(|| list.join(", "))
}

/// What was asked for, as names and values.
pub(super) fn parameters(result: &RunResult) -> Vec<(String, String)> {
    use workbench_record::DataSource;
    let mut rows = vec![
        ("lab".to_owned(), name(&result.lab)),
        ("preset".to_owned(), name(&result.preset)),
        ("seed".to_owned(), result.seed.to_string()),
        (
            "repeats of every arm".to_owned(),
            result.repeats.to_string(),
        ),
    ];
    let data = match &result.data {
        DataSource::Embedded => "comes with the lab".to_owned(),
        DataSource::File { path, target, .. } => {
            format!("{}, column {}", format::clean(path, 300), name(target))
        }
        DataSource::Folder { path, sha256 } => folder(path, sha256.as_deref()),
    };
    rows.push(("data".to_owned(), data));
    if let DataSource::File { reading, facts, .. } = &result.data {
        if !reading.is_default() {
            let options = format::clean(&reading.command_words(), 300);
            rows.push(("data read with".to_owned(), options));
        }
        if let Some(facts) = facts {
            rows.push(("data found".to_owned(), facts.to_string()));
        }
    }
    let parameters = result.parameters.iter();
    rows.extend(parameters.map(|(key, value)| (name(key), name(&value.to_string()))));
    rows
}

/// A folder, and by what its content is told from others.
fn folder(path: &str, sha256: Option<&str>) -> String {
    let path = format::clean(path, 300);
    match sha256 {
        Some(hash) => format!("{path}, SHA-256 {}", format::hash_prefix(hash)),
        None => path,
    }
}

/// What measuring cost, in a sentence.
pub(super) fn instrument(result: &RunResult) -> String {
    let instrument = &result.instrument;
    let mut text = format!(
        "Sampling and recording used {} of CPU time over the whole run: {} of one core.",
        format::seconds(instrument.cpu_s),
        format::percent(instrument.share_of_one_core)
    );
    if instrument.screen_cpu_s > 0.0 {
        let _ = write!(
            text,
            " Showing it on the screen used {}: {} of one core.",
            format::seconds(instrument.screen_cpu_s),
            format::percent(instrument.screen_share_of_one_core)
        );
    }
    text
}
