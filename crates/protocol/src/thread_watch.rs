//! Whether a thread works or waits, by what the operating system says of it.
//!
//! A call into a library may compute first and then wait for others, and not tell when the one ends
//! and the other begins: in libtorch, a backward pass waits for the gradients of the other ranks.
//! The thread that makes the call sleeps while it waits, and its processor time does not grow.

use std::fs;

/// Hundredths of a second of processor time, at most, in which nobody works: waking up to look at
/// the clock.
const IDLE_TICKS: u64 = 1;

/// Watches one thread of this process from another.
#[derive(Debug)]
pub(crate) struct ThreadWatch {
    path: String,
    before: Option<u64>,
}

impl ThreadWatch {
    /// Watches the thread that calls this.
    pub(crate) fn this_thread() -> Self {
        Self {
            path: stat_file(),
            before: None,
        }
    }

    /// Whether it sleeps, and has done next to nothing since this was asked last. Where the system
    /// does not tell: no.
    pub(crate) fn is_asleep(&mut self) -> bool {
        let now = fs::read_to_string(&self.path).ok();
        let now = now.as_deref().and_then(read);
        let ticks = now.map(|(_, ticks)| ticks);
        let before = std::mem::replace(&mut self.before, ticks);
        match (now, before) {
            (Some((state, ticks)), Some(before)) => {
                state == 'S' && ticks.saturating_sub(before) <= IDLE_TICKS
            }
            _ => false,
        }
    }
}

#[cfg(all(target_os = "linux", not(workbench_portable)))]
fn stat_file() -> String {
    let id = rustix::thread::gettid().as_raw_nonzero();
    format!("/proc/self/task/{id}/stat")
}

/// A file that is not there: other systems do not tell.
#[cfg(any(workbench_portable, not(target_os = "linux")))]
fn stat_file() -> String {
    String::new()
}

/// The state of a thread and its processor time in ticks, from a line as in `/proc/self/stat`. The
/// second field is the program's name in parentheses, and may hold anything.
fn read(line: &str) -> Option<(char, u64)> {
    let (_, rest) = line.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    // The 14th and 15th field of the line; the state is the third.
    let mut fields = fields.skip(10);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((state, user.saturating_add(system)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_and_time_are_found_behind_any_name() {
        let line = "7 (a ) S b)) S 1 2 3 0 -1 4194304 103 0 0 0 31 11 0 0 20 0 1 0 5 6";
        assert_eq!(read(line), Some(('S', 42)));
        assert_eq!(read("7 (name) R 1 2"), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn where_the_system_does_not_tell_no_thread_is_taken_for_asleep() {
        let mut unknown = ThreadWatch {
            path: String::new(),
            before: None,
        };
        assert!(!unknown.is_asleep() && !unknown.is_asleep());
    }

    #[cfg(all(target_os = "linux", not(workbench_portable)))]
    #[test]
    fn a_thread_that_waits_is_asleep_and_one_that_computes_is_not() {
        use std::sync::mpsc::channel;
        use std::thread;

        let (wake, wait) = channel::<()>();
        let (tell, told) = channel();
        let waiting = thread::spawn(move || {
            tell.send(ThreadWatch::this_thread()).unwrap();
            wait.recv().unwrap_err();
        });
        let mut other = told.recv().unwrap();
        // The first answer has nothing to compare with; from then on the thread gets to its
        // channel, if it is not there yet.
        assert!(!other.is_asleep());
        while !other.is_asleep() {
            thread::yield_now();
        }
        drop(wake);
        waiting.join().unwrap();
        let mut this = ThreadWatch::this_thread();
        assert!(!this.is_asleep());
        assert!(!this.is_asleep(), "whoever asks is awake");
    }
}
