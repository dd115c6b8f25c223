//! The filter of the history as it is typed, and the runs that it leaves. Reading the filter and
//! matching the runs happens when one of the two changes, never while drawing.

use jiff::Zoned;
use workbench_history::filter::{self, Parsed};
use workbench_history::list::RunRow;

use super::order::RunColumn;
use crate::field::FilterField;

/// The longest filter, in characters.
const LONGEST: usize = 120;

/// A filter and what it leaves.
#[derive(Debug)]
pub struct Narrowed {
    /// The filter.
    pub field: FilterField,
    parsed: Parsed,
    shown: Vec<usize>,
    /// In which order they are shown, and whether the other way round.
    pub order: (RunColumn, bool),
    /// What time it is, for `since:7d` and `since:today`.
    pub now: fn() -> Zoned,
    /// How often the runs were matched.
    #[cfg(test)]
    pub times: u32,
}

impl Default for Narrowed {
    fn default() -> Self {
        Self {
            field: FilterField::new(LONGEST),
            parsed: Parsed::default(),
            shown: Vec::new(),
            order: (RunColumn::Started, false),
            now: Zoned::now,
            #[cfg(test)]
            times: 0,
        }
    }
}

impl Narrowed {
    /// What was typed.
    pub fn text(&self) -> &str {
        self.field.text()
    }

    /// What is wrong with the filter.
    pub fn problem(&self) -> Option<&str> {
        self.parsed.problem.as_deref()
    }

    /// The field whose value is being typed.
    pub fn being_typed(&self) -> Option<filter::Field> {
        filter::field_at_end(self.text())
    }

    /// Places of the runs that match, in their order.
    pub fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// Changes the filter; the runs are matched anew where its text is another one then.
    pub fn change(&mut self, rows: &[RunRow], change: impl FnOnce(&mut FilterField)) {
        let before = self.text().to_owned();
        change(&mut self.field);
        if self.text() != before {
            self.refresh(rows);
        }
    }

    /// Matches the runs anew.
    pub fn refresh(&mut self, rows: &[RunRow]) {
        self.parsed = filter::parse(self.text(), &(self.now)());
        self.shown.clear();
        let matching = (0..)
            .zip(rows)
            .filter(|(_, row)| self.parsed.filter.matches(&row.facts));
        self.shown.extend(matching.map(|(place, _)| place));
        let (column, reversed) = self.order;
        self.shown
            .sort_by(|a, b| column.compare(&rows[*a], &rows[*b]));
        if reversed {
            self.shown.reverse();
        }
        #[cfg(test)]
        {
            self.times += 1;
        }
    }
}
