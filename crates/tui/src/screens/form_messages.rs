//! What is wrong with a field of the form, in words for somebody who looks at the field: no names
//! of options, no repeating of what stands there.

use workbench_dataset::{CellFault, TableFault};
use workbench_experiment::RequestError;
use workbench_experiment::lab::ParamError;
use workbench_history::estimate::RunEstimate;
use workbench_machine::measuring::Measuring;
use workbench_report::format;

/// The row that allows more workers than cores.
pub const OVERSUBSCRIBE: &str = "More than cores";

/// A number of repeats or a seed that is none.
pub fn no_whole_number(most: u32) -> String {
    format!("give a whole number up to {most}")
}

/// What to change in the form about cells that cannot be used.
pub fn remedy(fault: &TableFault) -> Option<String> {
    let TableFault::Cells {
        cells, is_target, ..
    } = fault
    else {
        return None;
    };
    let text = match (cells.kind, is_target) {
        (CellFault::Missing, _) => {
            "switch on Missing values to leave such rows out, or switch this column off"
        }
        (CellFault::OtherDecimal | CellFault::Thousands, _) => "say which the Decimal sign is",
        (_, true) => "choose a column of numbers",
        (_, false) => "switch this column off",
    };
    Some(text.to_owned())
}

/// A file without the name of the column to predict.
pub fn no_target(columns_known: bool) -> String {
    if columns_known {
        "choose the column to predict; left and right go through them".to_owned()
    } else {
        "type the name of the column to predict".to_owned()
    }
}

/// A column to predict without a file.
pub const NO_FILE: &str = "choose the file that has this column first, or empty this field";

/// A run that takes long.
pub fn long(estimate: &RunEstimate) -> String {
    format!("Duration: {}.", estimate.told())
}

/// Programs that are shown; who wants to see more of them asks without the screen.
const SHOWN_PROGRAMS: usize = 4;

/// What a lab runs that is not a part of this program, and that nobody has agreed to yet.
pub fn foreign(name: &str, programs: &[String]) -> String {
    let mut lines = vec![format!(
        "The {name} lab is not a part of workbench. It runs these programs, with your rights:"
    )];
    let shown = programs.iter().take(SHOWN_PROGRAMS);
    lines.extend(shown.map(|program| format!("  {program}")));
    let more = programs.len().saturating_sub(SHOWN_PROGRAMS);
    if more > 0 {
        lines.push(format!(
            "… and {more} more: `workbench --lab {name}` shows all of them and asks."
        ));
    }
    lines.join("\n")
}

/// Other processes that measure now; nothing where there are none.
pub fn beside(others: &[Measuring]) -> Option<String> {
    let first = others.first()?;
    let more = match others.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    Some(format!(
        "Another run is under way on this machine: {} (process {}){more}. Each would take cores and memory from the other, and no number of either could be trusted.",
        first.what, first.pid
    ))
}

/// A parameter that cannot be.
pub fn of_param(error: &ParamError) -> String {
    match error {
        ParamError::Value { reason, .. } => reason.clone(),
        other => other.to_string(),
    }
}

/// A request that cannot be run.
pub fn of_request(error: &RequestError) -> String {
    match error {
        RequestError::Param(error) => of_param(error),
        RequestError::Preset { hint, .. } | RequestError::Arm { hint, .. } => hint.clone(),
        RequestError::NoBase { base, .. } => {
            format!("speed-ups are stated against {base}, so it has to run too")
        }
        RequestError::Count { max, .. } => format!("give a whole number from 1 to {max}"),
        RequestError::TooManyWorkers {
            cores,
            reason,
            range,
            ..
        } => format!(
            "this machine has {} ({reason}); give {range}, or switch on {OVERSUBSCRIBE}",
            format::counted_number(*cores, "usable core")
        ),
        RequestError::Refused(refusal) => refusal.reason.clone(),
    }
}
