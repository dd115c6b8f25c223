//! A comparison as a file: a page, Markdown, a row per arm and run for spreadsheets, the result
//! documents, or the picture of the speed-ups.

use std::fmt::Write as _;
use std::path::Path;

use maud::{PreEscaped, html};
use workbench_report::intervals::Kinds;
use workbench_report::side_by_side::{self, ArmBars, RunBar};
use workbench_report::{Format, ReportError, document, format, replace};
use workbench_result::{Interval, RunResult, arm_on};

use super::{Comparison, Group, Named};

/// A table as it is written.
struct Written {
    title: String,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Writes a comparison in the format that the path's extension names: all of it, or nothing.
///
/// # Errors
/// When the extension stands for no [`Format`], or the file cannot be written.
pub fn write(
    path: &Path,
    comparison: &Comparison,
    results: &[&RunResult],
) -> Result<(), ReportError> {
    let format = Format::from_path(path)?;
    replace(path, &render(format, comparison, results)?)
}

/// Renders a comparison.
///
/// # Errors
/// When a library fails, which no comparison should bring about.
fn render(
    format: Format,
    comparison: &Comparison,
    results: &[&RunResult],
) -> Result<Vec<u8>, ReportError> {
    match format {
        Format::Csv => csv(comparison),
        Format::Json => {
            let json = serde_json::to_vec_pretty(results);
            let mut bytes = json.map_err(|error| ReportError::drawing(&error))?;
            bytes.push(b'\n');
            Ok(bytes)
        }
        Format::Markdown => Ok(markdown(comparison).into_bytes()),
        Format::Svg | Format::Png => {
            let run = |run: &Named| format!("{} {}", run.letter, run.id);
            let runs: Vec<String> = comparison.runs.iter().map(run).collect();
            let (title, caption) = ("Runs side by side", comparison.caption());
            let texts = (title, caption.as_str(), &*runs.join(" · "));
            side_by_side::picture(format, &bars(comparison), texts)
        }
        Format::Html => Ok(page(comparison)?.into_bytes()),
    }
}

fn title(comparison: &Comparison) -> String {
    let ids: Vec<String> = comparison.runs.iter().map(|run| run.id.clone()).collect();
    format!("Runs side by side: {}", format::join_words(&ids, "and"))
}

/// The arms that have a speed-up in any of the runs.
fn bars(comparison: &Comparison) -> Vec<ArmBars> {
    let kinds: Kinds = comparison.speedup_intervals().collect();
    let rows = comparison.arms.iter().map(|row| {
        let runs = comparison.runs.iter().zip(&row.cells).enumerate();
        let bars = runs.filter_map(|(run, (named, cell))| {
            let cell = cell.as_ref().filter(|cell| !cell.is_base)?;
            let interval = cell.speedup_interval;
            Some(RunBar {
                run,
                letter: named.letter,
                speedup: cell.speedup.filter(|speedup| speedup.is_finite())?,
                interval,
                cell: kinds.cell_or_none(interval.as_ref()),
            })
        });
        ArmBars {
            name: row.name.clone(),
            below: format::counted(u64::from(row.workers), "worker"),
            bars: bars.collect(),
        }
    });
    rows.filter(|arm| !arm.bars.is_empty()).collect()
}

fn tables(comparison: &Comparison) -> Vec<Written> {
    let letters = || comparison.runs.iter().map(|run| run.letter.to_owned());
    let headed = |first: &str| std::iter::once(first.to_owned()).chain(letters()).collect();
    let missing = |text: Option<String>| text.unwrap_or_else(|| format::MISSING.to_owned());
    let runs = comparison.runs.iter().map(|run| {
        let started = format::date(&run.started_at);
        let status = run.standing.name().to_owned();
        let (lab, preset) = (run.lab.clone(), run.preset.clone());
        vec![
            run.letter.to_owned(),
            run.id.clone(),
            lab,
            preset,
            started,
            status,
        ]
    });
    let named = ["", "run", "lab", "preset", "started", "status"];
    let settings = comparison.settings.differing.iter().map(|row| {
        let name = match row.group {
            Group::Parameters => format!("--set {}", row.name),
            _ => row.name.clone(),
        };
        let values = row.values.iter().map(|value| missing(value.clone()));
        std::iter::once(name).chain(values).collect()
    });
    let kinds: Kinds = comparison.speedup_intervals().collect();
    let arms = comparison.arms.iter().map(|row| {
        let cells = row.cells.iter();
        let cells = cells.map(|arm| missing(arm.as_ref().map(|arm| arm.told(kinds))));
        let name = arm_on(&row.name, row.workers);
        std::iter::once(name).chain(cells).collect()
    });
    vec![
        Written {
            title: "Runs".to_owned(),
            header: named.map(str::to_owned).to_vec(),
            rows: runs.collect(),
        },
        Written {
            title: "What was set differently".to_owned(),
            header: headed("setting"),
            rows: settings.collect(),
        },
        Written {
            title: comparison.arms_title(),
            header: headed("arm"),
            rows: arms.collect(),
        },
    ]
}

fn markdown(comparison: &Comparison) -> String {
    // Writing to a String cannot fail.
    let mut out = format!("# {}\n", title(comparison));
    for note in &comparison.notes {
        let _ = write!(out, "\n{}\n", note.text);
    }
    for table in tables(comparison) {
        let _ = write!(out, "\n## {}\n\n", table.title);
        if table.rows.is_empty() {
            let _ = writeln!(out, "Nothing.");
            continue;
        }
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        out += &line(&table.header);
        let _ = writeln!(out, "|{}", " --- |".repeat(table.header.len()));
        table.rows.iter().for_each(|row| out += &line(row));
    }
    let _ = write!(out, "\n{}\n", comparison.settings.same_line());
    out
}

fn page(comparison: &Comparison) -> Result<String, ReportError> {
    let title = title(comparison);
    let drawn = side_by_side::element(&bars(comparison))?;
    let body = html! {
        main {
            header { h1.finding { (title) } }
            @for note in &comparison.notes { p { (note.text) } }
            figure {
                (PreEscaped(drawn))
                figcaption { (comparison.caption()) }
            }
            @for table in tables(comparison) {
                section {
                    h2 { (table.title) }
                    @if table.rows.is_empty() { p { "Nothing." } } @else {
                        div.scroll {
                            table {
                                thead { tr { @for cell in &table.header { th { (cell) } } } }
                                tbody {
                                    @for row in &table.rows {
                                        tr { @for cell in row { td { (cell) } } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            p { (comparison.settings.same_line()) }
        }
    };
    Ok(document(&title, &body))
}

/// A row per arm and run, numbers without units.
fn csv(comparison: &Comparison) -> Result<Vec<u8>, ReportError> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let ends = |interval: Option<Interval>| {
        let ends = interval.map(|interval| interval.ends());
        [
            number(ends.map(|ends| ends[0])),
            number(ends.map(|ends| ends[1])),
        ]
    };
    let header = [
        "run",
        "id",
        "lab",
        "preset",
        "arm",
        "workers",
        "is_base",
        "repeats",
        "wall_s",
        "wall_low_s",
        "wall_high_s",
        "speedup",
        "speedup_low",
        "speedup_high",
    ];
    let failed = |error: csv::Error| ReportError::drawing(&error);
    out.write_record(header).map_err(failed)?;
    for row in &comparison.arms {
        for (run, cell) in comparison.runs.iter().zip(&row.cells) {
            let Some(cell) = cell else { continue };
            let [wall_low, wall_high] = ends(cell.wall_interval);
            let [low, high] = ends(cell.speedup_interval);
            let record = [
                run.letter.to_owned(),
                run.id.clone(),
                run.lab.clone(),
                run.preset.clone(),
                row.name.clone(),
                row.workers.to_string(),
                cell.is_base.to_string(),
                cell.repeats.to_string(),
                number(Some(cell.wall_s)),
                wall_low,
                wall_high,
                number(cell.speedup),
                low,
                high,
            ];
            out.write_record(record).map_err(failed)?;
        }
    }
    out.into_inner()
        .map_err(|error| ReportError::drawing(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::{compare, tests::result};

    #[test]
    fn a_comparison_is_written_in_every_format() {
        let (a, b) = (result("first"), result("second <b>"));
        let results = [&a, &b];
        let comparison = compare(&results);
        let dir = tempfile::tempdir().unwrap();
        for format in Format::ALL {
            let path = dir.path().join(format!("c.{}", format.extension()));
            write(&path, &comparison, &results).unwrap();
            if format == Format::Png {
                let png = std::fs::read(&path).unwrap();
                assert_eq!(png[..4], *b"\x89PNG");
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            match format {
                Format::Svg => {
                    let base = &comparison.runs[0].base;
                    let drawn = comparison.arms.iter().filter(|row| row.name != *base);
                    for row in drawn {
                        assert!(text.contains(&row.name), "{text}");
                    }
                    assert!(text.contains("Speed-up against"), "{text}");
                    assert!(text.contains(", n="), "{text}");
                }
                Format::Json => {
                    let read: Vec<RunResult> = serde_json::from_str(&text).unwrap();
                    assert_eq!(read.len(), 2);
                }
                Format::Csv => {
                    let mut read = csv::Reader::from_reader(text.as_bytes());
                    let rows: Vec<csv::StringRecord> = read.records().map(Result::unwrap).collect();
                    let cells = comparison.arms.iter().flat_map(|row| &row.cells);
                    assert_eq!(rows.len(), cells.flatten().count());
                    assert!(!rows.is_empty());
                    for row in rows {
                        assert!(row[8].parse::<f64>().unwrap() > 0.0);
                    }
                }
                _ => {
                    for row in &comparison.arms {
                        assert!(text.contains(&row.name), "{text}");
                    }
                    assert!(text.contains("Wall time (median of n repeats)"), "{text}");
                    assert!(text.contains(", n="), "{text}");
                }
            }
            let is_page = format == Format::Html;
            assert!(!is_page || text.contains("second &lt;b&gt;"), "{text}");
        }
        let error = write(&dir.path().join("c.pdf"), &comparison, &results).unwrap_err();
        assert!(error.to_string().contains(".svg or .png"), "{error}");
    }
}
