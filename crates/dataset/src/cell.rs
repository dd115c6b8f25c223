//! Which texts are numbers, and what the others are.

use super::options::DecimalSign;

/// How numbers are written in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct NumberStyle {
    pub decimal: DecimalSign,
    /// Whether a person stated it: then the other sign can only separate thousands.
    pub stated: bool,
}

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum CellValue {
    /// A finite number.
    Number(f64),
    /// A finite number, written with thousands separators.
    Grouped(f64),
    /// A whole number of 2^53 or more, where f64 does not hold every one.
    Huge(f64),
    /// No number.
    Fault(CellFault),
}

/// Why a cell is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CellFault {
    /// Empty, or one of the usual words for a value that is not there.
    Missing,
    /// `inf` in one of its spellings, or a number beyond the range of f64.
    Infinite,
    /// A number with what may be thousands separators, or may not.
    Thousands,
    /// A number with the other decimal sign than the file's.
    OtherDecimal,
    /// A date, a time, or both.
    DateOrTime,
    /// A number with a unit, a currency or a percent sign.
    WithUnit,
    /// A text with line breaks in it, as after a quote that is never closed.
    OpenQuote,
    /// Any other text.
    Text,
}

/// Up to this number, every whole number is an f64 of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads a cell, blanks around it removed.
///
/// Numbers are read with correct rounding, so that the shortest or 17-digit decimal form of an f64
/// gives the same bits.
pub(super) fn read_cell(text: &str, style: NumberStyle) -> CellValue {
    let text = text.trim();
    if style.decimal == DecimalSign::Point || !text.contains(['.', ',']) {
        if let Some(value) = finite(text) {
            return sized(value, text);
        }
    } else if !text.contains('.')
        && let Some(value) = finite(&text.replace(',', "."))
    {
        return CellValue::Number(value);
    }
    read_other(text, style)
}

fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

fn sized(value: f64, text: &str) -> CellValue {
    let is_whole = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_digit() || b == b'-' || b == b'+')
    };
    if value.abs() >= EXACT && is_whole(text) {
        CellValue::Huge(value)
    } else {
        CellValue::Number(value)
    }
}

/// What is not simply a number.
fn read_other(text: &str, style: NumberStyle) -> CellValue {
    if is_missing(text) {
        return CellValue::Fault(CellFault::Missing);
    }
    if text.parse::<f64>().is_ok() && style.decimal == DecimalSign::Point {
        return CellValue::Fault(CellFault::Infinite);
    }
    if let Some(rest) = text.strip_prefix('\u{2212}') {
        // The minus sign of typesetters.
        return read_cell(&format!("-{rest}"), style);
    }
    match grouped(text, style.decimal) {
        Some((value, is_certain)) if is_certain || style.stated => CellValue::Grouped(value),
        Some(_) => CellValue::Fault(CellFault::Thousands),
        None => CellValue::Fault(fault(text, style)),
    }
}

/// A number with groups of three digits, and whether nothing else can be meant.
fn grouped(text: &str, decimal: DecimalSign) -> Option<(f64, bool)> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = match unsigned.rsplit_once(decimal.character()) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    let separator = whole.chars().find(|c| !c.is_ascii_digit())?;
    let other = decimal.other().character();
    if separator != other && !" \u{a0}\u{2009}\u{202f}'\u{2019}_".contains(separator) {
        return None;
    }
    let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let mut groups = whole.split(separator);
    let first = groups.next()?;
    if !(1..=3).contains(&first.len())
        || !is_digits(first)
        || !groups.all(|group| group.len() == 3 && is_digits(group))
        || !fraction.is_none_or(is_digits)
    {
        return None;
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    let digits: String = whole.chars().filter(|c| *c != separator).collect();
    let value = finite(&format!("{sign}{digits}.{}", fraction.unwrap_or("0")))?;
    Some((value, separator != other || fraction.is_some()))
}

fn is_missing(text: &str) -> bool {
    const WORDS: [&str; 14] = [
        "nan",
        "na",
        "n/a",
        "#n/a",
        "#na",
        "<na>",
        "n.a.",
        "nat",
        "null",
        "nil",
        "none",
        "missing",
        r"\n",
        "undefined",
    ];
    const SHEET_ERRORS: [&str; 6] = ["#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!"];
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    matches!(text, "" | "?" | "-" | "--" | "---" | "." | "*" | "–" | "—")
        || WORDS.iter().any(|word| unsigned.eq_ignore_ascii_case(word))
        || is_word_of(text, &SHEET_ERRORS)
}

fn is_word_of(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn fault(text: &str, style: NumberStyle) -> CellFault {
    if text.contains(['\n', '\r']) {
        CellFault::OpenQuote
    } else if has_decimal(text, style.decimal.other()) {
        CellFault::OtherDecimal
    } else if is_date_or_time(text) {
        CellFault::DateOrTime
    } else if has_unit(text, style) {
        CellFault::WithUnit
    } else if finite(&text.replace(',', ".")).is_none()
        && text.replace(',', ".").parse::<f64>().is_ok()
    {
        CellFault::Infinite
    } else {
        CellFault::Text
    }
}

/// Whether a text is a number with this decimal sign in it.
pub(super) fn has_decimal(text: &str, sign: DecimalSign) -> bool {
    let mark = sign.character();
    !text.contains(sign.other().character())
        && text.matches(mark).count() == 1
        && finite(&text.replace(mark, ".")).is_some()
}

/// Whether a text with this decimal sign may as well be a whole number with thousands separators.
pub(super) fn may_be_grouped(text: &str, sign: DecimalSign) -> bool {
    grouped(text, sign.other()).is_some_and(|(_, is_certain)| !is_certain)
}

fn is_date_or_time(text: &str) -> bool {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let parts: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let numbers = parts
        .iter()
        .filter(|part| part.starts_with(|c: char| c.is_ascii_digit()));
    let numbers = numbers.count();
    let is_plain = |c: char| c.is_ascii_digit() || "-/.:, TZ+".contains(c);
    let marks = text.chars().filter(|c| "-/.:".contains(*c)).count();
    let is_month = |part: &&&str| {
        part.get(..3)
            .is_some_and(|start| is_word_of(start, &MONTHS))
            && part.len() <= 9
    };
    let months = parts.iter().filter(is_month).count();
    let is_month_of_year = parts.len() == 2 && parts[0].len() == 4 && parts[1].len() == 2;
    let is_marked = marks >= 2 || text.contains(':') || (marks == 1 && is_month_of_year);
    (text.chars().all(is_plain) && numbers >= 2 && is_marked)
        || (months == 1 && (1..=6).contains(&numbers) && text.len() <= 40)
}

fn has_unit(text: &str, style: NumberStyle) -> bool {
    let is_mark = |c: char| !c.is_ascii_digit() && !"+-.,".contains(c);
    let number = text.trim_matches(is_mark);
    !text.contains(char::is_control)
        && number.len() < text.len()
        && !number.is_empty()
        && text.chars().filter(|c| is_mark(*c)).count() <= 6
        && match read_cell(number, style) {
            CellValue::Fault(fault) => fault == CellFault::Thousands,
            _ => true,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: NumberStyle = NumberStyle {
        decimal: DecimalSign::Point,
        stated: false,
    };
    const COMMA: NumberStyle = NumberStyle {
        decimal: DecimalSign::Comma,
        stated: false,
    };

    #[track_caller]
    fn faults(style: NumberStyle, fault: CellFault, cells: &[&str]) {
        for text in cells {
            assert_eq!(read_cell(text, style), CellValue::Fault(fault), "{text:?}");
        }
    }

    #[test]
    fn numbers_are_read_in_both_styles() {
        assert_eq!(read_cell(" 1.5e3\t", POINT), CellValue::Number(1500.0));
        assert_eq!(read_cell("+.5", POINT), CellValue::Number(0.5));
        assert_eq!(read_cell("\u{2212}200", POINT), CellValue::Number(-200.0));
        assert_eq!(read_cell("-2,5", COMMA), CellValue::Number(-2.5));
        assert_eq!(read_cell("1e3", COMMA), CellValue::Number(1000.0));
        assert_eq!(read_cell(",25", COMMA), CellValue::Number(0.25));
    }

    #[test]
    fn thousands_are_read_where_nothing_else_can_be_meant() {
        for (text, style, value) in [
            ("1,234.5", POINT, 1234.5),
            ("-1,234,567.0", POINT, -1_234_567.0),
            ("1 234", POINT, 1234.0),
            ("1\u{a0}234,5", COMMA, 1234.5),
            ("1'234.25", POINT, 1234.25),
            ("1.234,5", COMMA, 1234.5),
        ] {
            assert_eq!(read_cell(text, style), CellValue::Grouped(value), "{text}");
        }
        faults(POINT, CellFault::Thousands, &["1,234", "-12,345,678"]);
        faults(COMMA, CellFault::Thousands, &["1.234.567"]);
        let stated = |style| NumberStyle {
            stated: true,
            ..style
        };
        assert_eq!(
            read_cell("1,234", stated(POINT)),
            CellValue::Grouped(1234.0)
        );
        assert_eq!(
            read_cell("1.234", stated(COMMA)),
            CellValue::Grouped(1234.0)
        );
        assert_eq!(read_cell("1,234", stated(COMMA)), CellValue::Number(1.234));
    }

    #[test]
    fn what_is_no_number_is_told_apart() {
        faults(
            POINT,
            CellFault::Missing,
            &[
                "", "  ", "NaN", "-nan", "NA", "n/a", "#N/A", "NULL", "None", "?", "-", "--",
                "#DIV/0!", "<NA>", r"\N",
            ],
        );
        faults(POINT, CellFault::Infinite, &["inf", "-Infinity", "1e400"]);
        faults(COMMA, CellFault::Infinite, &["inf", "1,5e400"]);
        faults(POINT, CellFault::OtherDecimal, &["1,5", "-0,25", "1,2345"]);
        faults(COMMA, CellFault::OtherDecimal, &["1.5", "0.25e3"]);
        faults(
            POINT,
            CellFault::DateOrTime,
            &[
                "2004-03-10",
                "10/03/2004",
                "18.00.00",
                "18:00",
                "2004-03-10T18:00:00Z",
                "10-Mar-2004",
                "March 10, 2004",
                "10.03.2004 18:00",
            ],
        );
        faults(
            POINT,
            CellFault::WithUnit,
            &["12 USD", "$1,200", "12%", "3.5 kg", "€ 7", "<5"],
        );
        faults(POINT, CellFault::OpenQuote, &["4\n5,6"]);
        faults(
            POINT,
            CellFault::Text,
            &[
                "NEAR BAY",
                "<1H OCEAN",
                "0x10",
                "--1",
                "1\u{1b}[2J",
                "١",
                "true",
                "maybe",
            ],
        );
    }

    #[test]
    fn whole_numbers_that_are_not_all_held_are_marked() {
        let huge = |text| matches!(read_cell(text, POINT), CellValue::Huge(_));
        assert!(huge("9007199254740993") && huge("-9007199254740994"));
        assert!(!huge("9007199254740991") && !huge("1e300") && !huge("9007199254740994.5"));
    }
}
