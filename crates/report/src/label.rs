//! What a figure is called and how its value is written, from its name alone: `time_to_first_step_s` is a time in seconds,
//! `images_per_s` a rate, `bytes_reduced` a number of bytes.
//!
//! Belongs here: names of figures and counters. Does not belong here: which figures there are.

use super::format;
use workbench_record::Quantity;

/// Characters of a name or a text that are shown.
const LONGEST: usize = 160;

/// What the end of a name says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Seconds,
    PerSecond,
    Bytes,
    Hash,
    None,
}

fn unit(name: &str) -> (&str, Unit) {
    if let Some(rest) = name.strip_suffix("_per_s") {
        (rest, Unit::PerSecond)
    } else if let Some(rest) = name.strip_suffix("_s") {
        (rest, Unit::Seconds)
    } else if let Some(rest) = name.strip_suffix("_sha256") {
        (rest, Unit::Hash)
    } else if name.starts_with("bytes_") || name.ends_with("_bytes") {
        (name, Unit::Bytes)
    } else {
        (name, Unit::None)
    }
}

/// What a figure or counter is called: `time to first step`, `images/s`.
pub fn label(name: &str) -> String {
    let (rest, unit) = unit(name);
    let words = format::clean(&rest.replace('_', " "), LONGEST);
    match unit {
        Unit::PerSecond => format!("{words}/s"),
        Unit::Hash => format!("{words}, SHA-256"),
        Unit::Seconds | Unit::Bytes | Unit::None => words,
    }
}

/// The value of a figure: a time with its unit, thousands apart, the beginning of a hash.
pub fn value(name: &str, quantity: &Quantity) -> String {
    match (unit(name).1, quantity) {
        (Unit::Seconds, Quantity::Number(seconds)) => format::seconds(*seconds),
        (Unit::PerSecond, Quantity::Number(per_s)) => rate(*per_s),
        (Unit::Bytes, Quantity::Number(bytes)) if *bytes >= 0.0 => format::bytes(*bytes as u64),
        (_, Quantity::Number(number)) => plain(*number),
        (Unit::Hash, Quantity::Text(hash)) => format::hash_prefix(hash),
        (_, Quantity::Text(text)) => format::clean(text, LONGEST),
    }
}

/// A counter: bytes in binary units where it counts bytes, thousands apart where not.
pub fn count(name: &str, n: u64) -> String {
    match unit(name).1 {
        Unit::Bytes => format::bytes(n),
        _ => format::count(n),
    }
}

/// A number as it was given where it is a round one (a learning rate of 0.002), with four digits that matter where it was measured.
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
        let number = |name, value_of| (label(name), value(name, &Quantity::Number(value_of)));
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
        assert_eq!(label("parameters_sha256"), "parameters, SHA-256");
        assert_eq!(value("parameters_sha256", &hash), "0123456789ab");
        assert_eq!(count("bytes_reduced", 2048), "2.00 KiB");
        assert_eq!(count("images_trained", 60_000), "60,000");
    }
}
