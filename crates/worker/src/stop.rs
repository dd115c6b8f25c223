//! Ending in order, all ranks after the same step.
//!
//! The order to stop reaches each rank at another moment, and whoever left a step earlier would
//! leave the others waiting. So rank 0 decides: when it is asked to stop it writes to the store,
//! before it joins the reduction of its next step, that the step after that one is the last. Nobody
//! finishes the next step's reduction earlier, so every rank that asks after it is told the number.
//! Rank 0 waits until the store has it: another rank's question may overtake a value that was only
//! sent. Rank 0 serves the store itself, so it waits for nobody else.
//!
//! The store's client waits for an answer without end, and the store is served by a process that
//! may be stopped. So the others ask on a thread of their own, after a step, and look at the
//! answer after the step that follows: that is the last at the earliest.

use std::cell::{Cell, OnceCell};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use torch_ddp::Store;
use workbench_ddp_protocol::FailureKind;

use crate::failure::Failure;
use crate::reporter::Reporter;

const KEY: &str = "workbench/last-step";

/// Where the ranks agree on a last step.
#[derive(Debug)]
pub struct StopSign {
    store: Store,
    rank: usize,
    last: Cell<Option<u64>>,
    inquiry: Inquiry,
}

impl StopSign {
    /// A sign that hangs in `store`.
    pub fn new(store: &Store, rank: usize) -> Self {
        Self {
            store: store.clone(),
            rank,
            last: Cell::new(None),
            inquiry: Inquiry::new(store.timeout()),
        }
    }

    /// Whether all ranks end after this step. Every rank asks after every step.
    ///
    /// # Errors
    /// When the store cannot be reached, or does not answer in its timeout.
    pub fn reached(&self, report: &Reporter) -> Result<bool, Failure> {
        // Unsupervised, nobody can ask.
        if !report.is_supervised() {
            return Ok(false);
        }
        let done = report.steps();
        if self.last.get().is_none() {
            if self.rank != 0 {
                self.last.set(self.inquiry.answer()?);
                self.inquiry.ask(&self.store)?;
            } else if report.stop_requested() {
                // Steps count from 0, so `done` is the number of the next.
                let last = done + 1;
                announce(&self.store, last)?;
                self.last.set(Some(last));
            }
        }
        Ok(self.last.get().is_some_and(|last| done > last))
    }
}

type Answer = Result<Option<u64>, Failure>;

/// A question to the store that is asked on another thread, one at a time.
#[derive(Debug)]
struct Inquiry {
    /// To and from that thread, once there is one.
    line: OnceCell<(Sender<()>, Receiver<Answer>)>,
    pending: Cell<bool>,
    timeout: Duration,
}

impl Inquiry {
    fn new(timeout: Duration) -> Self {
        Self {
            line: OnceCell::new(),
            pending: Cell::new(false),
            timeout,
        }
    }

    /// Asks for the last step.
    fn ask(&self, store: &Store) -> Result<(), Failure> {
        if self.line.get().is_none() {
            let _ = self.line.set(start(store.clone())?);
        }
        if let Some((questions, _)) = self.line.get() {
            // Where nobody hears it, nobody answers.
            let _ = questions.send(());
            self.pending.set(true);
        }
        Ok(())
    }

    /// The answer to the question before, if there was one.
    fn answer(&self) -> Answer {
        let Some((_, answers)) = self.line.get().filter(|_| self.pending.take()) else {
            return Ok(None);
        };
        answers.recv_timeout(self.timeout).unwrap_or_else(|error| {
            Err(match error {
                RecvTimeoutError::Timeout => Failure::new(
                    FailureKind::Peer,
                    format!(
                        "the store has not answered for {:?}; the rank that serves it is gone or stuck",
                        self.timeout
                    ),
                ),
                RecvTimeoutError::Disconnected => {
                    Failure::new(FailureKind::Other, "the thread that asks the store has ended")
                }
            })
        })
    }
}

/// Starts the thread that asks. It ends with the inquiry, or never, where the store does not
/// answer: then the process is to end.
fn start(store: Store) -> Result<(Sender<()>, Receiver<Answer>), Failure> {
    let (questions, inbox) = channel();
    let (outbox, answers) = channel();
    thread::Builder::new()
        .name("stop-sign".to_owned())
        .spawn(move || {
            for () in inbox {
                if outbox.send(last_step(&store)).is_err() {
                    return;
                }
            }
        })
        .map_err(|error| {
            Failure::new(
                FailureKind::Other,
                format!("no thread can be started: {error}"),
            )
        })?;
    Ok((questions, answers))
}

/// Says which step is the last. Whoever asks afterwards is told.
fn announce(store: &Store, last: u64) -> Result<(), Failure> {
    store.set(KEY, last.to_le_bytes())?;
    // Setting does not wait for the server; a question does, and is answered after it.
    last_step(store)?;
    Ok(())
}

/// The last step, if rank 0 has said which that is.
fn last_step(store: &Store) -> Answer {
    if !store.contains(KEY)? {
        return Ok(None);
    }
    let last = store.get(KEY)?;
    Ok(<[u8; 8]>::try_from(last.as_slice())
        .ok()
        .map(u64::from_le_bytes))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use torch_ddp::TcpStore;

    use super::*;

    /// How long what is sent takes to arrive.
    type Latency = Duration;

    /// Passes on what a side sends, until `frozen`; then it keeps what it gets.
    fn pass_on(mut from: TcpStream, mut to: TcpStream, latency: Latency, frozen: Arc<AtomicBool>) {
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut bytes) {
                thread::sleep(latency);
                if !frozen.load(Ordering::Acquire) && to.write_all(&bytes[..count]).is_err() {
                    return;
                }
            }
        });
    }

    /// A client of `server`, and what freezes its connection.
    fn through_a_proxy(server: &TcpStore, latency: Latency) -> (Store, Arc<AtomicBool>) {
        let timeout = Duration::from_secs(20);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (near, far) = (listener.local_addr().unwrap().port(), server.port());
        let frozen = Arc::new(AtomicBool::new(false));
        let freeze = Arc::clone(&frozen);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let server = TcpStream::connect(("127.0.0.1", far)).unwrap();
                let ends = (client.try_clone().unwrap(), server.try_clone().unwrap());
                pass_on(client, server, latency, Arc::clone(&freeze));
                pass_on(ends.1, ends.0, Latency::ZERO, Arc::clone(&freeze));
            }
        });
        let client = TcpStore::client("127.0.0.1", near, timeout).unwrap();
        (client.into(), frozen)
    }

    #[test]
    fn what_is_announced_is_there_for_whoever_asks_then() {
        let server = TcpStore::server("127.0.0.1", 0, Duration::from_secs(60)).unwrap();
        let (far_away, _) = through_a_proxy(&server, Latency::from_millis(100));
        announce(&far_away, 7).unwrap();
        assert_eq!(last_step(&server), Ok(Some(7)));
    }

    #[test]
    fn a_store_that_stands_still_is_a_lost_peer_in_time() {
        let server = TcpStore::server("127.0.0.1", 0, Duration::from_secs(60)).unwrap();
        let (store, frozen) = through_a_proxy(&server, Latency::ZERO);
        let inquiry = Inquiry::new(Duration::from_secs(20));
        assert_eq!(inquiry.answer(), Ok(None), "nothing was asked");
        inquiry.ask(&store).unwrap();
        assert_eq!(inquiry.answer(), Ok(None));
        announce(&server, 7).unwrap();
        inquiry.ask(&store).unwrap();
        assert_eq!(inquiry.answer(), Ok(Some(7)));

        let inquiry = Inquiry::new(Duration::from_millis(100));
        frozen.store(true, Ordering::Release);
        inquiry.ask(&store).unwrap();
        let failure = inquiry.answer().unwrap_err();
        assert_eq!(failure.kind, FailureKind::Peer);
        assert!(
            failure.message.contains("has not answered for 100ms"),
            "{failure}"
        );
    }
}
