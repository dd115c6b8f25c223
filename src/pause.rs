//! Standing still when the terminal asks for it (Ctrl-Z), together with everything that belongs to a run.

use std::io;
use std::thread;

use rustix::process::Signal;
use signal_hook::low_level::raise;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// Stands still until somebody says `fg`: workers too, and the clock of a run.
pub fn stand_still() {
    workbench_workers::stand_still(|| {
        // Sent to this thread, so that it comes back when all goes on, and not while the others are still being stopped.
        let _ = raise(Signal::STOP.as_raw());
    });
}

/// From now on Ctrl-Z does so, in a thread of its own. Without this, this process alone would stop.
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
