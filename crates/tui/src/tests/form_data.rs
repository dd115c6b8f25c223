//! A file of one's own in the form: it is looked through once it is named, its columns can be
//! picked, and what is wrong is told at its row.

use super::fixture::{AIR, Fixture};
use crate::event::{AppEvent, Effect};
use crate::screens::form::Row;
use crate::theme::ThemeName;

fn fixture(text: &str) -> Fixture {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.choose_file(text);
    fixture
}

fn command(fixture: &Fixture) -> Result<String, (Row, String)> {
    let form = &fixture.app.form.as_ref().unwrap().form;
    form.config(&super::fixture::usable())
        .map(|config| config.command)
}

#[test]
fn a_file_is_looked_through_when_its_name_is_typed() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.press("enter end up up");
    // Not while it is typed.
    assert_eq!(fixture.press("/ a . c s v"), [] as [Effect; 0]);
    let effects = fixture.press("enter");
    let [Effect::Survey(request)] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(request.path.to_str(), Some("/a.csv"));
    assert!(fixture.shown(80, 24).contains("Reading the file"));
    // Nor twice.
    assert_eq!(fixture.press("down up"), [] as [Effect; 0]);
    let answer = fixture.surveyed(request, AIR);
    fixture.app.update(answer);
    for (width, height) in [(80, 24), (120, 40)] {
        let shown = fixture.shown(width, height);
        for part in [
            "3 rows × 5 columns",
            "semicolons between",
            "Date",
            "10/03/2004",
        ] {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
    }
    // Stating how it is written looks again.
    fixture.go_to(&Row::Decimal);
    let effects = fixture.press("right");
    assert!(
        matches!(effects.as_slice(), [Effect::Survey(_)]),
        "{effects:?}"
    );
}

#[test]
fn columns_are_picked_until_nothing_is_wrong() {
    let mut fixture = fixture(AIR);
    fixture.go_to(&Row::Target);
    fixture.press("right");
    let (row, why) = command(&fixture).unwrap_err();
    assert_eq!(row, Row::Column(0));
    assert!(why.contains("3 of 3 values are dates or times"), "{why}");
    fixture.go_to(&Row::Column(0));
    let shown = fixture.shown(120, 40);
    assert!(
        shown.contains("[x] Date") && shown.contains("3 dates"),
        "{shown}"
    );
    fixture.press("space");
    assert!(fixture.shown(120, 40).contains("[ ] Date"));
    // Features may miss values; rows that do can be left out.
    let kept = command(&fixture).unwrap();
    assert!(
        kept.ends_with("--data /a.csv --target T --drop-columns Date"),
        "{kept}"
    );
    fixture.go_to(&Row::DropMissing);
    fixture.press("space");
    let command = command(&fixture).unwrap();
    assert!(
        command.ends_with("--data /a.csv --target T --drop-columns Date --drop-missing"),
        "{command}"
    );
    // The column to predict is always used.
    fixture.go_to(&Row::Column(4));
    fixture.press("space");
    assert!(
        fixture
            .shown(120, 40)
            .contains("The column to predict is always used.")
    );
    assert!(fixture.shown(120, 40).contains("[x] T (to predict)"));
}

#[test]
fn names_can_be_typed_and_what_is_no_column_is_told() {
    let mut fixture = fixture(AIR);
    fixture.go_to(&Row::Target);
    fixture.press("right");
    let form = &mut fixture.app.form.as_mut().unwrap().form;
    form.set(&Row::Columns, "CO(GT), NMHC");
    let (row, why) = command(&fixture).unwrap_err();
    assert_eq!(row, Row::Columns);
    assert!(why.contains("did you mean `NMHC(GT)`?"), "{why}");
    let form = &mut fixture.app.form.as_mut().unwrap().form;
    form.set(&Row::Columns, "CO(GT)");
    assert!(command(&fixture).unwrap().contains("--columns 'CO(GT)'"));
    let form = &fixture.app.form.as_ref().unwrap().form;
    let used: Vec<bool> = (0..5)
        .map(|index| form.is_on(&Row::Column(index)))
        .collect();
    assert_eq!(used, [false, true, false, false, true]);
}

#[test]
fn a_file_that_cannot_be_read_is_told_at_its_row() {
    let mut fixture = fixture("PAR1 and so on");
    let (row, why) = command(&fixture).unwrap_err();
    assert_eq!(row, Row::Data);
    assert!(
        why.contains("Parquet") && why.contains("read_parquet"),
        "{why}"
    );
    // Emptied, the lab's own data is used, and nothing is left of the file.
    fixture.go_to(&Row::Data);
    fixture.press("x");
    fixture.go_to(&Row::Target);
    fixture.press("x");
    assert!(!command(&fixture).unwrap().contains("--data"));
    assert!(!fixture.shown(120, 40).contains("Decimal sign"));
}

#[test]
fn a_wide_table_has_no_row_for_each_column() {
    let names: Vec<String> = (0..500).map(|i| format!("c{i}")).collect();
    let row = vec!["1"; 499].join(",");
    let text = format!("{}\n{row},x\n{row},y\n", names.join(","));
    let mut fixture = fixture(&text);
    fixture.shown(80, 24);
    let form = &mut fixture.app.form.as_mut().unwrap().form;
    assert!(form.rows().len() < 50);
    form.set(&Row::Target, "c0");
    let (row, why) = command(&fixture).unwrap_err();
    assert_eq!(row, Row::Data);
    assert!(why.contains("column `c499`"), "{why}");
}

/// An answer that comes when another file has been named meanwhile changes nothing.
#[test]
fn late_answers_do_not_count() {
    let mut fixture = fixture(AIR);
    fixture.go_to(&Row::Data);
    let effects = fixture.press("enter ctrl-u / b enter");
    let [Effect::Survey(request)] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let mut late = (**request).clone();
    late.path = "/a.csv".into();
    let answer = fixture.surveyed(&late, AIR);
    fixture.app.update(answer);
    assert!(fixture.shown(80, 24).contains("Reading the file"));
    let failed = Err("/b: there is no such file".to_owned());
    fixture
        .app
        .update(AppEvent::Surveyed(request.clone(), failed));
    assert!(fixture.shown(80, 24).contains("there is no such file"));
}

#[test]
fn a_file_without_names_is_read_when_the_form_is_told() {
    let mut fixture = fixture("1;2;3\n4;5;6\n7;8;9\n");
    let (row, why) = command(&fixture).unwrap_err();
    assert_eq!(row, Row::Data);
    assert!(why.contains("--no-header"), "{why}");
    fixture.go_to(&Row::NoHeader);
    assert!(
        fixture
            .shown(120, 40)
            .contains("[ ] holds values, no names")
    );
    // The file is looked through again.
    let effects = fixture.press("space");
    let [Effect::Survey(request)] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert!(request.no_header);
    let answer = fixture.surveyed(request, "1;2;3\n4;5;6\n7;8;9\n");
    fixture.app.update(answer);
    fixture.go_to(&Row::Target);
    fixture.press("right");
    let command = command(&fixture).unwrap();
    assert!(command.ends_with("--target x3 --no-header"), "{command}");
    assert!(fixture.shown(120, 40).contains("x1"));
}
