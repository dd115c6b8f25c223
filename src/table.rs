//! Aligned columns for the terminal, and something to read where they do not fit.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, presets};
use workbench_tui::text::{width, wrap_words};

/// A table without lines: columns separated by two blanks.
#[derive(Default)]
pub struct TextTable {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl TextTable {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the header.
    pub fn header(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.header = cells.into_iter().map(Into::into).collect();
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The lines, indented, without trailing blanks. Where the table is wider than `columns`, every
    /// row is a paragraph instead: its first cell, and below it every other one after its title.
    pub fn render(&self, indent: usize, columns: usize) -> String {
        let margin = " ".repeat(indent);
        let mut out = String::new();
        for line in self.aligned().lines() {
            // comfy-table pads every cell by one blank on either side.
            let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
            let _ = writeln!(out, "{margin}{line}");
        }
        if out.lines().all(|line| width(line) <= columns) {
            out
        } else {
            self.paragraphs(&margin, columns)
        }
    }

    fn aligned(&self) -> String {
        let mut inner = comfy_table::Table::new();
        inner.load_style(presets::NOTHING);
        inner.set_content_arrangement(ContentArrangement::Disabled);
        if !self.header.is_empty() {
            inner.set_header(self.header.clone());
        }
        for row in &self.rows {
            inner.add_row(row.clone());
        }
        inner.to_string()
    }

    fn paragraphs(&self, margin: &str, columns: usize) -> String {
        let mut out = String::new();
        for row in &self.rows {
            let Some((first, rest)) = row.split_first() else {
                continue;
            };
            out.push_str(&wrap_words(first, columns, margin, margin));
            let titles = self.header.iter().skip(1).map(String::as_str);
            let titled = titles.chain(std::iter::repeat("")).zip(rest);
            let told = titled.filter(|(_, cell)| !cell.trim().is_empty());
            let told: Vec<String> = told
                .map(|(title, cell)| format!("{title} {}", cell.trim()).trim().to_owned())
                .collect();
            let deeper = format!("{margin}  ");
            out.push_str(&wrap_words(&told.join(", "), columns, &deeper, &deeper));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_does_not_fit_becomes_paragraphs() {
        let mut table = TextTable::new();
        table.header(["arm", "workers", "wall", "95 % interval"]);
        table.row(["sequential", "1", "2.31 s", "—"]);
        table.row(["tasks", "2", "1.22 s", "1.84 to 1.90"]);
        let wide = table.render(2, 80);
        assert_eq!(wide.lines().count(), 3);
        assert!(wide.contains("workers  wall"), "{wide}");
        let narrow = table.render(2, 40);
        assert!(narrow.lines().all(|line| width(line) <= 40), "{narrow}");
        assert_eq!(
            narrow.lines().collect::<Vec<_>>()[..2],
            ["  sequential", "    workers 1, wall 2.31 s, 95 %"]
        );
        assert!(narrow.contains("1.84 to 1.90"), "{narrow}");
    }
}
