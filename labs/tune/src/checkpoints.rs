//! The states of trials: in memory for who goes on with them, and in files for after a kill.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fs, io};

use workbench_search::{Checkpoint, TrialId};

/// The checkpoints of a search.
pub struct KeptStates {
    dir: PathBuf,
    /// By trial and budget.
    kept: BTreeMap<(TrialId, u64), Arc<Vec<u8>>>,
    /// Whether older states of a trial are wanted as well, because others go on from them.
    all: bool,
    /// Files that nobody needs any more, and since when. They go only after the record has surely
    /// been written that says so: after a kill it must not name a file that is gone.
    doomed: VecDeque<(Instant, PathBuf)>,
}

/// How long a file stays that nobody needs.
const LINGERS: Duration = Duration::from_secs(2);

impl KeptStates {
    /// In a directory, which is made. Where `all`, older states of a trial are kept too.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn new(dir: &Path, all: bool) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        Ok(Self {
            dir: dir.to_owned(),
            kept: BTreeMap::new(),
            all,
            doomed: VecDeque::new(),
        })
    }

    /// The file of a checkpoint.
    pub fn file(dir: &Path, at: Checkpoint) -> PathBuf {
        dir.join(format!("trial-{}-{}", at.trial, at.budget))
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes a checkpoint in one step: a kill leaves a whole file or none.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(dir: &Path, at: Checkpoint, bytes: &[u8]) -> io::Result<()> {
        let (file, draft) = (Self::file(dir, at), dir.join(format!("draft-{}", at.trial)));
        fs::write(&draft, bytes)?;
        fs::rename(&draft, file)
    }

    /// Keeps a checkpoint that was written, and drops the older ones of its trial.
    pub fn keep(&mut self, at: Checkpoint, bytes: Arc<Vec<u8>>) {
        if !self.all {
            self.forget(at.trial, Some(at.budget));
        }
        self.kept.insert((at.trial, at.budget), bytes);
    }

    /// Drops what there is of a trial that is over.
    pub fn end(&mut self, trial: TrialId) {
        if !self.all {
            let dir = Self::folder(&self.dir, trial);
            self.doomed.push_back((Instant::now(), dir));
            self.forget(trial, None);
        }
    }

    /// The folder of a trial that is a process.
    pub fn folder(dir: &Path, trial: TrialId) -> PathBuf {
        dir.join(format!("program-{trial}"))
    }

    fn forget(&mut self, trial: TrialId, but: Option<u64>) {
        let old = self.kept.range((trial, 0)..=(trial, u64::MAX));
        let old: Vec<u64> = old.map(|((_, budget), _)| *budget).collect();
        for budget in old.into_iter().filter(|budget| Some(*budget) != but) {
            self.kept.remove(&(trial, budget));
            let file = Self::file(&self.dir, Checkpoint { trial, budget });
            self.doomed.push_back((Instant::now(), file));
        }
        while let Some((since, file)) = self.doomed.front() {
            if since.elapsed() < LINGERS {
                break;
            }
            // What stays does no harm: the directory goes with the repeat.
            let _ = fs::remove_file(file).or_else(|_| fs::remove_dir_all(file));
            self.doomed.pop_front();
        }
    }

    /// A checkpoint, from memory or from its file.
    pub fn get(&mut self, at: Checkpoint) -> Option<Arc<Vec<u8>>> {
        if let Some(bytes) = self.kept.get(&(at.trial, at.budget)) {
            return Some(Arc::clone(bytes));
        }
        let bytes = Arc::new(fs::read(Self::file(&self.dir, at)).ok()?);
        self.kept.insert((at.trial, at.budget), Arc::clone(&bytes));
        Some(bytes)
    }
}
