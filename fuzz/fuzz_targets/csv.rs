//! Any bytes through the CSV reader: it must give a sound table or a message that can be shown,
//! and never panic or hang.

#![no_main]

use libfuzzer_sys::fuzz_target;
use workbench_dataset::{CsvOptions, ReadOptions, Supervised, parse_csv};

fuzz_target!(|bytes: &[u8]| {
    let options = CsvOptions {
        // Small enough for the fuzzer's inputs to pass them.
        max_columns: 20,
        max_cells: 200,
        max_bytes: 1 << 16,
        reading: ReadOptions {
            // As two bits of the input say.
            drop_missing: bytes.last().is_some_and(|byte| byte & 1 == 1),
            no_header: bytes.last().is_some_and(|byte| byte & 2 == 2),
            ..ReadOptions::default()
        },
        ..CsvOptions::default()
    };
    match parse_csv(bytes, "data.csv", &options) {
        Ok(table) => {
            let columns = table.columns().len();
            assert!((1..=options.max_columns).contains(&columns));
            assert!(
                table.rows() >= options.min_rows && table.rows() * columns <= options.max_cells
            );
            for column in 0..columns {
                let values = table.column(column).expect("a column for each name");
                assert_eq!(values.len(), table.rows());
                assert!(values.iter().all(|value| value.is_finite()));
            }
            if let Ok(data) = Supervised::from_table(&table, &table.columns()[0]) {
                assert_eq!(data.x.len(), data.rows * data.features);
                assert_eq!((data.y.len(), data.features + 1), (table.rows(), columns));
            }
        }
        Err(error) => {
            // Several faults have a line each.
            let is_bad = |c: char| c.is_control() && c != '\n';
            assert!(!error.to_string().contains(is_bad), "{error:?}");
        }
    }
});
