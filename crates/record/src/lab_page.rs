//! A page that a lab shows beside its results: what people want to compare with them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A page: its blocks in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LabPage {
    /// Its heading.
    pub title: String,
    /// What follows.
    pub blocks: Vec<PageBlock>,
}

/// A part of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PageBlock {
    /// A heading of a section.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// A point of a list.
    Point(String),
    /// A table.
    Table(PageTable),
}

/// A table of a page, some of whose columns are arms of the lab.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PageTable {
    /// The columns, the first of which names the rows.
    pub columns: Vec<PageColumn>,
    /// The cells, row by row, as many as there are columns.
    pub rows: Vec<Vec<String>>,
    /// Figures of the run that reports show below the rows, in the columns of arms.
    pub figures: Vec<String>,
}

/// A column of such a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PageColumn {
    /// Its heading.
    pub title: String,
    /// The arm that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arm: Option<String>,
}
