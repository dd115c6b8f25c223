//! What this program does as a worker.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};
use workbench_clock::{Clock, thread_cpu_ns};
use workbench_protocol::{Stamped, VERSION, WorkerEnv, write_frame};
use workbench_workers::EventKind;

use crate::link::{Group, LONG, SEED, launches, wait_for_stopped};
use crate::training::{Phase, Report, Training};

type FromWorker = workbench_protocol::FromWorker<Training>;
type WorkerSide = workbench_protocol::WorkerSide<Training>;

/// Which role.
pub const ROLE: &str = "WORKBENCH_TEST_ROLE";
/// Where to connect to.
pub const LINK: &str = "WORKBENCH_TEST_LINK";
/// Steps of a training.
pub const STEPS: u64 = 20;
/// Lines of a shouting worker.
pub const SHOUTS: u64 = 50_000;
/// Messages of a chattering worker.
pub const CHATTER: u64 = 20_000;

pub fn play(role: &str) -> ExitCode {
    match role {
        "nonsense" => return print_frames(b"Traceback (most recent call last):\n"),
        "greetless" => return send_first(FromWorker::Report(Report::Step(0))),
        "stranger" => {
            return send_first(FromWorker::Hello {
                version: VERSION + 1,
                pid: 1,
            });
        }
        "no json" => return print_frames(b"\x05\0\0\0hello"),
        "partial" => return leave_in_the_middle(),
        "middle" => return be_supervisor(),
        "sleeper" | "escapee" => return hang_on(role),
        _ => {}
    }
    let (side, seed) = match WorkerSide::start() {
        Ok(started) => started,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(9);
        }
    };
    // Held until the process has ended.
    let _link = connect(&std::process::id().to_string());
    assert_eq!(*seed, SEED);
    match role {
        "train" => train(&side),
        "until stop" => {
            send_step(&side, 0);
            wait_for_stop(&side);
            side.send(&FromWorker::Done(())).unwrap();
        }
        "deaf" => wait_for_ever(&side, Phase::Data),
        "forward" => wait_for_ever(&side, Phase::Forward),
        "all-reduce" => wait_for_ever(&side, Phase::AllReduce),
        "code 3" => return ExitCode::from(3),
        "abort" => std::process::abort(),
        "killed" => kill_process(getpid(), Signal::KILL).unwrap(),
        "shout" => shout(),
        "chatter" => (0..CHATTER).for_each(|step| send_step(&side, step)),
        "burn" => burn(&side),
        "parent" => have_child(&side, "sleeper", true),
        "bad parent" => have_child(&side, "sleeper", false),
        "lost child" => have_child(&side, "escapee", false),
        _ => panic!("there is no role {role}"),
    }
    ExitCode::SUCCESS
}

fn connect(line: &str) -> Option<UnixStream> {
    let mut stream = UnixStream::connect(std::env::var_os(LINK)?).unwrap();
    writeln!(stream, "{line}").unwrap();
    Some(stream)
}

fn send_step(side: &WorkerSide, step: u64) {
    side.send(&FromWorker::Report(Report::Step(step))).unwrap();
}

fn train(side: &WorkerSide) {
    // Both must go to standard error, or the frames would be ruined.
    println!("printed to standard output");
    eprintln!("printed to standard error");
    let env = WorkerEnv::from_vars(std::env::vars_os()).unwrap();
    let text = format!("{env:?}");
    side.send(&FromWorker::Report(Report::Text(text))).unwrap();
    for step in 0..STEPS {
        side.at(Phase::Forward, step);
        send_step(side, step);
    }
    side.send(&FromWorker::Done(())).unwrap();
}

fn wait_for_stop(side: &WorkerSide) {
    while !side.stop_requested() {
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

fn wait_for_ever(side: &WorkerSide, phase: Phase) {
    side.at(phase, 40);
    loop {
        std::thread::park();
    }
}

fn burn(side: &WorkerSide) {
    while thread_cpu_ns() < 200_000_000 {
        std::hint::spin_loop();
    }
    send_step(side, 0);
    wait_for_ever(side, Phase::Data);
}

fn shout() {
    let mut err = std::io::stderr().lock();
    for number in 0..SHOUTS {
        writeln!(err, "line {number}").unwrap();
    }
    write!(err, "the last word").unwrap();
}

/// Writes two messages and the beginning of a third, and ends.
fn leave_in_the_middle() -> ExitCode {
    let mut out = std::io::stdout().lock();
    write_frame(&mut out, &Stamped::now(FromWorker::hello())).unwrap();
    write_frame(&mut out, &Stamped::now(FromWorker::Report(Report::Step(0)))).unwrap();
    out.write_all(b"\x40\0\0\0{\"step\":").unwrap();
    out.flush().unwrap();
    ExitCode::SUCCESS
}

/// Starts a child that is in this worker's process group, or an escapee that is not. Then waits, or
/// ends without it.
#[allow(
    clippy::zombie_processes,
    reason = "a worker that leaves its child to others is what is tested"
)]
fn have_child(side: &WorkerSide, role: &str, wait: bool) {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .env(ROLE, role)
        .stdout(Stdio::piped())
        .process_group(if role == "escapee" {
            0
        } else {
            rustix::process::getpgrp().as_raw_nonzero().get()
        });
    let mut child = command.spawn().unwrap();
    let mut ready = [0];
    let out = child.stdout.as_mut().unwrap();
    out.read_exact(&mut ready).unwrap();
    send_step(side, 0);
    if wait {
        wait_for_ever(side, Phase::Data);
    }
}

/// A worker's child: holds on to its standard error and to the link, until it is killed or the
/// other end of the link is closed.
fn hang_on(role: &str) -> ExitCode {
    let mut stream = connect(role).unwrap();
    println!();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    ExitCode::SUCCESS
}

/// Supervises workers until it is killed.
fn be_supervisor() -> ExitCode {
    let link = PathBuf::from(std::env::var_os(LINK).unwrap());
    let group = Group::start(launches(&["deaf"; 3], Some(&link)), Clock::start()).unwrap();
    let mut greeted = 0;
    while let Some(event) = group.next(LONG) {
        // It says where it is after it has connected.
        if let EventKind::Message(FromWorker::Heartbeat { position, .. }) = event.kind
            && position.step == 40
        {
            greeted |= 1 << event.rank;
            if greeted == 0b111 {
                // A stopped worker must end, too: by the signal at its parent's death, or, where
                // there is none, by the hang-up that the kernel sends to orphans that are stopped.
                group.signal(1, Signal::STOP).unwrap();
                wait_for_stopped(group.usage()[1].pid);
                let _ready = connect("supervising").unwrap();
                loop {
                    std::thread::park();
                }
            }
        }
    }
    ExitCode::FAILURE
}

fn send_first(message: FromWorker) -> ExitCode {
    let mut bytes = Vec::new();
    write_frame(&mut bytes, &Stamped::now(message)).unwrap();
    print_frames(&bytes)
}

/// Writes bytes where frames are expected, and waits to be killed for it.
fn print_frames(bytes: &[u8]) -> ExitCode {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).unwrap();
    out.flush().unwrap();
    drop(out);
    loop {
        std::thread::park();
    }
}
