//! The queue of events from the supervisor's thread to the group's owner. It is bounded, also when
//! a worker sends many events or the owner takes few.
//!
//! Of printed lines the newest of each rank are kept, because the last ones explain an exit.
//! Messages are never dropped: when a rank has too many, its pipe is not read until the owner has
//! caught up.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use workbench_protocol::Protocol;

use super::event::{EventKind, WorkerEvent};

/// The most lines of one rank in the queue.
pub(super) const MOST_LINES: usize = 256;
/// Messages of one rank in the queue from which on its pipe is not read.
pub(super) const MOST_MESSAGES: usize = 1024;
/// Bytes of such messages, as they were sent.
const MOST_BYTES: usize = 4 << 20;

#[derive(Debug)]
pub(super) struct Queue<P: Protocol> {
    inner: Mutex<Inner<P>>,
    arrived: Condvar,
}

#[derive(Debug)]
struct Inner<P: Protocol> {
    entries: VecDeque<Entry<P>>,
    lanes: Vec<Lane>,
    over: bool,
    closed: bool,
}

#[derive(Debug)]
enum Entry<P: Protocol> {
    Event(WorkerEvent<P>),
    Message {
        event: WorkerEvent<P>,
        bytes: usize,
    },
    /// A printed line: the oldest one of this rank when the entry is taken.
    Line(usize),
}

#[derive(Debug, Default)]
struct Lane {
    lines: VecDeque<(u64, String)>,
    skipped: u64,
    messages: usize,
    bytes: usize,
    unread: bool,
}

impl Lane {
    fn has_room(&self) -> bool {
        self.messages < MOST_MESSAGES && self.bytes < MOST_BYTES
    }
}

impl<P: Protocol> Queue<P> {
    pub(super) fn new(ranks: usize) -> Self {
        Self {
            inner: Mutex::new(Inner {
                entries: VecDeque::new(),
                lanes: (0..ranks).map(|_| Lane::default()).collect(),
                over: false,
                closed: false,
            }),
            arrived: Condvar::new(),
        }
    }

    /// Adds an event of a rare kind.
    pub(super) fn push(&self, event: WorkerEvent<P>) {
        self.add(Entry::Event(event));
    }

    /// Adds a message that came in so many bytes.
    pub(super) fn push_message(&self, event: WorkerEvent<P>, bytes: usize) {
        let rank = event.rank as usize;
        {
            let lane = &mut self.inner.lock().lanes[rank];
            lane.messages += 1;
            lane.bytes += bytes;
        }
        self.add(Entry::Message { event, bytes });
    }

    /// Adds a printed line; replaces the rank's oldest one when there are too many.
    pub(super) fn push_line(&self, rank: usize, at_ns: u64, line: String) {
        let mut inner = self.inner.lock();
        let lane = &mut inner.lanes[rank];
        lane.lines.push_back((at_ns, line));
        if lane.lines.len() > MOST_LINES {
            lane.lines.pop_front();
            lane.skipped += 1;
            return;
        }
        drop(inner);
        self.add(Entry::Line(rank));
    }

    fn add(&self, entry: Entry<P>) {
        let mut inner = self.inner.lock();
        if !inner.closed {
            inner.entries.push_back(entry);
            drop(inner);
            self.arrived.notify_all();
        }
    }

    /// Whether more messages of this rank may be read. If not, [`pop`](Self::pop) reports when they
    /// may.
    pub(super) fn has_room(&self, rank: usize) -> bool {
        let mut inner = self.inner.lock();
        let room = inner.closed || inner.lanes[rank].has_room();
        inner.lanes[rank].unread = !room;
        room
    }

    /// The next event; `None` when none came in time or none will come. Also returns whether to
    /// wake the supervisor because a rank has room again.
    pub(super) fn pop(&self, timeout: Duration) -> (Option<WorkerEvent<P>>, bool) {
        // A timeout beyond the clock's end is no timeout.
        let until = Instant::now().checked_add(timeout);
        let mut inner = self.inner.lock();
        while inner.entries.is_empty() && !inner.over {
            match until {
                Some(until) => {
                    if self.arrived.wait_until(&mut inner, until).timed_out() {
                        break;
                    }
                }
                None => self.arrived.wait(&mut inner),
            }
        }
        match inner.entries.pop_front() {
            None => (None, false),
            Some(Entry::Event(event)) => (Some(event), false),
            Some(Entry::Message { event, bytes }) => {
                let lane = &mut inner.lanes[event.rank as usize];
                lane.messages -= 1;
                lane.bytes -= bytes;
                let wake = lane.unread
                    && lane.messages <= MOST_MESSAGES / 2
                    && lane.bytes <= MOST_BYTES / 2;
                lane.unread &= !wake;
                (Some(event), wake)
            }
            Some(Entry::Line(rank)) => {
                let lane = &mut inner.lanes[rank];
                let skipped = std::mem::take(&mut lane.skipped);
                let event = lane.lines.pop_front().map(|(at_ns, line)| {
                    let kind = EventKind::Output { line, skipped };
                    WorkerEvent::observed(rank as u32, at_ns, kind)
                });
                (event, false)
            }
        }
    }

    /// No event will be added any more.
    pub(super) fn end(&self) {
        self.inner.lock().over = true;
        self.arrived.notify_all();
    }

    /// Whether no event will come any more.
    pub(super) fn is_over(&self) -> bool {
        let inner = self.inner.lock();
        inner.over && inner.entries.is_empty()
    }

    /// The owner is gone: further events are discarded, and nothing waits for room.
    pub(super) fn close(&self) {
        let mut inner = self.inner.lock();
        inner.closed = true;
        inner.entries.clear();
        for lane in &mut inner.lanes {
            *lane = Lane::default();
        }
    }
}
