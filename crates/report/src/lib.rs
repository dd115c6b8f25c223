//! Renderings of a result: HTML, JSON, CSV, Markdown, SVG and PNG.
//!
//! Every number comes from the [`RunResult`]; the [`Snapshot`] adds only what a drawing or a
//! table of tasks shows one by one. Nothing is computed here that another part of the program
//! could disagree with.
//!
//! - **Belongs here:** formats of files, charts, the labels and units of numbers.
//! - **May use:** `marks`, `questions`, `result`, `record`, `machine`, `pool`, `stats`, `clock`,
//!   `words`.
//! - **Does not belong here:** deciding what the numbers mean: findings are part of the result.

pub mod answers;
mod arms;
mod breakdown;
mod chart;
mod counters;
mod error;
mod file;
pub mod format;
mod headline;
mod html;
pub mod ideal;
pub mod intervals;
mod item_table;
pub mod label;
mod life_table;
mod markdown;
mod own_lines;
mod page;
mod race_table;
mod settings;
pub mod side_by_side;
mod tables;
mod tasks;
mod tool_table;
mod usage;

use std::path::Path;

pub use arms::quotients;
pub use counters::{Counter, counters};
pub use error::ReportError;
pub use headline::headline;
pub use html::document;
pub use own_lines::own_lines;
pub use tables::software;
pub use tables::speedup_over;

use intervals::Kinds;

use workbench_questions::AnswerSheet;
use workbench_record::Snapshot;
use workbench_result::RunResult;

/// What a report can be written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// One self-contained page: sentences, charts, tables. For reading, printing and sending.
    #[default]
    Html,
    /// The result document, the same bytes as `result.json`. For programs.
    Json,
    /// One row per task. For spreadsheets and data frames.
    Csv,
    /// Sentences and tables. For merge requests and notes.
    Markdown,
    /// The speed-up chart as a drawing.
    Svg,
    /// The speed-up chart as an image at twice the size of a 100 % display.
    Png,
}

impl Format {
    /// Every format, in the order of help texts.
    pub const ALL: [Self; 6] = [
        Self::Html,
        Self::Json,
        Self::Csv,
        Self::Markdown,
        Self::Svg,
        Self::Png,
    ];

    /// The extension that stands for the format, without its dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Markdown => "md",
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }

    /// The format that a file's name asks for by its extension; upper and lower case are the same.
    ///
    /// # Errors
    /// [`ReportError::Extension`], which lists the known ones.
    pub fn from_path(path: &Path) -> Result<Self, ReportError> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        let known = |format: &Self| extension.as_deref() == Some(format.extension());
        if let Some(format) = Self::ALL.into_iter().find(known) {
            return Ok(format);
        }
        let list: Vec<String> = Self::ALL
            .iter()
            .map(|f| format!(".{}", f.extension()))
            .collect();
        Err(ReportError::Extension {
            path: path.to_owned(),
            found: match extension {
                Some(extension) => format!(
                    "no report is written as `.{}`",
                    format::clean(&extension, 20)
                ),
                None => "the name has no extension".to_owned(),
            },
            known: format::join_words(&list, "or"),
        })
    }
}

/// Renders a result, and what was answered to the questions about it.
///
/// # Errors
/// [`ReportError::Render`] when a drawing or encoding library fails, which no result
/// should bring about.
pub fn render(
    format: Format,
    result: &RunResult,
    snapshot: &Snapshot,
    sheet: Option<&AnswerSheet>,
) -> Result<Vec<u8>, ReportError> {
    let asked = || answers::asked(result, snapshot, sheet);
    match format {
        Format::Html => html::page(result, snapshot, &asked()).map(String::into_bytes),
        Format::Json => json(result),
        Format::Csv => tasks::csv(result, snapshot),
        Format::Markdown => Ok(markdown::document(result, &asked()).into_bytes()),
        Format::Svg | Format::Png => drawing(format, &standalone(result)),
    }
}

/// The result document as `result.json` holds it: indented, with a line break at the end.
///
/// # Errors
/// [`ReportError::Render`] when a value cannot be written as JSON.
pub fn json(result: &RunResult) -> Result<Vec<u8>, ReportError> {
    let mut bytes = serde_json::to_vec_pretty(result).map_err(|e| ReportError::drawing(&e))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Renders a result in the format that the path's extension names and puts it there: all of it, or
/// nothing at all.
///
/// # Errors
/// As [`Format::from_path`], [`check_writable`] and [`render`]; and when the system refuses the
/// write, in which case an older file of that name is still what it was.
pub fn write(
    path: &Path,
    result: &RunResult,
    snapshot: &Snapshot,
    sheet: Option<&AnswerSheet>,
) -> Result<(), ReportError> {
    let bytes = render(Format::from_path(path)?, result, snapshot, sheet)?;
    file::replace(path, &bytes)
}

/// Puts a finished document into its place: all of it, or nothing at all.
///
/// # Errors
/// When the system refuses the write, in which case an older file of that name is still what it
/// was.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    file::replace(path, bytes)
}

/// Checks, before hours of work, that a report can be written to a path: its extension is
/// known, its directory exists and takes files, and the path is not a directory or a device.
/// Leaves nothing behind.
///
/// # Errors
/// The error that [`write()`] would end with.
pub fn check_writable(path: &Path) -> Result<(), ReportError> {
    Format::from_path(path)?;
    file::probe(path)
}

/// The figures of all arms besides their times, for labs that tell them: a row of headings, then a
/// row for each figure, each as long as the first. Empty for other labs.
pub fn figures(result: &RunResult) -> Vec<Vec<String>> {
    let table = breakdown::quality(result);
    if !breakdown::any(result) || table.rows.is_empty() {
        return Vec::new();
    }
    let titles = table.columns.into_iter().map(|column| column.title);
    let mut rows = vec![titles.collect()];
    rows.extend(table.rows);
    rows
}

/// A chart as a file of its own: an image for [`Format::Png`], else a drawing.
fn drawing(format: Format, chart: &chart::Chart) -> Result<Vec<u8>, ReportError> {
    if format == Format::Png {
        return chart.png();
    }
    let svg = chart.svg("speedup")?;
    Ok(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{svg}\n").into_bytes())
}

/// The speed-up chart with a title and its circumstances around it.
fn standalone(result: &RunResult) -> chart::Chart {
    let chart = chart::scaling(result).unwrap_or_else(|| chart::speedup(result));
    let title = headline::best(result)
        .map(|s| format!("{}{}{}", s.lead, s.figure, s.rest))
        .unwrap_or_default();
    let repeats = format::counted(u64::from(result.repeats), "repeat");
    let lab = format::clean(&result.lab_title, 60);
    let subtitle = if arms::finished(result).any(|arm| arms::stated_speedup(result, arm).is_some())
    {
        let base = format::clean(&result.base, 40);
        let intervals = Kinds::of_arms(&result.arms).name();
        format!("{lab}. Speed-up against {base}, {intervals}, {repeats}")
    } else {
        format!("{lab}. Wall times, {repeats}")
    };
    let machine = &result.machine;
    let foot = format!(
        "{}, {} · {} · run {} · workbench {}",
        format::clean(&machine.cpu_model, 50),
        format::counted_number(machine.cores_usable, "usable core"),
        format::date(&result.started_at),
        format::clean(&result.run_id, 40),
        format::clean(&machine.workbench_version, 20),
    );
    chart.framed(&title, &subtitle, &foot)
}
