//! Taking the terminal over and giving it back as it was found: on leaving, on a failed start, on a panic, on being stopped.

use std::io::{self, Stdout, Write, stdout};
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::ThreadId;

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

/// Whether the terminal is ours now.
static OURS: AtomicBool = AtomicBool::new(false);
/// Panics of other threads while it was, to be told afterwards.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Whether the terminal is gone: its window was closed.
static GONE: AtomicBool = AtomicBool::new(false);

/// The screen.
pub type Tui = Terminal<CrosstermBackend<Out>>;

/// The standard output. Once the terminal is gone it swallows everything: the library would complain on the standard
/// error, which is gone as well.
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
pub fn forget() {
    GONE.store(true, Ordering::Relaxed);
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
}

/// Makes panics behave while the terminal is ours. On the calling thread, which draws, the terminal is given back before
/// the panic is told. Panics of other threads are failures of what they did (a task, a run) and are dealt with there;
/// what they would print is kept for [`collected`] so that it does not destroy the picture.
pub fn tame_panics() {
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
            let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
            panics.push(format!("{name}: {info}"));
            return;
        }
        before(info);
    }));
}

/// What other threads' panics would have printed, since the last call.
pub fn collected() -> Vec<String> {
    std::mem::take(&mut *PANICS.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_elsewhere_is_kept_for_later_and_goes_no_further() {
        tame_panics();
        OURS.store(true, Ordering::SeqCst);
        let thread = std::thread::Builder::new().name("a-worker".to_owned());
        let ended = thread.spawn(|| panic!("out of trees")).unwrap().join();
        OURS.store(false, Ordering::SeqCst);
        drop(std::panic::take_hook());
        assert!(ended.is_err());
        let told = collected();
        let ours = |text: &&String| text.starts_with("a-worker: ") && text.contains("out of trees");
        assert_eq!(told.iter().filter(ours).count(), 1, "{told:?}");
        assert!(collected().is_empty());
    }
}
