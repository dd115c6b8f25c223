//! The states of trials: in memory for who goes on with them, and in files for after a kill.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use workbench_experiment::lab::{ArmRecord, RecordMark};
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
    /// Files that nobody needs any more, and what the record has to hold before they go: after a
    /// kill it must not name a file that is gone.
    doomed: VecDeque<(RecordMark, PathBuf)>,
}

/// Bytes of checkpoints in memory at most: a search can have any number of paused trials.
const IN_MEMORY: usize = 64 << 20;

impl KeptStates {
    /// In a directory, which is made, or has those of an earlier part of the run.
    ///
    /// # Errors
    /// When the directory cannot be made or read.
    pub fn new(dir: &Path) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let mut files = BTreeSet::new();
        for entry in fs::read_dir(dir)? {
            files.extend(entry?.file_name().to_str().and_then(Self::named));
        }
        Ok(Self {
            dir: dir.to_owned(),
            kept: BTreeMap::new(),
            order: VecDeque::new(),
            files,
            bytes: 0,
            doomed: VecDeque::new(),
        })
    }

    /// The file of a checkpoint.
    pub fn file(dir: &Path, at: Checkpoint) -> PathBuf {
        dir.join(format!("trial-{}-{}", at.trial, at.budget))
    }

    /// The trial and the budget of a file with this name.
    fn named(name: &str) -> Option<(TrialId, u64)> {
        let (trial, budget) = name.strip_prefix("trial-")?.split_once('-')?;
        Some((TrialId(trial.parse().ok()?), budget.parse().ok()?))
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

    /// Keeps a checkpoint that was written.
    pub fn keep(&mut self, at: Checkpoint, bytes: Arc<Vec<u8>>) {
        self.hold((at.trial, at.budget), bytes);
    }

    /// The trials that have files.
    pub fn trials(&self) -> BTreeSet<TrialId> {
        self.files.iter().map(|(trial, _)| *trial).collect()
    }

    /// Drops the checkpoints of a trial that nobody `needs` any more, as the `record` says.
    pub fn tidy(
        &mut self,
        trial: TrialId,
        needs: impl Fn(Checkpoint) -> bool,
        record: &dyn ArmRecord,
    ) {
        let all = self.files.range((trial, 0)..=(trial, u64::MAX));
        let all = all.map(|(trial, budget)| Checkpoint {
            trial: *trial,
            budget: *budget,
        });
        for at in all.filter(|at| !needs(*at)).collect::<Vec<_>>() {
            let place = (at.trial, at.budget);
            self.drop_from_memory(place);
            self.files.remove(&place);
            self.doom(Self::file(&self.dir, at), record);
        }
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

    /// Drops the folder of a trial that is over, as the `record` says.
    pub fn end(&mut self, trial: TrialId, record: &dyn ArmRecord) {
        self.doom(Self::folder(&self.dir, trial), record);
    }

    /// The folder of a trial that is a process.
    pub fn folder(dir: &Path, trial: TrialId) -> PathBuf {
        dir.join(format!("program-{trial}"))
    }

    /// Removes a file or a folder once it is written that nobody needs it, and those before it.
    fn doom(&mut self, path: PathBuf, record: &dyn ArmRecord) {
        self.doomed.push_back((record.mark(), path));
        while let Some((mark, file)) = self.doomed.front() {
            if !record.is_written(*mark) {
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
    use std::sync::atomic::{AtomicBool, Ordering};

    use workbench_experiment::lab::ArmMessage;

    use super::*;

    /// A record that is written when it is told.
    #[derive(Default)]
    struct Unwritten {
        is_written: AtomicBool,
    }

    impl ArmRecord for Unwritten {
        fn record(&self, _: u64, _: ArmMessage) {}

        fn mark(&self) -> RecordMark {
            RecordMark::default()
        }

        fn is_written(&self, _: RecordMark) -> bool {
            self.is_written.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn what_memory_does_not_hold_is_read_from_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let mut states = KeptStates::new(dir.path()).unwrap();
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

    #[test]
    fn what_nobody_needs_goes_also_what_an_earlier_part_left() {
        let dir = tempfile::tempdir().unwrap();
        let at = |trial: u64, budget: u64| Checkpoint {
            trial: TrialId(trial),
            budget,
        };
        for (trial, budget) in [(0, 1), (0, 3), (7, 1)] {
            KeptStates::write(dir.path(), at(trial, budget), &[1]).unwrap();
        }
        fs::create_dir(KeptStates::folder(dir.path(), TrialId(7))).unwrap();
        let mut states = KeptStates::new(dir.path()).unwrap();
        assert_eq!(states.trials(), BTreeSet::from([TrialId(0), TrialId(7)]));
        let record = Unwritten::default();
        states.tidy(TrialId(0), |state| state.budget == 3, &record);
        states.tidy(TrialId(7), |_| false, &record);
        states.end(TrialId(7), &record);
        assert_eq!(states.files, BTreeSet::from([(TrialId(0), 3)]));
        // They stay until the record is written that says so.
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4);
        record.is_written.store(true, Ordering::Relaxed);
        states.end(TrialId(9), &record);
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
        assert!(KeptStates::file(dir.path(), at(0, 3)).exists());
    }
}
