//! Suspends the program and everything that belongs to a run on Ctrl-Z.

use std::io;
use std::thread;

use rustix::process::Signal;
use signal_hook::low_level::raise;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// Suspends the program, its workers and the clock of a run until it is continued (`fg`).
pub fn stand_still() {
    workbench_workers::stand_still(|| {
        // Sent to this thread, so that the call returns after the continuation, and not while other
        // threads are still being stopped.
        let _ = raise(Signal::STOP.as_raw());
    });
}

/// Installs this for Ctrl-Z, on a separate thread. Without it, only this process would be
/// suspended.
pub fn on_request() -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut asked = {
        let _inside = runtime.enter();
        signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?
    };
    thread::Builder::new()
        .name("ctrl-z".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                while asked.recv().await.is_some() {
                    stand_still();
                }
            });
        })
        .map(drop)
}
