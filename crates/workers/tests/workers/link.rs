//! What tests hold in their hands: launches, links to processes, and the events of a group.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use tempfile::TempDir;
use workbench_protocol::WorkerEnv;
use workbench_workers::{EventKind, WorkerEvent, WorkerGroup, WorkerLaunch};

use crate::roles;
use crate::training::Training;

/// Only a test that fails waits that long.
pub const LONG: Duration = Duration::from_secs(60);

pub type Event = WorkerEvent<Training>;
pub type Group = WorkerGroup<Training>;

/// The order of every worker.
pub const SEED: u64 = 7;

/// One worker for each role.
pub fn launches(roles: &[&str], link: Option<&Path>) -> Vec<WorkerLaunch<Training>> {
    let program = std::env::current_exe().unwrap();
    (0_u32..)
        .zip(roles)
        .map(|(rank, role)| {
            let env = WorkerEnv::local(rank, roles.len() as u32, 29_500);
            let mut launch = WorkerLaunch::new(&program, env, SEED);
            launch.vars.push((roles::ROLE.into(), (*role).into()));
            if let Some(link) = link {
                launch.vars.push((roles::LINK.into(), link.into()));
            }
            launch
        })
        .collect()
}

/// A socket to which processes connect and which they hold until they end, in whatever way.
pub struct Link {
    dir: TempDir,
    listener: UnixListener,
}

impl Link {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join("link")).unwrap();
        Self { dir, listener }
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("link")
    }

    /// Waits until a process has connected, and returns its end and its first line.
    pub fn accept(&self) -> (UnixStream, String) {
        let mut fds = [PollFd::new(&self.listener, PollFlags::IN)];
        let timeout = Timespec::try_from(LONG).unwrap();
        let ready = poll(&mut fds, Some(&timeout)).unwrap();
        assert_eq!(ready, 1, "no process has connected");
        let (stream, _) = self.listener.accept().unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        (stream, line.trim().to_owned())
    }

    /// Ends of processes that have connected so far.
    pub fn connected(&self) -> Vec<UnixStream> {
        self.listener.set_nonblocking(true).unwrap();
        let streams = std::iter::from_fn(|| self.listener.accept().ok());
        streams
            .map(|(stream, _)| {
                stream.set_nonblocking(false).unwrap();
                stream.set_read_timeout(Some(LONG)).unwrap();
                stream
            })
            .collect()
    }
}

/// Waits until the process at the other end has ended.
pub fn wait_for_end(mut stream: UnixStream) {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("the process is over");
}

/// Waits until a child of this process is stopped.
pub fn wait_for_stopped(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    waitid(
        WaitId::Pid(pid),
        WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT,
    )
    .unwrap();
}

/// Whether a process is a child of this one that was not reaped.
pub fn is_child(pid: u32) -> bool {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(pid), options).is_ok()
}

/// Waits for a certain event and gives all until then, this one last.
pub fn until(group: &Group, mut wanted: impl FnMut(&Event) -> bool) -> Vec<Event> {
    let mut all = Vec::new();
    loop {
        let Some(event) = group.next(LONG) else {
            panic!("this event did not come; what came: {all:#?}");
        };
        let found = wanted(&event);
        all.push(event);
        if found {
            return all;
        }
    }
}

/// All events until the end.
pub fn to_the_end(group: &Group) -> Vec<Event> {
    let mut all = Vec::new();
    while let Some(event) = group.next(LONG) {
        all.push(event);
    }
    assert!(group.is_over(), "the group does not end: {all:#?}");
    assert_eq!(group.running(), 0);
    for event in &all {
        if let EventKind::Started { pid } = event.kind {
            assert!(!is_child(pid), "process {pid} was not reaped");
        }
    }
    all
}

/// The last event of a rank, which is its end.
pub fn end_of(all: &[Event], rank: u32) -> &Event {
    let last = all.iter().rfind(|event| event.rank == rank).unwrap();
    assert!(matches!(last.kind, EventKind::Exited { .. }), "{last:?}");
    last
}
