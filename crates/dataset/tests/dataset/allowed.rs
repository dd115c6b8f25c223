//! Cells that are no numbers and are taken nevertheless: missing values, and words to predict.

use workbench_dataset::{
    AllowedCells, CellFault, CsvOptions, DataError, ReadOptions, Supervised, Table, TableFault,
    parse_csv,
};

const FLOWERS: &str = "length,width,colour,species\n5.1,3.5,1,iris\n4.9,,2,rose\n4.7,3.2,1,iris\n\
                       ?,3.1,3,aster\n";

fn read(text: &str, target: &str, allowed: AllowedCells) -> Result<Table, DataError> {
    let options = CsvOptions {
        target: Some(target.to_owned()),
        allowed,
        ..CsvOptions::default()
    };
    parse_csv(text.as_bytes(), "flowers.csv", &options)
}

fn both() -> AllowedCells {
    AllowedCells {
        missing: true,
        text_target: true,
    }
}

#[test]
fn words_to_predict_are_classes_and_missing_values_are_kept() {
    let table = read(FLOWERS, "species", both()).unwrap();
    assert_eq!(table.classes().unwrap(), ["aster", "iris", "rose"]);
    let data = Supervised::from_table(&table, "species").unwrap();
    assert_eq!(data.y, [1.0, 2.0, 1.0, 0.0]);
    assert_eq!((data.rows, data.features), (4, 3));
    assert!(data.feature(1)[1].is_nan() && data.feature(0)[3].is_nan());
    let texts: Vec<String> = data.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        ["2 values are missing, in `length`, `width`; the rows are used without them."]
    );
    // The words are part of the data.
    let renamed = read(&FLOWERS.replace("aster", "zinnia"), "species", both()).unwrap();
    let renamed = Supervised::from_table(&renamed, "species").unwrap();
    assert_ne!(data.sha256(), renamed.sha256());
}

#[test]
fn without_permission_both_are_faults() {
    let error = read(FLOWERS, "species", AllowedCells::default()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("species") && text.contains("width"), "{text}");
    let only_words = AllowedCells {
        missing: false,
        ..both()
    };
    let error = read(FLOWERS, "species", only_words)
        .unwrap_err()
        .to_string();
    assert!(
        !error.contains("species") && error.contains("width"),
        "{error}"
    );
}

#[test]
fn a_target_of_numbers_stays_one_and_must_be_there() {
    let table = read(FLOWERS, "colour", both());
    let error = table.unwrap_err().to_string();
    assert!(
        error.contains("species"),
        "a feature of words is a fault: {error}"
    );
    let numbers = "a,b\n1,5\n,6\n3,7\n";
    let table = read(numbers, "b", both()).unwrap();
    assert_eq!(table.classes(), None);
    assert_eq!(table.rows(), 3);
    let error = read(numbers, "a", both()).unwrap_err().to_string();
    assert!(error.contains('a') && error.contains("line 3"), "{error}");
}

#[test]
fn rows_with_missing_values_are_left_out_where_that_is_asked_for() {
    let options = CsvOptions {
        target: Some("species".to_owned()),
        allowed: both(),
        reading: ReadOptions {
            drop_missing: true,
            ..ReadOptions::default()
        },
        ..CsvOptions::default()
    };
    let table = parse_csv(FLOWERS.as_bytes(), "flowers.csv", &options).unwrap();
    assert_eq!(table.rows(), 2);
    assert_eq!(table.facts().unwrap().left_out.rows_with_missing, 2);
}

#[test]
fn classes_with_missing_cells_are_a_fault_of_these_cells() {
    let text = "a,kind\n1,x\n2,\n3,y\n4,x\n";
    let error = read(text, "kind", both()).unwrap_err().to_string();
    assert!(error.contains("line 3"), "{error}");
}

#[test]
fn a_mistake_in_a_column_of_numbers_makes_no_classes_of_it() {
    for (wrong, kind) in [
        ("three", CellFault::Text),
        ("12 USD", CellFault::WithUnit),
        ("2026-11-28", CellFault::DateOrTime),
    ] {
        let text = format!("a,price\n1,5\n2,6\n3,{wrong}\n4,7\n");
        let Err(DataError::Faults(faults)) = read(&text, "price", both()) else {
            panic!("{wrong} is no price");
        };
        let [TableFault::Cells { cells, .. }] = faults.faults.as_slice() else {
            panic!("{faults:?}");
        };
        assert_eq!((cells.kind, cells.line), (kind, 4));
    }
    // A column of prices with their unit is one of numbers, too.
    let units = "a,price\n1,5 EUR\n2,6 EUR\n3,7 EUR\n";
    assert!(read(units, "price", both()).is_err());
    // Among words a number is a word.
    let mixed = read("a,kind\n1,x\n2,7\n3,y\n4,x\n", "kind", both()).unwrap();
    assert_eq!(mixed.classes().unwrap(), ["7", "x", "y"]);
}
