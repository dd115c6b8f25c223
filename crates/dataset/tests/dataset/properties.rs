//! Properties of the CSV reader: what is written comes back bit for bit, and nothing
//! makes it panic.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;
use workbench_dataset::{CsvOptions, Supervised, Table, parse_csv};

/// How a table is written down.
#[derive(Debug, Clone)]
struct Manner {
    mark: bool,
    eol: &'static str,
    last_eol: bool,
    /// One decision per field, taken in turn.
    quoted: Vec<bool>,
    blanks: Vec<&'static str>,
    exponent: bool,
}

fn manner() -> impl Strategy<Value = Manner> {
    (
        any::<bool>(),
        prop::sample::select(vec!["\n", "\r\n", "\r", "\n\n"]),
        any::<bool>(),
        vec(any::<bool>(), 1..9),
        vec(prop::sample::select(vec!["", " ", "\t", "  "]), 1..5),
        any::<bool>(),
    )
        .prop_map(|(mark, eol, last_eol, quoted, blanks, exponent)| Manner {
            mark,
            eol,
            last_eol,
            quoted,
            blanks,
            exponent,
        })
}

fn finite() -> impl Strategy<Value = f64> {
    use prop::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO
}

fn table() -> impl Strategy<Value = Table> {
    (1_usize..6, 2_usize..20).prop_flat_map(|(columns, rows)| {
        let names = prop::collection::btree_set("[a-zé]([ a-z,\"'éß_0-9;]{0,8}[a-z\"])?", columns);
        (names, vec(vec(finite(), rows), columns)).prop_filter_map(
            "separator",
            |(names, values)| {
                // One column whose name holds a semicolon looks like a file with other separators,
                // and is refused as one.
                let misleading = names.len() == 1 && names.iter().any(|name| name.contains(';'));
                let names = names.into_iter().collect();
                (!misleading).then(|| Table::new("t", names, values).unwrap())
            },
        )
    })
}

impl Manner {
    fn field(&self, number: usize, text: &str) -> String {
        let blank = self.blanks[number % self.blanks.len()];
        let needs_quotes = text.contains([',', '"']);
        if needs_quotes || self.quoted[number % self.quoted.len()] {
            format!("\"{blank}{}{blank}\"", text.replace('"', "\"\""))
        } else {
            format!("{blank}{text}{blank}")
        }
    }

    fn write(&self, table: &Table) -> String {
        let mut text = String::from(if self.mark { "\u{feff}" } else { "" });
        let names: Vec<String> = table
            .columns()
            .iter()
            .enumerate()
            .map(|(i, name)| self.field(i, name))
            .collect();
        text += &names.join(",");
        for row in 0..table.rows() {
            text += self.eol;
            for column in 0..table.columns().len() {
                let value = table.column(column).unwrap()[row];
                let number = if self.exponent {
                    format!("{value:e}")
                } else {
                    value.to_string()
                };
                let comma = if column > 0 { "," } else { "" };
                write!(text, "{comma}{}", self.field(row * 7 + column, &number)).unwrap();
            }
        }
        text + if self.last_eol { self.eol } else { "" }
    }
}

fn bits(table: &Table) -> Vec<Vec<u64>> {
    let column = |i| {
        table
            .column(i)
            .unwrap()
            .iter()
            .map(|value: &f64| value.to_bits())
            .collect()
    };
    (0..table.columns().len()).map(column).collect()
}

proptest! {
    #[test]
    fn a_table_comes_back_bit_for_bit_however_it_is_written(table in table(), manner in manner()) {
        let text = manner.write(&table);
        let read = parse_csv(text.as_bytes(), "t", &CsvOptions::default());
        prop_assert!(read.is_ok(), "{read:?} from {text:?}");
        let read = read.unwrap();
        prop_assert_eq!(read.columns(), table.columns());
        prop_assert_eq!(bits(&read), bits(&table));
        prop_assert_eq!(read.sha256(), table.sha256());
    }

    #[test]
    fn a_supervised_table_holds_the_columns_it_came_from(
        table in table(),
        which: prop::sample::Index,
    ) {
        let target = which.index(table.columns().len());
        if let Ok(data) = Supervised::from_table(&table, &table.columns()[target]) {
            prop_assert_eq!(&data.y[..], table.column(target).unwrap());
            prop_assert_eq!(data.x.len(), data.rows * data.features);
            let others = (0..table.columns().len()).filter(|&column| column != target);
            for (feature, column) in others.enumerate() {
                prop_assert_eq!(data.feature(feature), table.column(column).unwrap());
                prop_assert_eq!(&data.feature_names[feature], &table.columns()[column]);
            }
        }
    }

    #[test]
    fn any_bytes_give_a_sound_table_or_a_one_line_message(bytes in vec(any::<u8>(), 0..300)) {
        sound(&bytes)?;
    }

    #[test]
    fn anything_like_csv_gives_a_sound_table_or_a_one_line_message(
        text in "(\u{feff})?[ab,\"\r\n]{0,8}\n([0-9.,\"\r\n; eN-]{0,6}[,\n\"]){0,12}"
    ) {
        sound(text.as_bytes())?;
    }
}

fn sound(bytes: &[u8]) -> Result<(), TestCaseError> {
    match parse_csv(bytes, "data.csv", &CsvOptions::default()) {
        Ok(table) => {
            prop_assert!(table.rows() >= 2 && !table.columns().is_empty());
            for column in 0..table.columns().len() {
                let values = table.column(column).unwrap();
                prop_assert_eq!(values.len(), table.rows());
                prop_assert!(values.iter().all(|value| value.is_finite()));
            }
        }
        Err(error) => {
            let text = error.to_string();
            // Several faults have a line each.
            let is_bad = |c: char| c.is_control() && c != '\n';
            prop_assert!(
                text.starts_with("data.csv") && !text.contains(is_bad),
                "{}",
                text
            );
        }
    }
    Ok(())
}
