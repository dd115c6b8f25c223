//! The summary on the terminal when a run has ended: the headline, a line per arm, findings, and
//! paths.

use std::fmt::Write as _;
use std::path::PathBuf;

use workbench_record::{DataSource, Finding, RunDir};
use workbench_report::format;
use workbench_report::intervals::Kinds;
use workbench_result::{ArmResult, LostSeconds, RunResult};

use crate::output;
use crate::table::TextTable;
use workbench_tui::text::wrap_words;

/// Narrower terminals get lines of this many columns.
const NARROWEST: usize = 30;

/// The summary of a run, for the terminal on the standard output; without a terminal, lines are not
/// wrapped.
pub fn of_run(result: &RunResult, run: &RunDir, written: &[PathBuf]) -> String {
    of_width(
        result,
        run,
        written,
        output::columns().unwrap_or(usize::MAX),
    )
}

fn of_width(result: &RunResult, run: &RunDir, written: &[PathBuf], columns: usize) -> String {
    let columns = columns.max(NARROWEST);
    let mut out = String::from("\n");
    for sentence in workbench_report::headline(result) {
        out.push_str(&wrap_words(&sentence, columns, "", ""));
    }
    if !result.arms.is_empty() {
        let _ = write!(out, "\n{}", arms(result).render(2, columns));
    }
    if let Some(note) = workbench_report::quotients(result) {
        out.push_str(&wrap_words(&note, columns, "  ", "  "));
    }
    if let Some(table) = figures(result) {
        let _ = write!(out, "\n{}", table.render(2, columns));
    }
    section(&mut out, "What the numbers say", &result.diagnoses, columns);
    section(
        &mut out,
        "Before you believe them",
        &result.warnings,
        columns,
    );
    section(&mut out, "Notes", &result.notes, columns);
    out.push('\n');
    for path in written {
        let _ = writeln!(out, "Report   {}", path.display());
    }
    if let DataSource::File {
        facts: Some(facts), ..
    } = &result.data
    {
        out.push_str(&wrap_words(
            &facts.to_string(),
            columns,
            "Data     ",
            "         ",
        ));
    }
    let _ = writeln!(out, "Record   {}", run.path().display());
    // Paths and commands are not split: a terminal that wraps them still copies them as one line.
    let _ = writeln!(out, "Again    {}", result.command);
    let instrument = &result.instrument;
    let mut cost = format!(
        "Measured at the cost of {:.2} % of one core",
        instrument.share_of_one_core * 100.0
    );
    if instrument.screen_cpu_s > 0.0 {
        let _ = write!(
            cost,
            ", shown at the cost of {:.2} %",
            instrument.screen_share_of_one_core * 100.0
        );
    }
    cost.push('.');
    out.push_str(&wrap_words(&cost, columns, "", ""));
    out
}

fn section(out: &mut String, title: &str, findings: &[Finding], columns: usize) {
    if findings.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}");
    for found in findings {
        out.push_str(&wrap_words(&found.text, columns, "  - ", "    "));
    }
}

fn arms(result: &RunResult) -> TextTable {
    let kinds = Kinds::of_arms(&result.arms);
    let mut table = TextTable::new();
    let speedup = workbench_report::speedup_over(result);
    table.header([
        "arm",
        "workers",
        "wall",
        &speedup,
        kinds.name(),
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
            arm.speedup_interval.map_or_else(dash, |i| kinds.cell(&i)),
            arm.efficiency.map_or_else(dash, format::percent),
            arm.bound.map_or_else(dash, format::speedup),
            lost(arm),
        ]);
    }
    table
}

/// The figures of all arms besides their times, if the lab reports them and the terminal is wide
/// enough for all arms.
fn figures(result: &RunResult) -> Option<TextTable> {
    const MOST_ARMS: usize = 5;
    let rows = workbench_report::figures(result);
    let (head, rows) = rows.split_first()?;
    if head.len() > MOST_ARMS + 1 {
        return None;
    }
    let mut table = TextTable::new();
    table.header(head);
    for row in rows {
        table.row(row);
    }
    Some(table)
}

fn dash() -> String {
    "—".to_owned()
}

/// The two largest causes of lost time, in seconds of slot time.
fn lost(arm: &ArmResult) -> String {
    let causes = arm.lost_s.by_cause().into_iter();
    let mut causes: Vec<(f64, &str)> = causes.zip(LostSeconds::CAUSES).collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use workbench_tui::text::width;

    #[test]
    fn sentences_are_wrapped_and_what_is_copied_is_not() {
        let mut out = String::new();
        let sentence = "With tasks on 2 workers, 7 % of the slot time is lost to imbalance.";
        let found = Finding::note("imbalance", sentence);
        section(&mut out, "What the numbers say", &[found], 40);
        let lines: Vec<&str> = out.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "  - With tasks on 2 workers, 7 % of the",
                "    slot time is lost to imbalance."
            ]
        );
        assert!(lines.iter().all(|line| width(line) <= 40));
    }
}
