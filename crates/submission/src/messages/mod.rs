//! The text of every finding on a hand-in. A finding says what does not fit, and never how that
//! came about: nobody can know from a file.

pub(crate) mod again;
pub(crate) mod archive;
pub(crate) mod assigned;
pub(crate) mod document;
pub(crate) mod missing;
pub(crate) mod repeats;
pub(crate) mod times;

use workbench_record::{Finding, RepeatId};

/// A repeat as it stands in a sentence: `repeat 2 of tasks on 4`.
pub(crate) fn repeat(id: &RepeatId) -> String {
    format!("repeat {} of `{}` on {}", id.repeat + 1, id.arm, id.workers)
}

/// A finding about a repeat.
pub(crate) fn on(finding: Finding, id: &RepeatId) -> Finding {
    finding.arm_on(&id.arm, id.workers).repeat(id.repeat)
}
