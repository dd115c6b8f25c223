//! What is found in several hand-ins, and by making outputs again.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use workbench_record::Finding;
use workbench_words::counted;

/// What will be made again, and what it costs.
pub(crate) fn announce(name: &str, outputs: usize, seconds: f64) -> String {
    format!(
        "{name}: making {} again, which took {seconds:.1} s of CPU time when it was recorded",
        counted(outputs as u64, "output")
    )
}

/// Outputs came out as recorded.
pub(crate) fn same(outputs: u32) -> Finding {
    Finding::note(
        "reexecuted",
        format!(
            "{} made again here, and equal to what is recorded, bit for bit.",
            match outputs {
                1 => "1 output was".to_owned(),
                n => format!("{n} outputs were"),
            }
        ),
    )
    .number("outputs", f64::from(outputs))
}

/// Outputs came out near what is recorded, where bits may differ.
pub(crate) fn near(outputs: u32) -> Finding {
    Finding::note(
        "reexecuted_near",
        format!(
            "{} made again here, and as near to what is recorded as another processor or library comes.",
            match outputs {
                1 => "1 output was".to_owned(),
                n => format!("{n} outputs were"),
            }
        ),
    )
    .number("outputs", f64::from(outputs))
}

/// An output came out otherwise.
pub(crate) fn other_output(folder: &str, item: &str) -> Finding {
    Finding::error(
        "output_differs",
        format!("`{item}` of {folder} was made again here, and its output is another one."),
    )
}

/// The figures of an output came out otherwise.
pub(crate) fn other_figures(folder: &str, item: &str) -> Finding {
    Finding::error(
        "figures_differ",
        format!("`{item}` of {folder} was made again here, and its figures are others."),
    )
}

/// Making an output again failed.
pub(crate) fn failed(folder: &str, item: &str, why: &str) -> Finding {
    Finding::warning(
        "reexecution_failed",
        format!("`{item}` of {folder} could not be made again here: {why}."),
    )
}

/// The lab does not offer it.
pub(crate) fn not_offered(folder: &str) -> Finding {
    Finding::note(
        "reexecution_not_offered",
        format!(
            "Outputs of {folder} cannot be made again here: its lab does not offer that, or its data is not here."
        ),
    )
}

/// Two hand-ins have the same log.
pub(crate) fn same_log(other: &str) -> Finding {
    Finding::error(
        "same_log",
        format!("{other} has the same log, to the last byte."),
    )
}

/// Two hand-ins have repeats with the same times.
pub(crate) fn same_times(other: &str, repeats: usize) -> Finding {
    Finding::error(
        "same_times",
        format!(
            "{} of {other} too, with the same wall and CPU times to the nanosecond.",
            match repeats {
                1 => "1 repeat is one".to_owned(),
                n => format!("{n} repeats are those"),
            }
        ),
    )
    .number("repeats", repeats as f64)
}

/// A path that is not there.
pub(crate) fn no_such_file(path: &Path) -> String {
    format!("{}: there is no such file or folder", path.display())
}

/// A folder that cannot be listed.
pub(crate) fn unlisted(path: &Path, error: &io::Error) -> String {
    format!("{}: the folder cannot be listed: {error}", path.display())
}

/// Folders without hand-ins.
pub(crate) fn none(paths: &[PathBuf]) -> String {
    let mut told = String::new();
    for path in paths {
        // Writing to a String cannot fail.
        let _ = write!(told, "{} ", path.display());
    }
    format!("{told}has no hand-in: no .zip file and no folder with a manifest.json")
}
