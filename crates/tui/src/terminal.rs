//! Taking the terminal over and giving it back as it was found: on leaving, on a failed start, on a
//! panic, on being stopped.

use std::io::{self, Stdout, Write, stdout};
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ThreadId;

use crossterm::clipboard::CopyToClipboard;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use ratatui::crossterm::style::ResetColor;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{execute, queue};

use super::capture;
use super::tell::{Notifications, Telling, sequence};

/// Whether the terminal is ours now.
static OURS: AtomicBool = AtomicBool::new(false);

/// Whether the terminal is gone: its window was closed.
static GONE: AtomicBool = AtomicBool::new(false);

/// The screen.
pub type Tui = Terminal<CrosstermBackend<Out>>;

/// The standard output. Once the terminal is gone it swallows everything: the library would
/// complain on the standard error, which is gone as well.
pub struct Out(Stdout);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if GONE.load(Ordering::Relaxed) {
            return Ok(bytes.len());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        if GONE.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.0.flush()
    }
}

/// Writes nothing more to the terminal.
pub fn mute() {
    GONE.store(true, Ordering::Relaxed);
}

/// Asks the terminal to take a text into its clipboard (OSC 52), which also reaches the near end of
/// an ssh connection. A terminal that does not know the request passes over it.
///
/// # Errors
/// When the terminal cannot be written to.
pub fn copy(text: &str) -> io::Result<()> {
    execute!(Out(stdout()), CopyToClipboard::to_clipboard_from(text))
}

/// Tells something to somebody who looks elsewhere.
///
/// # Errors
/// When the terminal cannot be written to.
pub fn tell(tell: Telling, text: &str) -> io::Result<()> {
    let kind = Notifications::of(|name| std::env::var(name).ok());
    let mut out = Out(stdout());
    out.write_all(sequence(tell, kind, text).as_bytes())?;
    out.flush()
}

/// Holds the terminal; dropping it gives the terminal back.
pub struct Guard {
    mouse: bool,
}

impl Guard {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When the terminal refuses; it is then as it was.
    pub fn enter(mouse: bool) -> io::Result<(Self, Tui)> {
        let guard = Self { mouse };
        guard.take()?;
        let terminal = Terminal::new(CrosstermBackend::new(Out(stdout())))?;
        Ok((guard, terminal))
    }

    /// Takes the terminal over, also again after [`restore`].
    ///
    /// # Errors
    /// When the terminal refuses; it is then as it was.
    pub fn take(&self) -> io::Result<()> {
        OURS.store(true, Ordering::SeqCst);
        let entered = enable_raw_mode().and_then(|()| {
            let mut out = stdout();
            queue!(
                out,
                EnterAlternateScreen,
                SetTitle("workbench"),
                EnableBracketedPaste,
                Hide
            )?;
            if self.mouse {
                queue!(out, EnableMouseCapture)?;
            }
            out.flush()
        });
        let entered = entered.and_then(|()| capture::begin());
        if entered.is_err() {
            restore();
        }
        entered
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back. Harmless when it is not ours; nothing can be done when it is gone.
pub fn restore() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = execute!(
        stdout(),
        DisableMouseCapture,
        DisableBracketedPaste,
        ResetColor,
        LeaveAlternateScreen,
        Show
    );
    let _ = disable_raw_mode();
    capture::end();
}

/// Keeps panics from printing over the screen. On the calling thread, which draws, the terminal is
/// given back before the panic is told. Panics of other threads are failures of what they did (a
/// task, a run) and are dealt with there; what they would print is caught so that it does not
/// destroy the picture.
pub fn install_panic_hook() {
    let drawing: ThreadId = std::thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        if std::thread::current().id() == drawing {
            restore();
        } else if OURS.load(Ordering::SeqCst) {
            let name = std::thread::current()
                .name()
                .unwrap_or("a thread")
                .to_owned();
            capture::catch(&format!("panic in {name}"), &info.to_string());
            return;
        }
        before(info);
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_elsewhere_is_kept_for_later_and_goes_no_further() {
        install_panic_hook();
        OURS.store(true, Ordering::SeqCst);
        let thread = std::thread::Builder::new().name("a-worker".to_owned());
        let ended = thread.spawn(|| panic!("out of trees")).unwrap().join();
        OURS.store(false, Ordering::SeqCst);
        drop(std::panic::take_hook());
        assert!(ended.is_err());
        let told = capture::collected();
        let ours = |line: &&capture::Caught| {
            line.source == "panic in a-worker" && line.text.contains("out of trees")
        };
        assert_eq!(told.iter().filter(ours).count(), 1, "{told:?}");
        assert!(!told.iter().any(|line| line.text.contains('\n')));
    }
}
