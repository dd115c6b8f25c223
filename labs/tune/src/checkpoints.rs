//! The states of trials: in memory for who goes on with them, and in files for after a kill.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fs, io};

use workbench_search::{Checkpoint, TrialId};

/// The checkpoints of a search.
pub struct KeptStates {
    dir: PathBuf,
    /// Those in memory, by trial and budget. Who is not there is read from its file.
    kept: BTreeMap<(TrialId, u64), Arc<Vec<u8>>>,
    /// In which order they came, the oldest first; some may be gone.
    order: VecDeque<(TrialId, u64)>,
    /// Those that have a file.
    files: BTreeSet<(TrialId, u64)>,
    /// Bytes of those in memory.
    bytes: usize,
    /// Whether older states of a trial are wanted as well, because others go on from them.
    all: bool,
    /// Files that nobody needs any more, and since when. They go only after the record has surely
    /// been written that says so: after a kill it must not name a file that is gone.
    doomed: VecDeque<(Instant, PathBuf)>,
}

/// Bytes of checkpoints in memory at most: a search can have any number of paused trials.
const IN_MEMORY: usize = 64 << 20;
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
            order: VecDeque::new(),
            files: BTreeSet::new(),
            bytes: 0,
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
        self.hold((at.trial, at.budget), bytes);
    }

    /// Holds a checkpoint in memory, and lets the oldest go where there are too many.
    fn hold(&mut self, place: (TrialId, u64), bytes: Arc<Vec<u8>>) {
        self.drop_from_memory(place);
        self.bytes += bytes.len();
        self.files.insert(place);
        self.kept.insert(place, bytes);
        self.order.push_back(place);
        while self.bytes > IN_MEMORY
            && self.kept.len() > 1
            && let Some(oldest) = self.order.pop_front()
        {
            self.drop_from_memory(oldest);
        }
    }

    fn drop_from_memory(&mut self, place: (TrialId, u64)) {
        if let Some(bytes) = self.kept.remove(&place) {
            self.bytes -= bytes.len();
        }
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
        let old = self.files.range((trial, 0)..=(trial, u64::MAX));
        let old: Vec<u64> = old.map(|(_, budget)| *budget).collect();
        for budget in old.into_iter().filter(|budget| Some(*budget) != but) {
            self.drop_from_memory((trial, budget));
            self.files.remove(&(trial, budget));
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
        self.hold((at.trial, at.budget), Arc::clone(&bytes));
        Some(bytes)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may end on the spot")]
mod tests {
    use super::*;

    #[test]
    fn what_memory_does_not_hold_is_read_from_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let mut states = KeptStates::new(dir.path(), true).unwrap();
        let at = |trial: u64| Checkpoint {
            trial: TrialId(trial),
            budget: 1,
        };
        for trial in 0..5 {
            let bytes = vec![trial as u8; IN_MEMORY / 2];
            KeptStates::write(dir.path(), at(trial), &bytes).unwrap();
            states.keep(at(trial), Arc::new(bytes));
        }
        assert_eq!(states.kept.len(), 2);
        assert_eq!(states.bytes, IN_MEMORY);
        for trial in 0..5 {
            assert_eq!(states.get(at(trial)).unwrap()[0], trial as u8);
        }
        assert_eq!((states.kept.len(), states.bytes), (2, IN_MEMORY));
        states.keep(at(4), Arc::new(vec![9]));
        assert_eq!(states.bytes, IN_MEMORY / 2 + 1);
    }
}
