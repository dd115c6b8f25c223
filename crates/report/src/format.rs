//! Numbers and texts as people read them: seconds with a sensible unit, speed-ups as `1.87×`, and
//! names made safe to show.
//!
//! Belongs here: turning one value into one short text, the same on the screen, in the summary
//! and in every report. Does not belong here: sentences (see [`super::headline()`]) and escaping
//! for a file format.

use jiff::tz::TimeZone;

pub use workbench_words::{count, counted, counted_number};

/// What stands in place of a value that does not exist or is not a number.
pub const MISSING: &str = "n/a";

/// A duration in seconds with a unit that fits: `412 ms`, `1.87 s`, `3 min 25 s`, `2 h 05 min`.
pub fn seconds(s: f64) -> String {
    let (number, unit) = duration(s);
    format!("{number}{unit}")
}

/// The two ends of an interval in seconds; one unit is enough for both where they have the same:
/// `1.10 to 1.14 s`.
pub fn seconds_interval([low, high]: [f64; 2]) -> String {
    let (from, to) = (duration(low), duration(high));
    if from.1 == to.1 {
        format!("{} to {}{}", from.0, to.0, to.1)
    } else {
        format!("{} to {}", seconds(low), seconds(high))
    }
}

/// A duration as a number and what stands behind it: a blank and its unit, or nothing where several
/// units are within.
fn duration(s: f64) -> (String, &'static str) {
    if !s.is_finite() {
        return (MISSING.to_owned(), "");
    }
    let (sign, t) = (if s < 0.0 { "−" } else { "" }, s.abs());
    // Less than half a nanosecond is what sums of floating-point seconds leave behind.
    let (text, unit) = if t < 5e-10 {
        return ("0".to_owned(), " s");
    } else if t < 999.5e-9 {
        (three_digits(t * 1e9), " ns")
    } else if t < 999.5e-6 {
        (three_digits(t * 1e6), " µs")
    } else if t < 0.9995 {
        (three_digits(t * 1e3), " ms")
    } else if t < 99.95 {
        (three_digits(t), " s")
    } else if t < 3599.5 {
        in_minutes(t.round() as u64)
    } else {
        let minutes = (t / 60.0).round() as u64;
        (
            format!("{} h {:02} min", count(minutes / 60), minutes % 60),
            "",
        )
    };
    (format!("{sign}{text}"), unit)
}

/// Whole seconds of less than an hour as minutes and what is left.
fn in_minutes(whole: u64) -> (String, &'static str) {
    match (whole / 60, whole % 60) {
        (minutes, 0) => (minutes.to_string(), " min"),
        (minutes, rest) => (format!("{minutes} min {rest:02} s"), ""),
    }
}

fn three_digits(value: f64) -> String {
    let size = value.abs();
    if size > 0.0 && size < 0.0995 {
        format!("{value:.3}")
    } else if size < 9.995 {
        format!("{value:.2}")
    } else if size < 99.95 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

/// A stretch of time in the words of [`seconds`], with no zeros that mean nothing, as axes have
/// them: `15 ms`, `1.5 s`, `90 s`, `5 min`, `3 min 20 s`, `2 h`. Whole seconds stay apart up to an
/// hour, whole minutes beyond.
pub fn stretch(seconds: f64) -> String {
    let ms = seconds * 1e3;
    let minutes = (seconds / 60.0).round() as u64;
    if seconds > 0.0 && ms < 1000.0 {
        format!("{} ms", (ms * 100.0).round() / 100.0)
    } else if seconds < 10.0 {
        format!("{} s", (seconds * 100.0).round() / 100.0 + 0.0)
    } else if seconds < 99.5 {
        format!("{seconds:.0} s")
    } else if seconds < 3599.5 {
        let (number, unit) = in_minutes(seconds.round() as u64);
        format!("{number}{unit}")
    } else if minutes.is_multiple_of(60) {
        format!("{} h", count(minutes / 60))
    } else {
        format!("{} h {:02} min", count(minutes / 60), minutes % 60)
    }
}

/// A moment since a run's start, in the words of [`seconds`]: `12.3 s`, `3 min 25 s`.
pub fn moment(s: f64) -> String {
    if s < 59.95 {
        format!("{} s", tidy_sign(&format!("{s:.1}")))
    } else {
        stretch((s + 0.05).floor())
    }
}

/// A part and the whole, in bytes, in the unit of the whole: `41.2 of 79.6 GiB`.
pub fn bytes_of(part: u64, whole: u64) -> String {
    let (of_part, of_whole) = (binary(part), binary(whole));
    if of_part.1 == of_whole.1 {
        format!("{} of {} {}", of_part.0, of_whole.0, of_whole.1)
    } else {
        format!("{} of {}", bytes(part), bytes(whole))
    }
}

/// Seconds as a plain number without a unit, for table columns headed `s`: three decimals below 10
/// s, fewer above.
pub fn plain_seconds(s: f64) -> String {
    if !s.is_finite() {
        return MISSING.to_owned();
    }
    let size = s.abs();
    let text = if size < 10.0 {
        format!("{s:.3}")
    } else if size < 1000.0 {
        format!("{s:.1}")
    } else {
        return format!("{}{}", minus(s), count(size.round() as u64));
    };
    tidy_sign(&text)
}

/// A ratio of times: `1.87×`, `17.2×`, `123×`.
pub fn speedup(ratio: f64) -> String {
    if ratio.is_finite() {
        format!("{}×", tidy_sign(&three_digits(ratio)))
    } else {
        MISSING.to_owned()
    }
}

/// A ratio that is said to differ from 1, with as many digits as it takes to show that: faster by
/// `1.00×` would contradict itself.
pub fn apart(ratio: f64) -> String {
    if ratio.is_finite() {
        format!("{}×", digits_apart(ratio))
    } else {
        MISSING.to_owned()
    }
}

fn digits_apart(ratio: f64) -> String {
    let (text, distance) = (three_digits(ratio), (ratio - 1.0).abs());
    if text != three_digits(1.0) || distance <= f64::EPSILON {
        return tidy_sign(&text);
    }
    let decimals = (-distance.log10()).ceil().clamp(3.0, 15.0) as usize;
    format!("{ratio:.decimals$}")
}

/// A value that may not exist.
pub fn or_missing<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| MISSING.to_owned(), show)
}

/// The two ends of an interval with as many digits as [`speedup`] gives: `1.84 to 1.90`; where 1 is
/// outside, as many as [`apart`] gives.
pub fn interval([low, high]: [f64; 2]) -> String {
    if low.is_finite() && high.is_finite() {
        let one_inside = low <= 1.0 && high >= 1.0;
        let digits = |end: f64| {
            if one_inside {
                tidy_sign(&three_digits(end))
            } else {
                digits_apart(end)
            }
        };
        format!("{} to {}", digits(low), digits(high))
    } else {
        MISSING.to_owned()
    }
}

/// A share (0 to 1) in per cent: `94 %`, `3.2 %`, `0.04 %`.
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return MISSING.to_owned();
    }
    let value = share * 100.0;
    let size = value.abs();
    let text = if size >= 9.95 {
        format!("{value:.0}")
    } else if size >= 0.095 || size == 0.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    };
    format!("{} %", tidy_sign(text.strip_suffix(".0").unwrap_or(&text)))
}

/// A number of bytes in binary units: `512 B`, `1.50 GiB`.
pub fn bytes(n: u64) -> String {
    let (number, unit) = binary(n);
    format!("{number} {unit}")
}

/// A number of bytes and its binary unit.
fn binary(n: u64) -> (String, &'static str) {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if n < 1024 {
        return (n.to_string(), "B");
    }
    let mut value = n as f64 / 1024.0;
    let mut step = 0;
    while value >= 1023.5 && step + 1 < UNITS.len() {
        value /= 1024.0;
        step += 1;
    }
    (three_digits(value), UNITS[step])
}

/// A list in words: `1, 2 and 4`.
pub fn join_words(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

/// Any number with four digits that matter: `0.2541`, `1,024`, `6.02e23`.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return MISSING.to_owned();
    }
    let size = value.abs();
    let text = if size == 0.0 {
        return "0".to_owned();
    } else if !(1e-4..1e15).contains(&size) {
        format!("{value:.3e}")
    } else if value.fract() == 0.0 {
        return format!("{}{}", minus(value), count(size as u64));
    } else if size >= 1000.0 {
        return format!("{}{}", minus(value), count(size.round() as u64));
    } else {
        let decimals = (3.0 - size.log10().floor()).clamp(0.0, 8.0) as usize;
        format!("{value:.decimals$}")
    };
    tidy_sign(&text)
}

/// A fitted parameter: as [`number`], without zeros at the end.
pub fn parameter(value: f64) -> String {
    let text = number(value);
    match text.split_once('e') {
        Some((mantissa, exponent)) => format!("{}e{exponent}", trim_zeros(mantissa)),
        None => trim_zeros(&text).to_owned(),
    }
}

fn trim_zeros(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

/// The first characters of a hash, enough to tell two apart by eye.
pub fn hash_prefix(hash: &str) -> String {
    hash.chars().take(12).map(presentable).collect()
}

/// When something happened, for people: `20 November 2026, 14:05 UTC`; the text itself when it
/// is no timestamp.
pub fn date(rfc3339: &str) -> String {
    date_in(rfc3339, &TimeZone::UTC)
}

/// The same in a time zone, whose abbreviation is stated: `21 November 2026, 11:15 CET`.
pub fn date_in(rfc3339: &str, zone: &TimeZone) -> String {
    rfc3339.parse::<jiff::Timestamp>().map_or_else(
        |_| clean(rfc3339, 40),
        |t| {
            let there = t.to_zoned(zone.clone());
            there.strftime("%-d %B %Y, %H:%M %Z").to_string()
        },
    )
}

/// A name from outside made fit for one line: control characters and line breaks become spaces,
/// invisible characters that reorder text are shown as `�`, and whatever exceeds `longest`
/// characters is cut and ends in `…`.
pub fn clean(text: &str, longest: usize) -> String {
    let mut cleaned: String = text.chars().take(longest).map(presentable).collect();
    if text.chars().nth(longest).is_some() {
        cleaned.pop();
        cleaned.push('…');
    }
    cleaned
}

/// A command as it may be copied: line breaks stay, other control characters and invisible
/// direction controls are spelt out, so that what is run is what is seen.
pub fn command(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || !(c.is_control() || reorders(c) || presentable(c) != c) {
            shown.push(c);
        } else {
            shown.extend(c.escape_unicode());
        }
    }
    shown
}

/// What stands for a character in a line that people read: see [`clean`].
pub(super) fn presentable(c: char) -> char {
    match c {
        '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => ' ',
        c if reorders(c) => '\u{fffd}',
        c => c,
    }
}

/// Whether a character is one of Unicode's invisible direction controls, which can make a text
/// read as another.
pub(super) fn reorders(c: char) -> bool {
    let marks = ['\u{061c}', '\u{200e}', '\u{200f}'];
    marks.contains(&c) || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn minus(value: f64) -> &'static str {
    if value < 0.0 { "−" } else { "" }
}

/// A true minus sign, and none on a zero.
fn tidy_sign(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_take_the_unit_that_fits() {
        let cases = [
            (0.0, "0 s"),
            (-1e-12, "0 s"),
            (3e-9, "3.00 ns"),
            (4.5e-7, "450 ns"),
            (9.999e-7, "1.00 µs"),
            (0.000_45, "450 µs"),
            (0.412, "412 ms"),
            (0.9996, "1.00 s"),
            (1.874, "1.87 s"),
            (12.34, "12.3 s"),
            (99.96, "1 min 40 s"),
            (205.0, "3 min 25 s"),
            (240.0, "4 min"),
            (3599.6, "1 h 00 min"),
            (7500.0, "2 h 05 min"),
            (-1.5, "−1.50 s"),
            (f64::NAN, "n/a"),
            (f64::INFINITY, "n/a"),
        ];
        for (value, text) in cases {
            assert_eq!(seconds(value), text, "{value}");
        }
    }

    #[test]
    fn ratios_and_shares_keep_three_digits() {
        assert_eq!(speedup(1.874), "1.87×");
        assert_eq!(speedup(9.996), "10.0×");
        assert_eq!(speedup(17.19), "17.2×");
        assert_eq!(speedup(123.4), "123×");
        assert_eq!(speedup(f64::NAN), "n/a");
        assert_eq!(interval([1.84, 1.904]), "1.84 to 1.90");
        assert_eq!(percent(0.94), "94 %");
        assert_eq!(percent(0.032), "3.2 %");
        assert_eq!(percent(0.03), "3 %");
        assert_eq!(percent(0.0004), "0.04 %");
        assert_eq!(percent(-0.000_001), "0.00 %");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(-0.12), "−12 %");
    }

    #[test]
    fn what_differs_from_one_is_not_written_as_one() {
        assert_eq!(
            [0.998, 1.002, 0.999_96, 1.000_000_4].map(apart),
            ["0.998×", "1.002×", "0.99996×", "1.0000004×"]
        );
        assert_eq!([1.0, 1.87].map(apart), ["1.00×", "1.87×"]);
        assert_eq!(interval([0.997, 0.999]), "0.997 to 0.999");
        assert_eq!(interval([0.997, 1.002]), "1.00 to 1.00");
    }

    #[test]
    fn stretches_clocks_and_parts_have_units() {
        assert_eq!(
            [0.0001, 0.5, 1.5, 2.0, 90.0, 300.0, 86_400.0].map(stretch),
            ["0.1 ms", "500 ms", "1.5 s", "2 s", "90 s", "5 min", "24 h"]
        );
        // Times on an axis stay apart.
        assert_eq!(
            [160.0, 200.0, 3599.0, 3600.0, 5400.0, 9000.0].map(stretch),
            [
                "2 min 40 s",
                "3 min 20 s",
                "59 min 59 s",
                "1 h",
                "1 h 30 min",
                "2 h 30 min"
            ]
        );
        assert_eq!(
            [0.0, 12.34, 59.99, 60.4, 205.0, 7509.0].map(moment),
            [
                "0.0 s",
                "12.3 s",
                "60 s",
                "60 s",
                "3 min 25 s",
                "2 h 05 min"
            ]
        );
        // One way to say a duration of minutes and more.
        for s in [100.0, 200.0, 300.0, 3000.0, 5400.0, 9_000.0] {
            assert_eq!([stretch(s), moment(s)], [seconds(s), seconds(s)]);
        }
        assert_eq!([stretch(-0.0), moment(-1e-9)], ["0 s", "0.0 s"]);
        assert_eq!(bytes_of(1 << 30, 4 << 30), "1.00 of 4.00 GiB");
        assert_eq!(bytes_of(1 << 20, 4 << 30), "1.00 MiB of 4.00 GiB");
    }

    #[test]
    fn bytes_and_counts() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.50 KiB");
        assert_eq!(bytes(1 << 30), "1.00 GiB");
        assert_eq!(bytes((1 << 30) - 1), "1.00 GiB");
        assert!(bytes(u64::MAX).ends_with(" PiB"));
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(5850), "5,850");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "repeat"), "1 repeat");
        assert_eq!(counted(0, "repeat"), "0 repeats");
    }

    #[test]
    fn numbers_keep_four_digits() {
        assert_eq!(number(0.254_123), "0.2541");
        assert_eq!(number(12.345_6), "12.35");
        assert_eq!(number(1024.0), "1,024");
        assert_eq!(number(-98_765.4), "−98,765");
        assert_eq!(number(0.0), "0");
        assert_eq!(number(1.5e-7), "1.500e-7");
        assert_eq!(number(f64::NEG_INFINITY), "n/a");
        assert_eq!(parameter(0.041), "0.041");
        assert_eq!(parameter(1.5e-7), "1.5e-7");
        assert_eq!(parameter(100.0), "100");
        assert_eq!(plain_seconds(1.23456), "1.235");
        assert_eq!(plain_seconds(-0.0001), "0.000");
        assert_eq!(plain_seconds(1234.4), "1,234");
    }

    #[test]
    fn names_from_outside_fit_on_one_line() {
        assert_eq!(clean("a\nb\tc\u{0}", 10), "a b c ");
        assert_eq!(clean("abcdef", 4), "abc…");
        assert_eq!(clean("abcd", 4), "abcd");
        assert_eq!(clean("\u{202e}evil", 9), "\u{fffd}evil");
        assert_eq!(clean("مرحبا", 9), "مرحبا");
        assert_eq!(hash_prefix("0123456789abcdef"), "0123456789ab");
    }

    #[test]
    fn dates_are_readable() {
        assert_eq!(date("2026-11-20T14:05:00Z"), "20 November 2026, 14:05 UTC");
        assert_eq!(date("yesterday\n"), "yesterday ");
    }
}
