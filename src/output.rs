//! Writing to the standard streams. A closed pipe (`workbench runs | head`) is no error.

use std::io::{self, ErrorKind, IsTerminal, Write};

/// Writes text to the standard output.
pub fn print(text: &str) -> io::Result<()> {
    forgive(write_all(&mut io::stdout().lock(), text))
}

/// Writes a line to the standard output.
pub fn line(text: &str) -> io::Result<()> {
    print(&format!("{text}\n"))
}

/// Writes a line to the standard error.
pub fn error_line(text: &str) -> io::Result<()> {
    forgive(write_all(&mut io::stderr().lock(), &format!("{text}\n")))
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

fn write_all(stream: &mut impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

fn forgive(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
