//! What a figure is called and how its value is written: as its lab declares it, else as its name
//! states by convention.
//!
//! Belongs here: names of figures and counters. Does not belong here: which figures there are.

use super::format;
use workbench_record::{LabFacts, Quantity, Unit};

/// Characters of a name or a text that are shown.
const LONGEST: usize = 160;

/// What a figure or counter is called: `time to first step`, `images/s`.
pub fn label(facts: &LabFacts, name: &str) -> String {
    if let Some(figure) = facts.figure(name) {
        return format::clean(&figure.label, LONGEST);
    }
    let words = |stem: &str| format::clean(&stem.replace('_', " "), LONGEST);
    let stem = |end: &str| words(name.strip_suffix(end).unwrap_or(name));
    match Unit::of_name(name) {
        Unit::PerSecond => format!(
            "{}/s",
            words(name.trim_end_matches("_per_s").trim_end_matches("/s"))
        ),
        Unit::Hash => format!("{}, SHA-256", stem("_sha256")),
        Unit::Seconds => stem("_s"),
        Unit::Bytes | Unit::Plain => words(name),
    }
}

/// What the steps of a figure's curve count, where the lab says it: `trees`.
pub fn steps(facts: &LabFacts, name: &str) -> Option<String> {
    let steps = facts.figure(name)?.steps.as_deref()?;
    Some(label(facts, steps))
}

/// The value of a figure: a time with its unit, thousands apart, the beginning of a hash.
pub fn value(facts: &LabFacts, name: &str, quantity: &Quantity) -> String {
    match (facts.unit(name), quantity) {
        (Unit::Seconds, Quantity::Number(seconds)) => format::seconds(*seconds),
        (Unit::PerSecond, Quantity::Number(per_s)) => rate(*per_s),
        (Unit::Bytes, Quantity::Number(bytes)) if *bytes >= 0.0 => format::bytes(*bytes as u64),
        (_, Quantity::Number(number)) => plain(*number),
        (Unit::Hash, Quantity::Text(hash)) => format::hash_prefix(hash),
        (_, Quantity::Text(text)) => format::clean(text, LONGEST),
    }
}

/// A counter: bytes in binary units where it counts bytes, thousands apart where not.
pub fn count(facts: &LabFacts, name: &str, n: u64) -> String {
    match facts.unit(name) {
        Unit::Bytes => format::bytes(n),
        _ => format::count(n),
    }
}

/// A number as it was given where it is a round one (a learning rate of 0.002), with four digits
/// that matter where it was measured.
fn plain(number: f64) -> String {
    let short = format::parameter(number);
    let digits = short.trim_start_matches(['−', '0', '.']).len();
    if digits <= 2 {
        short
    } else {
        format::number(number)
    }
}

/// Something per second: whole from a hundred on, for nobody knows more of it.
pub fn rate(per_s: f64) -> String {
    if per_s.abs() >= 100.0 {
        format::number(per_s.round())
    } else {
        format::number(per_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_unit() {
        let facts = LabFacts::default();
        let number = |name, value_of| {
            let value = value(&facts, name, &Quantity::Number(value_of));
            (label(&facts, name), value)
        };
        let case = |name, value_of, called: &str, written: &str| {
            assert_eq!(
                number(name, value_of),
                (called.to_owned(), written.to_owned())
            );
        };
        case(
            "time_to_first_step_s",
            0.4121,
            "time to first step",
            "412 ms",
        );
        case("images_per_s", 12_345.6, "images/s", "12,346");
        case("images_per_s", 3.456_78, "images/s", "3.457");
        case("learning_rate", 0.002, "learning rate", "0.002");
        case("batch_per_rank", 64.0, "batch per rank", "64");
        case(
            "bytes_reduced",
            1_610_612_736.0,
            "bytes reduced",
            "1.50 GiB",
        );
        case("test_accuracy", 0.981, "test accuracy", "0.9810");
        case("test_loss", f64::NAN, "test loss", "n/a");
        case("best r2", 0.804_712, "best r2", "0.8047");
        let hash = Quantity::Text("0123456789abcdef".repeat(4));
        assert_eq!(label(&facts, "parameters_sha256"), "parameters, SHA-256");
        assert_eq!(value(&facts, "parameters_sha256", &hash), "0123456789ab");
        assert_eq!(count(&facts, "bytes_reduced", 2048), "2.00 KiB");
        assert_eq!(count(&facts, "images_trained", 60_000), "60,000");
    }

    #[test]
    fn what_a_lab_declares_comes_first() {
        let facts = LabFacts {
            figures: vec![workbench_record::FigureFacts {
                name: "idle_s".to_owned(),
                label: "idle".to_owned(),
                unit: Unit::Bytes,
                group: workbench_record::FigureGroup::Speed,
                steps: Some("epochs_done".to_owned()),
                ..workbench_record::FigureFacts::default()
            }],
            ..LabFacts::default()
        };
        let written = value(&facts, "idle_s", &Quantity::Number(2048.0));
        assert_eq!(
            (label(&facts, "idle_s").as_str(), written.as_str()),
            ("idle", "2.00 KiB")
        );
        // Every chart of the figure calls its axis so.
        assert_eq!(steps(&facts, "idle_s").as_deref(), Some("epochs done"));
        assert_eq!(steps(&facts, "loss"), None);
    }
}
