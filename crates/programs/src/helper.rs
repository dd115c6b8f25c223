//! The helper process: starts a program, waits for it and for all that it started, ends what is
//! left, and says what all of it has used.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, setsid, wait};

use workbench_protocol::arm::{EVENTS, EVENTS_PATH};

use crate::relay::Relay;
use crate::tree::{self, Counted};
use crate::wire::{ExitKind, LaunchOrder, ProgramEnd, Said, Tell, Used, receive, send};

/// The argument with which this program is the helper.
pub const HELPER: &str = "--serve-program";

/// How long processes that were killed are waited for; one that hangs in the kernel may take
/// longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Interval of looks at processes that are ending.
const LOOK: Duration = Duration::from_millis(2);
/// Names of processes that are told; more are left out.
const NAMES: usize = 8;

/// The whole helper process. It is told what to do, and answers, on its standard input, which is a
/// socket; its standard output and error become those of the program.
///
/// # Errors
/// When the socket cannot be used.
pub fn serve() -> io::Result<()> {
    let mut link = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    // Without a session of its own, Ctrl-C would end the program before it is decided what to do
    // about it. Fails where it is one already.
    let _ = setsid();
    tree::adopt_orphans();
    let mut told = BufReader::new(link.try_clone()?);
    let mut partial = Vec::new();
    let Some(mut order) = receive::<LaunchOrder>(&mut told, &mut partial)? else {
        return Ok(());
    };
    let relay = Relay::start(&mut order)?;
    let mut command = match command(&order) {
        Ok(command) => command,
        Err(error) => return send(&mut link, &Said::NoInput(errno(&error))),
    };
    let before = Counted::now();
    let nowhere = nowhere()?;
    send(&mut link, &Said::Ready)?;
    if receive::<Tell>(&mut told, &mut partial)? != Some(Tell::Go) {
        return Ok(());
    }
    let began_ns = tree::monotonic_ns();
    let child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return send(&mut link, &Said::NotStarted(errno(&error))),
    };
    // The program alone holds them now, so that they end when it and all that it started do.
    drop(command);
    rustix::stdio::dup2_stdout(&nowhere)?;
    rustix::stdio::dup2_stderr(&nowhere)?;
    let main = Pid::from_child(&child);
    send(&mut link, &Said::Started(main.as_raw_nonzero().get()))?;
    let grace = Duration::from_millis(order.grace_ms);
    let paused: Arc<AtomicBool> = Arc::default();
    let seen = Arc::clone(&paused);
    thread::Builder::new()
        .name("told".to_owned())
        .spawn(move || obey(told, partial, main, grace, &seen))?;
    let ended = wait_for(main, &mut link, &paused).and_then(|exit| {
        let worked_ns = [began_ns, tree::monotonic_ns()];
        send(&mut link, &Said::Ended(ProgramEnd { exit, worked_ns }))
    });
    // Also where nobody is there any more, so that all that was told is kept.
    let left = end_rest(main, grace);
    if let Some(relay) = relay {
        relay.end();
    }
    ended?;
    let usage = Counted::now().since(&before);
    send(&mut link, &Said::Done(Box::new(Used { usage, left })))
}

fn command(order: &LaunchOrder) -> io::Result<Command> {
    let input = match &order.stdin {
        Some(path) => Stdio::from(File::open(path)?),
        // Opened now, and not when the clock runs.
        None => Stdio::from(nowhere()?),
    };
    let [program, args @ ..] = order.argv.as_slice() else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let mut command = Command::new(program);
    command
        .args(args)
        .current_dir(&order.dir)
        .env_remove(EVENTS)
        .env_remove(EVENTS_PATH)
        .envs(order.vars.iter().map(|(name, value)| (name, value)))
        .stdin(input)
        .process_group(0);
    if let Some(number) = order.events {
        command.env(EVENTS, number.to_string());
        if cfg!(target_os = "linux") {
            // Kept open by this process as long as there is any of its program.
            let path = format!("/proc/{}/fd/{number}", std::process::id());
            command.env(EVENTS_PATH, path);
        }
    }
    Ok(command)
}

fn nowhere() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/null")
}

fn errno(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or_default()
}

/// Does what it is told until the process ends. When nobody is there any more, ends everything.
fn obey(
    mut told: BufReader<UnixStream>,
    mut partial: Vec<u8>,
    main: Pid,
    grace: Duration,
    paused: &AtomicBool,
) {
    loop {
        match receive::<Tell>(&mut told, &mut partial) {
            Ok(Some(Tell::Go)) => {}
            Ok(Some(Tell::Pause)) => {
                paused.store(true, Ordering::SeqCst);
                tree::signal_all(main, Signal::STOP);
            }
            Ok(Some(Tell::Resume)) => {
                paused.store(false, Ordering::SeqCst);
                tree::signal_all(main, Signal::CONT);
            }
            Ok(Some(Tell::Stop)) => {
                tree::signal_all(main, Signal::TERM);
                tree::signal_all(main, Signal::CONT);
                thread::sleep(grace);
                kill_for_good(main);
            }
            Ok(None) | Err(_) => kill_for_good(main),
        }
    }
}

/// Kills whatever is there, again and again, until this process ends with the last of it.
fn kill_for_good(main: Pid) {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        tree::signal_all(main, Signal::KILL);
        thread::sleep(LOOK);
    }
    std::process::exit(1);
}

/// Waits until the program ends, and reaps orphans meanwhile. The program itself may not be reaped
/// by then.
fn wait_for(main: Pid, link: &mut UnixStream, paused: &AtomicBool) -> io::Result<ExitKind> {
    loop {
        if let Some(exit) = tree::peek(main) {
            return Ok(exit);
        }
        match wait(WaitOptions::UNTRACED) {
            Ok(Some((pid, status))) if pid == main => {
                if let Some(exit) = exit_of(status) {
                    return Ok(exit);
                }
                if !paused.load(Ordering::SeqCst) {
                    send(link, &Said::StoppedItself)?;
                }
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn exit_of(status: WaitStatus) -> Option<ExitKind> {
    let code = status.exit_status().map(ExitKind::Code);
    code.or_else(|| status.terminating_signal().map(ExitKind::Signal))
}

/// Ends and reaps what is left of the program. Returns the names of what still ran.
fn end_rest(main: Pid, grace: Duration) -> Vec<String> {
    if is_nothing_left(main) {
        return Vec::new();
    }
    let mut names = tree::names(main);
    names.truncate(NAMES);
    tree::signal_all(main, Signal::TERM);
    tree::signal_all(main, Signal::CONT);
    let begun = Instant::now();
    while !is_nothing_left(main) && begun.elapsed() < grace + PATIENCE {
        if begun.elapsed() >= grace {
            tree::signal_all(main, Signal::KILL);
        }
        thread::sleep(LOOK);
    }
    names
}

/// Reaps what has ended; whether that was all.
fn is_nothing_left(main: Pid) -> bool {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
            Ok(None) => return false,
            Err(_) => return !tree::is_any_left(main),
        }
    }
}
