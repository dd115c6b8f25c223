//! Numbers as sentences have them. What is no number is never written as one, and a zero has no
//! sign.

/// A duration in seconds, as text in a sentence: `2.31 s`, `12 h 03 min` for long durations, and
/// `41.2 ms` for short ones, which would read as no time at all in seconds.
pub fn lasting(s: f64) -> String {
    if !s.is_finite() {
        return "an unknown time".to_owned();
    }
    let whole = s.round() as u64;
    match s {
        _ if s <= 0.0 => "0 s".to_owned(),
        ..99.95e-9 => format!("{} ns", three_digits(s * 1e9)),
        ..99.95e-6 => format!("{} µs", three_digits(s * 1e6)),
        ..99.95e-3 => format!("{} ms", three_digits(s * 1e3)),
        ..99.5 => format!("{s:.2} s"),
        ..3599.5 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => {
            let minutes = (s / 60.0).round() as u64;
            format!("{} h {:02} min", minutes / 60, minutes % 60)
        }
    }
}

/// A number from 0 to 1,000 with three digits that matter.
fn three_digits(value: f64) -> String {
    let decimals = match value {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

/// Core time, as text in a sentence.
pub fn core_seconds(seconds: f64) -> String {
    if seconds.is_finite() {
        format!("{} core-seconds", decimals(seconds.max(0.0), 2))
    } else {
        "core time".to_owned()
    }
}

/// A number from outside, with so many decimals; one that is none says so.
pub(super) fn decimals(number: f64, decimals: usize) -> String {
    // What rounds to zero is a zero without a sign.
    let least = 0.5 * 0.1_f64.powf(decimals as f64);
    let number = if number.abs() < least { 0.0 } else { number };
    none(number).unwrap_or_else(|| format!("{number:.decimals$}"))
}

/// The same, with all its digits.
pub(super) fn value(number: f64) -> String {
    none(number).unwrap_or_else(|| (number + 0.0).to_string())
}

/// A number with four digits that matter, `0.2541`, `0.01235`, `1235`; as it is where it has
/// fewer, or is very small.
pub(super) fn significant(number: f64) -> String {
    let size = number.abs();
    if !(1e-4..1e15).contains(&size) {
        return value(number);
    }
    let decimals = (3.0 - size.log10().floor()).clamp(0.0, 8.0) as usize;
    let rounded = format!("{number:.decimals$}");
    let all = value(number);
    if all.len() < rounded.len() {
        all
    } else {
        rounded
    }
}

/// What is said of a number that is none.
fn none(number: f64) -> Option<String> {
    match number {
        _ if number.is_nan() => Some("not a number".to_owned()),
        _ if number.is_infinite() => Some("not finite".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_durations_are_in_hours_and_minutes() {
        let times = [0.25, 99.4, 99.6, 3599.4, 3600.0, 43_364.4];
        assert_eq!(
            times.map(lasting),
            [
                "0.25 s",
                "99.40 s",
                "1 min 40 s",
                "59 min 59 s",
                "1 h 00 min",
                "12 h 03 min"
            ]
        );
        assert_eq!(lasting(f64::NAN), "an unknown time");
    }

    #[test]
    fn no_number_is_written_that_is_none() {
        assert_eq!(decimals(f64::NAN, 4), "not a number");
        assert_eq!(value(f64::NEG_INFINITY), "not finite");
        assert_eq!(
            (decimals(-0.00001, 4), value(-0.0)),
            ("0.0000".to_owned(), "0".to_owned())
        );
        assert_eq!(
            (decimals(-0.5, 2), value(0.25)),
            ("-0.50".to_owned(), "0.25".to_owned())
        );
        assert_eq!(core_seconds(f64::INFINITY), "core time");
        // The greater of two zeros may be either.
        for none in [-0.0, -1e-12, -2.0] {
            assert_eq!(core_seconds(none), "0.00 core-seconds");
        }
        let targets = [0.254_123, 0.25, 0.012_345_6, 1234.56, 1e-9, 0.0, f64::NAN];
        assert_eq!(
            targets.map(significant),
            [
                "0.2541",
                "0.25",
                "0.01235",
                "1235",
                "0.000000001",
                "0",
                "not a number"
            ]
        );
    }
}
