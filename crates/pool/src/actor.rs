//! Actors: tasks that share state. The messages of an actor are ordinary tasks, except that each
//! waits for its turn in the actor's mailbox, so that they run in order and one at a time.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use parking_lot::Mutex;
use workbench_words::panic_message;

use super::cell::{OnEnd, TaskBody};
use super::context::TaskContext;
use super::error::TaskError;
use super::quiet::drop_quietly;
use super::shared::PoolState;
use super::spawn::cell;
use super::task::{AnyTask, Followers, Spec, TaskState};
use super::task_ref::TaskRef;

/// How an actor is called and how often it may start anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorOptions {
    /// What a person calls the actor; its messages have this name in the timeline.
    pub name: Arc<str>,
    /// The group of its messages in the timeline. A message's part is its number, from 0.
    pub group: u32,
    /// Priority of its messages.
    pub priority: i32,
    /// How often the state is built again after a panic. After one more panic the actor is dead.
    pub max_restarts: u32,
}

impl Default for ActorOptions {
    fn default() -> Self {
        Self {
            name: "actor".into(),
            group: 0,
            priority: 0,
            max_restarts: 0,
        }
    }
}

/// State that handles messages in order, one at a time, on the threads of the pool. Cloning
/// it clones the reference; the state is dropped with the last one, after the messages that
/// are under way.
pub struct Actor<S> {
    inner: Arc<Inner<S>>,
}

struct Inner<S> {
    shared: Arc<PoolState>,
    options: ActorOptions,
    build: Box<dyn Fn() -> S + Send + Sync>,
    /// Built by the first message, and again by the first after a panic. Only the current
    /// message locks it.
    state: Mutex<Option<S>>,
    mailbox: Mutex<Mailbox>,
}

#[derive(Default)]
struct Mailbox {
    waiting: VecDeque<Arc<dyn AnyTask>>,
    /// The message that is in the queue or runs.
    current: Option<u64>,
    received: u32,
    restarts: u32,
    /// The panic that ended the actor.
    dead: Option<Arc<str>>,
}

impl<S: Send + 'static> Actor<S> {
    pub(super) fn new(
        shared: &Arc<PoolState>,
        options: ActorOptions,
        build: impl Fn() -> S + Send + Sync + 'static,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                shared: Arc::clone(shared),
                options,
                build: Box::new(build),
                state: Mutex::new(None),
                mailbox: Mutex::default(),
            }),
        }
    }

    /// Sends a message: `handle` runs with the state when all earlier messages have been handled. A
    /// panic in it fails this message, and the next one finds a newly built state, or
    /// [`TaskError::ActorDead`] when there were too many.
    ///
    /// A message must not wait for a later message of its own actor.
    pub fn call<R, F>(&self, handle: F) -> TaskRef<R>
    where
        R: Send + Sync + 'static,
        F: FnOnce(&mut S) -> R + Send + 'static,
    {
        let inner = &self.inner;
        let shared = &inner.shared;
        let body = Message {
            inner: Arc::clone(inner),
            handle: Some(handle),
        };
        let mut mailbox = inner.mailbox.lock();
        let spec = Spec {
            name: Some(Arc::clone(&inner.options.name)),
            group: inner.options.group,
            part: mailbox.received,
            priority: inner.options.priority,
            ..Spec::default()
        };
        mailbox.received = mailbox.received.wrapping_add(1);
        let turn = u32::from(mailbox.dead.is_some() || mailbox.current.is_some());
        let cell = cell(shared, spec, body, Turn(Arc::clone(inner)), turn);
        let task: Arc<dyn AnyTask> = Arc::clone(&cell) as _;
        let reference = TaskRef::new(cell, Arc::clone(shared));
        if let Some(cause) = mailbox.dead.clone() {
            drop(mailbox);
            let error = inner.dead(&*task, cause);
            shared.end_without_running(&task, error);
        } else if turn == 0 {
            mailbox.current = Some(task.header().id);
            drop(mailbox);
            shared.submit(task);
        } else {
            shared.park(&task);
            mailbox.waiting.push_back(Arc::clone(&task));
            drop(mailbox);
            if shared.is_cancelled(task.header().id) {
                shared.end_without_running(&task, shared.cancelled(task.header()));
            }
        }
        reference
    }

    /// Whether it still handles messages.
    pub fn is_alive(&self) -> bool {
        self.inner.mailbox.lock().dead.is_none()
    }
}

impl<S> Inner<S> {
    fn dead(&self, message: &dyn AnyTask, cause: Arc<str>) -> TaskError {
        TaskError::ActorDead {
            message: message.header().id,
            actor: Arc::clone(&self.options.name),
            cause,
        }
    }

    /// A message panicked: its state is not to be trusted.
    fn panicked(&self, payload: &(dyn Any + Send)) {
        let mut mailbox = self.mailbox.lock();
        if mailbox.restarts >= self.options.max_restarts {
            mailbox.dead = Some(panic_message(payload).into());
        } else {
            mailbox.restarts += 1;
        }
    }
}

/// The work of one message.
struct Message<S, F> {
    inner: Arc<Inner<S>>,
    handle: Option<F>,
}

impl<S, R, F> TaskBody for Message<S, F>
where
    S: Send + 'static,
    R: Send + Sync + 'static,
    F: FnOnce(&mut S) -> R + Send + 'static,
{
    type Output = R;

    fn run(&mut self, _: &TaskContext<'_>) -> Result<R, String> {
        let Some(handle) = self.handle.take() else {
            return Err("the message was already handled".to_owned());
        };
        let mut state = self.inner.state.lock();
        let work = || handle(state.get_or_insert_with(|| (self.inner.build)()));
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(value) => Ok(value),
            Err(payload) => {
                self.inner.panicked(&*payload);
                drop_quietly(state.take());
                drop(state);
                resume_unwind(payload)
            }
        }
    }
}

/// Passes the turn on when a message has ended.
struct Turn<S>(Arc<Inner<S>>);

impl<S: Send + 'static> OnEnd for Turn<S> {
    fn followers(&self, task: u64) -> Followers {
        let inner = &self.0;
        let mut followers = Followers::default();
        let mut stale = Vec::new();
        let mut mailbox = inner.mailbox.lock();
        if mailbox.current != Some(task) {
            // Cancelled while it waited; the turn was not its.
            return followers;
        }
        mailbox.current = None;
        while let Some(next) = mailbox.waiting.pop_front() {
            if let Some(cause) = &mailbox.dead {
                if next.header().claim() {
                    let error = inner.dead(&*next, Arc::clone(cause));
                    followers.failed.push((next, error));
                    continue;
                }
            } else if next
                .header()
                .make_ready(TaskState::Waiting, inner.shared.clock.now_ns())
            {
                mailbox.current = Some(next.header().id);
                followers.ready = Some(next);
                break;
            }
            stale.push(next);
        }
        drop(mailbox);
        drop_quietly(stale);
        followers
    }
}

impl<S> Clone for Actor<S> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<S> fmt::Debug for Actor<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Actor")
            .field("name", &self.inner.options.name)
            .finish_non_exhaustive()
    }
}
