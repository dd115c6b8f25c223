//! References to tasks: how one learns what became of a task, makes others wait for it,
//! or cancels it.

use std::fmt;
use std::sync::Arc;

use super::blocking::wait_for;
use super::cell::Typed;
use super::error::TaskError;
use super::object::Object;
use super::shared::PoolState;
use super::task::AnyTask;

/// A reference to a task whose value has type `T`, before and after the task has ended. Cloning it
/// clones the reference; dropping it does not cancel the task.
pub struct TaskRef<T> {
    task: Arc<dyn Typed<T>>,
    shared: Arc<PoolState>,
}

/// A reference to a task whatever the type of its value, for
/// [`TaskBuilder::after`](super::TaskBuilder::after).
#[derive(Clone)]
pub struct Dependency {
    task: Arc<dyn AnyTask>,
    shared: Arc<PoolState>,
}

/// What can be waited for and depended on: [`TaskRef`] and [`Dependency`].
pub trait Awaitable: sealed::Node {
    /// The same task without the type of its value.
    fn dependency(&self) -> Dependency;
}

pub(super) mod sealed {
    use crate::task::AnyTask;

    /// Keeps [`super::Awaitable`] to this crate.
    pub trait Node {
        fn node(&self) -> &dyn AnyTask;
    }
}

impl<T: Send + Sync + 'static> TaskRef<T> {
    pub(super) fn new(task: Arc<dyn Typed<T>>, shared: Arc<PoolState>) -> Self {
        Self { task, shared }
    }

    fn untyped(&self) -> Arc<dyn AnyTask> {
        Arc::clone(&self.task) as Arc<dyn AnyTask>
    }

    /// The task's number, unique in its pool.
    pub fn id(&self) -> u64 {
        self.task.header().id
    }

    /// Whether the task has ended, in any way.
    pub fn is_done(&self) -> bool {
        self.task.header().has_ended()
    }

    /// The task's value, without waiting; `None` while it has not ended.
    pub fn try_get(&self) -> Option<Result<Object<T>, TaskError>> {
        if !self.is_done() {
            return None;
        }
        self.task.outcome().map(|outcome| match outcome {
            Ok(value) => Ok(Object::new(self.id(), Arc::clone(value))),
            Err(error) => Err((**error).clone()),
        })
    }

    /// Waits for the task to end. Within a task, this thread does other work of the pool
    /// meanwhile, and the waiting task's cpus are free for others; it keeps its gpus, memory
    /// and custom resources.
    ///
    /// Hold no lock over a wait within a task: what runs meanwhile on the same thread may want the
    /// same lock. A task may wait for tasks that it started itself, without limit; waits in which
    /// two tasks each hold up, on their thread, what the other waits for do not end.
    /// [`TaskBuilder::after`](super::TaskBuilder::after) has no such restriction.
    ///
    /// # Errors
    /// Why the task has no value: it failed, panicked, was cancelled, or could not run.
    pub fn get(&self) -> Result<Object<T>, TaskError> {
        loop {
            if let Some(result) = self.try_get() {
                return result;
            }
            self.wait();
        }
    }

    /// Waits for the task to end, in any way, like [`get`](Self::get).
    pub fn wait(&self) {
        if !self.is_done() {
            let task = self.untyped();
            wait_for(&[&*task], 1, None, Some(&task));
        }
    }

    /// Cancels the task. One that has not started never will; one that runs can see it in
    /// its [`TaskContext`](super::TaskContext) and is not retried. False when the task
    /// has already ended.
    pub fn cancel(&self) -> bool {
        self.shared.cancel(&self.untyped())
    }

    /// The same task without the type of its value.
    pub fn dependency(&self) -> Dependency {
        Dependency {
            task: self.untyped(),
            shared: Arc::clone(&self.shared),
        }
    }
}

impl Dependency {
    /// The task's number, unique in its pool.
    pub fn id(&self) -> u64 {
        self.task.header().id
    }

    /// Whether the task has ended, in any way.
    pub fn is_done(&self) -> bool {
        self.task.header().has_ended()
    }

    pub(super) fn into_task(self) -> Arc<dyn AnyTask> {
        self.task
    }

    /// Whether the task belongs to this pool.
    pub(super) fn is_of(&self, shared: &Arc<PoolState>) -> bool {
        Arc::ptr_eq(&self.shared, shared)
    }
}

impl<T: Send + Sync + 'static> Awaitable for TaskRef<T> {
    fn dependency(&self) -> Dependency {
        self.dependency()
    }
}

impl Awaitable for Dependency {
    fn dependency(&self) -> Dependency {
        self.clone()
    }
}

impl<T: Send + Sync + 'static> sealed::Node for TaskRef<T> {
    fn node(&self) -> &dyn AnyTask {
        &*self.task
    }
}

impl sealed::Node for Dependency {
    fn node(&self) -> &dyn AnyTask {
        &*self.task
    }
}

impl<T> Clone for TaskRef<T> {
    fn clone(&self) -> Self {
        Self {
            task: Arc::clone(&self.task),
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T> fmt::Debug for TaskRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = self.task.header();
        f.debug_struct("TaskRef")
            .field("id", &header.id)
            .field("done", &header.has_ended())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Dependency").field(&self.id()).finish()
    }
}
