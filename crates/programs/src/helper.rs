//! The helper process: starts a program, waits for it and for all that it started, ends what is
//! left, and says what all of it has used. Then it can do the same for the next program.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Write as _};
use std::os::fd::{AsFd as _, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::FdFlags;
use rustix::process::{Pid, Signal, setsid};

use workbench_machine::monitor::{ProcessMeter, ProcessUse, ResourceUse, StartedProcesses};
use workbench_protocol::arm::{EVENTS, EVENTS_PATH};

use crate::reap::{ReapWait, ReapedChild, reap_any};
use crate::relay::Relay;
use crate::tree::{self, Counted};
use crate::wire::{ExitKind, LaunchOrder, PipePaths, ProgramEnd, Said, Tell, Used, receive, send};

/// The argument with which this program is the helper.
pub const HELPER: &str = "--serve-program";

/// How long processes that were killed are waited for; one that hangs in the kernel may take
/// longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Interval of looks at processes that are ending.
const LOOK: Duration = Duration::from_millis(2);
/// A program that ends sooner is not accompanied: while it runs, nothing else is woken.
const SHORT: Duration = Duration::from_millis(2);
/// Names of processes that are told; more are left out.
const NAMES: usize = 8;

/// The whole helper process. It is told what to do, and answers, on its standard input, which is a
/// socket. Where an order names no pipes, its standard output and error are those of the program,
/// and it runs nothing more after it.
///
/// # Errors
/// When the socket cannot be used.
pub fn serve() -> io::Result<()> {
    let link = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    // Without a session of its own, Ctrl-C would end the program before it is decided what to do
    // about it. Fails where it is one already.
    let _ = setsid();
    tree::adopt_orphans();
    let mut told = ToldHelper {
        lines: BufReader::new(link.try_clone()?),
        partial: Vec::new(),
    };
    let Some(Tell::Next(first)) = told.next()? else {
        return Ok(());
    };
    let (lend, lent) = mpsc::channel();
    let (return_to, returned) = mpsc::channel();
    let paused: Arc<AtomicBool> = Arc::default();
    let seen = Arc::clone(&paused);
    thread::Builder::new()
        .name("told".to_owned())
        .spawn(move || obey(&lent, return_to, &seen))?;
    let mut server = ProgramServer {
        link: BufWriter::new(link),
        lend,
        returned,
        paused,
        meter: ProcessMeter::new(),
        nowhere: nowhere()?,
    };
    let mut next = Some((told, first));
    while let Some((told, order)) = next {
        next = server.run(told, &order)?;
    }
    Ok(())
}

/// What the helper is told.
struct ToldHelper {
    lines: BufReader<UnixStream>,
    partial: Vec<u8>,
}

impl ToldHelper {
    fn next(&mut self) -> io::Result<Option<Tell>> {
        receive(&mut self.lines, &mut self.partial)
    }
}

/// While a program runs, another thread does what the helper is told.
struct Lent {
    told: ToldHelper,
    main: Pid,
    grace: Duration,
}

/// What comes next, and the rest of what is told.
type NextOrder = (ToldHelper, Box<LaunchOrder>);

/// The thread that runs programs.
struct ProgramServer {
    link: BufWriter<UnixStream>,
    lend: Sender<Lent>,
    returned: Receiver<NextOrder>,
    paused: Arc<AtomicBool>,
    meter: ProcessMeter,
    nowhere: File,
}

impl ProgramServer {
    /// Runs one program to its end and that of all that it started. Returns what to run next,
    /// where this process is to run anything more.
    fn run(&mut self, mut told: ToldHelper, order: &LaunchOrder) -> io::Result<Option<NextOrder>> {
        let mut launch = match ReadyLaunch::prepare(order) {
            Ok(launch) => launch,
            Err(refusal) => {
                self.say(&refusal)?;
                return Ok(None);
            }
        };
        self.meter.prepare();
        let before = Counted::now();
        self.say(&Said::Ready(before.cpu_ns()))?;
        loop {
            match told.next()? {
                Some(Tell::Go) => break,
                Some(Tell::Pause | Tell::Resume) => {}
                // Nobody wanted this one any more.
                Some(Tell::Next(next)) => return Ok(Some((told, next))),
                Some(Tell::Stop) | None => return Ok(None),
            }
        }
        self.meter.start();
        let began_ns = tree::monotonic_ns();
        let child = match launch.command.spawn() {
            Ok(child) => child,
            Err(error) => {
                self.say(&Said::NotStarted(errno(&error)))?;
                return Ok(None);
            }
        };
        let main = Pid::from_child(&child);
        let grace = Duration::from_millis(order.grace_ms);
        self.paused.store(false, Ordering::SeqCst);
        // Fails where nobody is there any more, and whoever listens hears of it.
        let _ = send(&mut self.link, &Said::Started(main.as_raw_nonzero().get()));
        let mut told = Some(Lent { told, main, grace });
        if !tree::ends_within(main, SHORT) {
            self.lend(&mut told);
        }
        // The program alone holds its outputs now, so that they end when it and all that it
        // started do.
        let ReadyLaunch {
            command,
            events,
            relay,
        } = launch;
        drop(command);
        if order.pipes.is_none() {
            let _ = rustix::stdio::dup2_stdout(&self.nowhere);
            let _ = rustix::stdio::dup2_stderr(&self.nowhere);
        }
        let escaped = self.accompany((main, began_ns, relay), grace, (&before, &mut told))?;
        drop(events);
        if escaped || order.pipes.is_none() {
            return Ok(None);
        }
        match told {
            Some(Lent { told, .. }) => next_order(told),
            None => Ok(self.returned.recv().ok()),
        }
    }

    /// Says something at once.
    fn say(&mut self, what: &Said) -> io::Result<()> {
        send(&mut self.link, what)?;
        self.link.flush()
    }

    /// From now on another thread does what this process is told, and what was said is heard.
    fn lend(&mut self, told: &mut Option<Lent>) {
        let _ = self.link.flush();
        if let Some(lent) = told.take() {
            // Fails where the other thread is gone, and then nothing is told any more.
            let _ = self.lend.send(lent);
        }
    }

    /// Waits for the end of a program, ends what it left and says what all of it used. Returns
    /// whether some of it could not be ended.
    fn accompany(
        &mut self,
        (main, began_ns, relay): (Pid, u64, Option<Relay>),
        grace: Duration,
        (before, told): (&Counted, &mut Option<Lent>),
    ) -> io::Result<bool> {
        let mut reaped = Reaped::default();
        let exit = self.wait_for(main, &mut reaped);
        let worked_ns = [began_ns, tree::monotonic_ns()];
        let heard = exit.and_then(|exit| {
            let end = ProgramEnd { exit, worked_ns };
            send(&mut self.link, &Said::Ended(end))?;
            // Of a short one it is heard together with what it used.
            if told.is_none() {
                self.link.flush()?;
            }
            Ok(())
        });
        // Also where nobody is there any more to hear of it, so that all that was told is kept.
        let (left, escaped) = if reaped.is_nothing_left(main) {
            (Vec::new(), false)
        } else {
            self.lend(told);
            reaped.end_rest(main, grace)
        };
        if let Some(relay) = relay {
            relay.end();
        }
        heard?;
        let usage = self.used(before, &reaped);
        let used = Used {
            usage,
            left,
            escaped,
        };
        self.say(&Said::Done(Box::new(used)))?;
        Ok(escaped)
    }

    /// What the program and all that it started have used.
    fn used(&mut self, before: &Counted, reaped: &Reaped) -> ResourceUse {
        let (hardware, started) = self.meter.stop();
        let usage = Counted::now().since(before);
        // Its children that it waited for itself are not among those that were seen here.
        let seen = StartedProcesses {
            count: reaped.processes,
            at_least: true,
        };
        ResourceUse {
            peak_memory_bytes: reaped.peak_memory_bytes,
            hardware,
            processes: usage.processes.map(|processes| ProcessUse {
                started: started.or(Some(seen)),
                ..processes
            }),
            ..usage
        }
    }

    /// Waits until the program ends, and reaps orphans meanwhile. The program itself may not be
    /// reaped by then.
    fn wait_for(&mut self, main: Pid, reaped: &mut Reaped) -> io::Result<ExitKind> {
        loop {
            if let Some(exit) = tree::peek(main) {
                return Ok(exit);
            }
            let child = match reaped.take(ReapWait::Endless) {
                Ok(child) => child,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let Some(child) = child.filter(|child| child.pid == main.as_raw_nonzero().get()) else {
                continue;
            };
            if let Some(exit) = exit_of(child.status) {
                return Ok(exit);
            }
            if !self.paused.load(Ordering::SeqCst) {
                let _ = self.say(&Said::StoppedItself);
            }
        }
    }
}

/// A program that is ready to be started.
struct ReadyLaunch {
    command: Command,
    /// The pipe on which it may tell more. It stays open as long as there is any of the program.
    events: Option<OwnedFd>,
    /// What comes between the two, where what the program tells is kept.
    relay: Option<Relay>,
}

impl ReadyLaunch {
    fn prepare(order: &LaunchOrder) -> Result<Self, Said> {
        let pipes = order.pipes.as_ref();
        let opened = pipes.map(PipePaths::open).transpose();
        let opened = opened.map_err(|error| Said::NoPipes(errno(&error)))?;
        let (outputs, events) =
            opened.map_or((None, None), |(outputs, events)| (Some(outputs), events));
        let number = events.as_ref().map(AsRawFd::as_raw_fd).or(order.events);
        let relay = number.zip(order.keep.as_deref());
        let relay = relay.map(|(number, path)| Relay::start(path, number));
        let relay = relay.transpose();
        let relay = relay.map_err(|error| Said::NotKept(errno(&error)))?;
        let number = relay.as_ref().map(Relay::number).or(number);
        let mut command = command(order, number).map_err(|error| Said::NoInput(errno(&error)))?;
        if let Some([out, err]) = outputs {
            command.stdout(out).stderr(err);
        }
        Ok(Self {
            command,
            events,
            relay,
        })
    }
}

impl PipePaths {
    /// Opens them. The one for events is left to programs that are started.
    fn open(&self) -> io::Result<([File; 2], Option<OwnedFd>)> {
        let open = |path: &String| OpenOptions::new().write(true).open(path);
        let outputs = [open(&self.outputs[0])?, open(&self.outputs[1])?];
        let events = self.events.as_ref().map(open).transpose()?;
        let events = events.map(OwnedFd::from);
        if let Some(events) = &events {
            rustix::io::fcntl_setfd(events, FdFlags::empty())?;
        }
        Ok((outputs, events))
    }
}

/// `events` is the descriptor on which the program may tell more.
fn command(order: &LaunchOrder, events: Option<i32>) -> io::Result<Command> {
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
    if let Some(number) = events {
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

/// What is told next once a program has ended; `None` where nothing more is to run.
fn next_order(mut told: ToldHelper) -> io::Result<Option<NextOrder>> {
    loop {
        match told.next()? {
            Some(Tell::Go | Tell::Pause | Tell::Resume) => {}
            Some(Tell::Next(order)) => return Ok(Some((told, order))),
            Some(Tell::Stop) | None => return Ok(None),
        }
    }
}

/// Does what the helper is told while programs run.
fn obey(lent: &Receiver<Lent>, return_to: Sender<NextOrder>, paused: &AtomicBool) {
    while let Ok(Lent {
        mut told,
        main,
        grace,
    }) = lent.recv()
    {
        let patience = loop {
            match told.next() {
                Ok(Some(Tell::Go)) => {}
                Ok(Some(Tell::Pause)) => {
                    paused.store(true, Ordering::SeqCst);
                    tree::signal_all(main, Signal::STOP);
                }
                Ok(Some(Tell::Resume)) => {
                    paused.store(false, Ordering::SeqCst);
                    tree::signal_all(main, Signal::CONT);
                }
                Ok(Some(Tell::Next(order))) => {
                    let _ = return_to.send((told, order));
                    break None;
                }
                Ok(Some(Tell::Stop)) => break Some(grace),
                // Nobody is there any more.
                Ok(None) | Err(_) => break Some(Duration::ZERO),
            }
        };
        if let Some(patience) = patience {
            // Nothing comes next: this process ends with the last of the program.
            drop(return_to);
            return end_all(main, patience);
        }
    }
}

/// Asks the program and all that it started to end, and kills what does not.
fn end_all(main: Pid, patience: Duration) {
    if patience > Duration::ZERO {
        tree::signal_all(main, Signal::TERM);
        tree::signal_all(main, Signal::CONT);
        thread::sleep(patience);
    }
    kill_for_good(main);
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

fn exit_of(status: ExitStatus) -> Option<ExitKind> {
    let code = status.code().map(ExitKind::Code);
    code.or_else(|| status.signal().map(ExitKind::Signal))
}

/// What has been reaped of a program.
#[derive(Debug, Default)]
struct Reaped {
    /// How many processes.
    processes: u64,
    /// The most resident memory of one process, in bytes.
    peak_memory_bytes: u64,
}

impl Reaped {
    /// Takes a child that has ended.
    fn take(&mut self, wait: ReapWait) -> io::Result<Option<ReapedChild>> {
        let child = reap_any(wait)?;
        if let Some(child) = child.filter(|child| exit_of(child.status).is_some()) {
            self.processes += 1;
            self.peak_memory_bytes = self.peak_memory_bytes.max(child.peak_memory_bytes);
        }
        Ok(child)
    }

    /// Ends and reaps what is left of the program, where anything is. Returns the names of what
    /// still ran, and whether some of it still does.
    fn end_rest(&mut self, main: Pid, grace: Duration) -> (Vec<String>, bool) {
        let mut names = tree::names(main);
        names.truncate(NAMES);
        tree::signal_all(main, Signal::TERM);
        tree::signal_all(main, Signal::CONT);
        let begun = Instant::now();
        while !self.is_nothing_left(main) {
            if begun.elapsed() >= grace + PATIENCE {
                return (names, true);
            }
            if begun.elapsed() >= grace {
                tree::signal_all(main, Signal::KILL);
            }
            thread::sleep(LOOK);
        }
        (names, false)
    }

    /// Reaps what has ended; whether that was all.
    fn is_nothing_left(&mut self, main: Pid) -> bool {
        loop {
            match self.take(ReapWait::None) {
                Ok(Some(_)) => {}
                Ok(None) => return false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return !tree::is_any_left(main),
            }
        }
    }
}
