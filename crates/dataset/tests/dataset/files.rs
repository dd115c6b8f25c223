//! Files as people have them: what is recognised and read, what is told at once about all that is
//! wrong, and which options help.

use std::fmt::Write as _;
use std::io::Write as _;

use workbench_dataset::{
    CellFault, CsvOptions, DataError, DecimalSign, Delimiter, FileProblem, ForeignFormat, Packing,
    ReadOptions, Table, TableFault, TableFaults, TextEncoding, parse_csv, survey_csv,
};

fn read(bytes: &[u8], target: Option<&str>, reading: ReadOptions) -> Result<Table, DataError> {
    let options = CsvOptions {
        target: target.map(str::to_owned),
        reading,
        ..CsvOptions::default()
    };
    parse_csv(bytes, "data.csv", &options)
}

fn table(text: &str) -> Table {
    read(text.as_bytes(), None, ReadOptions::default()).unwrap()
}

fn faults(result: Result<Table, DataError>) -> TableFaults {
    match result {
        Err(DataError::Faults(faults)) => *faults,
        other => panic!("{other:?}"),
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Column, kind, count, and line of the first of all faults of cells.
fn cells(faults: &TableFaults) -> Vec<(&str, CellFault, u64, u64)> {
    let cells = faults.faults.iter().map(|fault| match fault {
        TableFault::Cells { column, cells, .. } => {
            (column.as_str(), cells.kind, cells.count, cells.line)
        }
        other => panic!("{other:?}"),
    });
    cells.collect()
}

/// As the table in textbooks: a text column, and values that are missing in another.
fn housing() -> String {
    let mut text =
        String::from("longitude,total_bedrooms,median_income,median_house_value,ocean_proximity\n");
    for row in 0..20_640_u32 {
        let bedrooms = if row % 100 == 7 {
            String::new()
        } else {
            format!("{}.0", row % 1000)
        };
        let ocean = ["NEAR BAY", "<1H OCEAN", "INLAND"][row as usize % 3];
        let income = f64::from(row % 150) / 10.0;
        writeln!(
            text,
            "-122.{row},{bedrooms},{income},{}.0,{ocean}",
            14_999 + row % 485_001
        )
        .unwrap();
    }
    text
}

#[test]
fn the_housing_table_is_refused_once_with_everything_and_read_with_the_options_named() {
    let text = housing();
    let target = Some("median_house_value");
    let faults = faults(read(text.as_bytes(), target, ReadOptions::default()));
    assert_eq!(
        cells(&faults),
        [
            ("total_bedrooms", CellFault::Missing, 207, 9),
            ("ocean_proximity", CellFault::Text, 20_640, 2),
        ]
    );
    let message = faults.to_string();
    for part in [
        "data.csv: 2 things are wrong in 20640 rows (UTF-8, commas between columns",
        "- column `total_bedrooms`: 207 of 20640 values are missing (first line 9: empty cell); fill it in, \
         leave the rows out with --drop-missing, or",
        "- column `ocean_proximity`: 20640 of 20640 values are not numbers (first line 2: `NEAR BAY`)",
        "All of it is left out with: --drop-columns ocean_proximity --drop-missing",
    ] {
        assert!(message.contains(part), "{part}\n{message}");
    }
    let table = read(text.as_bytes(), target, faults.cure().unwrap()).unwrap();
    assert_eq!((table.rows(), table.columns().len()), (20_433, 4));
    let facts = table.facts().unwrap();
    assert_eq!(
        (facts.left_out.rows_with_missing, facts.left_out.columns),
        (207, 1)
    );
    assert_eq!(
        facts.to_string(),
        "20433 rows × 4 columns; UTF-8, commas between columns, decimal points, names on line 1; \
         left out: 207 rows with missing values, 1 column that is not used"
    );
}

/// As the AirQuality data of the UCI repository.
const AIR: &str = "Date;Time;CO(GT);NMHC(GT);T;;\r\n\
    10/03/2004;18.00.00;2,6;150;13,6;;\r\n\
    10/03/2004;19.00.00;2;-200;13,3;;\r\n\
    10/03/2004;20.00.00;-200;88;11,9;;\r\n\
    ;;;;;;\r\n\
    ;;;;;;\r\n";

#[test]
fn semicolons_decimal_commas_and_rows_of_separators_are_recognised() {
    let faults = faults(read(AIR.as_bytes(), Some("T"), ReadOptions::default()));
    assert_eq!(
        cells(&faults),
        [
            ("Date", CellFault::DateOrTime, 3, 2),
            ("Time", CellFault::DateOrTime, 3, 2)
        ]
    );
    let cure = faults.cure().unwrap();
    assert_eq!(cure.drop_columns, ["Date", "Time"]);
    assert!(!cure.drop_missing);
    let table = read(AIR.as_bytes(), Some("T"), cure).unwrap();
    assert_eq!(table.columns(), ["CO(GT)", "NMHC(GT)", "T"]);
    assert_eq!(table.column(0), Some(&[2.6, 2.0, -200.0][..]));
    let facts = table.facts().unwrap();
    assert_eq!(facts.delimiter, Delimiter::Semicolon);
    assert_eq!(facts.decimal, DecimalSign::Comma);
    assert_eq!(
        (
            facts.left_out.empty_rows,
            facts.left_out.empty_columns,
            facts.left_out.columns
        ),
        (2, 2, 2)
    );
}

#[test]
fn rows_may_end_with_delimiters_and_begin_with_a_number_of_their_own() {
    let trailing = table("a,b\n1,2,,\n3,4,,\n");
    assert_eq!((trailing.columns().len(), trailing.rows()), (2, 2));
    assert_eq!(trailing.facts().unwrap().left_out.empty_columns, 2);
    let short = table("a,b,,\n1,2\n3,4,\n");
    assert_eq!(short.columns(), ["a", "b"]);
    let exported = table(",a,b\n0,1,2\n1,3,4\n5,5,6\n");
    assert_eq!(exported.columns(), ["a", "b"]);
    assert!(exported.facts().unwrap().left_out.row_numbers);
    // What has no name and is no number of the row is a column like others.
    let unnamed = table("a,,b\n1,0.5,2\n3,0.25,4\n");
    assert_eq!(unnamed.columns(), ["a", "unnamed_2", "b"]);
    let cars = faults(read(
        b",mpg,cyl\nMazda,21,6\nFiat,32,4\n",
        None,
        ReadOptions::default(),
    ));
    assert_eq!(cells(&cars), [("unnamed_1", CellFault::Text, 2, 2)]);
    assert_eq!(cars.cure().unwrap().drop_columns, ["unnamed_1"]);
}

#[test]
fn units_comments_and_quoted_rows_are_read_through() {
    let units = table("speed,mass\nm/s,kg\n1,2\n3,4\n");
    assert_eq!(units.column(0), Some(&[1.0, 3.0][..]));
    assert_eq!(units.facts().unwrap().left_out.unit_line, Some(2));
    // A first row of words is not units where words stand below it.
    let words = faults(read(b"a,b\nx,y\nz,1\n2,3\n", None, ReadOptions::default()));
    assert_eq!(
        cells(&words),
        [("a", CellFault::Text, 2, 2), ("b", CellFault::Text, 1, 2)]
    );
    let comments = table("# made by a sensor, yesterday\n% or so\na;b\n1;2\n# a pause\n3;4\n");
    assert_eq!(comments.rows(), 2);
    assert_eq!(comments.facts().unwrap().left_out.comment_lines, 3);
    assert_eq!(comments.facts().unwrap().header_line, 3);
    // As numpy.savetxt writes names.
    let savetxt = table("# a b\n1.0e+00 2.0e+00\n3.0e+00 4.0e+00\n");
    assert_eq!(savetxt.columns(), ["a", "b"]);
    assert_eq!(savetxt.facts().unwrap().delimiter, Delimiter::Blank);
    let quoted = table("\"a,\"\"b, c\"\"\"\n\"1,2\"\n\"3,4\"\n");
    assert_eq!(quoted.columns(), ["a", "b, c"]);
    assert!(quoted.facts().unwrap().quoted_rows);
    // Numbers of rows with a mark are values, not comments.
    let marked = faults(read(
        b"id,b\n#1,2\n#2,3\n#3,4\n",
        None,
        ReadOptions::default(),
    ));
    assert_eq!(marked.rows, 3);
}

#[test]
fn delimiters_are_recognised_or_stated() {
    for (delimiter, character) in [
        (Delimiter::Comma, ","),
        (Delimiter::Semicolon, ";"),
        (Delimiter::Tab, "\t"),
        (Delimiter::Bar, "|"),
        (Delimiter::Blank, "   "),
    ] {
        for eol in ["\n", "\r\n", "\r"] {
            let text = "a,b\n1,-2\n3,4\n"
                .replace(',', character)
                .replace('\n', eol);
            let table = table(&text);
            assert_eq!(table.columns(), ["a", "b"], "{text:?}");
            assert_eq!(table.column(1), Some(&[-2.0, 4.0][..]));
            assert_eq!(table.facts().unwrap().delimiter, delimiter);
        }
    }
    let stated = ReadOptions {
        delimiter: Some(Delimiter::Bar),
        decimal: Some(DecimalSign::Comma),
        ..ReadOptions::default()
    };
    let table = read(b"a;x,y|b\n1,5|2\n3|4\n", None, stated).unwrap();
    assert_eq!(table.columns(), ["a;x,y", "b"]);
    assert_eq!(table.column(0), Some(&[1.5, 3.0][..]));
}

#[test]
fn numbers_with_thousands_are_read_where_the_sign_is_known() {
    let text = "a,b\n\"1,234\",2\n3,4\n";
    let faults = faults(read(text.as_bytes(), None, ReadOptions::default()));
    assert_eq!(cells(&faults), [("a", CellFault::Thousands, 1, 2)]);
    for (decimal, value) in [(DecimalSign::Point, 1234.0), (DecimalSign::Comma, 1.234)] {
        let reading = ReadOptions {
            decimal: Some(decimal),
            ..ReadOptions::default()
        };
        let table = read(text.as_bytes(), None, reading).unwrap();
        assert_eq!(table.column(0), Some(&[value, 3.0][..]));
    }
    let german = table("a;b\n1.234,5;2\n-3,25;4\n");
    assert_eq!(german.column(0), Some(&[1234.5, -3.25][..]));
    assert_eq!(german.facts().unwrap().grouped_cells, 1);
}

#[test]
fn every_word_for_a_missing_value_is_one() {
    let mut text = String::from("a,b\n");
    for word in ["?", "NA", "N/A", "null", "-", "NaN", "", "#N/A"] {
        writeln!(text, "{word},1").unwrap();
    }
    text += "1,2\n3,4\n";
    let faults = faults(read(text.as_bytes(), None, ReadOptions::default()));
    assert_eq!(cells(&faults), [("a", CellFault::Missing, 8, 2)]);
    let table = read(text.as_bytes(), None, faults.cure().unwrap()).unwrap();
    assert_eq!(table.column(0), Some(&[1.0, 3.0][..]));
    // Only rows that miss a value of a column in use are left out.
    let reading = ReadOptions {
        columns: names(&["b"]),
        drop_missing: true,
        ..ReadOptions::default()
    };
    assert_eq!(read(text.as_bytes(), None, reading).unwrap().rows(), 10);
    let none = ReadOptions {
        drop_missing: true,
        ..ReadOptions::default()
    };
    let error = read(b"a,b\n,1\n2,\n3,4\n", None, none).unwrap_err();
    assert_eq!(
        error.to_string(),
        "data.csv: 1 row is too few after 2 with missing values were left out; 2 or more are needed"
    );
}

#[test]
fn faults_of_names_rows_and_cells_are_told_together() {
    let text = "a,a,b,c\n1,2,x,12 kg\n1,2,3\n4,5,6,2004-01-02\n7,8,y,1e999\n1,2,3,4,5,6\n";
    let faults = faults(read(text.as_bytes(), None, ReadOptions::default()));
    let message = faults.to_string();
    for part in [
        "columns 1 and 2 are both named `a`",
        "the header names 4 columns, and 2 rows have another number of fields (first line 3: 3 fields)",
        "column `b`: 2 of 5 values are not numbers (first line 2: `x`)",
        "line 2: column `c`: `12 kg` is a number with a unit",
        "line 4: column `c`: `2004-01-02` is a date",
        "line 5: column `c`: `1e999` is not a finite number",
    ] {
        assert!(message.contains(part), "{part}\n{message}");
    }
    assert_eq!(faults.cure(), None);
}

#[test]
fn columns_that_are_left_out_may_hold_anything() {
    let text = "id,x,y,x\nabc,1,2,\u{1}\ndef,3,4,z\n";
    let reading = ReadOptions {
        drop_columns: names(&["id", "x"]),
        ..ReadOptions::default()
    };
    let table = read(text.as_bytes(), None, reading).unwrap();
    assert_eq!(table.columns(), ["y"]);
    let reading = ReadOptions {
        columns: names(&["x "]),
        ..ReadOptions::default()
    };
    let table = read(b"id,x,y\nabc,1,2\ndef,3,4\n", Some("y"), reading).unwrap();
    assert_eq!(table.columns(), ["x", "y"]);
}

#[test]
fn columns_that_there_are_not_are_named_all_at_once() {
    let error = |columns: &[&str], dropped: &[&str]| {
        let reading = ReadOptions {
            columns: names(columns),
            drop_columns: names(dropped),
            ..ReadOptions::default()
        };
        let text = b"rooms,income,value\n1,2,3\n4,5,6\n";
        read(text, Some("value"), reading).unwrap_err().to_string()
    };
    assert_eq!(
        error(&["room", "zzz"], &[]),
        "data.csv: --columns names what is no column: `room` (did you mean `rooms`?), \
         `zzz` (the columns are rooms, income, value)"
    );
    assert!(error(&[], &["incom"]).contains("--drop-columns names what is no column: `incom`"));
    assert!(error(&[], &["value"]).contains("`value`, the column to predict"));
    assert!(error(&["rooms"], &["rooms"]).contains("both in --columns and in --drop-columns"));
    assert!(error(&[], &["rooms", "income"]).contains("is the only column"));
}

#[test]
fn compressed_files_and_other_encodings_are_read_and_stated() {
    let text = "größe;b\r\n1,5;2\r\n3;4\r\n";
    let gzip = |bytes: &[u8]| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    };
    let zstd = |bytes: &[u8]| {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    };
    let utf16 =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let marked = format!("\u{feff}{text}");
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    for (bytes, packing, encoding, mark) in [
        (text.as_bytes().to_vec(), None, TextEncoding::Utf8, false),
        (marked.as_bytes().to_vec(), None, TextEncoding::Utf8, true),
        (utf16(&marked), None, TextEncoding::Utf16Le, true),
        (utf16(text), None, TextEncoding::Utf16Le, false),
        (latin, None, TextEncoding::Windows1252, false),
        (
            gzip(text.as_bytes()),
            Some(Packing::Gzip),
            TextEncoding::Utf8,
            false,
        ),
        (
            zstd(&utf16(&marked)),
            Some(Packing::Zstd),
            TextEncoding::Utf16Le,
            true,
        ),
    ] {
        let table = read(&bytes, Some("größe"), ReadOptions::default()).unwrap();
        assert_eq!(table.column(0), Some(&[1.5, 3.0][..]));
        let facts = table.facts().unwrap();
        assert_eq!(
            (facts.packing, facts.encoding, facts.byte_order_mark),
            (packing, encoding, mark)
        );
    }
}

#[test]
fn other_formats_are_named_with_the_command_that_converts_them() {
    let problem = |bytes: &[u8]| read(bytes, None, ReadOptions::default()).unwrap_err();
    assert_eq!(
        problem(b"PAR1\x15\x04\x15"),
        DataError::File {
            file: "data.csv".to_owned(),
            problem: FileProblem::Foreign(ForeignFormat::Parquet)
        }
    );
    for (bytes, words) in [
        (&b"PAR1"[..], ["Parquet", "read_parquet"]),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", ["Excel", "read_excel"]),
        (b"\x89HDF\r\n\x1a\n", ["HDF5", "read_hdf"]),
        (b"\x93NUMPY\x01\0", ["numpy", "numpy.load"]),
        (b"\x80\x04\x95", ["pickle", "if you trust"]),
        (b"ARROW1\0\0", ["Feather", "read_feather"]),
        (b"BZh91AY&SY", ["bzip2", "bunzip2 -k data.csv"]),
        (b"\xFD7zXZ\0", ["xz", "unxz -k data.csv"]),
    ] {
        let message = problem(bytes).to_string();
        for word in words {
            assert!(message.contains(word), "{message}");
        }
    }
}

/// What a person picks columns from.
#[test]
fn a_survey_tells_of_every_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("air.csv");
    std::fs::write(&path, AIR).unwrap();
    let survey = survey_csv(&path, &CsvOptions::default(), 2).unwrap();
    assert_eq!(survey.first_rows.len(), 2);
    assert_eq!(
        survey.first_rows[0],
        ["10/03/2004", "18.00.00", "2,6", "150", "13,6"]
    );
    let columns: Vec<(&str, u64)> = survey
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.numbers))
        .collect();
    assert_eq!(
        columns,
        [
            ("Date", 0),
            ("Time", 0),
            ("CO(GT)", 3),
            ("NMHC(GT)", 3),
            ("T", 3)
        ]
    );
    assert_eq!(survey.faults.len(), 2);
    // A table that is too short to learn from can be looked at.
    std::fs::write(&path, "a,b\n").unwrap();
    assert_eq!(
        survey_csv(&path, &CsvOptions::default(), 2)
            .unwrap()
            .facts
            .rows,
        0
    );
}

fn without_names() -> ReadOptions {
    ReadOptions {
        no_header: true,
        ..ReadOptions::default()
    }
}

/// As many tables of the UCI repository are.
#[test]
fn a_table_without_names_is_told_from_others_and_read_on_request() {
    let text = "5.1 3.5 1.4\n4.9 3.0 1.3\n4.7 ? 1.2\n";
    let refused = read(text.as_bytes(), None, ReadOptions::default()).unwrap_err();
    assert!(refused.to_string().contains("--no-header"), "{refused}");
    let reading = ReadOptions {
        drop_missing: true,
        ..without_names()
    };
    let table = read(text.as_bytes(), Some("x3"), reading).unwrap();
    assert_eq!(table.columns(), ["x1", "x2", "x3"]);
    assert_eq!(table.rows(), 2);
    assert_eq!(table.column(0).unwrap(), [5.1, 4.9]);
    let facts = table.facts().unwrap();
    assert_eq!(facts.header_line, 0);
    assert!(facts.to_string().contains("called x1, x2, …"), "{facts}");
}

#[test]
fn a_first_row_of_values_is_no_header_and_no_line_of_units() {
    // The words of the first row are those of a class, not of names or units.
    let text = "a,1,2\nb,3,4\nc,5,6\n";
    let found = faults(read(text.as_bytes(), None, without_names()));
    assert_eq!(cells(&found), [("x1", CellFault::Text, 3, 1)]);
    let reading = ReadOptions {
        drop_columns: names(&["x1"]),
        ..without_names()
    };
    let table = read(text.as_bytes(), None, reading).unwrap();
    assert_eq!(table.columns(), ["x2", "x3"]);
    assert_eq!(table.rows(), 3);
    // A delimiter at the end of every line makes no column, and numbers of rows are values here.
    let table = read(b"0,5,\n1,6,\n2,9,\n", None, without_names()).unwrap();
    assert_eq!(table.columns(), ["x1", "x2"]);
    // Comments stay comments.
    let table = read(b"# x, y\n1,2\n3,5\n", None, without_names()).unwrap();
    assert_eq!((table.rows(), table.columns().len()), (2, 2));
    assert!(read(b"", None, without_names()).is_err());
}
