//! What the process does where its limits are low: it names them and ends with exit code 3, instead
//! of being ended without a word.

use std::io::{self, PipeWriter, Read as _};
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Resource, Signal, getrlimit};
use signal_hook::low_level;
use workbench_machine::limits::Limit;
use workbench_words::panic_message;

use crate::exit_error::{ExitError, code};

/// The stack that the program needs. Where the limit on it is lower (`ulimit -s`), which holds for
/// the first thread alone, another thread does the work.
const STACK: usize = 8 << 20;

/// Runs the program where low limits are told.
///
/// # Errors
/// When not even a thread can be started that is needed.
pub fn guarded<T: Send>(program: impl FnOnce() -> T + Send) -> Result<T, ExitError> {
    // Without a handler the signal would end the process; with one, writing fails and is told.
    let _ = signal_hook::flag::register(Signal::XFSZ.as_raw(), Arc::<AtomicBool>::default());
    let place = Arc::<Mutex<String>>::default();
    if let Some(limit) = Limit::on_memory() {
        // It only words a failure, so the program can do without it.
        let _ = tell_of_aborts(limit);
        // Libraries panic where they get no memory: what they say is told below, with the limit.
        let last = Arc::clone(&place);
        set_hook(Box::new(move |panic| {
            if let (Some(at), Ok(mut last)) = (panic.location(), last.lock()) {
                *last = at.to_string();
            }
        }));
    }
    let outcome = if getrlimit(Resource::Stack)
        .current
        .is_none_or(|bytes| bytes >= STACK as u64)
    {
        catch_unwind(AssertUnwindSafe(program))
    } else {
        let joined = thread::scope(|scope| {
            let thread = thread::Builder::new().name("workbench".to_owned());
            let thread = thread.stack_size(STACK).spawn_scoped(scope, program);
            thread.map(thread::ScopedJoinHandle::join)
        });
        joined.map_err(|error| ExitError::cannot("start a thread", &error))?
    };
    outcome.or_else(|panic| match Limit::on_memory() {
        Some(limit) => Err(ExitError::environment(format!(
            "ended by a panic ({}, at {}), probably because memory ran out: {limit}",
            panic_message(panic.as_ref()),
            place.lock().unwrap_or_else(PoisonError::into_inner)
        ))),
        None => resume_unwind(panic),
    })
}

/// An allocation that fails aborts the process (SIGABRT). Under a limit on memory this thread then
/// says which it is and ends the process with exit code 3, while the thread that failed waits in
/// its signal handler: writing to a pipe that is full.
fn tell_of_aborts(limit: Limit) -> io::Result<()> {
    let (mut failed, tell) = io::pipe()?;
    let (held, hold) = io::pipe()?;
    fill(&hold)?;
    let hold_again = hold.try_clone()?;
    // Made now, because there will be no memory for it.
    let text = format!(
        "workbench: memory ran out: {limit}; raise it, or choose a smaller preset or fewer --workers\n"
    );
    // Started before the handlers are, which hold up for ever what nobody ends.
    thread::Builder::new()
        .name("workbench-memory".to_owned())
        .stack_size(64 << 10)
        .spawn(move || {
            let _open = held;
            if failed.read_exact(&mut [0]).is_ok() {
                let _ = rustix::io::write(rustix::stdio::stderr(), text.as_bytes());
                low_level::exit(i32::from(code::ENVIRONMENT));
            }
        })?;
    low_level::pipe::register(Signal::ABORT.as_raw(), OwnedFd::from(tell))?;
    low_level::pipe::register(Signal::ABORT.as_raw(), OwnedFd::from(hold))?;
    // Registering it has made the pipe refuse what it cannot take instead of waiting.
    fcntl_setfl(&hold_again, fcntl_getfl(&hold_again)? - OFlags::NONBLOCK)?;
    Ok(())
}

/// Fills a pipe, so that the next byte has to wait.
fn fill(pipe: &PipeWriter) -> io::Result<()> {
    fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?;
    for size in [4096, 1] {
        while rustix::io::write(pipe, &[0; 4096][..size]).is_ok() {}
    }
    Ok(())
}
