//! The manifest of a hand-in: what is inside, and what its parts have to add up to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use workbench_digest::Hasher;
use workbench_machine::MachineFacts;
use workbench_record::{RunConfig, RunStarted, RunStatus, Snapshot};

use crate::chain::Chain;
use crate::missing::MissingPart;

/// Version of the manifest's format.
pub const FORMAT: u32 = 1;

/// The manifest's name in the archive.
pub const MANIFEST: &str = "manifest.json";

/// What a hand-in says about itself. Everything but the list of files follows from the files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the form of hand-ins.
    pub format: u32,
    /// The program that packed it.
    pub program: PackedBy,
    /// It was handed in although something is missing.
    pub draft: bool,
    /// What is missing in a draft.
    pub missing: Vec<MissingPart>,
    /// The assignment that it was made for.
    pub assignment: Option<AssignmentFacts>,
    /// The runs, in the order in which they were named.
    pub runs: Vec<RunFacts>,
    /// All other files.
    pub files: Vec<FileFacts>,
    /// SHA-256 of this document as compact JSON with this field empty, in hexadecimal.
    pub sha256: String,
}

/// The program that packed a hand-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedBy {
    /// Version of workbench.
    pub version: String,
    /// Its commit, with `+` appended when the tree had changes.
    pub commit: Option<String>,
    /// SHA-256 of its file, in hexadecimal.
    pub sha256: Option<String>,
    /// `release` or `debug`.
    pub build_profile: String,
    /// The compiler that built it.
    pub compiler: String,
}

impl PackedBy {
    /// The program of which a machine's facts speak.
    pub fn of(machine: &MachineFacts) -> Self {
        Self {
            version: machine.workbench_version.clone(),
            commit: machine.workbench_commit.clone(),
            sha256: machine.program_sha256.clone(),
            build_profile: machine.build_profile.clone(),
            compiler: machine.compiler.clone(),
        }
    }
}

/// Which assignment a hand-in was made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentFacts {
    /// Its title.
    pub title: String,
    /// SHA-256 of its file, in hexadecimal.
    pub sha256: String,
    /// Its nonce.
    pub nonce: Option<String>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunFacts {
    /// The folder of its files.
    pub folder: String,
    /// Its id.
    pub run_id: String,
    /// How it ended.
    pub status: RunStatus,
    /// The configuration with all seeds.
    pub config: RunConfig,
    /// SHA-256 of the data, in hexadecimal; `None` for a lab without data.
    pub data_sha256: Option<String>,
    /// SHA-256 of the split into training and test rows, in hexadecimal; `None` for a lab without.
    pub split_sha256: Option<String>,
    /// Software beside the program that did work of the lab, such as libtorch: names and versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub software: BTreeMap<String, String>,
    /// The machine and the program at the run's first start.
    pub machine: MachineFacts,
    /// The log.
    pub log: LogFacts,
}

impl RunFacts {
    /// What follows from a log and its chain.
    pub fn of(folder: &str, snapshot: &Snapshot, started: &RunStarted, chain: &Chain) -> Self {
        Self {
            folder: folder.to_owned(),
            run_id: started.run_id.clone(),
            status: snapshot.status,
            config: started.config.clone(),
            data_sha256: started.data_sha256.clone(),
            split_sha256: started.split_sha256.clone(),
            software: started.software.clone(),
            machine: started.machine.clone(),
            log: LogFacts {
                lines: chain.lines(),
                head: chain.head().to_owned(),
                links: chain.links().to_vec(),
            },
        }
    }
}

/// The chain of a log, hashed record by record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFacts {
    /// How many lines it has.
    pub lines: u64,
    /// The hash of all of them.
    pub head: String,
    /// Links in between.
    pub links: Vec<String>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// Its name in the archive.
    pub name: String,
    /// Its size, in bytes.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

impl FileFacts {
    /// The facts of a file's content.
    pub fn of(name: &str, content: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            bytes: content.len() as u64,
            sha256: sha256(content),
        }
    }
}

/// SHA-256 of bytes, in hexadecimal.
pub fn sha256(content: &[u8]) -> String {
    let mut hasher = Hasher::default();
    hasher.update(content);
    hasher.finish()
}

impl Manifest {
    /// The manifest with its own hash.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.sha256 = self.own_sha256();
        self
    }

    /// The hash that it has to have.
    pub fn own_sha256(&self) -> String {
        let mut open = self.clone();
        open.sha256.clear();
        // Writing to memory fails for no manifest; an empty one has a hash that fits none.
        sha256(&serde_json::to_vec(&open).unwrap_or_default())
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// What is wrong, in one line.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestProblem> {
        if let Ok(Head { format }) = serde_json::from_slice(bytes)
            && format > FORMAT
        {
            return Err(ManifestProblem::Newer(format));
        }
        serde_json::from_slice(bytes).map_err(|error| ManifestProblem::Unreadable {
            line: error.line(),
            column: error.column(),
        })
    }
}

#[derive(Deserialize)]
struct Head {
    format: u32,
}

/// Why a manifest is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestProblem {
    /// It is of a newer format than this program knows.
    Newer(u32),
    /// It is no manifest; where the reader gave up.
    Unreadable {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
}
