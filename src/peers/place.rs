//! Where the environment of a lab's peers lies.

use std::path::{Path, PathBuf};

use workbench_digest::Hasher;
use workbench_experiment::lab::{LabDefinition, PeersDefinition};

use crate::libtorch::CacheFolder;

/// The variable that names a Python to use instead of our own environments.
const VARIABLE: &str = "WORKBENCH_PEERS_PYTHON";
/// Letters of the hash in a folder's name.
const LETTERS: usize = 12;

/// The environment of the peers of one lab. Its name has a hash of the releases that are installed,
/// so that another list makes another environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeersPlace {
    /// The lab.
    pub lab: String,
    /// What is installed.
    pub packages: PeersDefinition,
    /// The folder of the environment.
    pub folder: PathBuf,
}

impl PeersPlace {
    /// The place for a lab; `None` for a lab without peers.
    pub fn of(lab: &LabDefinition, cache: &CacheFolder) -> Option<Self> {
        let packages = lab.peers.clone()?;
        let mut hasher = Hasher::default();
        hasher.update(packages.requirements().join("\n").as_bytes());
        let hash: String = hasher.finish().chars().take(LETTERS).collect();
        let folder = cache
            .root()
            .join("peers")
            .join(format!("{}-{hash}", lab.name));
        Some(Self {
            lab: lab.name.clone(),
            packages,
            folder,
        })
    }

    /// Its Python.
    pub fn python(&self) -> PathBuf {
        self.folder.join("bin").join("python3")
    }

    /// The file that is written when everything is installed.
    pub fn mark(&self) -> PathBuf {
        self.folder.join("installed.txt")
    }

    /// Whether everything is installed.
    pub fn is_whole(&self) -> bool {
        let written = std::fs::read_to_string(self.mark()).unwrap_or_default();
        written == self.wanted()
    }

    /// What the mark says.
    pub fn wanted(&self) -> String {
        self.packages.requirements().join("\n") + "\n"
    }

    /// The Python that peers run with: the one that the variable names, else that of the
    /// environment, where it is whole.
    pub fn python_to_use(&self) -> Option<PathBuf> {
        let named = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
        let named = named.and_then(|path| std::path::absolute(Path::new(&path)).ok());
        named.or_else(|| self.is_whole().then(|| self.python()))
    }
}
