//! A test that never ends is a failure like any other: it is named, and the other test programs
//! run.

use std::io::Write as _;
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

/// How long a test program may take. The longest takes 3 minutes on 2 cores that have nothing else
/// to do.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// The tests that are under way in this program.
static TESTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

static WATCHDOG: Once = Once::new();

/// A test that is under way, until this is dropped.
pub struct UnderWay(String);

impl UnderWay {
    pub fn new() -> Self {
        WATCHDOG.call_once(|| {
            std::thread::spawn(watch);
        });
        let test = std::thread::current().name().unwrap_or("?").to_owned();
        tests().push(test.clone());
        Self(test)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut tests = tests();
        if let Some(at) = tests.iter().position(|test| *test == self.0) {
            tests.swap_remove(at);
        }
    }
}

fn tests() -> std::sync::MutexGuard<'static, Vec<String>> {
    TESTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the program when its time is over. The test harness would wait without end.
fn watch() {
    std::thread::sleep(LIMIT);
    // Not by a macro, whose output the harness would keep for the end that never comes.
    let _ = writeln!(
        std::io::stderr(),
        "HANGS: after {} minutes these are still under way: {}",
        LIMIT.as_secs() / 60,
        tests().join(", ")
    );
    std::process::exit(101);
}
