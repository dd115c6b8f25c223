//! Findings on what a hand-in states about its log.

use workbench_record::Finding;

use crate::log::LogProblem;

/// The log is not read.
pub(crate) fn log_unreadable(folder: &str, problem: &LogProblem) -> Finding {
    let kind = match problem {
        LogProblem::Record(_) => "log_unreadable",
        LogProblem::TooLarge => "log_too_large",
    };
    Finding::error(
        kind,
        format!("The log of {folder} cannot be used: {problem}."),
    )
}

/// The chain of the log is not the manifest's.
pub(crate) fn chain(folder: &str, line: u64) -> Finding {
    Finding::error(
        "log_chain",
        format!(
            "The log of {folder} is not the one of the manifest: the chain of its records parts at line {line} or up to 63 lines after it."
        ),
    )
    .number("line", line as f64)
}

/// Lines of the log cannot be read.
pub(crate) fn damaged(folder: &str, lines: u64) -> Finding {
    Finding::warning(
        "log_damaged",
        format!("{lines} lines of the log of {folder} cannot be read; repeats with missing lines do not count."),
    )
    .number("lines", lines as f64)
}

/// The manifest states something else than the log.
pub(crate) fn manifest_differs(folder: &str, field: &str) -> Finding {
    Finding::error(
        "manifest_differs",
        format!("The manifest's `{field}` of {folder} is not what the log says."),
    )
}

/// A field of the result document is not what follows from the log.
pub(crate) struct Differs<'a> {
    pub folder: &'a str,
    pub field: &'a str,
    pub claimed: &'a str,
    pub computed: &'a str,
    /// Further fields that differ.
    pub more: usize,
}

pub(crate) fn result_differs(found: &Differs<'_>) -> Finding {
    let more = match found.more {
        0 => String::new(),
        more => format!(" So do {more} further fields."),
    };
    Finding::error(
        "result_differs",
        format!(
            "result.json of {} differs from what follows from its log: `{}` is {}, and the log gives {}.{more}",
            found.folder, found.field, found.claimed, found.computed
        ),
    )
    .number("fields", found.more as f64 + 1.0)
}

/// The result document cannot be read.
pub(crate) fn result_unreadable(folder: &str) -> Finding {
    Finding::error(
        "result_unreadable",
        format!("result.json of {folder} is missing or no result document."),
    )
}

/// The result document was computed by another version.
pub(crate) fn other_version(folder: &str, version: &str) -> Finding {
    Finding::note(
        "other_version",
        format!(
            "{folder} was handed in with workbench {version}; its times were compared, fields that depend on the version were not."
        ),
    )
}

/// The report is not the one of the run.
pub(crate) fn report_differs(folder: &str) -> Finding {
    Finding::error(
        "report_differs",
        format!("report.html of {folder} is not the report that follows from its log."),
    )
}

/// The run is not of the data that it names.
pub(crate) fn data_differs(folder: &str) -> Finding {
    Finding::error(
        "data_differs",
        format!(
            "{folder} names the lab's own data, but the SHA-256 of the data or of its split is another one."
        ),
    )
}

/// The recorded command asks for something else than the configuration.
pub(crate) fn command_differs(folder: &str) -> Finding {
    Finding::error(
        "command_differs",
        format!(
            "The recorded command of {folder} asks for another lab, preset, seed, number of repeats or of workers than its configuration."
        ),
    )
}

/// The program measured with a build without optimisation.
pub(crate) fn debug_build(folder: &str) -> Finding {
    Finding::note(
        "debug_build",
        format!("{folder} was made by a debug build, whose times say little."),
    )
}

/// A hand-in by another program than that of its runs.
pub(crate) fn other_program(folder: &str) -> Finding {
    Finding::note(
        "other_program",
        format!("{folder} was handed in with another build of workbench than it was made with."),
    )
}
