//! Pieces that several sections use: tables that scroll on their own, lists of sentences,
//! texts from outside.

use maud::{Markup, html};
use workbench_record::{Finding, Severity};

use crate::format;
use crate::tables::{Column, ReportTable};

/// A text from outside, cleaned, cut, and kept from turning the direction of what follows.
pub(super) fn outside(text: &str, longest: usize) -> Markup {
    html! { bdi { (format::clean(text, longest)) } }
}

/// A sentence whose numbers stay on the line of their unit.
pub(super) fn bound(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

/// Findings as a list under a heading; nothing without findings. Those that are not of the `usual`
/// severity say theirs.
pub(super) fn findings(title: &str, class: &str, usual: Severity, findings: &[Finding]) -> Markup {
    html! {
        @if !findings.is_empty() {
            section class=(class) {
                h2 { (title) }
                ul {
                    @for found in findings {
                        li class=(found.severity.word()) {
                            @if found.severity != usual { strong { (found.severity.word()) ": " } }
                            bdi { (bound(&format::clean(&found.text, 1000))) }
                        }
                    }
                }
            }
        }
    }
}

/// A table in a container of its own that scrolls sideways; nothing without rows.
pub(super) fn table(caption: &str, table: &ReportTable) -> Markup {
    html! {
        @if !table.rows.is_empty() {
            @let label = (!caption.is_empty()).then_some(caption);
            div.scroll role="region" aria-label=[label] tabindex="0" {
                table {
                    @if !caption.is_empty() { caption { (caption) } }
                    thead {
                        tr { @for column in &table.columns { (heading(column))  } }
                    }
                    tbody { @for row in &table.rows { (self::row(table, row)) } }
                }
            }
        }
    }
}

fn heading(column: &Column) -> Markup {
    // Only titles of several words may break.
    let class = match (column.numeric, column.title.contains(' ')) {
        (true, true) => Some("n"),
        (true, false) => Some("n w"),
        (false, true) => None,
        (false, false) => Some("w"),
    };
    html! { th scope="col" class=[class] { (column.title) } }
}

fn row(table: &ReportTable, row: &[String]) -> Markup {
    html! {
        tr {
            @for (i, (column, cell)) in table.columns.iter().zip(row).enumerate() {
                @if i == 0 {
                    th scope="row" class=[column.numeric.then_some("n")] { bdi { (cell) } }
                } @else if column.numeric {
                    td.n { (bound(cell)) }
                } @else if is_hash(cell) {
                    td { code { (cell) } }
                } @else {
                    td { bdi { (cell) } }
                }
            }
        }
    }
}

fn is_hash(text: &str) -> bool {
    text.len() >= 12 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Names and values.
pub(super) fn pairs(title: &str, rows: &[(String, String)]) -> Markup {
    html! {
        div {
            h3 { (title) }
            dl { @for (key, value) in rows { div { dt { bdi { (key) } } dd { bdi { (value) } } } } }
        }
    }
}
