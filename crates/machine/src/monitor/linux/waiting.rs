//! How long the calling thread has waited for a core, as Linux' scheduler counts it.

use super::reread::Reread;

#[derive(Debug)]
pub(crate) struct CoreWait {
    file: Reread,
}

impl CoreWait {
    /// Of the calling thread, which has to ask itself.
    pub fn of_this_thread() -> Self {
        Self {
            file: Reread::new("/proc/thread-self/schedstat".into()),
        }
    }

    /// Nanoseconds in all; `None` where the kernel does not count them.
    pub fn total_ns(&mut self) -> Option<u64> {
        let mut buffer = [0; 128];
        parse_wait(self.file.read(&mut buffer)?)
    }
}

/// The second number of a `schedstat`: time in a run queue.
pub(super) fn parse_wait(schedstat: &[u8]) -> Option<u64> {
    let mut words = str::from_utf8(schedstat).ok()?.split_ascii_whitespace();
    words.nth(1)?.parse().ok()
}
