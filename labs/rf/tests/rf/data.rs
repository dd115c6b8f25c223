//! Tables of one's own: options on the way from the request to the lab, how many rows are used, and
//! what is said about the data.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use workbench_dataset::{DecimalSign, Delimiter, ReadOptions};
use workbench_experiment::lab::{DataSource, Finding, Lab, LabError, Opt, PreparedLab, RunConfig};
use workbench_experiment::{ExperimentError, Request, resolve};
use workbench_lab_rf::RandomForests;
use workbench_machine::usable_cores;

/// A table of 300 rows with a text column, some missing values and an id.
fn table() -> String {
    let mut text = String::from("id,rooms,town,sold,price\n");
    for row in 0..300_u64 {
        let rooms = if row % 60 == 3 {
            "NA".to_owned()
        } else {
            (row % 9).to_string()
        };
        let price = (row * row) % 101;
        let id = 9_007_199_254_740_993 + row;
        writeln!(text, "{id},{rooms},Riga,{},{price}", price * 1000).unwrap();
    }
    text
}

fn file(dir: &Path, text: &str) -> PathBuf {
    let path = dir.join("houses.csv");
    std::fs::write(&path, text).unwrap();
    path
}

fn request(path: PathBuf, reading: ReadOptions, set: &[&str]) -> Request {
    Request {
        preset: Some("quick".to_owned()),
        set: set.iter().map(|&text| text.to_owned()).collect(),
        data: Some(path),
        target: Some("price".to_owned()),
        reading,
        ..Request::default()
    }
}

fn config(request: &Request) -> RunConfig {
    let lab = RandomForests::new().unwrap();
    resolve(lab.definition(), request, &usable_cores()).unwrap()
}

fn prepare(request: &Request) -> Result<Box<dyn PreparedLab>, LabError> {
    RandomForests::new().unwrap().prepare(&config(request))
}

fn dropped() -> ReadOptions {
    ReadOptions {
        drop_columns: vec!["town".to_owned()],
        drop_missing: true,
        ..ReadOptions::default()
    }
}

fn kinds(findings: &[Finding]) -> Vec<&str> {
    findings
        .iter()
        .map(|finding| finding.kind.as_str())
        .collect()
}

#[test]
fn options_are_recorded_and_part_of_the_command() {
    let reading = ReadOptions {
        columns: vec!["price, in $".to_owned(), "b".to_owned()],
        drop_columns: vec!["town".to_owned()],
        no_header: true,
        drop_missing: true,
        delimiter: Some(Delimiter::Semicolon),
        decimal: Some(DecimalSign::Comma),
    };
    let config = config(&request("/tmp/houses.csv".into(), reading.clone(), &[]));
    assert!(
        config.command.ends_with(
            "--data /tmp/houses.csv --target price --columns '\"price, in $\",b' \
             --drop-columns town --no-header --drop-missing --delimiter semicolon --decimal comma"
        ),
        "{}",
        config.command
    );
    let text = serde_json::to_string(&config).unwrap();
    let read: RunConfig = serde_json::from_str(&text).unwrap();
    assert_eq!(read, config);
    // Runs of earlier versions have only these two.
    let earlier = r#"{"source":"file","path":"/tmp/houses.csv","target":"price"}"#;
    let earlier: DataSource = serde_json::from_str(earlier).unwrap();
    assert!(!earlier.is_same_place(&config.data));
    let plain = self::config(&request(
        "/tmp/houses.csv".into(),
        ReadOptions::default(),
        &[],
    ));
    assert_eq!(earlier, plain.data);
}

#[test]
fn options_of_a_file_need_a_file() {
    let lab = RandomForests::new().unwrap();
    for (reading, option) in [
        (dropped(), Opt::DropColumns),
        (
            ReadOptions {
                decimal: Some(DecimalSign::Comma),
                ..ReadOptions::default()
            },
            Opt::Decimal,
        ),
    ] {
        let request = Request {
            reading,
            ..Request::default()
        };
        let error = resolve(lab.definition(), &request, &usable_cores()).unwrap_err();
        assert_eq!(error.option(), Some(option));
        assert!(error.to_string().contains("--data"), "{error}");
    }
}

#[test]
fn every_preset_takes_a_small_table() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), &table());
    let lab = prepare(&request(path.clone(), dropped(), &[])).unwrap();
    let findings = lab.warnings();
    assert_eq!(
        kinds(&findings),
        [
            "feature_copies_target",
            "huge_numbers",
            "data_left_out",
            "sorted_once"
        ]
    );
    assert_eq!(findings[2].numbers["rows_with_missing"].to_string(), "5");
    let Some(DataSource::File { facts, .. }) = lab.data() else {
        panic!("{:?}", lab.data());
    };
    assert_eq!(facts.unwrap().rows, 295);
    // What a person asks for has to be there.
    let error = prepare(&request(path, dropped(), &["rows=296"]))
        .err()
        .unwrap();
    assert!(
        matches!(&error, LabError::Refused(refusal) if refusal.option == Opt::Set("rows".into()))
    );
    assert!(
        error.to_string().contains("the data has 295 rows"),
        "{error}"
    );
}

#[test]
fn a_table_that_cannot_be_used_points_at_its_option() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), &table());
    let option = |request: &Request| {
        let error = prepare(request).err().unwrap();
        (ExperimentError::Lab(error)).option()
    };
    // The other engine takes missing values.
    let plain = request(path.clone(), ReadOptions::default(), &["engine=smartcore"]);
    assert_eq!(option(&plain), Some(Opt::Data));
    let message = prepare(&plain).err().unwrap().to_string();
    assert!(
        message.ends_with("All of it is left out with: --drop-columns town --drop-missing"),
        "{message}"
    );
    let mut unknown = request(path, dropped(), &[]);
    unknown.reading.drop_columns = vec!["twon".to_owned()];
    assert_eq!(option(&unknown), Some(Opt::DropColumns));
    unknown.reading.columns = vec!["romms".to_owned()];
    assert_eq!(option(&unknown), Some(Opt::Columns));
    unknown.target = Some("prize".to_owned());
    assert_eq!(option(&unknown), Some(Opt::Target));
}

#[test]
fn a_table_without_names_can_be_used_and_a_finding_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("concrete.data");
    let rows = (0..60).map(|i| format!("{},{},{}\n", i % 7, i * 3 % 11, i % 13));
    std::fs::write(&path, rows.collect::<String>()).unwrap();
    let with = |reading| Request {
        target: Some("x3".to_owned()),
        ..request(path.clone(), reading, &[])
    };
    let refused = prepare(&with(ReadOptions::default())).err().unwrap();
    assert!(refused.to_string().contains("--no-header"), "{refused}");
    let reading = ReadOptions {
        no_header: true,
        ..ReadOptions::default()
    };
    let prepared = prepare(&with(reading)).unwrap();
    assert!(kinds(&prepared.warnings()).contains(&"data_without_names"));
}
