//! The thread that writes checkpoints, so that training goes on meanwhile.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::format::Snapshot;
use super::{Policy, file_name, list};

/// What became of a checkpoint.
#[derive(Debug)]
pub(super) enum Outcome {
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
        /// Why, in one line.
        text: String,
    },
}

struct Order {
    snapshot: Snapshot,
    held_up: Duration,
}

/// A thread that writes one checkpoint at a time.
#[derive(Debug)]
pub(super) struct Writer {
    orders: Option<Sender<Order>>,
    outcomes: Receiver<Outcome>,
    pending: usize,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(policy: Policy) -> Self {
        let (orders, inbox) = channel::<Order>();
        let (outbox, outcomes) = channel();
        let thread = thread::Builder::new()
            .name("checkpoints".to_owned())
            .spawn(move || {
                let mut kept = Kept::default();
                for order in inbox {
                    if outbox.send(kept.write(&policy, &order)).is_err() {
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

    /// Has a snapshot written that was begun to be taken at `began`, after what is still being written. Returns what became of
    /// that.
    pub(super) fn submit(&mut self, snapshot: Snapshot, began: Instant) -> Vec<Outcome> {
        let mut before = Vec::new();
        while self.pending > 0
            && let Ok(outcome) = self.outcomes.recv()
        {
            self.pending -= 1;
            before.push(outcome);
        }
        let order = Order {
            snapshot,
            held_up: began.elapsed(),
        };
        match self.orders.as_ref().map(|orders| orders.send(order)) {
            Some(Ok(())) => self.pending += 1,
            _ => before.push(Outcome::Failed {
                text: "no checkpoint was written: the thread that writes them has ended".to_owned(),
            }),
        }
        before
    }

    /// What has become of those before, without waiting.
    pub(super) fn ready(&mut self) -> Vec<Outcome> {
        let ready: Vec<_> = self.outcomes.try_iter().collect();
        self.pending -= ready.len().min(self.pending);
        ready
    }

    /// Waits for all.
    pub(super) fn finish(mut self) -> Vec<Outcome> {
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
#[derive(Default)]
struct Kept {
    best: Option<(f64, PathBuf)>,
}

impl Kept {
    fn write(&mut self, policy: &Policy, order: &Order) -> Outcome {
        let progress = order.snapshot.progress;
        let path = policy.dir.join(file_name(progress.steps));
        match write(&order.snapshot, &policy.dir, &path) {
            Ok(bytes) => {
                self.prune(policy, &path, progress.accuracy);
                Outcome::Written {
                    steps: progress.steps,
                    path,
                    bytes,
                    held_up: order.held_up,
                }
            }
            Err(error) => Outcome::Failed {
                text: format!(
                    "no checkpoint after {} steps: {}: {error}; training goes on, earlier checkpoints are kept",
                    progress.steps,
                    path.display()
                ),
            },
        }
    }

    /// Deletes all but the newest ones and the best.
    fn prune(&mut self, policy: &Policy, path: &Path, accuracy: Option<f64>) {
        if let Some(accuracy) = accuracy
            && self.best.as_ref().is_none_or(|(best, _)| accuracy > *best)
        {
            self.best = Some((accuracy, path.to_path_buf()));
        }
        let best = self.best.as_ref().map(|(_, path)| path);
        for old in list(&policy.dir).into_iter().skip(policy.keep) {
            if Some(&old) != best {
                // A file that cannot be deleted takes up room, and harms nothing else.
                let _ = fs::remove_file(old);
            }
        }
    }
}

fn write(snapshot: &Snapshot, dir: &Path, path: &Path) -> io::Result<u64> {
    fs::create_dir_all(dir)?;
    let beside = path.with_extension("part");
    let written = File::create(&beside).and_then(|file| {
        let mut out = BufWriter::with_capacity(1 << 18, file);
        let bytes = snapshot.write(&mut out)?;
        out.flush()?;
        out.get_ref().sync_all()?;
        Ok(bytes)
    });
    let renamed = written.and_then(|bytes| fs::rename(&beside, path).map(|()| bytes));
    if renamed.is_err() {
        // Half a file on a full disk is in the way of everything.
        let _ = fs::remove_file(&beside);
    }
    renamed
}
