//! Findings on answers and assignments.

use workbench_record::Finding;

/// The answers cannot be read.
pub(crate) fn answers_unreadable(folder: &str) -> Finding {
    Finding::error(
        "answers_unreadable",
        format!("answers.json of {folder} is no document of answers."),
    )
}

/// The answers belong to another lab or assignment.
pub(crate) fn answers_of_other(folder: &str) -> Finding {
    Finding::error(
        "answers_of_other",
        format!("The answers of {folder} belong to another lab or assignment than its run."),
    )
}

/// The record of the predictions is not whole.
pub(crate) fn lock_broken(folder: &str) -> Finding {
    Finding::error(
        "lock_broken",
        format!("The predictions that {folder} locked do not fit their own hash."),
    )
}

/// A prediction is another one than was locked.
pub(crate) fn answer_changed(folder: &str, id: &str) -> Finding {
    Finding::error(
        "answer_changed",
        format!(
            "The answer to `{id}` of {folder} is not the one that was locked when the run started."
        ),
    )
}

/// A prediction was saved after it was locked.
pub(crate) fn predicted_late(folder: &str, id: &str) -> Finding {
    Finding::error(
        "predicted_late",
        format!("The prediction `{id}` of {folder} was saved after it was locked."),
    )
}

/// The hand-in was made for no assignment.
pub(crate) fn no_assignment(title: &str) -> Finding {
    Finding::error(
        "no_assignment",
        format!("It was made for no assignment; this one is `{title}`."),
    )
}

/// The hand-in was made for another assignment.
pub(crate) fn other_assignment(title: &str) -> Finding {
    Finding::error(
        "other_assignment",
        format!("It was made for another assignment, or another version of it: `{title}`."),
    )
}

/// The nonce is another one.
pub(crate) fn nonce() -> Finding {
    Finding::error(
        "nonce_differs",
        "Its nonce is not that of the assignment: it was made for another class or term.",
    )
}

/// It came late.
pub(crate) fn late(deadline: &str, hours: f64) -> Finding {
    Finding::warning(
        "late",
        format!("It went on for {hours:.1} hours after the deadline, {deadline}."),
    )
    .number("hours", hours)
}

/// Another hand-in has the same answer.
pub(crate) fn same_answer(other: &str, id: &str) -> Finding {
    Finding::warning(
        "same_answer",
        format!("{other} has the same answer to `{id}`, word for word."),
    )
}
