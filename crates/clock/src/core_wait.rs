//! How long a thread could have run and waited for a core, as the scheduler counts it.

#[cfg(all(target_os = "linux", not(workbench_portable)))]
use std::fs::File;

/// The wait of one thread for cores, since the thread began.
///
/// Linux counts it (`/proc/<pid>/schedstat`, see sched-stats in the kernel's documentation); other
/// systems do not say.
#[derive(Debug)]
pub struct CoreWait {
    #[cfg(all(target_os = "linux", not(workbench_portable)))]
    file: Option<File>,
}

impl CoreWait {
    /// Of the calling thread. Others may ask as well.
    pub fn of_this_thread() -> Self {
        Self {
            // Kept open, so that a look costs one system call.
            #[cfg(all(target_os = "linux", not(workbench_portable)))]
            file: File::open("/proc/thread-self/schedstat").ok(),
        }
    }

    /// Nanoseconds in all; `None` where nobody counts them.
    #[cfg(all(target_os = "linux", not(workbench_portable)))]
    pub fn total_ns(&self) -> Option<u64> {
        use std::os::unix::fs::FileExt as _;

        let mut buffer = [0; 128];
        let length = self.file.as_ref()?.read_at(&mut buffer, 0).ok()?;
        parse(&buffer[..length])
    }

    /// Nanoseconds in all; `None` where nobody counts them.
    #[cfg(not(all(target_os = "linux", not(workbench_portable))))]
    pub fn total_ns(&self) -> Option<u64> {
        None
    }

    /// Nanoseconds since an earlier [total](Self::total_ns); 0 where nobody counts them.
    pub fn since_ns(&self, earlier: Option<u64>) -> u64 {
        let both = self.total_ns().zip(earlier);
        both.map_or(0, |(now, earlier)| now.saturating_sub(earlier))
    }
}

/// The second number of a `schedstat`: time in a run queue.
#[cfg(any(test, all(target_os = "linux", not(workbench_portable))))]
fn parse(schedstat: &[u8]) -> Option<u64> {
    let mut words = str::from_utf8(schedstat).ok()?.split_ascii_whitespace();
    words.nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_number_is_the_wait_for_cores() {
        assert_eq!(parse(b"6011247 1203931 15\n"), Some(1_203_931));
        assert_eq!(parse(b"6011247"), None);
        assert_eq!(parse(b"6011247 x 15"), None);
        assert_eq!(parse(b"\xff 1 2"), None);
        assert_eq!(parse(b""), None);
    }

    #[test]
    fn a_wait_never_gets_shorter() {
        let wait = CoreWait::of_this_thread();
        let before = wait.total_ns();
        std::thread::yield_now();
        assert!(wait.total_ns() >= before);
    }
}
