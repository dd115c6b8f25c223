//! What a person says about a file: which columns and rows to use, and how the file is written
//! where that is not to be recognised. It is recorded with a run, and parts of it are typed.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a file is to be read. The default takes all columns and all rows, and recognises the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ReadOptions {
    /// The columns to use, besides the one to predict; none means all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Columns to leave out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop_columns: Vec<String>,
    /// Whether rows with a missing value in a column that is used are left out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub drop_missing: bool,
    /// Whether the file has no line of column names: its first row holds values, and the columns
    /// are called `x1`, `x2`, ….
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_header: bool,
    /// What stands between the columns; recognised unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<Delimiter>,
    /// The decimal sign; recognised unless given. With one given, the other sign may separate
    /// groups of thousands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<DecimalSign>,
}

impl ReadOptions {
    /// Whether nothing was said.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The options as they are typed: `--drop-columns a,b --drop-missing`.
    pub fn command_words(&self) -> String {
        let mut words = Vec::new();
        for (option, names) in [
            ("--columns", &self.columns),
            ("--drop-columns", &self.drop_columns),
        ] {
            if !names.is_empty() {
                let list = column_list(names.iter().map(String::as_str));
                words.push(format!("{option} {}", shell_word(&list)));
            }
        }
        if self.no_header {
            words.push("--no-header".to_owned());
        }
        if self.drop_missing {
            words.push("--drop-missing".to_owned());
        }
        if let Some(delimiter) = self.delimiter {
            words.push(format!("--delimiter {delimiter}"));
        }
        if let Some(decimal) = self.decimal {
            words.push(format!("--decimal {decimal}"));
        }
        words.join(" ")
    }
}

/// What stands between the columns of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delimiter {
    /// `,`
    #[default]
    Comma,
    /// `;`
    Semicolon,
    /// A tab.
    Tab,
    /// `|`
    Bar,
    /// One or more blanks or tabs.
    Blank,
}

impl Delimiter {
    /// All of them; where several fit a file equally well, the first is taken.
    pub const ALL: [Self; 5] = [
        Self::Comma,
        Self::Tab,
        Self::Semicolon,
        Self::Bar,
        Self::Blank,
    ];

    /// Its name, as it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
            Self::Bar => "bar",
            Self::Blank => "blank",
        }
    }

    /// Its byte. Runs of blanks become a single one before rows are read.
    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Bar => b'|',
            Self::Blank => b' ',
        }
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Delimiter {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        let is_it = |delimiter: &Self| {
            typed.eq_ignore_ascii_case(delimiter.name())
                || typed.as_bytes() == [delimiter.byte()]
                || (typed == r"\t" && *delimiter == Self::Tab)
        };
        let names = Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(is_it)
            .ok_or_else(|| format!("give {names}, or the character itself"))
    }
}

/// What stands between the whole and the fraction of a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecimalSign {
    /// `1.5`
    #[default]
    Point,
    /// `1,5`
    Comma,
}

impl DecimalSign {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Point, Self::Comma];

    /// Its name, as it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Comma => "comma",
        }
    }

    /// The character.
    pub(super) fn character(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }

    /// The other of the two.
    pub(super) fn other(self) -> Self {
        match self {
            Self::Point => Self::Comma,
            Self::Comma => Self::Point,
        }
    }
}

impl fmt::Display for DecimalSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DecimalSign {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|sign| {
                typed.eq_ignore_ascii_case(sign.name()) || typed.chars().eq([sign.character()])
            })
            .ok_or_else(|| "give point or comma".to_owned())
    }
}

/// Reads names of columns as they are typed, with commas between them; a name with a comma in it
/// stands in double quotes: `area,"price, in $"`. Blanks around names do not count.
pub fn column_names(typed: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(typed.as_bytes());
    let records = reader.records().flatten();
    records
        .flat_map(|record| record.iter().map(str::to_owned).collect::<Vec<_>>())
        .filter(|name| !name.is_empty())
        .collect()
}

/// Writes names of columns as [`column_names`] reads them.
pub fn column_list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted = |name: &str| {
        if name.contains([',', '"']) {
            format!("\"{}\"", name.replace('"', "\"\""))
        } else {
            name.to_owned()
        }
    };
    let names: Vec<String> = names.into_iter().map(quoted).collect();
    names.join(",")
}

/// A word as a POSIX shell takes it: quoted where it needs it.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn delimiters_and_decimal_signs_are_typed_by_name_or_as_they_are() {
        for (typed, expected) in [
            (";", Delimiter::Semicolon),
            ("Semicolon", Delimiter::Semicolon),
            ("\t", Delimiter::Tab),
            (r"\t", Delimiter::Tab),
            ("|", Delimiter::Bar),
            (" ", Delimiter::Blank),
            ("comma", Delimiter::Comma),
        ] {
            assert_eq!(typed.parse(), Ok(expected), "{typed:?}");
        }
        assert!("::".parse::<Delimiter>().unwrap_err().contains("semicolon"));
        assert_eq!(",".parse(), Ok(DecimalSign::Comma));
        assert_eq!("point".parse(), Ok(DecimalSign::Point));
        assert!("1".parse::<DecimalSign>().is_err());
    }

    #[test]
    fn names_are_typed_with_commas_between_them() {
        assert_eq!(column_names(" a, b c ,"), ["a", "b c"]);
        assert_eq!(column_names("\"price, in $\",b"), ["price, in $", "b"]);
        assert!(column_names("").is_empty());
    }

    #[test]
    fn words_are_quoted_for_a_shell_where_they_need_it() {
        assert_eq!(shell_word("a-b_c.csv"), "a-b_c.csv");
        assert_eq!(shell_word("it's $5"), r"'it'\''s $5'");
        assert_eq!(shell_word(""), "''");
    }

    proptest! {
        #[test]
        fn names_come_back_as_they_were_typed(names in prop::collection::vec("[a-z,\"'; ]{0,6}[a-z\"]", 0..5)) {
            let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
            let list = column_list(names.iter().map(String::as_str));
            prop_assert_eq!(column_names(&list), names);
        }
    }
}
