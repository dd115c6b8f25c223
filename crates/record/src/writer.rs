//! Writes the event log off the hot path: callers queue a fact and continue; one thread writes.
//!
//! No event is dropped silently: when writing fails, the next [`Recorder::sync`] returns the error,
//! and the run stops. The log is flushed whenever the queue is empty, so a killed process leaves at
//! most one unfinished line.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::error::RecordError;
use super::event::{Event, Record};
use super::lines::MAX_LINE;
use workbench_clock::{Clock, thread_cpu_ns};

/// Called with every record once it is in the log, on the writer's thread.
pub type Subscriber = Box<dyn FnMut(&Record) + Send>;

enum Message {
    Record(Record),
    Sync(Sender<()>),
}

/// The writing end of a run's event log. Clones write to the same log.
#[derive(Clone)]
pub struct Recorder {
    clock: Clock,
    sender: Sender<Message>,
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    cpu_ns: AtomicU64,
    error: Mutex<Option<io::Error>>,
    failed: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Recorder {
    /// Starts the log of a new run. The file is locked for as long as the recorder lives.
    ///
    /// # Errors
    /// When the file exists already or cannot be created, or the writer's thread cannot be started.
    pub fn create(path: &Path, clock: Clock, subscriber: Subscriber) -> Result<Self, RecordError> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(|source| RecordError::io("create", path, source))?;
        Self::start(file, path, clock, subscriber)
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
        let io = |source| RecordError::io("open", path, source);
        let mut file = OpenOptions::new().write(true).open(path).map_err(io)?;
        lock(&file, path)?;
        file.set_len(keep_bytes).map_err(io)?;
        file.seek(SeekFrom::End(0)).map_err(io)?;
        Self::start(file, path, clock, subscriber)
    }

    fn start(
        file: File,
        path: &Path,
        clock: Clock,
        subscriber: Subscriber,
    ) -> Result<Self, RecordError> {
        lock(&file, path)?;
        let (sender, receiver) = mpsc::channel();
        let shared = Arc::new(Shared {
            path: path.to_owned(),
            cpu_ns: AtomicU64::new(0),
            error: Mutex::new(None),
            failed: AtomicBool::new(false),
            thread: Mutex::new(None),
        });
        let writer = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("workbench-record".to_owned())
            .spawn(move || writer.run(file, &receiver, subscriber))
            .map_err(|source| RecordError::io("start the writer of", path, source))?;
        *lock_of(&shared.thread) = Some(thread);
        Ok(Self {
            clock,
            sender,
            shared,
        })
    }

    /// Records a fact that became true now.
    pub fn emit(&self, event: Event) {
        self.emit_at(self.clock.now_ns(), event);
    }

    /// Records a fact that became true at `t_ns` on the run's clock.
    pub fn emit_at(&self, t_ns: u64, event: Event) {
        // The writer ends only when all senders are dropped, so sending cannot fail.
        let _ = self.sender.send(Message::Record(Record { t_ns, event }));
    }

    /// Waits until everything recorded so far is on the disk.
    ///
    /// # Errors
    /// The first error of writing, for example a full disk.
    pub fn sync(&self) -> Result<(), RecordError> {
        let (done, wait) = mpsc::channel();
        let _ = self.sender.send(Message::Sync(done));
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

impl Shared {
    fn run(&self, file: File, receiver: &Receiver<Message>, mut subscriber: Subscriber) {
        let mut out = BufWriter::with_capacity(1 << 16, file);
        let mut line = Vec::new();
        while let Ok(first) = receiver.recv() {
            let mut written = Vec::new();
            let mut synced = Vec::new();
            for message in std::iter::once(first).chain(receiver.try_iter()) {
                match message {
                    Message::Record(record) => {
                        if self.is_sound() {
                            self.keep(write_line(&mut out, &mut line, &record));
                        }
                        written.push(record);
                    }
                    Message::Sync(done) => synced.push(done),
                }
            }
            self.keep(out.flush());
            if !synced.is_empty() {
                self.keep(out.get_ref().sync_data());
            }
            // Called only now, so that everything shown is in the log, also if the process is
            // killed next.
            written.iter().for_each(&mut subscriber);
            self.cpu_ns.store(thread_cpu_ns(), Ordering::Relaxed);
            for done in synced {
                let _ = done.send(());
            }
        }
        self.keep(out.get_ref().sync_data());
    }

    /// Whether everything so far was written. After an error nothing is: a line may be unfinished,
    /// and the next would be glued to it.
    fn is_sound(&self) -> bool {
        !self.failed.load(Ordering::Relaxed)
    }

    fn keep(&self, result: io::Result<()>) {
        if let Err(error) = result {
            self.failed.store(true, Ordering::Relaxed);
            lock_of(&self.error).get_or_insert(error);
        }
    }
}

/// Writes a record as one line: all of it, or nothing where a reader could not read it back.
fn write_line(out: &mut impl Write, line: &mut Vec<u8>, record: &Record) -> io::Result<()> {
    line.clear();
    serde_json::to_writer(&mut *line, record)?;
    line.push(b'\n');
    if line.len() as u64 > MAX_LINE {
        let text = format!("a record has {} bytes, more than {MAX_LINE}", line.len());
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    out.write_all(line)
}

fn lock(file: &File, path: &Path) -> Result<(), RecordError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(RecordError::InUse {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(RecordError::io("lock", path, source)),
    }
}

fn lock_of<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
