//! Logs of versions that did not record what their lab declares ([`LabFacts`]).

use crate::{FigureFacts, FigureGroup, LabFacts, RunStarted, Unit};

/// The parameter of the one lab of that time in which something could go wrong on purpose.
const FAULTS: &str = "fault";

/// The figures of failures of that lab: name, label, unit.
const FAILURES: [(&str, &str, Unit); 9] = [
    ("failure", "what went wrong", Unit::Plain),
    ("failures", "failures", Unit::Plain),
    ("failure_noticed_within_s", "noticed within", Unit::Seconds),
    (
        "failure_to_next_step_s",
        "until the next step",
        Unit::Seconds,
    ),
    (
        "failure_to_new_step_s",
        "until further than before",
        Unit::Seconds,
    ),
    ("steps_repeated", "steps done again", Unit::Plain),
    ("resizes", "resizes", Unit::Plain),
    (
        "steps_with_fewer_workers",
        "steps with fewer workers",
        Unit::Plain,
    ),
    ("workers_at_the_end", "workers at the end", Unit::Plain),
];

/// Completes the first event of a log that does not say what its lab declares.
pub(crate) fn complete(started: &mut RunStarted) {
    if !started.lab_facts.slot.is_empty() || !started.config.params.contains_key(FAULTS) {
        return;
    }
    let figure = |(name, label, unit): &(&str, &str, Unit)| FigureFacts {
        name: (*name).to_owned(),
        label: (*label).to_owned(),
        unit: *unit,
        group: FigureGroup::Failure,
        ..FigureFacts::default()
    };
    started.lab_facts = LabFacts {
        slot: "rank".to_owned(),
        faults: Some(FAULTS.to_owned()),
        figures: FAILURES.iter().map(figure).collect(),
        ..LabFacts::default()
    };
}
