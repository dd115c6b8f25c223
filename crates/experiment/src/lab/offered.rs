//! Commands that a lab offers about its runs, beyond what all labs have: `workbench LAB COMMAND
//! RUN`.

use std::path::PathBuf;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;
use workbench_record::{Params, Snapshot};

use super::params::ParamSpec;

/// A command as `lab.toml` defines it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabCommand {
    /// Its name, as it is typed.
    pub name: String,
    /// What it does, in one sentence.
    pub summary: String,
    /// Its options by name, as they are typed after `--`.
    #[serde(default, rename = "option")]
    pub options: IndexMap<String, ParamSpec>,
}

/// What a command is about.
#[derive(Debug, Clone, Copy)]
pub struct CommandInput<'a> {
    /// The id of the run.
    pub run_id: &'a str,
    /// The run so far.
    pub snapshot: &'a Snapshot,
    /// All options, defaults filled in.
    pub options: &'a Params,
}

/// What a command gives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CommandOutput {
    /// Sentences, each a line.
    pub said: Vec<String>,
    /// Tables, below the sentences.
    pub tables: Vec<OutputTable>,
    /// The same as a document, for programs.
    pub document: Value,
    /// Files to write.
    pub files: Vec<(PathBuf, Vec<u8>)>,
}

/// A table that a command gives. All texts are plain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutputTable {
    /// What it shows.
    pub title: String,
    /// The titles of its columns.
    pub header: Vec<String>,
    /// Its rows, each as long as the header.
    pub rows: Vec<Vec<String>>,
}
