//! Writes the event log off the hot path: callers queue a fact and continue; one thread writes.
//!
//! No event is dropped silently: when writing fails, the next [`Recorder::sync`] returns the error,
//! nothing more is written, and the run stops ([`Recorder::give_up`]). What is queued is written at
//! once, so a killed process leaves at most one unfinished line. Whoever records faster than the
//! log can be written is slowed down once [`QUEUE`] events wait; memory does not grow.
//!
//! What is written outlives this process, and a failure of the power only once it is on the disk.
//! Waiting for a disk takes longer than a short repeat, so repeats that follow each other fast
//! share one wait ([`Recorder::settle`]): such a failure costs what was recorded in the last
//! [`AT_RISK`] at most.

use std::fs::{File, OpenOptions};
use std::io;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::error::RecordError;
use super::event::{Event, Record};
use super::lock::Lock;
use super::log_file::{LinesToWrite, LogFile};
use workbench_clock::{Clock, thread_cpu_ns};

/// Called with every record once it is in the log, on the writer's thread.
pub type Subscriber = Box<dyn FnMut(&Record) + Send>;

/// Events that wait to be written at most.
pub const QUEUE: usize = 8192;

/// How long what was settled may be written and not yet on the disk.
pub const AT_RISK: Duration = Duration::from_millis(100);
/// Time after which settling waits for the disk: before the writer would have to do it by itself,
/// and so while whoever settles is not measuring anything.
const SETTLE_EVERY: Duration = Duration::from_millis(50);

enum Message {
    Record(Record),
    Sync(Sender<()>),
    Settle(Sender<()>),
    /// The last records of a run that could not go on.
    Last(Vec<Record>),
}

/// The writing end of a run's event log. Clones write to the same log.
#[derive(Clone)]
pub struct Recorder {
    clock: Clock,
    sender: SyncSender<Message>,
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    /// Records that were given, and how many of them are in the log.
    given: AtomicU64,
    written: AtomicU64,
    cpu_ns: AtomicU64,
    error: Mutex<Option<io::Error>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Whether the log is locked against other processes.
    locked: bool,
}

/// A place between two records of a log ([`Recorder::mark`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct RecordMark(u64);

/// Asks for the lock of a log; tests have others.
type AskLock = fn(&File) -> io::Result<Lock>;

impl Recorder {
    /// Starts the log of a new run. The file is locked for as long as the recorder lives, where the
    /// file system has locks ([`Recorder::is_locked`]).
    ///
    /// # Errors
    /// When the file exists already or cannot be created, or the writer's thread cannot be started.
    pub fn create(path: &Path, clock: Clock, subscriber: Subscriber) -> Result<Self, RecordError> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(|source| RecordError::io("create", path, source))?;
        let started = Self::start((file, path), 0, clock, subscriber, Lock::exclusive);
        if started.is_err() {
            // Nothing was recorded, so there is nothing to go on with either.
            let _ = std::fs::remove_file(path);
        }
        started
    }

    /// Continues an existing log after its first `keep_bytes` bytes; the rest is cut off.
    ///
    /// # Errors
    /// [`RecordError::InUse`] when another process is writing to the log; else as
    /// [`Recorder::create`].
    pub fn append(
        path: &Path,
        keep_bytes: u64,
        clock: Clock,
        subscriber: Subscriber,
    ) -> Result<Self, RecordError> {
        let file = OpenOptions::new()
            .write(true)
            .open(path)
            .map_err(|source| RecordError::io("open", path, source))?;
        Self::start((file, path), keep_bytes, clock, subscriber, Lock::exclusive)
    }

    fn start(
        (file, path): (File, &Path),
        keep_bytes: u64,
        clock: Clock,
        subscriber: Subscriber,
        ask: AskLock,
    ) -> Result<Self, RecordError> {
        let locked = match ask(&file).map_err(|source| RecordError::io("lock", path, source))? {
            Lock::Held => true,
            Lock::Unsupported => false,
            Lock::Taken => {
                return Err(RecordError::InUse {
                    path: path.to_owned(),
                });
            }
        };
        let log = LogFile::after(file, keep_bytes)
            .map_err(|source| RecordError::io("open", path, source))?;
        let (sender, receiver) = mpsc::sync_channel(QUEUE);
        let shared = Arc::new(Shared {
            path: path.to_owned(),
            given: AtomicU64::new(0),
            written: AtomicU64::new(0),
            cpu_ns: AtomicU64::new(0),
            error: Mutex::new(None),
            thread: Mutex::new(None),
            locked,
        });
        let writer = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("workbench-record".to_owned())
            .spawn(move || writer.run(log, &receiver, subscriber))
            .map_err(|source| RecordError::io("start the writer of", path, source))?;
        *lock_of(&shared.thread) = Some(thread);
        Ok(Self {
            clock,
            sender,
            shared,
        })
    }

    /// Whether the log is locked: where the file system has no locks, nothing keeps another process
    /// from going on with the run at the same time.
    pub fn is_locked(&self) -> bool {
        self.shared.locked
    }

    /// Records a fact that became true now.
    pub fn emit(&self, event: Event) {
        self.emit_at(self.clock.now_ns(), event);
    }

    /// Records a fact that became true at `t_ns` on the run's clock.
    pub fn emit_at(&self, t_ns: u64, event: Event) {
        // Counted first, so that no mark is taken too early.
        self.shared.given.fetch_add(1, Ordering::SeqCst);
        // The writer ends only when all senders are dropped, so sending cannot fail.
        let _ = self.sender.send(Message::Record(Record { t_ns, event }));
    }

    /// Marks the records up to now.
    pub fn mark(&self) -> RecordMark {
        RecordMark(self.shared.given.load(Ordering::SeqCst))
    }

    /// Whether all records up to a mark are written, so that they are there also if this process is
    /// killed. Does not wait.
    pub fn is_written(&self, mark: RecordMark) -> bool {
        self.shared.written.load(Ordering::SeqCst) >= mark.0
    }

    /// Waits until everything recorded so far is on the disk.
    ///
    /// # Errors
    /// The first error of writing, for example a full disk.
    pub fn sync(&self) -> Result<(), RecordError> {
        self.wait(Message::Sync)
    }

    /// Waits until everything recorded so far is written, so that it is there also if this process
    /// is killed. It is on the disk now too, or will be within [`AT_RISK`].
    ///
    /// # Errors
    /// As [`Recorder::sync`].
    pub fn settle(&self) -> Result<(), RecordError> {
        self.wait(Message::Settle)
    }

    fn wait(&self, message: fn(Sender<()>) -> Message) -> Result<(), RecordError> {
        let (done, wait) = mpsc::channel();
        let _ = self.sender.send(message(done));
        let _ = wait.recv();
        match lock_of(&self.shared.error).take() {
            Some(source) => Err(RecordError::io("write", &self.shared.path, source)),
            None => Ok(()),
        }
    }

    /// CPU time of writing so far, in nanoseconds.
    pub fn cpu_ns(&self) -> u64 {
        self.shared.cpu_ns.load(Ordering::Relaxed)
    }

    /// Writes the queued records, syncs, and ends the writer once all clones are dropped.
    ///
    /// # Errors
    /// As [`Recorder::sync`].
    pub fn finish(self) -> Result<(), RecordError> {
        let result = self.sync();
        let thread = lock_of(&self.shared.thread).take();
        drop(self.sender);
        if let (Some(thread), 1) = (thread, Arc::strong_count(&self.shared).saturating_sub(1)) {
            let _ = thread.join();
        }
        result
    }
}

impl Recorder {
    /// Closes the log of a run that cannot go on, also on a full disk: these events become its last
    /// ones. They are lost where even that fails.
    pub fn give_up(self, last: impl IntoIterator<Item = Event>) {
        let t_ns = self.clock.now_ns();
        let last = last.into_iter().map(|event| Record { t_ns, event });
        let _ = self.sender.send(Message::Last(last.collect()));
        let _ = self.finish();
    }
}

/// When the log was last on the disk, and when it has to be again.
#[derive(Debug)]
struct DiskDue {
    last: Instant,
    due: Option<Instant>,
}

impl DiskDue {
    /// Takes note that something was settled; whether it has to be on the disk now.
    fn settle(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.last) >= SETTLE_EVERY {
            return true;
        }
        self.due.get_or_insert(now + AT_RISK);
        false
    }

    /// Takes note that all of it is on the disk.
    fn is_synced(&mut self, now: Instant) {
        *self = Self {
            last: now,
            due: None,
        };
    }
}

impl Shared {
    fn run(&self, mut log: LogFile, receiver: &Receiver<Message>, mut subscriber: Subscriber) {
        let mut broken = false;
        let mut disk = DiskDue {
            last: Instant::now(),
            due: None,
        };
        while let Some(first) = self.next(receiver, &log, &mut disk) {
            let mut records = Vec::new();
            let mut last = Vec::new();
            let (mut waiting, mut settles, mut syncs) = (Vec::new(), false, false);
            // As many as may wait: a writer that is kept up by new ones would never write.
            for message in iter::once(first).chain(receiver.try_iter().take(QUEUE)) {
                match message {
                    Message::Record(record) => records.push(record),
                    Message::Sync(done) => {
                        syncs = true;
                        waiting.push(done);
                    }
                    Message::Settle(done) => {
                        settles = true;
                        waiting.push(done);
                    }
                    Message::Last(closing) => last.extend(closing),
                }
            }
            if !broken {
                broken =
                    self.has_failed(LinesToWrite::of(&records).and_then(|lines| log.write(&lines)));
            }
            if !last.is_empty() {
                self.has_failed(LinesToWrite::of(&last).and_then(|lines| log.close(&lines)));
            }
            if syncs || (settles && disk.settle(Instant::now())) {
                self.sync(&log, &mut disk);
            }
            // Called only now, so that everything shown is in the log, also if the process is
            // killed next.
            records.iter().chain(&last).for_each(&mut subscriber);
            if !broken {
                let count = records.len() as u64;
                self.written.fetch_add(count, Ordering::SeqCst);
            }
            self.cpu_ns.store(thread_cpu_ns(), Ordering::Relaxed);
            for done in waiting {
                let _ = done.send(());
            }
        }
        self.sync(&log, &mut disk);
    }

    /// The next message; `None` after the last. Meanwhile what was settled gets to the disk in
    /// time.
    fn next(
        &self,
        receiver: &Receiver<Message>,
        log: &LogFile,
        disk: &mut DiskDue,
    ) -> Option<Message> {
        while let Some(due) = disk.due {
            let left = due.saturating_duration_since(Instant::now());
            match receiver.recv_timeout(left) {
                Ok(message) if !left.is_zero() => return Some(message),
                Ok(message) => {
                    self.sync(log, disk);
                    return Some(message);
                }
                Err(RecvTimeoutError::Timeout) => self.sync(log, disk),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        receiver.recv().ok()
    }

    fn sync(&self, log: &LogFile, disk: &mut DiskDue) {
        self.has_failed(log.sync());
        disk.is_synced(Instant::now());
    }

    /// Keeps the first error; returns whether this is one.
    fn has_failed(&self, result: io::Result<()>) -> bool {
        let Err(error) = result else {
            return false;
        };
        lock_of(&self.error).get_or_insert(error);
        true
    }
}

fn lock_of<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_that_follow_each_other_fast_share_one_wait_for_the_disk() {
        let begun = Instant::now();
        let at = |ms| begun + Duration::from_millis(ms);
        let mut disk = DiskDue {
            last: begun,
            due: None,
        };
        let mut waits = 0;
        for ms in 1..=1000 {
            assert!(disk.due.is_none_or(|due| due > at(ms)), "at {ms} ms");
            if disk.settle(at(ms)) {
                disk.is_synced(at(ms));
                waits += 1;
            }
        }
        assert_eq!(waits, 20);
        // The first of those that wait decides.
        let mut disk = DiskDue {
            last: begun,
            due: None,
        };
        assert!(!disk.settle(at(1)) && !disk.settle(at(40)));
        assert_eq!(disk.due, Some(at(101)));
        // A repeat of some length is on the disk when it is over.
        assert!(disk.settle(at(50)));
    }

    #[test]
    fn without_locks_the_log_is_written_and_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.jsonl");
        let clock = Clock::start();
        let start = |ask: AskLock| {
            let file = File::create(&path).unwrap();
            Recorder::start((file, &path), 0, clock, Box::new(|_| {}), ask)
        };
        let recorder = start(|_| Ok(Lock::Unsupported)).unwrap();
        assert!(!recorder.is_locked());
        recorder.finish().unwrap();
        let taken = start(|_| Ok(Lock::Taken));
        assert!(matches!(taken, Err(RecordError::InUse { .. })));
        let refused = start(|_| Err(io::ErrorKind::PermissionDenied.into()));
        assert!(matches!(refused, Err(RecordError::Io { .. })));
        assert!(start(Lock::exclusive).unwrap().is_locked());
    }
}
