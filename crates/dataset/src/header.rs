//! The first row of a CSV file: is it a list of usable column names?

use std::collections::HashMap;

use csv::ByteRecord;

use super::error::LineProblem;
use super::text::{CellValue, read_cell, shown, tidy_name};

/// The columns' names, or what is wrong with them.
pub(super) fn check_header(record: &ByteRecord, limit: usize) -> Result<Vec<String>, LineProblem> {
    if record.len() > limit {
        return Err(LineProblem::TooManyColumns {
            found: record.len(),
            limit,
        });
    }
    let mut names = Vec::with_capacity(record.len());
    for (index, field) in record.iter().enumerate() {
        let text = std::str::from_utf8(field).map_err(|error| LineProblem::NotUtf8 {
            number: index + 1,
            byte: field[error.valid_up_to()],
        })?;
        names.push(tidy_name(text));
    }
    if let (1, Some(separator)) = (names.len(), record.get(0).and_then(other_separator)) {
        return Err(LineProblem::Separator(separator));
    }
    if let Some(numbers) = only_numbers(&names) {
        return Err(LineProblem::Headerless(numbers));
    }
    check_names(&names)?;
    Ok(names)
}

/// What separates the columns of a header that has no comma in it.
fn other_separator(field: &[u8]) -> Option<&'static str> {
    [
        (b';', "semicolons"),
        (b'\t', "tabs"),
        (b'|', "vertical bars"),
    ]
    .into_iter()
    .find_map(|(byte, name)| field.trim_ascii().contains(&byte).then_some(name))
}

/// The first numbers of a row that holds nothing else.
fn only_numbers(names: &[String]) -> Option<String> {
    let mut numbers = Vec::new();
    for name in names.iter().filter(|name| !name.is_empty()) {
        match read_cell(name) {
            CellValue::Number(_) => numbers.push(name.as_str()),
            _ => return None,
        }
    }
    let first: Vec<String> = numbers.iter().take(3).map(|number| shown(number)).collect();
    let more = if numbers.len() > first.len() {
        ", …"
    } else {
        ""
    };
    (!first.is_empty()).then(|| first.join(", ") + more)
}

fn check_names(names: &[String]) -> Result<(), LineProblem> {
    let mut seen = HashMap::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let number = index + 1;
        if name.is_empty() {
            return Err(LineProblem::Unnamed(number));
        }
        if name.contains(char::is_control) {
            return Err(LineProblem::ControlCharacter {
                number,
                name: shown(name),
            });
        }
        if let Some(first) = seen.insert(name.as_str(), number) {
            return Err(LineProblem::Duplicate {
                first,
                second: number,
                name: shown(name),
            });
        }
    }
    Ok(())
}
