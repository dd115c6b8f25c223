//! Every file that the fuzzer starts from, through the parser, with the outcome that
//! a person expects.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use workbench_dataset::{CsvOptions, parse_csv};

/// File, and either the number of rows or the message without the file's name.
const EXPECTED: &[(&str, Result<usize, &str>)] = &[
    ("plain.csv", Ok(2)),
    (
        "air_quality.csv",
        Err(
            ", column `Date`: 2 of 2 values are dates or times (first line 2: `10/03/2004`); write it as a number, or leave the column out with --drop-columns Date",
        ),
    ),
    ("units.csv", Ok(2)),
    ("comments.csv", Ok(2)),
    ("quoted_rows.csv", Ok(2)),
    ("blanks_between.csv", Ok(2)),
    ("index.csv", Ok(2)),
    ("trailing.csv", Ok(2)),
    ("gzip.csv", Ok(2)),
    ("utf16_bare.csv", Ok(2)),
    (
        "xlsx.csv",
        Err(
            ": this is an Excel workbook (.xlsx); convert it: python3 -c 'import sys, pandas; pandas.read_excel(sys.argv[1]).to_csv(sys.argv[2], index=False)' data.csv data.csv.csv",
        ),
    ),
    ("crlf.csv", Ok(2)),
    ("cr.csv", Ok(2)),
    ("bom.csv", Ok(2)),
    ("bom_quoted.csv", Ok(2)),
    ("quoted.csv", Ok(2)),
    ("quoted_line_break.csv", Ok(2)),
    ("blanks.csv", Ok(2)),
    ("blank_lines.csv", Ok(2)),
    ("no_final_newline.csv", Ok(2)),
    ("numbers.csv", Ok(3)),
    ("constant_column.csv", Ok(2)),
    ("utf8_names.csv", Ok(2)),
    (
        "empty.csv",
        Err(": the file is empty; a CSV file starts with a line of column names"),
    ),
    (
        "only_blank_lines.csv",
        Err(": the file is empty; a CSV file starts with a line of column names"),
    ),
    (
        "header_only.csv",
        Err(": there is a header but no row below it; add 2 rows or more"),
    ),
    (
        "one_row.csv",
        Err(": 1 row is too few; 2 or more are needed"),
    ),
    (
        "too_many_fields.csv",
        Err(
            ", line 3: 3 fields, but the header names 2 columns; give every line the same number (text with commas in it needs quotes)",
        ),
    ),
    (
        "too_few_fields.csv",
        Err(
            ", line 3: 1 field, but the header names 2 columns; give every line the same number (text with commas in it needs quotes)",
        ),
    ),
    (
        "after_quoted_line_break.csv",
        Err(
            ", line 5, column `c`: `x` is not a number; write its words as numbers, or leave the column out with --drop-columns c",
        ),
    ),
    (
        "empty_cell.csv",
        Err(
            ", line 3, column `b`: the value is missing (empty cell); fill it in, leave the rows out with --drop-missing, or leave the column out with --drop-columns b",
        ),
    ),
    (
        "nan.csv",
        Err(
            ", line 3, column `a`: the value is missing (`NaN`); fill it in, leave the rows out with --drop-missing, or leave the column out with --drop-columns a",
        ),
    ),
    (
        "inf.csv",
        Err(
            ", line 3, column `b`: `-inf` is not a finite number; correct it or remove the row, or leave the column out with --drop-columns b",
        ),
    ),
    (
        "overflow.csv",
        Err(
            ", line 3, column `b`: `1e999` is not a finite number; correct it or remove the row, or leave the column out with --drop-columns b",
        ),
    ),
    (
        "text.csv",
        Err(
            ", line 3, column `ocean`: `NEAR BAY` is not a number; write its words as numbers, or leave the column out with --drop-columns ocean",
        ),
    ),
    (
        "escape.csv",
        Err(
            ", line 3, column `b`: `\\u{1b}[2J` is not a number; write its words as numbers, or leave the column out with --drop-columns b",
        ),
    ),
    (
        "thousands.csv",
        Err(
            ", line 3, column `b`: `1,234` has a thousands separator, or another decimal sign than the file; say which sign it is with --decimal point or --decimal comma, or leave the column out with --drop-columns b",
        ),
    ),
    (
        "duplicate.csv",
        Err(": columns 1 and 3 are both named `a`; rename one"),
    ),
    ("unnamed.csv", Ok(2)),
    (
        "control_name.csv",
        Err(": the name of column 2 (`b\\0`) holds a control character; rename it"),
    ),
    (
        "headerless.csv",
        Err(
            ", line 1: the first row holds only numbers (1, 2); give --no-header if the file has \
             no names, or put a line of column names above it",
        ),
    ),
    ("semicolons.csv", Ok(2)),
    (
        "open_quote.csv",
        Err(
            ", line 3, column `b`: `4\\n5,6` is not a number; look for a quote that is never closed",
        ),
    ),
    ("latin1_name.csv", Ok(2)),
    (
        "latin1_cell.csv",
        Err(
            ", line 3, column `b`: `é` is not a number; write its words as numbers, or leave the column out with --drop-columns b",
        ),
    ),
    ("utf16.csv", Err(": 1 row is too few; 2 or more are needed")),
];

fn corpus() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fuzz/corpus/csv"
    ))
}

#[test]
fn every_file_of_the_corpus_has_an_expected_outcome() {
    let found: BTreeSet<String> = fs::read_dir(corpus())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        // Inputs that a fuzzing run adds here carry a digest as their name.
        .filter(|name| name.contains('.'))
        .collect();
    let expected: BTreeSet<String> = EXPECTED
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn corpus_files_parse_or_fail_as_expected() {
    for (name, expected) in EXPECTED {
        let bytes = fs::read(corpus().join(name)).unwrap();
        let found = parse_csv(bytes.as_slice(), "data.csv", &CsvOptions::default());
        match (found, expected) {
            (Ok(table), Ok(rows)) => assert_eq!(table.rows(), *rows, "{name}"),
            (Err(error), Err(message)) => {
                assert_eq!(error.to_string(), format!("data.csv{message}"), "{name}");
            }
            (found, _) => panic!("{name}: {found:?}"),
        }
    }
}
