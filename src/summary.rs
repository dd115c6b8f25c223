//! What the terminal says when a run has ended: the headline, a line per arm, what it means, where things are.

use std::fmt::Write as _;
use std::path::PathBuf;

use workbench_engine::record::RunDir;
use workbench_engine::report::{self, format};
use workbench_engine::result::{ArmResult, RunResult};

use crate::table::Table;

/// The summary of a run.
pub fn of_run(result: &RunResult, run: &RunDir, written: &[PathBuf]) -> String {
    let mut out = String::from("\n");
    for sentence in report::headline(result) {
        let _ = writeln!(out, "{sentence}");
    }
    if !result.arms.is_empty() {
        let _ = write!(out, "\n{}", arms(result).render(2));
    }
    section(&mut out, "What the numbers say", &result.diagnoses);
    section(&mut out, "Before you believe them", &result.warnings);
    out.push('\n');
    for path in written {
        let _ = writeln!(out, "Report   {}", path.display());
    }
    let _ = writeln!(out, "Record   {}", run.path().display());
    let instrument = &result.instrument;
    let _ = write!(
        out,
        "Measured at the cost of {:.2} % of one core",
        instrument.share_of_one_core * 100.0
    );
    if instrument.screen_cpu_s > 0.0 {
        let _ = write!(
            out,
            ", shown at the cost of {:.2} %",
            instrument.screen_share_of_one_core * 100.0
        );
    }
    let _ = writeln!(out, ". Again: {}", result.command);
    out
}

fn section(out: &mut String, title: &str, sentences: &[String]) {
    if sentences.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}");
    for sentence in sentences {
        let _ = writeln!(out, "  - {sentence}");
    }
}

fn arms(result: &RunResult) -> Table {
    let mut table = Table::new();
    table.header([
        "arm",
        "workers",
        "wall",
        "speed-up",
        "95 % interval",
        "efficiency",
        "bound",
        "lost",
    ]);
    for arm in &result.arms {
        table.row([
            arm.name.clone(),
            arm.workers.to_string(),
            format::seconds(arm.wall_median_s),
            arm.speedup.map_or_else(dash, format::speedup),
            arm.speedup_ci95
                .map_or_else(dash, |[low, high]| format!("{low:.2} to {high:.2}")),
            arm.efficiency.map_or_else(dash, format::percent),
            arm.bound.map_or_else(dash, format::speedup),
            lost(arm),
        ]);
    }
    table
}

fn dash() -> String {
    "—".to_owned()
}

/// The two largest causes of lost time, in seconds of slot time.
fn lost(arm: &ArmResult) -> String {
    let lost = arm.lost_s;
    let mut causes = [
        (lost.overhead, "overhead"),
        (lost.imbalance, "imbalance"),
        (lost.waiting, "waiting"),
        (lost.inflation, "inflation"),
    ];
    causes.sort_by(|a, b| b.0.total_cmp(&a.0));
    let told: Vec<String> = causes
        .iter()
        .filter(|(seconds, _)| *seconds >= 0.005 * arm.wall_median_s)
        .take(2)
        .map(|(seconds, cause)| format!("{cause} {}", format::seconds(*seconds)))
        .collect();
    if told.is_empty() {
        dash()
    } else {
        told.join(", ")
    }
}
