//! A program stands still while this program is suspended from its terminal.

use std::os::unix::net::UnixStream;
use std::sync::Arc;

use workbench_workers::{Pausable, register_pausable};

use crate::wire::{Tell, send};

/// The helper of a program that goes on.
pub(crate) struct Running(Arc<UnixStream>);

impl Pausable for Running {
    fn pause(&self) -> Vec<u32> {
        // A helper that is gone has nothing to stop.
        let _ = send(&mut &*self.0, &Tell::Pause);
        vec![0]
    }

    fn resume(&self, _: &[u32]) {
        let _ = send(&mut &*self.0, &Tell::Resume);
    }
}

/// While this is kept, the program is paused with this one.
pub(crate) fn pausable(link: &Arc<UnixStream>) -> Arc<Running> {
    let running = Arc::new(Running(Arc::clone(link)));
    drop(register_pausable(&running));
    running
}
