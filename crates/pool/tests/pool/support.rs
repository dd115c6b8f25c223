//! What the tests of the pool share.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use workbench_pool::{Pool, TaskSpan};

/// Runs the test on its own thread and fails, rather than hangs, when it does not come to an end.
pub fn guarded<R: Send + 'static>(test: impl FnOnce() -> R + Send + 'static) -> R {
    let (ended, end) = channel();
    let thread = thread::spawn(move || {
        let result = test();
        let _ = ended.send(());
        result
    });
    match end.recv_timeout(Duration::from_secs(120)) {
        Err(RecvTimeoutError::Timeout) => panic!("the test hangs"),
        // Ended, or panicked and dropped the sender.
        _ => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
    }
}

pub fn pool(workers: usize) -> Pool {
    Pool::builder().workers(workers).build().unwrap()
}

/// A door that tasks wait at until the test opens it.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    /// Blocks the thread itself: the pool knows nothing of it.
    pub fn pass(&self) {
        let mut open = self.0.0.lock().unwrap();
        while !*open {
            open = self.0.1.wait(open).unwrap();
        }
    }
}

/// The spans of each task, attempts in order.
pub fn by_task(spans: Vec<TaskSpan>) -> HashMap<u64, Vec<TaskSpan>> {
    let mut tasks: HashMap<u64, Vec<TaskSpan>> = HashMap::new();
    for span in spans {
        assert!(span.queued_ns <= span.ready_ns, "{span:?}");
        assert!(span.ready_ns <= span.started_ns, "{span:?}");
        assert!(span.started_ns <= span.finished_ns, "{span:?}");
        assert!(span.cpu_ns <= span.wall_ns(), "{span:?}");
        tasks.entry(span.task).or_default().push(span);
    }
    for attempts in tasks.values_mut() {
        attempts.sort_by_key(|span| span.attempt);
        for (number, span) in attempts.iter().enumerate() {
            assert_eq!(span.attempt as usize, number, "{attempts:?}");
        }
    }
    tasks
}
