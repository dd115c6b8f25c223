//! Tests on several real processes: a test starts its own binary once per rank and each copy runs
//! that test alone.
//!
//! The parent serves the store, so that no two tests fight over a port. A process that outlives its
//! test is killed, and one whose parent dies is killed by the kernel.
pub mod model;

use std::env;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::panic::Location;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use torch_ddp::{GlooOptions, PrefixStore, ProcessGroup, Store, TcpStore};

/// A test is broken, not slow, when it takes longer: this machine may be busy with other builds.
const LIMIT: Duration = Duration::from_secs(180);

/// What operations may take where nothing is meant to fail.
const PATIENCE: Duration = Duration::from_secs(60);

const RANK: &str = "TORCH_DDP_TEST_RANK";
const PORT: &str = "TORCH_DDP_TEST_PORT";

/// One process of a test.
pub struct Process {
    pub rank: usize,
    pub size: usize,
    store: TcpStore,
}

impl Process {
    /// The store, under a name of its own.
    pub fn store(&self, name: &str) -> Store {
        PrefixStore::new(name, &self.store).unwrap().into()
    }

    /// A group of all ranks.
    pub fn group(&self) -> ProcessGroup {
        self.group_with(&GlooOptions::default().timeout(PATIENCE))
    }

    /// A group of all ranks with other options.
    pub fn group_with(&self, options: &GlooOptions) -> ProcessGroup {
        self.try_group("group", options).unwrap()
    }

    /// A group of all ranks that may fail to form.
    pub fn try_group(&self, name: &str, options: &GlooOptions) -> torch_ddp::Result<ProcessGroup> {
        ProcessGroup::gloo(&self.store(name), self.rank, self.size, options)
    }

    /// Returns when all ranks have come here, without any group.
    pub fn meet(&self, name: &str) {
        let here = self.store(name);
        here.add("here", 1).unwrap();
        while here.add("here", 0).unwrap() < self.count() {
            thread::yield_now();
        }
    }

    /// The rank as libtorch counts.
    pub fn number(&self) -> i64 {
        i64::try_from(self.rank).unwrap()
    }

    /// How many ranks there are, as libtorch counts.
    pub fn count(&self) -> i64 {
        i64::try_from(self.size).unwrap()
    }
}

/// Ends this process, as a success, without dropping anything.
pub fn exit(rank: &Process) -> ! {
    finish(&rank.store, rank.rank);
    std::process::exit(0)
}

/// Ends this process as the kernel would, without a word to anybody.
pub fn die() -> ! {
    let me = rustix::process::getpid();
    rustix::process::kill_process(me, rustix::process::Signal::KILL).unwrap();
    unreachable!("SIGKILL cannot be survived")
}

/// Runs `body` on `size` processes and expects all to succeed. `test` is the name of the calling
/// test function, whose module has the name of its file.
#[track_caller]
pub fn on_ranks(test: &str, size: usize, body: impl FnOnce(Process)) {
    on_ranks_of_which_some_die(test, size, &[], body);
}

/// As [`on_ranks`], but expects the ranks in `dying` to be killed.
#[track_caller]
pub fn on_ranks_of_which_some_die(
    test: &str,
    size: usize,
    dying: &[usize],
    body: impl FnOnce(Process),
) {
    if let Ok(rank) = env::var(RANK) {
        return run_child(rank.parse().unwrap(), size, body);
    }
    let module = Path::new(Location::caller().file()).file_stem().unwrap();
    let test = format!("{}::{test}", module.display());
    let server = TcpStore::server("localhost", 0, PATIENCE).unwrap();
    let children = (0..size)
        .map(|rank| start(&test, rank, server.port()))
        .collect();
    let Ended {
        statuses,
        texts,
        late,
    } = wait(children);
    let as_expected = |rank: usize| {
        if dying.contains(&rank) {
            statuses[rank].signal() == Some(9)
        } else {
            statuses[rank].success() && server.contains(&finished(rank)).unwrap()
        }
    };
    let report: Vec<String> = (0..size)
        .map(|rank| format!("\n--- rank {rank}: {}\n{}", statuses[rank], texts[rank]))
        .collect();
    assert!(!late, "{test}: not over after {LIMIT:?}{}", report.concat());
    assert!(
        (0..size).all(as_expected),
        "{test}: not as expected{}",
        report.concat()
    );
}

/// How the ranks ended, what they wrote, and whether they had to be killed.
struct Ended {
    statuses: Vec<ExitStatus>,
    texts: Vec<String>,
    late: bool,
}

/// Waits until all ranks have ended, and kills them when that takes too long.
fn wait(mut children: Vec<Child>) -> Ended {
    let (sender, receiver) = mpsc::channel();
    for (rank, child) in children.iter_mut().enumerate() {
        // The output is read on a thread of its own; a full pipe would stop the child.
        let mut pipe = child.stderr.take().unwrap();
        let sender = sender.clone();
        thread::spawn(move || {
            let mut text = String::new();
            let _ = pipe.read_to_string(&mut text);
            let _ = sender.send((rank, text));
        });
    }
    let deadline = Instant::now() + LIMIT;
    let mut texts = vec![String::new(); children.len()];
    let mut late = false;
    for _ in 0..children.len() {
        let left = deadline.saturating_duration_since(Instant::now());
        if receive(&receiver, &mut texts, left).is_err() {
            late = true;
            for child in &mut children {
                let _ = child.kill();
            }
            // What they had written still comes.
            let _ = receive(&receiver, &mut texts, Duration::from_secs(5));
        }
    }
    let statuses = children
        .iter_mut()
        .map(|child| child.wait().unwrap())
        .collect();
    Ended {
        statuses,
        texts,
        late,
    }
}

/// Waits for what a rank wrote, until it has closed its end.
fn receive(
    receiver: &mpsc::Receiver<(usize, String)>,
    texts: &mut [String],
    limit: Duration,
) -> Result<(), mpsc::RecvTimeoutError> {
    let (rank, text) = receiver.recv_timeout(limit)?;
    texts[rank] = text;
    Ok(())
}

fn start(test: &str, rank: usize, port: u16) -> Child {
    Command::new(env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(RANK, rank.to_string())
        .env(PORT, port.to_string())
        // One thread each: the ranks share what cores there are.
        .env("OMP_NUM_THREADS", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn run_child(rank: usize, size: usize, body: impl FnOnce(Process)) {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).unwrap();
    let port = env::var(PORT).unwrap().parse().unwrap();
    let store = TcpStore::client("localhost", port, PATIENCE).unwrap();
    body(Process {
        rank,
        size,
        store: store.clone(),
    });
    finish(&store, rank);
}

/// Tells the parent that a rank ran the test to its end.
fn finish(store: &Store, rank: usize) {
    store.set(&finished(rank), "").unwrap();
    // Setting does not wait for the server, which could answer the parent first.
    assert!(store.contains(&finished(rank)).unwrap());
}

/// The key that tells the parent that a rank ran the test to its end, and not no test at all.
fn finished(rank: usize) -> String {
    format!("finished/{rank}")
}
