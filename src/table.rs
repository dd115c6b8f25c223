//! Aligned columns for the terminal.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, presets};

/// A table without lines: columns separated by two blanks.
pub struct TextTable {
    inner: comfy_table::Table,
}

impl TextTable {
    /// An empty table.
    pub fn new() -> Self {
        let mut inner = comfy_table::Table::new();
        inner.load_style(presets::NOTHING);
        inner.set_content_arrangement(ContentArrangement::Disabled);
        Self { inner }
    }

    /// Sets the header.
    pub fn header(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.inner
            .set_header(cells.into_iter().map(Into::into).collect::<Vec<String>>());
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.inner
            .add_row(cells.into_iter().map(Into::into).collect::<Vec<String>>());
    }

    /// The lines, indented, without trailing blanks.
    pub fn render(&self, indent: usize) -> String {
        let margin = " ".repeat(indent);
        let lines = self.inner.to_string();
        let mut out = String::new();
        for line in lines.lines() {
            // comfy-table pads every cell by one blank on either side.
            let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
            let _ = writeln!(out, "{margin}{line}");
        }
        out
    }
}
