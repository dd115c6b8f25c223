//! What is missing, in words.

use workbench_record::{Finding, RunStatus};
use workbench_words::counted;

use crate::missing::MissingPart;

/// One thing that is missing, as a sentence.
pub(crate) fn sentence(missing: &MissingPart) -> String {
    match missing {
        MissingPart::End { run, status } => {
            let how = match status {
                RunStatus::Unfinished => "has not ended",
                RunStatus::Interrupted => "was interrupted",
                RunStatus::Failed => "failed",
                RunStatus::Completed => "is complete",
            };
            format!("{run} {how}; `workbench resume {run}` goes on with it")
        }
        MissingPart::EqualWork { run } => {
            format!("the arms of {run} did unequal work or gave unequal outputs")
        }
        MissingPart::Lab { lab } => format!("a run of the lab `{lab}`"),
        MissingPart::Preset { preset } => format!("a run with the preset `{preset}`"),
        MissingPart::Seed { run, seed, found } => {
            format!("{run} has the seed {found}; the assignment asks for {seed}")
        }
        MissingPart::Arm { arm } => format!("the arm `{arm}`"),
        MissingPart::Repeats { arm, done, least } => format!(
            "`{arm}` has {}, and {least} are needed",
            counted(u64::from(*done), "repeat")
        ),
        MissingPart::Assignment { run } => {
            format!("{run} was made without the assignment, or with another version of it")
        }
        MissingPart::Answer { question } => {
            format!("an answer to `{question}`; `workbench answer` takes it")
        }
    }
}

/// The kind of the finding that something is missing.
pub(crate) const INCOMPLETE: &str = "incomplete";

/// The same as a finding.
pub(crate) fn finding(missing: &MissingPart) -> Finding {
    Finding::error(INCOMPLETE, format!("Missing: {}.", sentence(missing)))
}

/// It was handed in as a draft.
pub(crate) fn draft(missing: usize) -> Finding {
    Finding::warning(
        "draft",
        format!(
            "This is a draft, handed in although {} missing.",
            match missing {
                1 => "one thing was".to_owned(),
                n => format!("{n} things were"),
            }
        ),
    )
    .number("missing", missing as f64)
}
