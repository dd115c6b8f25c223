//! Numbers as people type them.

use crate::formula::MeasureUnit;

/// Reads a number with its unit; `None` where it is none, or could be meant in two ways.
pub(crate) fn read_number(text: &str, unit: MeasureUnit) -> Option<f64> {
    let text = text.trim().trim_start_matches('≈').trim_start();
    let end = text
        .find(|c: char| c.is_alphabetic() && !matches!(c, 'e' | 'E') || matches!(c, '%' | '×'))
        .unwrap_or(text.len());
    let (digits, word) = text.split_at(end);
    let value = plain(digits.trim_end())?;
    let value = value * factor(word.trim(), unit)?;
    value.is_finite().then_some(value)
}

/// What a unit multiplies by.
fn factor(word: &str, unit: MeasureUnit) -> Option<f64> {
    Some(match (unit, word) {
        (_, "") | (MeasureUnit::Ratio, "x" | "×") | (MeasureUnit::Seconds, "s") => 1.0,
        (MeasureUnit::Share | MeasureUnit::Plain, "%") => 0.01,
        (MeasureUnit::Seconds, "ms") => 1e-3,
        (MeasureUnit::Seconds, "min") => 60.0,
        (MeasureUnit::Seconds, "h") => 3600.0,
        _ => return None,
    })
}

/// A number with a point or, where nothing else can be meant, a comma: `1,5` is 1.5, and `1,500`
/// could be 1500.
fn plain(digits: &str) -> Option<f64> {
    let decimal = match digits.split_once(',') {
        None => digits.to_owned(),
        Some((whole, part)) => {
            let is_clear = part.len() != 3 || whole.trim_start_matches(['+', '-']) == "0";
            let is_one = part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty();
            if !is_clear || !is_one || whole.contains('.') {
                return None;
            }
            format!("{whole}.{part}")
        }
    };
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    if !decimal.chars().all(is_number) {
        return None;
    }
    decimal.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_type_them() {
        use MeasureUnit::{Plain, Ratio, Seconds, Share};
        for (text, unit, number) in [
            ("1.9", Ratio, Some(1.9)),
            (" 1,9x ", Ratio, Some(1.9)),
            ("1.9 ×", Ratio, Some(1.9)),
            ("12 %", Share, Some(0.12)),
            ("0,125", Share, Some(0.125)),
            ("-0.02", Share, Some(-0.02)),
            ("300 ms", Seconds, Some(0.3)),
            ("2min", Seconds, Some(120.0)),
            ("1.5 s", Seconds, Some(1.5)),
            ("1e3", Plain, Some(1000.0)),
            ("2.5e-3 s", Seconds, Some(0.0025)),
            ("1,500", Plain, None),
            ("1,5,0", Plain, None),
            ("1.000,5", Plain, None),
            ("3 s", Ratio, None),
            ("", Plain, None),
            ("about 2", Ratio, None),
            ("NaN", Plain, None),
            ("inf", Plain, None),
            ("1e999", Plain, None),
        ] {
            let read = read_number(text, unit);
            let near = match (read, number) {
                (Some(read), Some(number)) => (read - number).abs() < 1e-12,
                (None, None) => true,
                _ => false,
            };
            assert!(near, "{text:?}: {read:?}, not {number:?}");
        }
    }
}
