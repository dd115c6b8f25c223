//! The page that a lab shows beside its results, with what this run measured.

use workbench_record::{LabPage, PageBlock, PageTable};
use workbench_result::{ArmResult, RunResult};

use super::arms::one_each;
use super::tables::ReportTable;
use super::{format, label};

/// Characters of a cell that are shown, and of a paragraph.
const LONGEST: usize = 300;
const LONGEST_TEXT: usize = 2000;

/// A block as it is written.
pub(super) enum Shown {
    Heading(String),
    Text(String),
    Points(Vec<String>),
    Table(ReportTable),
}

/// The blocks of the lab's page, points that follow each other together.
pub(super) fn blocks(result: &RunResult, page: &LabPage) -> Vec<Shown> {
    let text = |text: &str| format::clean(text, LONGEST_TEXT);
    let mut shown = Vec::new();
    for block in &page.blocks {
        match block {
            PageBlock::Heading(title) => shown.push(Shown::Heading(text(title))),
            PageBlock::Text(words) => shown.push(Shown::Text(text(words))),
            PageBlock::Table(table) => shown.push(Shown::Table(self::table(result, table))),
            PageBlock::Point(words) => match shown.last_mut() {
                Some(Shown::Points(points)) => points.push(text(words)),
                _ => shown.push(Shown::Points(vec![text(words)])),
            },
        }
    }
    shown
}

/// A table of the page, and below it the figures that this run measured for its arms.
fn table(result: &RunResult, table: &PageTable) -> ReportTable {
    let clean = |text: &String| format::clean(text, LONGEST);
    let mut shown = ReportTable::new(&[]);
    for column in &table.columns {
        shown.column(clean(&column.title), false);
    }
    let width = table.columns.len();
    shown.rows = table
        .rows
        .iter()
        .map(|row| (0..width).map(|i| row.get(i).map_or_else(String::new, clean)))
        .map(Iterator::collect)
        .collect();
    let arms = one_each(result);
    for figure in &table.figures {
        let cells = table.columns.iter().map(|column| {
            let arm = arms
                .iter()
                .find(|arm| Some(&arm.name) == column.arm.as_ref())?;
            measured(result, arm, figure)
        });
        let cells: Vec<Option<String>> = cells.collect();
        if cells.iter().any(Option::is_some) {
            let mut row: Vec<String> = cells.into_iter().map(Option::unwrap_or_default).collect();
            let name = label::label(&result.lab_facts, figure);
            row[0] = format!("{name}, measured in this run");
            shown.rows.push(row);
        }
    }
    shown
}

fn measured(result: &RunResult, arm: &ArmResult, figure: &str) -> Option<String> {
    let value = arm.quality.get(figure)?;
    Some(label::value(&result.lab_facts, figure, value))
}
