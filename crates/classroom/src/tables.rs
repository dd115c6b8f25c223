//! Grades as tables: for a person, for Canvas and for Moodle, and as JSON.
//!
//! A cell that a spreadsheet would take as a formula begins with an apostrophe: names of files and
//! answers come from students.

use crate::graded::Graded;

/// A row for each hand-in, a column for each question.
pub fn table(class: &[Graded]) -> Vec<u8> {
    let questions = questions(class);
    let mut head: Vec<String> = ["student", "file", "points", "to_read", "of", "remarks"]
        .map(str::to_owned)
        .into();
    head.extend(questions.iter().map(|id| text(id)));
    head.extend(["speedup_of_bound", "efficiency", "findings"].map(str::to_owned));
    let rows = class.iter().map(|graded| {
        let best = best(graded);
        let mut row = vec![
            text(&graded.student),
            text(&graded.file),
            number(graded.points),
            number(graded.to_read),
            number(graded.of),
            graded.remarks().join("; "),
        ];
        row.extend(questions.iter().map(|id| {
            let question = graded.questions.iter().find(|question| question.id == *id);
            question.map_or_else(String::new, |question| {
                question.points.map_or_else(|| "to read".to_owned(), number)
            })
        }));
        row.push(
            best.and_then(|speed| speed.0)
                .map_or_else(String::new, number),
        );
        row.push(
            best.and_then(|speed| speed.1)
                .map_or_else(String::new, number),
        );
        let mut kinds: Vec<&str> = graded.errors().map(|found| &*found.kind).collect();
        kinds.dedup();
        row.push(kinds.join("; "));
        row
    });
    csv(std::iter::once(head.clone()).chain(rows))
}

/// Ratio to the bound and efficiency of the arm that came closest to its bound.
fn best(graded: &Graded) -> Option<(Option<f64>, Option<f64>)> {
    let speeds = graded.speeds.iter();
    let best = speeds.max_by(|a, b| {
        let of = |ratio: Option<f64>| ratio.unwrap_or(0.0);
        of(a.of_bound).total_cmp(&of(b.of_bound))
    })?;
    Some((best.of_bound, best.efficiency))
}

/// The columns that Canvas' gradebook imports.
pub fn canvas(class: &[Graded], title: &str) -> Vec<u8> {
    let head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"].map(str::to_owned);
    let head: Vec<String> = head.into_iter().chain([text(title)]).collect();
    let possible = class.iter().map(|graded| graded.of).fold(0.0, f64::max);
    let mut most = vec!["    Points Possible".to_owned()];
    most.extend(["", "", "", ""].map(str::to_owned));
    most.push(number(possible));
    let rows = class.iter().map(|graded| {
        let id = numbers_in(&graded.student).next().unwrap_or_default();
        vec![
            text(&graded.student),
            id,
            String::new(),
            String::new(),
            String::new(),
            number(graded.points),
        ]
    });
    csv([head, most].into_iter().chain(rows))
}

/// The columns that Moodle's grading worksheet has.
pub fn moodle(class: &[Graded]) -> Vec<u8> {
    let head = [
        "Identifier",
        "Full name",
        "Grade",
        "Maximum Grade",
        "Feedback comments",
    ];
    let rows = class.iter().map(|graded| {
        let id = numbers_in(&graded.student).next();
        let name = graded.student.split('_').next().unwrap_or_default();
        vec![
            id.map_or_else(String::new, |id| format!("Participant {id}")),
            text(name),
            number(graded.points),
            number(graded.of),
            graded.remarks().join("; "),
        ]
    });
    csv(std::iter::once(head.map(str::to_owned).to_vec()).chain(rows))
}

/// Everything as JSON.
///
/// # Errors
/// When it cannot be written as JSON, which no grades bring about.
pub fn json(class: &[Graded]) -> serde_json::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(class)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The numbers of four and more digits in a name, as course systems put them there.
fn numbers_in(name: &str) -> impl Iterator<Item = String> {
    let parts = name.split(|c: char| !c.is_ascii_digit());
    parts.filter(|part| part.len() >= 4).map(str::to_owned)
}

fn questions(class: &[Graded]) -> Vec<&str> {
    let mut ids: Vec<&str> = Vec::new();
    for question in class.iter().flat_map(|graded| &graded.questions) {
        if !ids.contains(&&*question.id) {
            ids.push(&question.id);
        }
    }
    ids
}

fn number(value: f64) -> String {
    let rounded = (value * 1000.0).round() / 1000.0;
    // A sum of nothing is -0.
    (rounded + 0.0).to_string()
}

/// A text from outside as a cell.
fn text(cell: &str) -> String {
    let clean: String = cell.chars().filter(|c| !c.is_control()).take(300).collect();
    let is_formula = clean
        .trim_start()
        .starts_with(['=', '+', '-', '@', '|', '%']);
    if is_formula {
        format!("'{clean}")
    } else {
        clean
    }
}

fn csv(rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .from_writer(Vec::new());
    for row in rows {
        // Writing to memory does not fail.
        let _ = writer.write_record(&row);
    }
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (cell, written) in [
            ("=cmd|'/c calc'!A0", "'=cmd|'/c calc'!A0"),
            ("  +1", "'  +1"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'=1"),
            ("Ada", "Ada"),
        ] {
            assert_eq!(text(cell), written);
        }
    }
}
