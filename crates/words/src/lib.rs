//! Numbers with their nouns, as sentences have them: `1 slot`, `5,850 tasks`, `1.5 cores`; and what
//! a panic says.
//!
//! - **Belongs here:** what every crate that makes sentences needs for them.
//! - **May use:** no crate of this tree.
//! - **Does not belong here:** sentences, and numbers in tables and charts.

use std::any::Any;

/// A whole number with its thousands apart: `5,850`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A whole number and its noun, in the plural where it belongs: `1 repeat`, `5 repeats`. The
/// plural of the noun has to end with an s.
pub fn counted(n: u64, noun: &str) -> String {
    let ending = if n == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(n))
}

/// As [`counted`] for a number that need not be whole: `1 usable core`, `1.5 usable cores`, and
/// `n/a usable cores` where it is none.
pub fn counted_number(n: f64, noun: &str) -> String {
    if !n.is_finite() {
        return format!("n/a {noun}s");
    }
    // A zero without a sign.
    let n = (n * 100.0).round() / 100.0 + 0.0;
    let is_one = (n - 1.0).abs() < 1e-9;
    format!("{n} {noun}{}", if is_one { "" } else { "s" })
}

/// What a panic says, from what it carries (`std::panic::catch_unwind`, `JoinHandle::join`).
pub fn panic_message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_thing_is_no_plural() {
        for (n, text) in [(0, "0 slots"), (1, "1 slot"), (2, "2 slots")] {
            assert_eq!(counted(n, "slot"), text);
        }
        assert_eq!(counted(5850, "task"), "5,850 tasks");
        for (n, text) in [
            (1.0, "1 core"),
            (1.001, "1 core"),
            (1.5, "1.5 cores"),
            (f64::NAN, "n/a cores"),
            (-0.001, "0 cores"),
            (2.0, "2 cores"),
        ] {
            assert_eq!(counted_number(n, "core"), text);
        }
    }

    #[test]
    fn all_kinds_of_panics_have_a_message() {
        assert_eq!(panic_message(&"plain"), "plain");
        assert_eq!(panic_message(&String::from("formatted 7")), "formatted 7");
        assert_eq!(panic_message(&7_u8), "a panic without a message");
    }
}
