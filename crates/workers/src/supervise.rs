//! The supervisor's thread: one loop over all pipes of all workers.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use workbench_protocol::FromWorker;

use super::Signal;
use super::board::Board;
use super::child::{CHUNK, READS, Read, Worker};
use super::error::CrewError;
use super::launch::Launch;
use super::news::{By, Ended, News};
use super::queue::Queue;
use super::watchdog::{Alarm, Place};
use workbench_clock::Clock;

/// How often processes are looked at that cannot be polled.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Shortest wait for a deadline, lest the loop spins.
const SHORTEST_WAIT_NS: u64 = 1_000_000;
/// Reads of a dead worker's standard error at most: a pipe holds no more, unless somebody keeps on writing.
const LAST_READS: usize = 4;

/// What the thread and the crew have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) board: Mutex<Board>,
    pub(super) queue: Queue,
    pub(super) clock: Clock,
    /// Rung by the owner to wake the thread.
    pub(super) bell: UnixStream,
}

impl Shared {
    pub(super) fn ring(&self) {
        // A full pipe is a bell that rings already.
        let _ = (&self.bell).write(&[1]);
    }
}

/// The thread's own things.
pub(super) struct Supervisor {
    shared: Arc<Shared>,
    workers: Vec<Worker>,
    bell: UnixStream,
    chunk: Vec<u8>,
    asked_to_stop: bool,
}

impl Supervisor {
    pub(super) fn new(shared: Arc<Shared>, bell: UnixStream) -> Self {
        Self {
            shared,
            workers: Vec::new(),
            bell,
            chunk: vec![0; CHUNK],
            asked_to_stop: false,
        }
    }

    /// Starts all workers. Those that were started before one failed are killed and reaped.
    pub(super) fn start(&mut self, launches: &[Launch]) -> Result<(), CrewError> {
        for launch in launches {
            match Worker::start(launch) {
                Ok(worker) => {
                    let pid = worker.pid;
                    self.shared.board.lock().started(worker.rank, pid);
                    self.shared.queue.push(News::Started {
                        rank: worker.rank,
                        at_ns: self.shared.clock.now_ns(),
                        pid: pid.as_raw_nonzero().get().unsigned_abs(),
                    });
                    self.workers.push(worker);
                }
                Err(error) => {
                    self.shared.queue.close();
                    self.shared.board.lock().dropped = true;
                    self.run();
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Goes on until all workers are over, reaped and told of.
    pub(super) fn run(&mut self) {
        while self.workers.iter().any(|worker| !worker.told) {
            self.obey();
            self.wait();
            for at in 0..self.workers.len() {
                self.attend(at);
            }
            self.watch();
        }
    }

    /// Does what the owner asked for.
    fn obey(&mut self) {
        let now_ns = self.shared.clock.now_ns();
        let mut board = self.shared.board.lock();
        let overdue = board.stop_by_ns.is_some_and(|by_ns| by_ns <= now_ns);
        let reason = match (board.dropped, overdue) {
            (true, _) => Some(By::Dropped),
            (false, true) => Some(By::Grace),
            (false, false) => None,
        };
        if let Some(by) = reason {
            for worker in self.workers.iter().filter(|worker| worker.is_running()) {
                // Only a process that is over cannot be killed.
                let _ = board.signal(worker.rank, Signal::KILL, by);
            }
        } else if board.stop_by_ns.is_some() && !self.asked_to_stop {
            self.asked_to_stop = true;
            for worker in &mut self.workers {
                worker.ask_to_stop();
            }
        }
    }

    /// Waits until something is to be done.
    fn wait(&mut self) {
        let timeout = self.timeout();
        let mut fds = vec![PollFd::new(&self.bell, PollFlags::IN)];
        for worker in &self.workers {
            if let Some(messages) = &worker.messages
                && self.shared.queue.has_room(worker.rank as usize)
            {
                fds.push(PollFd::new(messages, PollFlags::IN));
            }
            if let Some(printed) = &worker.printed {
                fds.push(PollFd::new(printed, PollFlags::IN));
            }
            if let Some(orders) = &worker.orders
                && worker.has_mail()
            {
                fds.push(PollFd::new(orders, PollFlags::OUT));
            }
            if let Some(pidfd) = &worker.pidfd
                && worker.is_running()
            {
                fds.push(PollFd::new(pidfd, PollFlags::IN));
            }
        }
        // Interrupted or not: what is to be done is looked for.
        let _ = poll(&mut fds, timeout.as_ref());
        let _ = (&self.bell).read(&mut self.chunk);
    }

    fn timeout(&self) -> Option<Timespec> {
        let now_ns = self.shared.clock.now_ns();
        let board = self.shared.board.lock();
        let asleep = self
            .workers
            .iter()
            .any(|worker| worker.is_running() && worker.pidfd.is_none());
        let look_ns = asleep.then(|| now_ns + LOOK_EVERY.as_nanos() as u64);
        let stop_ns = board
            .stop_by_ns
            .filter(|by_ns| *by_ns > now_ns && !board.dropped);
        let next_ns = [board.watchdog.next_check_ns(), stop_ns, look_ns]
            .into_iter()
            .flatten()
            .min()?;
        let wait = Duration::from_nanos(next_ns.saturating_sub(now_ns).max(SHORTEST_WAIT_NS));
        Timespec::try_from(wait).ok()
    }

    /// Reads from and writes to one worker, and takes leave of it when it is over.
    fn attend(&mut self, at: usize) {
        if self.workers[at].told {
            return;
        }
        // Before the pipes are read: what a process wrote before its end is in them by then.
        if self.workers[at].is_running() && self.workers[at].is_over() {
            self.bury(at);
        }
        self.workers[at].send();
        let messages = self.receive(at);
        let printed = self.read_lines(at);
        let worker = &self.workers[at];
        if worker.end.is_some() && messages == Read::Drained && printed == Read::Drained {
            self.tell_end(at);
        }
    }

    fn bury(&mut self, at: usize) {
        let worker = &mut self.workers[at];
        let mut board = self.shared.board.lock();
        board.bury(worker.rank);
        let ended = worker.reap();
        let by = board.culprit(worker.rank, ended);
        board
            .watchdog
            .end(worker.rank, ended, self.shared.clock.now_ns());
        worker.end = Some((ended, by));
    }

    /// Takes messages as long as there is room for them.
    fn receive(&mut self, at: usize) -> Read {
        let worker = &mut self.workers[at];
        let rank = worker.rank;
        let mut reads = 0;
        loop {
            let at_ns = self.shared.clock.now_ns();
            if !self.shared.queue.has_room(rank as usize) {
                self.shared.board.lock().watchdog.excuse(rank, at_ns);
                return Read::More;
            }
            match worker.next_message() {
                Ok(Some((message, bytes))) => {
                    self.shared.hear(rank, at_ns, &message);
                    let news = News::Message {
                        rank,
                        at_ns,
                        message,
                    };
                    self.shared.queue.push_message(news, bytes);
                }
                // All that was read is decoded here, so nothing is left behind that the next poll would not see.
                Ok(None) if reads == READS => return Read::More,
                Ok(None) => {
                    reads += 1;
                    if worker.receive(&mut self.chunk) == Read::Drained {
                        return Read::Drained;
                    }
                }
                Err(why) => {
                    worker.stop_listening();
                    self.shared.queue.push(News::Nonsense { rank, at_ns, why });
                    let mut board = self.shared.board.lock();
                    // It may be dead already.
                    let _ = board.signal(rank, Signal::KILL, By::Nonsense);
                    return Read::Drained;
                }
            }
        }
    }

    fn read_lines(&mut self, at: usize) -> Read {
        let worker = &mut self.workers[at];
        let rank = worker.rank as usize;
        let at_ns = self.shared.clock.now_ns();
        let queue = &self.shared.queue;
        let mut take = |line| queue.push_line(rank, at_ns, line);
        let reads = if worker.is_running() { 1 } else { LAST_READS };
        for _ in 0..reads {
            if worker.read_lines(&mut self.chunk, &mut take) == Read::Drained {
                return Read::Drained;
            }
        }
        if worker.is_running() {
            Read::More
        } else {
            Read::Drained
        }
    }

    fn tell_end(&mut self, at: usize) {
        let worker = &mut self.workers[at];
        let rank = worker.rank;
        let at_ns = self.shared.clock.now_ns();
        let queue = &self.shared.queue;
        worker.last_line(|line| queue.push_line(rank as usize, at_ns, line));
        let (ended, by) = worker.end.unwrap_or((Ended::Code(-1), By::Itself));
        // Whoever is killed may well be in the middle of a word.
        if by == By::Itself
            && let Some(why) = worker.cut_off()
        {
            queue.push(News::Nonsense { rank, at_ns, why });
        }
        worker.stop_listening();
        worker.printed = None;
        worker.told = true;
        queue.push(News::Exited {
            rank,
            at_ns,
            ended,
            by,
        });
    }

    /// Says who is silent or stuck.
    fn watch(&self) {
        let at_ns = self.shared.clock.now_ns();
        let mut board = self.shared.board.lock();
        for alarm in board.check(at_ns) {
            let stopped = match alarm {
                Alarm::Silent { rank, .. } => board.is_stopped(rank),
                _ => false,
            };
            self.shared.queue.push(alarm_news(alarm, at_ns, stopped));
        }
    }
}

impl Shared {
    fn hear(&self, rank: u32, at_ns: u64, message: &FromWorker) {
        let mut board = self.board.lock();
        let beat = match *message {
            FromWorker::Beat {
                phase,
                step,
                since_ns,
            } => Some((Place { phase, step }, since_ns)),
            _ => None,
        };
        if let Some(alarm) = board.watchdog.hear(rank, at_ns, beat) {
            self.queue.push(alarm_news(alarm, at_ns, false));
        }
        if matches!(message, FromWorker::Done(_) | FromWorker::Failed { .. }) {
            board.watchdog.finish(rank);
        }
    }
}

fn alarm_news(alarm: Alarm, at_ns: u64, stopped: bool) -> News {
    match alarm {
        Alarm::Silent { rank, place, for_s } => News::Silent {
            rank,
            at_ns,
            phase: place.phase,
            step: place.step,
            for_s,
            stopped,
        },
        Alarm::Stuck { rank, place, for_s } => News::Stuck {
            rank,
            at_ns,
            phase: place.phase,
            step: place.step,
            for_s,
        },
        Alarm::Recovered { rank, after_s } => News::Recovered {
            rank,
            at_ns,
            after_s,
        },
    }
}
