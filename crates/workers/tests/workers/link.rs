//! What tests hold in their hands: launches, links to processes, and the news of a crew.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use tempfile::TempDir;
use workbench_workers::protocol::{Data, Device, Model, Program, TrainSpec, WorkerEnv};
use workbench_workers::{Crew, Launch, News};

use crate::roles;

/// Only a test that fails waits that long.
pub const LONG: Duration = Duration::from_secs(60);

pub fn spec() -> TrainSpec {
    TrainSpec {
        program: Program::ByHand,
        model: Model::Cnn,
        data: Data::Embedded,
        train_rows: None,
        test_rows: None,
        epochs: 1,
        batch: 8,
        lr: 0.1,
        seed: 7,
        threads: 1,
        device: Device::Cpu,
        checkpoint: None,
        resume: None,
        faults: Vec::new(),
        step_reports_every: 1,
        timeout_s: 10.0,
    }
}

/// One worker for each role.
pub fn launches(roles: &[&str], link: Option<&Path>) -> Vec<Launch> {
    let program = std::env::current_exe().unwrap();
    (0_u32..)
        .zip(roles)
        .map(|(rank, role)| {
            let env = WorkerEnv::local(rank, roles.len() as u32, 29_500);
            let mut launch = Launch::new(&program, env, spec());
            launch.vars.push((roles::ROLE.into(), (*role).into()));
            if let Some(link) = link {
                launch.vars.push((roles::LINK.into(), link.into()));
            }
            launch
        })
        .collect()
}

/// A socket to which processes connect and which they hold until they are over, however that comes about.
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

    /// Waits until a process has connected, and gives its end and the line that it said.
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

/// Waits until the process at the other end is over.
pub fn wait_for_end(mut stream: UnixStream) {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("the process is over");
}

/// Whether a process is a child of this one that was not reaped.
pub fn is_child(pid: u32) -> bool {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(pid), options).is_ok()
}

/// Waits for certain news and gives all until then, these last.
pub fn until(crew: &Crew, mut wanted: impl FnMut(&News) -> bool) -> Vec<News> {
    let mut all = Vec::new();
    loop {
        let Some(news) = crew.next(LONG) else {
            panic!("these news did not come; what came: {all:#?}");
        };
        let found = wanted(&news);
        all.push(news);
        if found {
            return all;
        }
    }
}

/// All news until the end.
pub fn to_the_end(crew: &Crew) -> Vec<News> {
    let mut all = Vec::new();
    while let Some(news) = crew.next(LONG) {
        all.push(news);
    }
    assert!(crew.is_over(), "the crew does not end: {all:#?}");
    assert_eq!(crew.running(), 0);
    for news in &all {
        if let News::Started { pid, .. } = news {
            assert!(!is_child(*pid), "process {pid} was not reaped");
        }
    }
    all
}

/// The last news of a rank, which is its end.
pub fn end_of(all: &[News], rank: u32) -> &News {
    let last = all.iter().rfind(|news| news.rank() == rank).unwrap();
    assert!(matches!(last, News::Exited { .. }), "{last:?}");
    last
}
