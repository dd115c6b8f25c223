//! The CSV reader on whole files: what it understands, what it refuses, and how much it takes in
//! before it does.

use std::cell::Cell;
use std::fs;
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::rc::Rc;

use workbench_dataset::{
    CsvOptions, DataError, FileProblem, LineProblem, Table, parse_csv, read_csv,
};

fn parse(text: &str) -> Result<Table, DataError> {
    parse_csv(text.as_bytes(), "data.csv", &CsvOptions::default())
}

fn message(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

fn file_problem(path: &Path) -> FileProblem {
    match read_csv(path, &CsvOptions::default()) {
        Err(DataError::File { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

fn line_problem(reader: impl Read, options: &CsvOptions) -> (u64, LineProblem) {
    match parse_csv(reader, "data.csv", options) {
        Err(DataError::Line { line, problem, .. }) => (line, problem),
        other => panic!("{other:?}"),
    }
}

/// Counts the bytes that are taken from a reader.
struct Metered<R> {
    inner: R,
    taken: Rc<Cell<u64>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.taken.set(self.taken.get() + read as u64);
        Ok(read)
    }
}

fn metered<R: Read>(inner: R) -> (Metered<R>, Rc<Cell<u64>>) {
    let taken = Rc::new(Cell::new(0));
    (
        Metered {
            inner,
            taken: Rc::clone(&taken),
        },
        taken,
    )
}

#[test]
fn names_and_numbers_come_through_quotes_blanks_and_line_ends() {
    for eol in ["\n", "\r\n", "\r"] {
        let text = "\u{feff} \"price, in $\" ,b\n\" 1.5 \",-2e3\n3,\" .25\"\n".replace('\n', eol);
        // A quote after a blank is an ordinary character in RFC 4180, so the blank goes inside.
        let text = text.replace(" \"price, in $\" ", "\" price, in $ \"");
        let table = parse(&text).unwrap();
        assert_eq!(table.columns(), ["price, in $", "b"], "{eol:?}");
        assert_eq!(table.column(0), Some(&[1.5, 3.0][..]));
        assert_eq!(table.column(1), Some(&[-2000.0, 0.25][..]));
    }
}

#[test]
fn line_breaks_in_a_name_become_a_blank() {
    let table = parse("\"median\r\nincome\",b\n1,2\n3,4\n").unwrap();
    assert_eq!(table.columns(), ["median income", "b"]);
}

#[test]
fn a_byte_order_mark_is_dropped_however_small_the_pieces() {
    struct OneByOne<'a>(&'a [u8]);
    impl Read for OneByOne<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let take = self.0.len().min(1).min(buffer.len());
            let (head, tail) = self.0.split_at(take);
            buffer[..take].copy_from_slice(head);
            self.0 = tail;
            Ok(take)
        }
    }
    let text = "\u{feff}\"a\",b\r\n1,2\r\n3,4";
    let table = parse_csv(OneByOne(text.as_bytes()), "t", &CsvOptions::default()).unwrap();
    assert_eq!(table.columns(), ["a", "b"]);
}

#[test]
fn faults_are_found_on_the_line_that_an_editor_shows() {
    // The quoted name spans lines 1 to 3, line 4 is blank, and the bad cell follows a quoted number
    // that spans 5 and 6.
    for eol in ["\n", "\r\n", "\r"] {
        let text = "\"a\nb\nc\",d\n\n\"1\n\",x\n".replace('\n', eol);
        assert!(
            message(&text).starts_with("data.csv, line 6, column `d`: `x` is not"),
            "{}",
            message(&text)
        );
        let text = "a,b\n\n1,2\n\"3\n\",4\n5\n".replace('\n', eol);
        assert!(
            message(&text).starts_with("data.csv, line 6: 1 field,"),
            "{}",
            message(&text)
        );
    }
}

#[test]
fn faults_deep_in_a_file_are_found_on_their_line() {
    for eol in ["\n", "\r\n"] {
        let mut text = format!("a,b{eol}");
        text += &format!("0,0{eol}").repeat(20_000);
        text += "1,oops";
        assert!(
            message(&text).starts_with("data.csv, line 20002, column `b`: `oops`"),
            "{}",
            message(&text)
        );
    }
}

#[test]
fn messages_are_one_line_even_when_names_and_cells_are_hostile() {
    let cell = format!("\"\u{1b}]0;x\u{7}\n{}\"", "y".repeat(10_000));
    let text = message(&format!("a,b\n1,2\n3,{cell}\n"));
    assert!(
        !text.contains(char::is_control) && text.len() < 300,
        "{text}"
    );
    let error = parse_csv(&b"a,b\n"[..], "da\nta\u{1b}.csv", &CsvOptions::default()).unwrap_err();
    assert!(
        error.to_string().starts_with("da\\nta\\u{1b}.csv: "),
        "{error}"
    );
}

#[test]
fn a_missing_target_is_noticed_before_the_rows_are_read() {
    let options = CsvOptions {
        target: Some("medv".into()),
        ..CsvOptions::default()
    };
    let (reader, taken) = metered((&b"crim,MEDV\n"[..]).chain(io::repeat(b'\n')));
    let error = parse_csv(reader, "boston.csv", &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "boston.csv: there is no column `medv` to predict; did you mean `MEDV`?"
    );
    assert!(taken.get() < 100_000);
    let lonely = parse_csv(&b"medv\n1\n2\n"[..], "boston.csv", &options).unwrap_err();
    assert!(
        lonely.to_string().contains("is the only column"),
        "{lonely}"
    );
}

#[test]
fn rows_that_are_needed_are_asked_for() {
    let options = CsvOptions {
        min_rows: 10,
        ..CsvOptions::default()
    };
    let error = parse_csv(&b"a,b\n1,2\n3,4\n"[..], "data.csv", &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "data.csv: 2 rows are too few; 10 or more are needed"
    );
}

#[test]
fn a_million_columns_are_refused_after_the_header() {
    let names: Vec<String> = (0..1_000_000).map(|i| format!("c{i}")).collect();
    let header = format!("{}\n", names.join(","));
    let (reader, taken) = metered(header.as_bytes().chain(io::repeat(b'1')));
    let (line, problem) = line_problem(reader, &CsvOptions::default());
    assert_eq!(
        (line, problem),
        (
            1,
            LineProblem::TooManyColumns {
                found: 1_000_000,
                limit: 10_000
            }
        )
    );
    assert!(taken.get() < header.len() as u64 + 100_000);
}

#[test]
fn cells_beyond_the_limit_are_refused_where_they_start() {
    let options = CsvOptions {
        max_cells: 6,
        ..CsvOptions::default()
    };
    let text = "a,b\n1,2\n3,4\n5,6\n";
    assert_eq!(
        parse_csv(text.as_bytes(), "data.csv", &options)
            .unwrap()
            .rows(),
        3
    );
    let text = format!("{text}7,8\n9,x\n");
    let (line, problem) = line_problem(text.as_bytes(), &options);
    assert_eq!((line, problem), (5, LineProblem::TooManyCells { limit: 6 }));
}

#[test]
fn endless_input_is_refused_after_a_bounded_number_of_bytes() {
    // What the file starts with, the byte it repeats without end, and the line on which
    // that row starts.
    let never_ending: [(&[u8], u8, u64); 4] = [
        (b"", b'x', 1),
        (b"a,b\n1,2\n", b'1', 3),
        (b"a,b\n1,2\n", b',', 3),
        (b"a,b\n1,2\n3,\"4", b'\n', 3),
    ];
    for (start, byte, expected) in never_ending {
        let (reader, taken) = metered(start.chain(io::repeat(byte)));
        let (line, problem) = line_problem(reader, &CsvOptions::default());
        assert!(
            matches!(problem, LineProblem::Endless { .. }),
            "{problem:?}"
        );
        assert_eq!(line, expected, "{start:?} {byte}");
        assert!(taken.get() < 9 << 20, "{}", taken.get());
    }
}

#[test]
fn endless_blank_lines_are_refused_too() {
    let (reader, taken) = metered(io::repeat(b'\n'));
    let (_, problem) = line_problem(reader, &CsvOptions::default());
    assert!(
        matches!(problem, LineProblem::Endless { .. }),
        "{problem:?}"
    );
    assert!(taken.get() < 9 << 20, "{}", taken.get());
}

#[test]
fn a_failing_disk_is_a_message() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk\nis gone"))
        }
    }
    for start in ["", "a,b\n1,2\n"] {
        let error = parse_csv(
            start.as_bytes().chain(Broken),
            "data.csv",
            &CsvOptions::default(),
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "data.csv: cannot be read (the disk\\nis gone); check the permissions and the disk"
        );
    }
}

#[test]
fn files_are_read_and_named_without_their_folders() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("houses.csv");
    fs::write(&path, "a,b\n1,2\n3,4\n").unwrap();
    let table = read_csv(&path, &CsvOptions::default()).unwrap();
    assert_eq!((table.name(), table.rows()), ("houses.csv", 2));
    fs::write(&path, "a,b\n1,2\n3,x\n").unwrap();
    let error = read_csv(&path, &CsvOptions::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with(&format!("{}, line 3, column `b`", path.display())),
        "{error}"
    );
}

#[test]
fn paths_that_are_no_files_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        file_problem(&folder.path().join("none.csv")),
        FileProblem::Missing
    );
    assert_eq!(file_problem(Path::new("")), FileProblem::Missing);
    assert_eq!(file_problem(folder.path()), FileProblem::Directory);
    let inside = folder.path().join("plain");
    fs::write(&inside, "a,b\n").unwrap();
    assert_eq!(
        file_problem(&inside.join("below.csv")),
        FileProblem::Missing
    );
    assert_eq!(file_problem(&inside), FileProblem::HeaderOnly { needed: 2 });
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_refused_without_waiting_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.csv");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(file_problem(&pipe), FileProblem::Special);
    assert_eq!(file_problem(Path::new("/dev/zero")), FileProblem::Special);
    let link = folder.path().join("link.csv");
    std::os::unix::fs::symlink(&pipe, &link).unwrap();
    assert_eq!(file_problem(&link), FileProblem::Special);
}

#[test]
fn a_huge_file_is_refused_without_being_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.csv");
    let mut file = fs::File::create(&path).unwrap();
    file.write_all(b"a,b\n1,2\n").unwrap();
    // A hole of 10 GB, which reads as zero bytes and takes no room on the disk.
    file.set_len(10_000_000_000).unwrap();
    assert_eq!(file_problem(&path), FileProblem::Binary);
}
