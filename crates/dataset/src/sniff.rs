//! How a table is written, judged by the beginning of its text: what stands between the columns,
//! the decimal sign, and whether whole rows are quoted.

use std::collections::BTreeMap;

use super::cell::{has_decimal, may_be_grouped};
use super::lines::{Blanks, Unwrapped};
use super::options::{DecimalSign, Delimiter, ReadOptions};

/// How a table is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Dialect {
    pub delimiter: Delimiter,
    pub decimal: DecimalSign,
    /// Whether rows stand in quotes as a whole, so that each is one field to other programs.
    pub quoted_rows: bool,
    /// Whether lines that begin with `#` or `%` are comments. They are values where most begin so.
    pub has_comments: bool,
}

/// How well a delimiter fits.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
struct Fit {
    /// Whether the first row has as many fields as most.
    header_fits: bool,
    /// Share of rows with as many fields as most.
    share: f64,
}

/// The rows of a sample that hold anything.
type Rows = Vec<Vec<String>>;

/// Judges a sample; `is_whole` says whether it is all there is.
pub(super) fn dialect(sample: &[u8], is_whole: bool, options: &ReadOptions) -> Dialect {
    let sample = String::from_utf8_lossy(sample);
    let (quoted_rows, delimiter) = match best(&sample, is_whole, options.delimiter, false) {
        Some(delimiter) => (false, delimiter),
        None => match best(&sample, is_whole, options.delimiter, true) {
            Some(delimiter) => (true, delimiter),
            None => (false, options.delimiter.unwrap_or_default()),
        },
    };
    let mut cells = rows(&sample, is_whole, delimiter, quoted_rows);
    let body = cells.iter().skip_while(|row| is_comment(row)).skip(1);
    let (comments, values): (Vec<_>, Vec<_>) = body.partition(|row| is_comment(row));
    let has_comments = comments.len() <= values.len();
    cells.retain(|row| !is_comment(row));
    let decimal = options.decimal.unwrap_or_else(|| decimal(&cells));
    Dialect {
        delimiter,
        decimal,
        quoted_rows,
        has_comments,
    }
}

fn is_comment(row: &[String]) -> bool {
    row.first().is_some_and(|cell| cell.starts_with(['#', '%']))
}

/// The delimiter that fits best, if any parts the rows into columns.
fn best(
    sample: &str,
    is_whole: bool,
    given: Option<Delimiter>,
    quoted_rows: bool,
) -> Option<Delimiter> {
    let candidates = Delimiter::ALL.into_iter();
    let candidates = candidates.filter(|delimiter| given.is_none_or(|given| given == *delimiter));
    // A text with blanks in it stands in quotes, too.
    let candidates = candidates.filter(|delimiter| !quoted_rows || *delimiter != Delimiter::Blank);
    let fits = candidates.filter_map(|delimiter| {
        let rows = rows(sample, is_whole, delimiter, quoted_rows);
        let fit = fit(&rows)?;
        (!quoted_rows || rows.len() > 1).then_some((fit, delimiter))
    });
    let best = fits.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.map(|(_, delimiter)| delimiter)
}

fn fit(rows: &Rows) -> Option<Fit> {
    let rows: Vec<&Vec<String>> = rows.iter().filter(|row| !is_comment(row)).collect();
    let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
    for row in &rows {
        *lengths.entry(row.len()).or_default() += 1;
    }
    let (fields, count) = lengths.into_iter().max_by_key(|(_, count)| *count)?;
    let first = rows.first()?;
    // Delimiters around a single value part nothing.
    let values = |row: &&Vec<String>| row.iter().filter(|cell| !cell.is_empty()).count();
    let parts = rows.iter().any(|row| values(row) >= 2);
    (fields >= 2 && parts).then(|| Fit {
        header_fits: first.len() == fields,
        share: count as f64 / rows.len() as f64,
    })
}

fn rows(sample: &str, is_whole: bool, delimiter: Delimiter, quoted_rows: bool) -> Rows {
    let text = sample.as_bytes();
    if quoted_rows {
        parsed(Unwrapped::new(text), delimiter, is_whole)
    } else if delimiter == Delimiter::Blank {
        parsed(Blanks::new(text), delimiter, is_whole)
    } else {
        parsed(text, delimiter, is_whole)
    }
}

fn parsed(text: impl std::io::Read, delimiter: Delimiter, is_whole: bool) -> Rows {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter.byte())
        .from_reader(text);
    let records = reader.byte_records().flatten();
    let cell = |field: &[u8]| String::from_utf8_lossy(field).trim().to_owned();
    let mut rows: Rows = records
        .map(|record| record.iter().map(cell).collect())
        .collect();
    if !is_whole {
        // The sample ends anywhere.
        rows.pop();
    }
    rows.retain(|row| !row.iter().all(String::is_empty));
    rows
}

/// The decimal sign of most numbers with a fraction.
fn decimal(rows: &Rows) -> DecimalSign {
    let cells = || rows.iter().flatten();
    let count = |sign| {
        cells()
            .filter(|cell| {
                has_decimal(cell, sign)
                    && !(sign == DecimalSign::Comma && may_be_grouped(cell, sign))
            })
            .count()
    };
    if count(DecimalSign::Comma) > count(DecimalSign::Point) {
        DecimalSign::Comma
    } else {
        DecimalSign::Point
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Delimiter, DecimalSign, bool) {
        let found = dialect(text.as_bytes(), true, &ReadOptions::default());
        (found.delimiter, found.decimal, found.quoted_rows)
    }

    #[test]
    fn dialects_are_told_apart() {
        use DecimalSign::{Comma as DecimalComma, Point};
        for (text, expected) in [
            ("a,b\n1,2\n3,4\n", (Delimiter::Comma, Point, false)),
            ("a;b\n1;2\n", (Delimiter::Semicolon, Point, false)),
            (
                "a;b;c\n1,5;2,5;3\n",
                (Delimiter::Semicolon, DecimalComma, false),
            ),
            (
                "a;b;;\n1,5;2;;\n;;;\n",
                (Delimiter::Semicolon, DecimalComma, false),
            ),
            ("a\tb c\n1\t2\n", (Delimiter::Tab, Point, false)),
            ("a|b\n1|2\n", (Delimiter::Bar, Point, false)),
            ("  a  b\n 1   2\n10  20\n", (Delimiter::Blank, Point, false)),
            ("a, b\n1, 2\n", (Delimiter::Comma, Point, false)),
            (
                "\"a,b\"\n\"1,2\"\n\"3,4\"\n",
                (Delimiter::Comma, Point, true),
            ),
            (
                "\"a;b\"\n\"1,5;2,5\"\n",
                (Delimiter::Semicolon, DecimalComma, true),
            ),
            (
                "# one, two, three\n# x\na;b\n1;2\n",
                (Delimiter::Semicolon, Point, false),
            ),
            (
                "a,b\n\"1,5\",\"2,5\"\n",
                (Delimiter::Comma, DecimalComma, false),
            ),
            ("a,b\n\"1,500\",2\n", (Delimiter::Comma, Point, false)),
            ("price\n1\n2\n", (Delimiter::Comma, Point, false)),
            ("median income\n1\n2\n", (Delimiter::Comma, Point, false)),
            ("", (Delimiter::Comma, Point, false)),
        ] {
            assert_eq!(of(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_stated_is_not_guessed() {
        let options = ReadOptions {
            delimiter: Some(Delimiter::Semicolon),
            decimal: Some(DecimalSign::Comma),
            ..ReadOptions::default()
        };
        let found = dialect(b"a,b\n1,2\n", true, &options);
        assert_eq!(found.delimiter, Delimiter::Semicolon);
        assert_eq!(found.decimal, DecimalSign::Comma);
    }
}
