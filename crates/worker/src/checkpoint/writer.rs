//! The thread that writes checkpoints, so that training goes on meanwhile.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use workbench_ddp_protocol::Fault;

use super::files::{Policy, file_name, files, list, steps_of};
use super::format::{CheckpointData, progress_of};
use super::harm::{Harmed, damage};

/// The extension of a file that is not complete.
const PART: &str = "part";

/// Puts a checkpoint in place: creates a file, has its content written, which gives the number of
/// bytes, and names it. Until then it lies beside the name with the extension `part`.
pub type Put =
    fn(name: &Path, content: &mut dyn FnMut(&File) -> io::Result<u64>) -> io::Result<u64>;

/// What became of a checkpoint.
#[derive(Debug)]
pub(super) enum WriteOutcome {
    /// It is complete under its final name.
    Written {
        /// Steps that it is of.
        steps: u64,
        /// Where it is.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// How long the training thread was held up.
        held_up: Duration,
    },
    /// It could not be written.
    Failed {
        /// Steps that it is of.
        steps: u64,
        /// Why, in one line.
        text: String,
    },
}

struct Order {
    snapshot: CheckpointData,
    held_up: Duration,
    fault: Option<Fault>,
}

/// A thread that writes one checkpoint at a time.
#[derive(Debug)]
pub(super) struct Writer {
    orders: Option<Sender<Order>>,
    outcomes: Receiver<WriteOutcome>,
    pending: usize,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(policy: Policy, put: Put) -> Self {
        let (orders, inbox) = channel::<Order>();
        let (outbox, outcomes) = channel();
        let thread = thread::Builder::new()
            .name("checkpoints".to_owned())
            .spawn(move || {
                let mut kept = Kept::look(&policy.dir);
                for order in inbox {
                    if outbox.send(kept.write((&policy, put), &order)).is_err() {
                        return;
                    }
                }
            })
            .ok();
        Self {
            orders: Some(orders),
            outcomes,
            pending: 0,
            thread,
        }
    }

    /// Has a snapshot written that was begun to be taken at `began`, after what is still being
    /// written, and has `fault` strike at it. Returns what became of what was written before.
    pub(super) fn submit(
        &mut self,
        snapshot: CheckpointData,
        began: Instant,
        fault: Option<Fault>,
    ) -> Vec<WriteOutcome> {
        let mut before = Vec::new();
        while self.pending > 0
            && let Ok(outcome) = self.outcomes.recv()
        {
            self.pending -= 1;
            before.push(outcome);
        }
        let steps = snapshot.progress.steps;
        let order = Order {
            snapshot,
            held_up: began.elapsed(),
            fault,
        };
        match self.orders.as_ref().map(|orders| orders.send(order)) {
            Some(Ok(())) => self.pending += 1,
            _ => before.push(WriteOutcome::Failed {
                steps,
                text: "no checkpoint was written: the thread that writes them has ended".to_owned(),
            }),
        }
        before
    }

    /// What has become of those before, without waiting.
    pub(super) fn ready(&mut self) -> Vec<WriteOutcome> {
        let ready: Vec<_> = self.outcomes.try_iter().collect();
        self.pending -= ready.len().min(self.pending);
        ready
    }

    /// Waits for all.
    pub(super) fn finish(mut self) -> Vec<WriteOutcome> {
        drop(self.orders.take());
        self.outcomes.iter().collect()
    }
}

impl Drop for Writer {
    /// A training that fails does not take a checkpoint with it that is being written.
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What is known of the files that were written.
struct Kept {
    best: Option<(f64, PathBuf)>,
    /// The one that training went on from, if it is in the same folder.
    origin: Option<PathBuf>,
}

impl Kept {
    /// What an interrupted training has left in `dir`: its best checkpoint, which is still to be
    /// kept, and halves of files, which are of no use.
    fn look(dir: &Path) -> Self {
        for half in files(dir, PART) {
            let _ = fs::remove_file(half);
        }
        let accuracy = |path: PathBuf| Some((progress_of(&path)?.accuracy?, path));
        let known = list(dir).into_iter().filter_map(accuracy);
        // Of equally good ones the earliest is the best, as it is while they are written.
        let best = known.reduce(|best, next| if next.0 >= best.0 { next } else { best });
        Self {
            best,
            // Later ones were set aside before.
            origin: list(dir).into_iter().next(),
        }
    }

    fn write(&mut self, (policy, put): (&Policy, Put), order: &Order) -> WriteOutcome {
        let progress = order.snapshot.progress;
        let path = policy.dir.join(file_name(progress.steps));
        if let Some(array) = order.snapshot.not_finite() {
            return WriteOutcome::Failed {
                steps: progress.steps,
                text: format!(
                    "no checkpoint after {} steps: {array} is not finite any more; earlier checkpoints are kept",
                    progress.steps
                ),
            };
        }
        match write(order, put, &path) {
            Ok(bytes) => {
                if let Some(Fault::Corrupt { .. }) = order.fault {
                    let _ = damage(&path);
                }
                // What is deleted is gone for good; what takes its place is to be so as well.
                if keep_name(&policy.dir).is_ok() {
                    self.prune(policy, &path, progress.accuracy);
                }
                WriteOutcome::Written {
                    steps: progress.steps,
                    path,
                    bytes,
                    held_up: order.held_up,
                }
            }
            Err(error) => WriteOutcome::Failed {
                steps: progress.steps,
                text: format!(
                    "no checkpoint after {} steps: {}: {error}; training goes on, earlier checkpoints are kept",
                    progress.steps,
                    path.display()
                ),
            },
        }
    }

    /// Deletes all but the newest ones up to this one, the best, and the one that training went on
    /// from.
    fn prune(&mut self, policy: &Policy, path: &Path, accuracy: Option<f64>) {
        if let Some(accuracy) = accuracy
            && self.best.as_ref().is_none_or(|(best, _)| accuracy > *best)
        {
            self.best = Some((accuracy, path.to_path_buf()));
        }
        let best = self.best.as_ref().map(|(_, path)| path);
        // Later ones, which could not be set aside, are not this training's.
        let own = list(&policy.dir).into_iter();
        let own = own.filter(|other| steps_of(other) <= steps_of(path));
        for old in own.skip(policy.keep) {
            if Some(&old) != best && Some(&old) != self.origin.as_ref() {
                // A file that cannot be deleted takes up room, and harms nothing else.
                let _ = fs::remove_file(old);
            }
        }
    }
}

/// Has a folder's new names written to the disk.
fn keep_name(dir: &Path) -> io::Result<()> {
    match File::open(dir).and_then(|dir| dir.sync_all()) {
        // There are file systems that cannot.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other,
    }
}

/// Writes a file beside its name, has the disk keep it, and gives it the name.
pub(super) fn put(
    name: &Path,
    content: &mut dyn FnMut(&File) -> io::Result<u64>,
) -> io::Result<u64> {
    let beside = name.with_extension(PART);
    let file = File::create(&beside)?;
    let bytes = content(&file)?;
    file.sync_all()?;
    fs::rename(&beside, name)?;
    Ok(bytes)
}

fn write(order: &Order, put: Put, path: &Path) -> io::Result<u64> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    let mut content = |file: &File| {
        let half = order.snapshot.elements() * size_of::<f32>() / 2;
        let file = Harmed::new(file, order.fault, half);
        let mut out = BufWriter::with_capacity(1 << 18, file);
        let bytes = order.snapshot.write(&mut out)?;
        out.flush()?;
        Ok(bytes)
    };
    let written = put(path, &mut content);
    if written.is_err() {
        // Half a file on a full disk is in the way of everything.
        let _ = fs::remove_file(path.with_extension(PART));
    }
    written
}
