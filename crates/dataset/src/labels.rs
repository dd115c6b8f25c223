//! The words of a column to predict, where they are classes.

use std::collections::BTreeMap;

/// More different words than this are no classes.
const MOST: usize = 1000;
/// In place of a word: the cell is missing.
const NONE: u32 = u32::MAX;

/// Words of a column, numbered as they come.
#[derive(Debug, Default)]
pub(super) struct ColumnLabels {
    words: BTreeMap<String, u32>,
    of_rows: Vec<u32>,
    too_many: bool,
}

impl ColumnLabels {
    /// Takes in the text of a row's cell; none for a missing one.
    pub(super) fn push(&mut self, text: Option<&str>) {
        let Some(text) = text.filter(|_| !self.too_many) else {
            self.of_rows.push(NONE);
            return;
        };
        let next = self.words.len() as u32;
        let number = match self.words.get(text) {
            Some(number) => *number,
            None if self.words.len() == MOST => {
                self.too_many = true;
                NONE
            }
            None => {
                self.words.insert(text.to_owned(), next);
                next
            }
        };
        self.of_rows.push(number);
    }

    /// The classes in alphabetical order, and the number of its class for each row, NaN where the
    /// cell is missing; `None` where there are too many.
    pub(super) fn classes(self) -> Option<(Vec<String>, Vec<f64>)> {
        if self.too_many {
            return None;
        }
        let mut place = vec![0.0; self.words.len()];
        for (at, number) in self.words.values().enumerate() {
            place[*number as usize] = at as f64;
        }
        let value = |number: &u32| place.get(*number as usize).copied().unwrap_or(f64::NAN);
        let values = self.of_rows.iter().map(value).collect();
        Some((self.words.into_keys().collect(), values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_numbered_in_alphabetical_order() {
        let mut labels = ColumnLabels::default();
        for text in [Some("rose"), Some("iris"), None, Some("rose")] {
            labels.push(text);
        }
        let (words, values) = labels.classes().unwrap();
        assert_eq!(words, ["iris", "rose"]);
        assert_eq!((values[0], values[1], values[3]), (1.0, 0.0, 1.0));
        assert!(values[2].is_nan());
    }

    #[test]
    fn names_of_people_are_no_classes() {
        let mut labels = ColumnLabels::default();
        for number in 0..=MOST {
            labels.push(Some(&number.to_string()));
        }
        assert!(labels.classes().is_none());
    }
}
