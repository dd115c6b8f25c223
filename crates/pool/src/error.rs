//! What can go wrong with a pool and with a task, in words that name the culprit. Nothing
//! here decides anything.

use std::sync::Arc;

/// Why a pool could not be built or a task was not taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PoolError {
    /// A pool without threads could run nothing.
    #[error("pool: 0 workers asked for; give at least 1")]
    NoWorkers,
    /// The operating system gave no threads.
    #[error(
        "pool: cannot start {workers} thread{} ({reason}); give fewer workers or raise the process's thread limit",
        if *workers == 1 { "" } else { "s" }
    )]
    Threads {
        /// Threads that were asked for.
        workers: usize,
        /// What the operating system said.
        reason: String,
    },
    /// An amount of a resource is negative, infinite or not a number.
    #[error("{place}: {amount} {resource} is not an amount; give a number from 0 to 1e12")]
    Amount {
        /// Where it was given: `pool`, or the task's name.
        place: String,
        /// The resource.
        resource: String,
        /// What was given.
        amount: f64,
    },
    /// The task asks for more than the pool has, so it could never start.
    #[error(
        "task `{task}` asks for {asked} {resource} and the pool has {there}; ask for no more than that, or build the pool with more"
    )]
    NeverFits {
        /// The task's name.
        task: String,
        /// The resource that there is too little of.
        resource: String,
        /// What the task asks for.
        asked: String,
        /// What the pool has in all.
        there: String,
    },
    /// The task depends on a task of another pool. Waiting for one is possible, depending on
    /// it is not.
    #[error(
        "task `{task}` comes after task {dependency} of another pool; submit both to one pool, or wait for that one first"
    )]
    ForeignDependency {
        /// The task's name.
        task: String,
        /// Number of the other task in its pool.
        dependency: u64,
    },
    /// Retries were asked for a closure that can run only once.
    #[error(
        "task `{task}` asks for retries, but `spawn` takes a closure that runs only once; use `spawn_fallible`"
    )]
    RunsOnce {
        /// The task's name.
        task: String,
    },
}

/// Why a task has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaskError {
    /// The last attempt returned an error.
    #[error("task `{name}` ({task}) failed at attempt {attempts}: {message}")]
    Failed {
        /// The task's number.
        task: u64,
        /// The task's name.
        name: Arc<str>,
        /// Attempts made.
        attempts: u32,
        /// The error of the last attempt.
        message: Arc<str>,
    },
    /// The last attempt panicked.
    #[error("task `{name}` ({task}) panicked at attempt {attempts}: {message}")]
    Panicked {
        /// The task's number.
        task: u64,
        /// The task's name.
        name: Arc<str>,
        /// Attempts made.
        attempts: u32,
        /// The panic's message.
        message: Arc<str>,
    },
    /// The task was cancelled before it started, or stopped because it saw that it was cancelled.
    #[error("task `{name}` ({task}) was cancelled")]
    Cancelled {
        /// The task's number.
        task: u64,
        /// The task's name.
        name: Arc<str>,
    },
    /// The task did not run because another that it needs, directly or through others,
    /// has no value.
    #[error(
        "task `{name}` ({task}) did not run, because it needs `{culprit_name}` ({culprit}): {cause}"
    )]
    DependencyFailed {
        /// The task's number.
        task: u64,
        /// The task's name.
        name: Arc<str>,
        /// Number of the task that failed first.
        culprit: u64,
        /// Name of the task that failed first.
        culprit_name: Arc<str>,
        /// That task's own error.
        cause: Arc<str>,
    },
    /// The message was not handled because its actor had panicked more often than it may restart.
    #[error(
        "message {message} to actor `{actor}` was not handled, because the actor is dead: {cause}"
    )]
    ActorDead {
        /// The message's task number.
        message: u64,
        /// The actor's name.
        actor: Arc<str>,
        /// The panic that ended the actor.
        cause: Arc<str>,
    },
}

impl TaskError {
    /// The error of a task that depends on the one with this error; the first failure
    /// stays the culprit.
    pub(super) fn for_dependent(&self, task: u64, name: Arc<str>) -> Self {
        let (culprit, culprit_name, cause) = match self {
            Self::DependencyFailed {
                culprit,
                culprit_name,
                cause,
                ..
            } => (*culprit, culprit_name.clone(), cause.clone()),
            Self::Failed { task, name, .. }
            | Self::Panicked { task, name, .. }
            | Self::Cancelled { task, name } => (*task, name.clone(), self.to_string().into()),
            Self::ActorDead { message, actor, .. } => {
                (*message, actor.clone(), self.to_string().into())
            }
        };
        Self::DependencyFailed {
            task,
            name,
            culprit,
            culprit_name,
            cause,
        }
    }
}
