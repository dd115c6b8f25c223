//! Writing to the standard streams: the one place that does.
//!
//! A pipe whose reader is gone (`workbench runs | head`) stops nothing: a run goes on and is
//! recorded. The program then ends quietly as other tools do, by SIGPIPE ([`end`]). What cannot be
//! written for another reason, for example to a full disk, or because the stream was closed before the
//! program began (`>&-`), is an error.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::Errno;
use rustix::process::Signal;

use crate::startup;

/// Whether the reader of the standard output is gone.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// Writes text to the standard output.
///
/// # Errors
/// When it cannot be written, unless its reader is gone.
pub fn print(text: &str) -> io::Result<()> {
    checked(write_all(&mut io::stdout().lock(), text))
}

/// Writes a line to the standard output.
///
/// # Errors
/// As [`print`].
pub fn line(text: &str) -> io::Result<()> {
    print(&format!("{text}\n"))
}

/// Prints help, the version or a mistake of the command line where each belongs.
///
/// # Errors
/// As [`print`].
pub fn told(error: &clap::Error) -> io::Result<()> {
    if error.use_stderr() {
        // Nobody can be told that this failed.
        let _ = error.print();
        return Ok(());
    }
    checked(error.print().and_then(|()| io::stdout().flush()))
}

/// Writes a line to the standard error.
///
/// # Errors
/// When it cannot be written, unless its reader is gone.
pub fn error_line(text: &str) -> io::Result<()> {
    match write_all(&mut io::stderr().lock(), &format!("{text}\n")) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// The width that tables have to fit in: that of the terminal on the standard output, and any where
/// that is no terminal.
pub fn room() -> usize {
    columns().unwrap_or(usize::MAX)
}

/// Asks a question on the terminal; whether the answer is yes. Anything but a yes is a no.
///
/// # Errors
/// When it cannot be written or read.
pub fn ask(question: &str) -> io::Result<bool> {
    write_all(&mut io::stderr().lock(), &format!("{question} [y/N] "))?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Whether the program runs on a terminal, for input and output.
pub fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// The width of the terminal on the standard output; `None` if that is no terminal.
pub fn columns() -> Option<usize> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let columns = rustix::termios::tcgetwinsize(&stdout).ok()?.ws_col;
    (columns > 0).then_some(usize::from(columns))
}

/// Ends a process that has nothing else to say, by SIGPIPE where nobody read what it wrote.
pub fn end() {
    if CLOSED.load(Ordering::Relaxed) {
        let _ = signal_hook::low_level::emulate_default_handler(Signal::PIPE.as_raw());
    }
}

fn write_all(stream: &mut impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

/// What became of text for the standard output.
fn checked(result: io::Result<()>) -> io::Result<()> {
    match result {
        Ok(()) if startup::stdout_closed() => Err(Errno::BADF.into()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {
            CLOSED.store(true, Ordering::Relaxed);
            Ok(())
        }
        other => other,
    }
}
