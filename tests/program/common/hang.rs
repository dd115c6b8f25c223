//! A test that never ends is a failure like any other: it is named, and the other programs of tests
//! run.

use std::io::Write as _;
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

/// How long a test may take. The longest takes half a minute on 2 cores that have nothing else to
/// do.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// How often the tests are looked at.
const EVERY: Duration = Duration::from_secs(10);

/// The tests that are under way in this program, with the time since when.
static TESTS: Mutex<Vec<(String, Instant)>> = Mutex::new(Vec::new());

static WATCHDOG: Once = Once::new();

/// A test that is under way, until this is dropped.
pub struct UnderWay(String);

impl UnderWay {
    pub fn new() -> Self {
        WATCHDOG.call_once(|| {
            std::thread::spawn(watch);
        });
        let test = std::thread::current().name().unwrap_or("?").to_owned();
        tests().push((test.clone(), Instant::now()));
        Self(test)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut tests = tests();
        if let Some(at) = tests.iter().position(|(test, _)| *test == self.0) {
            tests.swap_remove(at);
        }
    }
}

fn tests() -> std::sync::MutexGuard<'static, Vec<(String, Instant)>> {
    TESTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the program when a test has taken too long. The test harness would wait without end.
fn watch() {
    loop {
        std::thread::sleep(EVERY);
        let tests = tests();
        let late = tests.iter().filter(|(_, since)| since.elapsed() > LIMIT);
        let late: Vec<&str> = late.map(|(test, _)| test.as_str()).collect();
        if !late.is_empty() {
            // Not by a macro, whose output the harness would keep for the end that never comes.
            let _ = writeln!(
                std::io::stderr(),
                "HANGS: still under way after {} minutes: {}",
                LIMIT.as_secs() / 60,
                late.join(", ")
            );
            std::process::exit(101);
        }
    }
}
