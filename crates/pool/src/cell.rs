//! A task with its closure and its value: one allocation that the queue and the references share.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use workbench_words::panic_message;

use super::context::TaskContext;
use super::error::TaskError;
use super::quiet::drop_quietly;
use super::task::{AnyTask, Attempt, Followers, Header};

/// The work of a task.
pub trait TaskBody: Send + 'static {
    /// The type of its value.
    type Output: Send + Sync + 'static;

    /// Does the work once. May panic.
    fn run(&mut self, context: &TaskContext<'_>) -> Result<Self::Output, String>;
}

/// What a task leaves to do when it has ended.
pub trait OnEnd: Send + Sync + 'static {
    /// See [`AnyTask::followers`].
    fn followers(&self, task: u64) -> Followers;
}

/// Plain tasks leave nothing.
impl OnEnd for () {
    fn followers(&self, _: u64) -> Followers {
        Followers::default()
    }
}

type Outcome<T> = Result<Arc<T>, Box<TaskError>>;

/// A task whose value has type `T`.
pub trait Typed<T>: AnyTask {
    /// The value or error, once the task has ended.
    fn outcome(&self) -> Option<&Outcome<T>>;
}

/// A task with its closure and its value.
pub struct TaskCell<B: TaskBody, E: OnEnd> {
    header: Header,
    body: Mutex<Option<B>>,
    outcome: OnceLock<Outcome<B::Output>>,
    on_end: E,
}

impl<B: TaskBody, E: OnEnd> TaskCell<B, E> {
    pub fn new(header: Header, body: B, on_end: E) -> Self {
        Self {
            header,
            body: Mutex::new(Some(body)),
            outcome: OnceLock::new(),
            on_end,
        }
    }
}

impl<B: TaskBody, E: OnEnd> AnyTask for TaskCell<B, E> {
    fn header(&self) -> &Header {
        &self.header
    }

    fn attempt(&self, context: &TaskContext<'_>) -> Attempt {
        let run = || {
            let mut body = self.body.lock();
            let result = match body.as_mut() {
                Some(body) => body.run(context),
                None => return Attempt::Cancelled,
            };
            match result {
                _ if context.saw_cancellation() => Attempt::Cancelled,
                Ok(value) => {
                    // A task runs to a value at most once, so the place is free.
                    let _ = self.outcome.set(Ok(Arc::new(value)));
                    Attempt::Done
                }
                Err(message) => Attempt::Failed(message),
            }
        };
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(attempt) => attempt,
            Err(payload) => {
                let message = panic_message(&*payload).to_owned();
                drop_quietly(payload);
                if context.saw_cancellation() {
                    Attempt::Cancelled
                } else {
                    Attempt::Panicked(message)
                }
            }
        }
    }

    fn settle(&self, error: Option<TaskError>) {
        if let Some(error) = error {
            let _ = self.outcome.set(Err(Box::new(error)));
        }
        let body = self.body.lock().take();
        drop_quietly(body);
    }

    fn error(&self) -> Option<&TaskError> {
        self.outcome
            .get()
            .and_then(|outcome| outcome.as_ref().err())
            .map(Box::as_ref)
    }

    fn followers(&self) -> Followers {
        self.on_end.followers(self.header.id)
    }
}

impl<B: TaskBody, E: OnEnd> Typed<B::Output> for TaskCell<B, E> {
    fn outcome(&self) -> Option<&Outcome<B::Output>> {
        self.outcome.get()
    }
}
