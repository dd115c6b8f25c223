//! Waiting for children, one at a time, with what each of them has used.
//!
//! What the system adds up over all children that a process ever waited for has one peak of memory:
//! that of the largest child of all. A helper that runs one program after the other needs the peak
//! of each, which only `wait4` tells.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

/// A child that has ended or stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReapedChild {
    /// Its process, which is gone where it has ended.
    pub pid: i32,
    /// How.
    pub status: ExitStatus,
    /// The most resident memory of it and of each process that it waited for, in bytes.
    pub peak_memory_bytes: u64,
}

/// What to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReapWait {
    /// Until a child ends or stops.
    Endless,
    /// Not at all: only what has ended by now.
    None,
}

/// Takes any child that has ended, or has stopped where that is waited for; `None` where there is
/// no such child and nobody is to wait.
///
/// # Errors
/// When there is no child, or a signal came.
pub(crate) fn reap_any(wait: ReapWait) -> io::Result<Option<ReapedChild>> {
    let (pid, status, usage) = wait4(match wait {
        ReapWait::Endless => libc::WUNTRACED,
        ReapWait::None => libc::WNOHANG,
    });
    // Kilobytes, but for Darwin's kernel.
    let unit = if cfg!(target_vendor = "apple") {
        1
    } else {
        1024
    };
    match pid {
        0 => Ok(None),
        1.. => Ok(Some(ReapedChild {
            pid,
            status: ExitStatus::from_raw(status),
            peak_memory_bytes: usage.ru_maxrss.unsigned_abs() * unit,
        })),
        _ => Err(io::Error::last_os_error()),
    }
}

#[expect(
    unsafe_code,
    reason = "the C library alone has this call, and no crate wraps it"
)]
fn wait4(flags: i32) -> (i32, i32, libc::rusage) {
    let mut status = 0;
    // SAFETY: a `rusage` is made of integers, for all of which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to values of this function, of the types that the call fills in,
    // and the call does not keep them.
    let pid = unsafe { libc::wait4(-1, &raw mut status, flags, &raw mut usage) };
    (pid, status, usage)
}
