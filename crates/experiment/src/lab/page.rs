//! Reads the page that a lab shows beside its results from the document that it also is, so that
//! the two cannot differ.
//!
//! Of Markdown it knows what such pages need: headings, paragraphs, lists, tables, code words and
//! links. Everything else is text.

use workbench_record::{LabPage, PageBlock, PageColumn, PageTable};

/// The page of a document in Markdown. A column whose heading has the name of one of the `arms` as
/// a code word is about that arm; below the first table that has such columns, reports show these
/// `figures` of a run.
pub fn page(markdown: &str, arms: &[&str], figures: &[&str]) -> LabPage {
    let mut reader = Reader::default();
    for line in markdown.lines() {
        reader.line(line, arms);
    }
    reader.end_block();
    let mut page = reader.page;
    let is_of_arms = |table: &&mut PageTable| table.columns.iter().any(|c| c.arm.is_some());
    let mut tables = page.blocks.iter_mut().filter_map(|block| match block {
        PageBlock::Table(table) => Some(table),
        _ => None,
    });
    if let Some(table) = tables.find(is_of_arms) {
        table.figures = figures.iter().map(|name| (*name).to_owned()).collect();
    }
    page
}

#[derive(Default)]
struct Reader {
    page: LabPage,
    open: Option<PageBlock>,
}

impl Reader {
    fn line(&mut self, line: &str, arms: &[&str]) {
        if let Some(cells) = cells(line) {
            return self.row(&cells, arms);
        }
        if let Some(title) = line.strip_prefix("# ") {
            self.end_block();
            self.page.title = plain(title);
        } else if let Some(title) = line.strip_prefix("## ") {
            self.end_block();
            self.page.blocks.push(PageBlock::Heading(plain(title)));
        } else if line.trim().is_empty() {
            self.end_block();
        } else if let Some(point) = line.strip_prefix("- ") {
            self.end_block();
            self.open = Some(PageBlock::Point(point.to_owned()));
        } else if let Some(PageBlock::Text(text) | PageBlock::Point(text)) = &mut self.open {
            text.push(' ');
            text.push_str(line.trim());
        } else {
            self.end_block();
            self.open = Some(PageBlock::Text(line.to_owned()));
        }
    }

    fn row(&mut self, cells: &[&str], arms: &[&str]) {
        if let Some(PageBlock::Table(table)) = &mut self.open {
            let is_rule = cells
                .iter()
                .all(|cell| cell.bytes().all(|b| b"-:".contains(&b)));
            if !is_rule || cells.iter().all(|cell| cell.is_empty()) {
                let row = cells.iter().map(|cell| plain(cell));
                table.rows.push(row.collect());
            }
            return;
        }
        self.end_block();
        let column = |cell: &&str| PageColumn {
            title: plain(cell),
            arm: code_words(cell)
                .find(|word| arms.contains(word))
                .map(str::to_owned),
        };
        self.open = Some(PageBlock::Table(PageTable {
            columns: cells.iter().map(column).collect(),
            ..PageTable::default()
        }));
    }

    fn end_block(&mut self) {
        let block = match self.open.take() {
            Some(PageBlock::Text(text)) => PageBlock::Text(plain(&text)),
            Some(PageBlock::Point(text)) => PageBlock::Point(plain(&text)),
            Some(block) => block,
            None => return,
        };
        self.page.blocks.push(block);
    }
}

/// The cells of a line of a table.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(str::trim).collect())
}

fn code_words(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// A text without the marks of Markdown: code words stay, of links the words stay.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.trim();
    while let Some((before, link)) = rest.split_once('[') {
        let parts = link
            .split_once("](")
            .and_then(|(words, after)| Some((words, after.split_once(')')?.1)));
        plain.push_str(before);
        let Some((words, after)) = parts else {
            plain.push('[');
            rest = link;
            continue;
        };
        plain.push_str(words);
        rest = after;
    }
    plain.push_str(rest);
    plain.replace("**", "").replace('`', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_becomes_a_page_with_columns_of_arms() {
        let page = page(
            "# Who [does](x.md) what\n\nOne\ntwo.\n\n| | by hand (`ddp`) | `torchrun` |\n|---|---|:--|\n| starts | a | **b** |\n| | | |\n\n## Claims\n\n- \"All\"\n  of it.\n- No.\n",
            &["ddp", "launcher"],
            &["images_per_s"],
        );
        assert_eq!(page.title, "Who does what");
        let [
            PageBlock::Text(text),
            PageBlock::Table(table),
            PageBlock::Heading(_),
            points @ ..,
        ] = page.blocks.as_slice()
        else {
            panic!("{page:?}");
        };
        assert_eq!(text, "One two.");
        let arms: Vec<_> = table.columns.iter().map(|c| c.arm.as_deref()).collect();
        assert_eq!(arms, [None, Some("ddp"), None]);
        assert_eq!(table.rows, [["starts", "a", "b"], ["", "", ""]]);
        assert_eq!(table.figures, ["images_per_s"]);
        let point = |text: &str| PageBlock::Point(text.to_owned());
        assert_eq!(points, [point("\"All\" of it."), point("No.")]);
    }
}
