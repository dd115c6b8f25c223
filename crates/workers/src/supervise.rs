//! The supervisor's thread: one loop over all pipes of all workers.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use workbench_clock::Clock;
use workbench_protocol::{Clocks, FromWorker, Protocol, Stamped};

use super::Signal;
use super::board::Board;
use super::child::{CHUNK, READS, Read, Worker};
use super::error::GroupError;
use super::event::{EventKind, Moment, WorkerEvent};
use super::exit::{EndedBy, ProcessExit};
use super::health::liveness::LivenessChange;
use super::health::monitor::HealthChange;
use super::health::state::{SlowKind, Stall};
use super::launch::WorkerLaunch;
use super::pause::Pausable;
use super::queue::Queue;
use super::worker_clock::{ClockReading, WorkerClock};

/// Interval of checks of processes that cannot be polled.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Shortest wait for a deadline, so that the loop does not spin.
const SHORTEST_WAIT_NS: u64 = 1_000_000;
/// The loop itself was held up when it comes this much later than planned: the program was stopped,
/// or had no core.
const LATE_NS: u64 = 500_000_000;
/// The most reads of the standard error of a worker that has ended: a pipe holds no more, unless
/// another process goes on writing.
const LAST_READS: usize = 4;

/// State shared by the thread and the group.
#[derive(Debug)]
pub(super) struct Shared<P: Protocol> {
    pub(super) board: Mutex<Board<P::Phase>>,
    pub(super) queue: Queue<P>,
    pub(super) clock: Clock,
    /// The owner writes to it to wake the thread.
    pub(super) bell: UnixStream,
}

impl<P: Protocol> Shared<P> {
    pub(super) fn ring(&self) {
        // A full pipe wakes the thread already.
        let _ = (&self.bell).write(&[1]);
    }
}

impl<P: Protocol> Pausable for Shared<P> {
    fn pause(&self) -> Vec<u32> {
        self.board.lock().pause()
    }

    fn resume(&self, ranks: &[u32]) {
        self.board.lock().resume(ranks);
    }
}

/// State of the thread alone.
pub(super) struct Supervisor<P: Protocol> {
    shared: Arc<Shared<P>>,
    workers: Vec<Worker>,
    bell: UnixStream,
    chunk: Vec<u8>,
    asked_to_stop: bool,
    worker_clock: WorkerClock,
    /// When the health of the ranks was last looked at, and how long the loop may have waited
    /// since, in nanoseconds; `None` where it had no deadline.
    looked_ns: u64,
    planned_ns: Option<u64>,
}

impl<P: Protocol> Supervisor<P> {
    pub(super) fn new(shared: Arc<Shared<P>>, bell: UnixStream) -> Self {
        Self {
            shared,
            workers: Vec::new(),
            bell,
            chunk: vec![0; CHUNK],
            asked_to_stop: false,
            worker_clock: WorkerClock::default(),
            looked_ns: 0,
            planned_ns: None,
        }
    }

    /// Starts all workers. Those that were started before one failed are killed and reaped.
    pub(super) fn start(&mut self, launches: &[WorkerLaunch<P>]) -> Result<(), GroupError> {
        for launch in launches {
            match Worker::start(launch) {
                Ok(worker) => {
                    let pid = worker.pid;
                    self.shared.board.lock().started(worker.rank, pid);
                    let pid = pid.as_raw_nonzero().get().unsigned_abs();
                    let now_ns = self.shared.clock.now_ns();
                    self.shared
                        .push(worker.rank, now_ns, EventKind::Started { pid });
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

    /// Runs until all workers have ended and were reaped, and their last events are queued.
    pub(super) fn run(&mut self) {
        while self.workers.iter().any(|worker| !worker.is_done) {
            self.follow_owner();
            self.wait();
            for at in 0..self.workers.len() {
                self.attend(at);
            }
            self.watch();
        }
    }

    /// Carries out the owner's requests.
    fn follow_owner(&mut self) {
        let now_ns = self.shared.clock.now_ns();
        let mut board = self.shared.board.lock();
        let overdue = board.stop_by_ns.is_some_and(|by_ns| by_ns <= now_ns);
        let reason = match (board.dropped, overdue) {
            (true, _) => Some(EndedBy::Dropped),
            (false, true) => Some(EndedBy::GracePeriod),
            (false, false) => None,
        };
        if let Some(by) = reason {
            for worker in self.workers.iter().filter(|worker| worker.is_running()) {
                // Killing fails only for a process that has ended.
                let _ = board.signal(worker.rank, Signal::KILL, by);
            }
        } else if board.stop_by_ns.is_some() && !self.asked_to_stop {
            self.asked_to_stop = true;
            for worker in &mut self.workers {
                worker.ask_to_stop::<P>();
            }
        }
    }

    /// Waits until there is work.
    fn wait(&mut self) {
        let timeout = self.timeout();
        self.planned_ns = timeout.map(|wait| wait.as_nanos() as u64);
        let timeout = timeout.and_then(|wait| Timespec::try_from(wait).ok());
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
        // Also after an interrupt: the loop checks for work.
        let _ = poll(&mut fds, timeout.as_ref());
        let _ = (&self.bell).read(&mut self.chunk);
    }

    fn timeout(&self) -> Option<Duration> {
        let now_ns = self.shared.clock.now_ns();
        let board = self.shared.board.lock();
        let unpolled = self
            .workers
            .iter()
            .any(|worker| worker.is_running() && worker.pidfd.is_none());
        let look_ns = unpolled.then(|| now_ns + LOOK_EVERY.as_nanos() as u64);
        let stop_ns = board
            .stop_by_ns
            .filter(|by_ns| *by_ns > now_ns && !board.dropped);
        let next_ns = [board.health.next_check_ns(), stop_ns, look_ns]
            .into_iter()
            .flatten()
            .min()?;
        let wait_ns = next_ns.saturating_sub(now_ns).max(SHORTEST_WAIT_NS);
        Some(Duration::from_nanos(wait_ns))
    }

    /// Reads from and writes to one worker, and records its exit when it has ended.
    fn attend(&mut self, at: usize) {
        if self.workers[at].is_done {
            return;
        }
        // Checked before the pipes are read: they then hold all that the process wrote before its
        // end.
        if self.workers[at].is_running() && self.workers[at].is_over() {
            self.record_exit(at);
        }
        self.workers[at].send();
        let messages = self.receive(at);
        let printed = self.read_lines(at);
        let worker = &self.workers[at];
        if worker.end.is_some() && messages == Read::Drained && printed == Read::Drained {
            self.push_exit(at);
        }
    }

    fn record_exit(&mut self, at: usize) {
        let worker = &mut self.workers[at];
        let mut board = self.shared.board.lock();
        board.record_exit(worker.rank);
        let exit = worker.reap();
        let by = board.ended_by(worker.rank, exit);
        let now_ns = self.shared.clock.now_ns();
        board.health.exit(worker.rank, exit, now_ns);
        worker.end = Some((exit, by));
    }

    /// Takes messages as long as there is room for them.
    fn receive(&mut self, at: usize) -> Read {
        let worker = &mut self.workers[at];
        let rank = worker.rank;
        let mut reads = 0;
        loop {
            let at_ns = self.shared.clock.now_ns();
            if !self.shared.queue.has_room(rank as usize) {
                self.shared.board.lock().health.excuse(rank, at_ns);
                return Read::More;
            }
            match worker.next_message() {
                Ok(Some((Stamped { clocks, message }, bytes))) => {
                    let now = ClockReading {
                        system_ns: Clocks::read().system_ns,
                        run_ns: at_ns,
                    };
                    let moment = Moment {
                        at_ns: self.worker_clock.run_ns(clocks.system_ns, now),
                        cpu_ns: clocks.cpu_ns,
                    };
                    self.shared.judge(rank, at_ns, moment, &message);
                    let event = WorkerEvent {
                        rank,
                        at_ns,
                        moment: Some(moment),
                        kind: EventKind::Message(message),
                    };
                    self.shared.queue.push_message(event, bytes);
                }
                // All bytes that were read are decoded here, because the next poll would not report
                // them.
                Ok(None) if reads == READS => return Read::More,
                Ok(None) => {
                    reads += 1;
                    if worker.receive(&mut self.chunk) == Read::Drained {
                        return Read::Drained;
                    }
                }
                Err(why) => {
                    worker.stop_listening();
                    self.shared
                        .push(rank, at_ns, EventKind::InvalidMessage { why });
                    let mut board = self.shared.board.lock();
                    // It may have ended already.
                    let _ = board.signal(rank, Signal::KILL, EndedBy::InvalidMessage);
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

    fn push_exit(&mut self, at: usize) {
        let worker = &mut self.workers[at];
        let rank = worker.rank;
        let at_ns = self.shared.clock.now_ns();
        let shared = &self.shared;
        worker.last_line(|line| shared.queue.push_line(rank as usize, at_ns, line));
        let (exit, by) = worker
            .end
            .unwrap_or((ProcessExit::Code(-1), EndedBy::Itself));
        // A process that is killed may well be in the middle of a message.
        if by == EndedBy::Itself
            && let Some(why) = worker.cut_off()
        {
            shared.push(rank, at_ns, EventKind::InvalidMessage { why });
        }
        worker.stop_listening();
        worker.printed = None;
        worker.is_done = true;
        shared.push(rank, at_ns, EventKind::Exited { exit, by });
    }

    /// Queues the changes in the health of the ranks.
    fn watch(&mut self) {
        let now_ns = self.shared.clock.now_ns();
        let before_ns = std::mem::replace(&mut self.looked_ns, now_ns);
        let mut board = self.shared.board.lock();
        if let Some(planned_ns) = self.planned_ns {
            let late_ns = now_ns.saturating_sub(before_ns.saturating_add(planned_ns));
            if before_ns > 0 && late_ns > LATE_NS {
                board.health.stood_still(late_ns, now_ns);
            }
        }
        for change in board.check(now_ns) {
            self.shared.push_change(&board, change, now_ns);
        }
    }
}

impl<P: Protocol> Shared<P> {
    fn push(&self, rank: u32, at_ns: u64, kind: EventKind<P>) {
        self.queue.push(WorkerEvent::observed(rank, at_ns, kind));
    }

    /// Updates the health of a rank from its message, which it sent at a `moment` before it was
    /// read.
    fn judge(&self, rank: u32, at_ns: u64, moment: Moment, message: &FromWorker<P>) {
        let mut board = self.board.lock();
        let heartbeat = match message {
            FromWorker::Heartbeat { position, since_ns } => {
                let unread_ns = at_ns.saturating_sub(moment.at_ns);
                Some((*position, since_ns.saturating_add(unread_ns)))
            }
            _ => None,
        };
        let received = board.health.receive(rank, at_ns, heartbeat);
        let stepped = match message {
            FromWorker::Report(report) => {
                let times = P::step_times(report);
                times.and_then(|times| board.step(rank, times))
            }
            FromWorker::Done(_) | FromWorker::Failed(_) => {
                let failed = matches!(message, FromWorker::Failed(_));
                board.health.finish(rank, failed);
                None
            }
            FromWorker::Hello { .. } | FromWorker::Heartbeat { .. } => None,
        };
        for change in received.into_iter().chain(stepped) {
            self.push_change(&board, change, at_ns);
        }
    }

    fn push_change(&self, board: &Board<P::Phase>, change: HealthChange<P::Phase>, at_ns: u64) {
        let (rank, kind) = match change {
            HealthChange::Liveness(LivenessChange::Stalled {
                rank,
                position,
                stall,
                for_s,
            }) => {
                let stall = match stall {
                    Stall::Silent if board.is_stopped(rank) => Stall::Stopped,
                    stall => stall,
                };
                let kind = EventKind::Stalled {
                    stall,
                    position,
                    for_s,
                };
                (rank, kind)
            }
            HealthChange::Liveness(LivenessChange::Recovered { rank, after_s }) => {
                (rank, EventKind::Recovered { after_s })
            }
            HealthChange::Slow(slowness) => {
                let rank = match slowness {
                    SlowKind::Steps(straggler) => straggler.rank,
                    SlowKind::Awaited(awaited) => awaited.rank,
                };
                (rank, EventKind::Slow(slowness))
            }
        };
        self.push(rank, at_ns, kind);
    }
}
