//! The group of workers, as its owner sees it.

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use workbench_clock::Clock;
use workbench_protocol::Protocol;

use super::Signal;
use super::board::Board;
use super::error::GroupError;
use super::event::WorkerEvent;
use super::exit::EndedBy;
use super::health::liveness::Deadlines;
use super::health::monitor::HealthMonitor;
use super::health::state::RankState;
use super::launch::WorkerLaunch;
use super::pause;
use super::queue::Queue;
use super::supervise::{Shared, Supervisor};
use super::usage::Usage;

/// How long dropping a group waits for killed processes to end. A process that hangs in a device
/// driver ends only when the driver returns; the thread reaps it then.
const LAST_WAIT: Duration = Duration::from_secs(10);

/// A group of workers that work together, supervised until the last one has ended.
///
/// May be shared between threads: one takes the events, others read [`usage`](Self::usage) or
/// [`states`](Self::states). Dropping it kills all workers with their process groups, and reaps
/// them.
#[derive(Debug)]
pub struct WorkerGroup<P: Protocol> {
    shared: Arc<Shared<P>>,
    world: u32,
    /// Disconnected when the thread has ended.
    over: Mutex<Receiver<()>>,
}

impl<P: Protocol> WorkerGroup<P> {
    /// Starts one worker for each launch, with the usual deadlines. See
    /// [`start_with`](Self::start_with).
    ///
    /// # Errors
    ///
    /// As [`start_with`](Self::start_with).
    pub fn start(launches: Vec<WorkerLaunch<P>>, clock: Clock) -> Result<Self, GroupError> {
        Self::start_with(launches, clock, Deadlines::default())
    }

    /// Starts one worker for each launch: rank 0, 1, 2, … in order. Events carry times of `clock`.
    ///
    /// # Errors
    ///
    /// When a launch makes no sense or a worker cannot be started. Those that were started are
    /// killed and reaped.
    pub fn start_with(
        launches: Vec<WorkerLaunch<P>>,
        clock: Clock,
        deadlines: Deadlines,
    ) -> Result<Self, GroupError> {
        let world = check(&launches)?;
        let (bell, rung) = UnixStream::pair().map_err(GroupError::io("make a pipe"))?;
        for end in [&bell, &rung] {
            end.set_nonblocking(true)
                .map_err(GroupError::io("make a pipe"))?;
        }
        let health = HealthMonitor::new(world, deadlines, clock.now_ns());
        let shared = Arc::new(Shared {
            board: Mutex::new(Board::new(world, health)),
            queue: Queue::new(world as usize),
            clock,
            bell,
        });
        let _beginning = pause::register(&shared);
        let (started, report) = mpsc::sync_channel(1);
        let (alive, over) = mpsc::channel::<()>();
        let own = Arc::clone(&shared);
        thread::Builder::new()
            .name("workers".to_owned())
            .spawn(move || {
                let _alive = alive;
                let _end = EndOfEvents(&own);
                let mut supervisor = Supervisor::new(Arc::clone(&own), rung);
                let result = supervisor.start(&launches);
                let go_on = result.is_ok();
                // The receiver waits below.
                let _ = started.send(result);
                if go_on {
                    supervisor.run();
                }
            })
            .map_err(GroupError::io("start a thread"))?;
        let group = Self {
            shared,
            world,
            over: Mutex::new(over),
        };
        match report.recv() {
            Ok(result) => result.map(|()| group),
            Err(_) => Err(GroupError::Io {
                verb: "start the workers",
                source: std::io::Error::other("the supervisor's thread failed"),
            }),
        }
    }

    /// Waits up to `timeout` for the next event. `None` when none came, or none will come
    /// ([`is_over`](Self::is_over)).
    pub fn next(&self, timeout: Duration) -> Option<WorkerEvent<P>> {
        let (event, wake) = self.shared.queue.pop(timeout);
        if wake {
            self.shared.ring();
        }
        event
    }

    /// Whether all workers have ended and all events were taken.
    pub fn is_over(&self) -> bool {
        self.shared.queue.is_over()
    }

    /// Number of ranks.
    pub fn world_size(&self) -> u32 {
        self.world
    }

    /// Number of processes that have not ended.
    pub fn running(&self) -> usize {
        self.shared.board.lock().running()
    }

    /// Kills a rank's process group. Does nothing when its process has ended.
    ///
    /// # Errors
    ///
    /// When there is no such rank.
    pub fn kill(&self, rank: u32) -> Result<(), GroupError> {
        self.signal(rank, Signal::KILL)
    }

    /// Sends a signal to a rank's process group. Does nothing when its process has ended.
    ///
    /// # Errors
    ///
    /// When there is no such rank, or the signal cannot be sent.
    pub fn signal(&self, rank: u32, signal: Signal) -> Result<(), GroupError> {
        self.shared
            .board
            .lock()
            .signal(rank, signal, EndedBy::Owner)
    }

    /// Asks all workers to end normally after their current step, and kills those that have not
    /// ended after `grace`. Returns at once; events report the outcome. When called again, the
    /// shorter grace applies.
    pub fn stop(&self, grace: Duration) {
        let grace_ns = u64::try_from(grace.as_nanos()).unwrap_or(u64::MAX);
        let by_ns = self.shared.clock.now_ns().saturating_add(grace_ns);
        {
            let mut board = self.shared.board.lock();
            let sooner = board.stop_by_ns.map_or(by_ns, |known| known.min(by_ns));
            board.stop_by_ns = Some(sooner);
        }
        self.shared.ring();
    }

    /// The position and health of each rank; [`describe`](super::describe()) makes a sentence of
    /// them.
    pub fn states(&self) -> Vec<RankState<P::Phase>> {
        let now_ns = self.shared.clock.now_ns();
        self.shared.board.lock().states(now_ns)
    }

    /// Resource usage of the workers' processes, including those that have ended.
    pub fn usage(&self) -> Vec<Usage> {
        self.shared.board.lock().usage()
    }
}

impl<P: Protocol> Drop for WorkerGroup<P> {
    fn drop(&mut self) {
        self.shared.queue.close();
        self.shared.board.lock().dropped = true;
        self.shared.ring();
        // Nothing is ever sent: this waits until the sender is dropped.
        let _ = self.over.lock().recv_timeout(LAST_WAIT);
    }
}

/// Ends the events when the thread ends, also by a panic.
struct EndOfEvents<'a, P: Protocol>(&'a Shared<P>);

impl<P: Protocol> Drop for EndOfEvents<'_, P> {
    fn drop(&mut self) {
        self.0.queue.end();
    }
}

/// Checks the launches together; returns the number of ranks.
fn check<P: Protocol>(launches: &[WorkerLaunch<P>]) -> Result<u32, GroupError> {
    if launches.is_empty() {
        return Err(GroupError::Empty);
    }
    for (at, launch) in launches.iter().enumerate() {
        let rank = launch.env.rank;
        if rank as usize != at {
            return Err(GroupError::Order { at, rank });
        }
        launch
            .env
            .check()
            .map_err(|source| GroupError::Env { rank, source })?;
    }
    Ok(launches.len() as u32)
}
