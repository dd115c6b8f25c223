//! The table that a form is about: what was found in its file, which of its columns are used, and
//! what is wrong with them.

use std::path::PathBuf;
use std::sync::Arc;

use super::form_messages as messages;
use workbench_dataset::{
    AllowedCells, CellFault, DecimalSign, Delimiter, ReadOptions, Survey, SurveyedColumn,
    TableFault,
};
use workbench_experiment::lab::{DataDefinition, DataKind, suggest};

/// Columns that have a row of the form each; those of a wider table are typed.
const MOST_ROWS: usize = 100;

/// A file or folder that is to be looked at, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyRequest {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub kind: DataKind,
    /// Whether it has no line of column names.
    pub no_header: bool,
    /// What stands between its columns, where it is stated.
    pub delimiter: Option<Delimiter>,
    /// Its decimal sign, where it is stated.
    pub decimal: Option<DecimalSign>,
}

/// What was found: a table where it is one; or why it cannot be read.
pub type Surveyed = Result<Option<Arc<Survey>>, String>;

/// The part of a form that is about a file with a table.
#[derive(Debug, Clone, Default)]
pub struct TableForm {
    /// Whether the file has no line of column names.
    pub no_header: bool,
    /// Whether rows with missing values are left out.
    pub drop_missing: bool,
    /// What stands between the columns, where it is stated.
    pub delimiter: Option<Delimiter>,
    /// The decimal sign, where it is stated.
    pub decimal: Option<DecimalSign>,
    /// The cells that the lab takes although they are no numbers.
    pub allowed: AllowedCells,
    /// The last request and its answer, once there is one.
    asked: Option<(SurveyRequest, Option<Surveyed>)>,
}

impl TableForm {
    /// The part of a lab that takes such data.
    pub fn new(data: Option<&DataDefinition>) -> Self {
        Self {
            allowed: data.map(DataDefinition::allowed).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// The request for the file at `path`, if it has not been made yet.
    pub fn request(&mut self, path: Option<PathBuf>, kind: DataKind) -> Option<SurveyRequest> {
        let Some(path) = path else {
            self.asked = None;
            return None;
        };
        let request = SurveyRequest {
            path,
            kind,
            no_header: self.no_header,
            delimiter: self.delimiter,
            decimal: self.decimal,
        };
        if self
            .asked
            .as_ref()
            .is_some_and(|(asked, _)| *asked == request)
        {
            return None;
        }
        self.asked = Some((request.clone(), None));
        Some(request)
    }

    /// Takes in an answer, unless something else has been asked for since.
    pub fn answer(&mut self, request: &SurveyRequest, answer: Surveyed) {
        if let Some((asked, answered)) = &mut self.asked
            && asked == request
        {
            *answered = Some(answer);
        }
    }

    /// Whether the answer is still to come.
    pub fn is_looking(&self) -> bool {
        matches!(self.asked, Some((_, None)))
    }

    /// What was found in the file.
    pub fn survey(&self) -> Option<&Survey> {
        match &self.asked {
            Some((_, Some(Ok(survey)))) => survey.as_deref(),
            _ => None,
        }
    }

    /// All columns of the file.
    pub fn columns(&self) -> &[SurveyedColumn] {
        self.survey().map_or(&[], |survey| &survey.columns)
    }

    /// How many columns have a row of their own.
    pub fn rows(&self) -> usize {
        let columns = self.columns().len();
        if columns > MOST_ROWS { 0 } else { columns }
    }

    /// Turns the delimiter by so many steps; the first choice is to recognise it.
    pub fn turn_delimiter(&mut self, by: i64) {
        self.delimiter = turned_choice(self.delimiter, &Delimiter::ALL, by);
    }

    /// Turns the decimal sign by so many steps; the first choice is to recognise it.
    pub fn turn_decimal(&mut self, by: i64) {
        self.decimal = turned_choice(self.decimal, &DecimalSign::ALL, by);
    }

    /// The column to predict, so many columns after `target`.
    pub fn turn_target(&self, target: &str, by: i64) -> Option<String> {
        let columns = self.columns();
        let now = columns.iter().position(|column| column.name == target);
        // Targets are mostly last.
        let next = now.map_or(columns.len().saturating_sub(1), |now| {
            turned(now, by, columns.len())
        });
        columns.get(next).map(|column| column.name.clone())
    }

    /// Why the file cannot be read at all.
    pub fn unreadable(&self) -> Option<String> {
        match &self.asked {
            Some((_, Some(Err(error)))) => Some(error.clone()),
            _ => None,
        }
    }

    /// What is wrong with the file and, where columns have no rows, with those that are used.
    pub fn file_error(&self, reading: &ReadOptions, target: &str) -> Option<String> {
        let survey = self.survey()?;
        let is_of_file = |fault: &&TableFault| match fault {
            TableFault::Cells { column, cells, .. } => {
                self.rows() == 0
                    && is_used(column, reading, target)
                    && self.is_wrong(cells.kind, reading, (column, target))
            }
            TableFault::DuplicateName { name, .. } | TableFault::ControlCharacter { name, .. } => {
                is_used(name, reading, target)
            }
            TableFault::Ragged { .. } => true,
        };
        let faults = survey.faults.iter().filter(is_of_file);
        let told: Vec<String> = faults.map(|fault| told(fault, survey.facts.rows)).collect();
        (!told.is_empty()).then(|| told.join(". "))
    }

    /// Whether cells that are no numbers stand in the way.
    fn is_wrong(
        &self,
        kind: CellFault,
        reading: &ReadOptions,
        (column, target): (&str, &str),
    ) -> bool {
        let left_out = reading.drop_missing && kind == CellFault::Missing;
        let mut columns = self.columns().iter();
        let surveyed = columns.find(|surveyed| surveyed.name == column);
        let holds_words = surveyed.is_some_and(SurveyedColumn::holds_words);
        !left_out && !self.allowed.allow(kind, column == target, holds_words)
    }

    /// What is wrong with a column, if it is used.
    pub fn column_error(
        &self,
        index: usize,
        reading: &ReadOptions,
        target: &str,
    ) -> Option<String> {
        let (survey, column) = (self.survey()?, self.columns().get(index)?);
        let name = &column.name;
        if !is_used(name, reading, target) {
            return None;
        }
        let cells = column.faults.iter();
        let cells = cells.filter(|cells| self.is_wrong(cells.kind, reading, (name, target)));
        let told: Vec<String> = cells
            .map(|cells| {
                let fault = TableFault::Cells {
                    column: name.clone(),
                    is_target: name == target,
                    cells: cells.clone(),
                };
                told(&fault, survey.facts.rows)
            })
            .collect();
        (!told.is_empty()).then(|| told.join(". "))
    }

    /// The first of some names that no column has, and what there is.
    pub fn unknown(&self, names: &[String]) -> Option<String> {
        let known = || self.columns().iter().map(|column| column.name.as_str());
        let is_unknown = |name: &&String| !known().any(|known| known == name.as_str());
        let wrong = names.iter().find(is_unknown)?;
        let hint = suggest(wrong, known());
        (known().count() > 0).then(|| format!("there is no column `{wrong}`; {hint}"))
    }
}

fn told(fault: &TableFault, rows: u64) -> String {
    let remedy = messages::remedy(fault).unwrap_or_else(|| fault.remedy());
    format!("{}; {remedy}", fault.what(rows, true))
}

/// The choice so many steps after `now`; before the first stands none.
fn turned_choice<T: Copy + PartialEq>(now: Option<T>, choices: &[T], by: i64) -> Option<T> {
    let at = choices.iter().position(|choice| Some(*choice) == now);
    let next = turned(at.map_or(0, |at| at + 1), by, choices.len() + 1);
    choices.get(next.checked_sub(1)?).copied()
}

/// The place so many steps after `now` among `len` places in a circle.
pub fn turned(now: usize, by: i64, len: usize) -> usize {
    if len == 0 {
        return 0;
    }
    let len = len as i128;
    (now as i128 + i128::from(by)).rem_euclid(len) as usize
}

/// Whether a column is used.
pub fn is_used(name: &str, reading: &ReadOptions, target: &str) -> bool {
    let has = |names: &[String]| names.iter().any(|known| known == name);
    name == target
        || (reading.columns.is_empty() || has(&reading.columns)) && !has(&reading.drop_columns)
}

/// The same with a column used if it was not, or not if it was.
pub fn with_toggled(mut reading: ReadOptions, name: &str) -> ReadOptions {
    if is_used(name, &reading, "") {
        if reading.columns.len() > 1 {
            reading.columns.retain(|known| known != name);
        } else {
            reading.drop_columns.push(name.to_owned());
            reading.columns.clear();
        }
        return reading;
    }
    reading.drop_columns.retain(|known| known != name);
    if !is_used(name, &reading, "") {
        reading.columns.push(name.to_owned());
    }
    reading
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(columns: &[&str], dropped: &[&str]) -> ReadOptions {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        ReadOptions {
            columns: names(columns),
            drop_columns: names(dropped),
            ..ReadOptions::default()
        }
    }

    #[test]
    fn columns_are_taken_out_and_in_again() {
        let all = reading(&[], &[]);
        let without = with_toggled(all.clone(), "a");
        assert_eq!(without, reading(&[], &["a"]));
        assert!(!is_used("a", &without, "y") && is_used("a", &without, "a"));
        assert_eq!(with_toggled(without, "a"), all);
        let some = reading(&["a", "b"], &[]);
        assert_eq!(with_toggled(some.clone(), "a"), reading(&["b"], &[]));
        assert_eq!(with_toggled(some, "c"), reading(&["a", "b", "c"], &[]));
    }

    #[test]
    fn choices_go_around_with_none_at_the_start() {
        let mut table = TableForm::default();
        for expected in [Some(DecimalSign::Point), Some(DecimalSign::Comma), None] {
            table.turn_decimal(1);
            assert_eq!(table.decimal, expected);
        }
        table.turn_delimiter(-1);
        assert_eq!(table.delimiter, Some(Delimiter::Blank));
    }

    #[test]
    fn a_file_is_asked_for_once_and_late_answers_do_not_count() {
        let mut table = TableForm::default();
        let first = table
            .request(Some("a.csv".into()), DataKind::Table)
            .unwrap();
        assert_eq!(table.request(Some("a.csv".into()), DataKind::Table), None);
        let second = table
            .request(Some("b.csv".into()), DataKind::Table)
            .unwrap();
        table.answer(&first, Err("late".to_owned()));
        assert!(table.is_looking());
        table.answer(&second, Err("no such file".to_owned()));
        assert_eq!(table.unreadable(), Some("no such file".to_owned()));
        assert_eq!(table.request(None, DataKind::Table), None);
        assert_eq!(table.unreadable(), None);
    }
}
