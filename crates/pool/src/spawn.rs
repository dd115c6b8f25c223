//! Describing a task and submitting it.

use std::fmt::Display;
use std::sync::Arc;

use super::cell::{OnEnd, TaskBody, TaskCell};
use super::context::TaskContext;
use super::error::PoolError;
use super::retry::Retry;
use super::shared::PoolState;
use super::task::{AnyTask, Header, Spec, Watcher};
use super::task_ref::{Awaitable, Dependency, TaskRef};

/// A task being described; see [`PoolHandle::task`](super::PoolHandle::task). What is not said: one
/// cpu, nothing else, priority 0, group and part 0, no retries, no dependencies.
///
/// ```
/// # use workbench_pool::Pool;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = Pool::builder().workers(2).gpus(1.0).build()?;
/// let load = pool.task().name("load").priority(1).spawn(|| vec![1, 2, 3])?;
/// let rows = load.clone();
/// let train = pool.task().name("train").gpus(0.5).after(&load);
/// let model = train.spawn(move || rows.get().map(|rows| rows.len()))?;
/// assert_eq!(*model.get()?, Ok(3));
/// # Ok(())
/// # }
/// ```
#[must_use = "a task is submitted by one of the spawn methods"]
pub struct TaskBuilder<'p> {
    shared: &'p Arc<PoolState>,
    spec: Spec,
    cpus: f64,
    gpus: f64,
    memory: u64,
    custom: Vec<(Arc<str>, f64)>,
    dependencies: Vec<Dependency>,
}

impl<'p> TaskBuilder<'p> {
    pub(super) fn new(shared: &'p Arc<PoolState>) -> Self {
        Self {
            shared,
            spec: Spec::default(),
            cpus: 1.0,
            gpus: 0.0,
            memory: 0,
            custom: Vec::new(),
            dependencies: Vec::new(),
        }
    }

    /// What a person calls the task. Tasks that belong together should share one `Arc`.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.spec.name = Some(name.into());
        self
    }

    /// A number for the group of tasks that this one belongs to, such as the model that it is part
    /// of. The pool only records it.
    pub fn group(mut self, group: u32) -> Self {
        self.spec.group = group;
        self
    }

    /// A number for the task within its group. The pool only records it.
    pub fn part(mut self, part: u32) -> Self {
        self.spec.part = part;
        self
    }

    /// Cpus that the task occupies, in steps of 1/10 000; 0 lets it run beside any others. Whatever
    /// it says, a task runs on one thread, and takes more only through rayon.
    pub fn cpus(mut self, cpus: f64) -> Self {
        self.cpus = cpus;
        self
    }

    /// Gpus that the task occupies, in steps of 1/10 000.
    pub fn gpus(mut self, gpus: f64) -> Self {
        self.gpus = gpus;
        self
    }

    /// Memory that the task occupies, in bytes.
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// How much of a resource of [`PoolBuilder::resource`](super::PoolBuilder::resource)
    /// the task occupies.
    pub fn resource(mut self, name: impl Into<Arc<str>>, amount: f64) -> Self {
        self.custom.push((name.into(), amount));
        self
    }

    /// Higher starts first; equal ones start in the order in which they became ready.
    pub fn priority(mut self, priority: i32) -> Self {
        self.spec.priority = priority;
        self
    }

    /// Starts the task after this one has ended with a value, and gives it up if that one has none.
    pub fn after(mut self, task: &impl Awaitable) -> Self {
        self.dependencies.push(task.dependency());
        self
    }

    /// [`after`](Self::after) for each of the tasks.
    pub fn after_all<'r, R: Awaitable + 'r>(
        mut self,
        tasks: impl IntoIterator<Item = &'r R>,
    ) -> Self {
        self.dependencies
            .extend(tasks.into_iter().map(Awaitable::dependency));
        self
    }

    /// Tries a task of [`spawn_fallible`](Self::spawn_fallible) again when it fails or panics.
    pub fn retries(mut self, retry: Retry) -> Self {
        self.spec.retry = Some(Box::new(retry));
        self
    }

    /// Submits the task.
    ///
    /// # Errors
    /// When the task asks for more than the whole pool has, for retries, or to come after a task
    /// of another pool.
    pub fn spawn<T, F>(self, work: F) -> Result<TaskRef<T>, PoolError>
    where
        T: Send + Sync + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.spawn_with(move |_: &TaskContext<'_>| work())
    }

    /// Submits a task that looks at its [`TaskContext`], for example to stop when it is cancelled.
    ///
    /// # Errors
    /// When the task asks for more than the whole pool has, for retries, or to come after a task
    /// of another pool.
    pub fn spawn_with<T, F>(self, work: F) -> Result<TaskRef<T>, PoolError>
    where
        T: Send + Sync + 'static,
        F: FnOnce(&TaskContext<'_>) -> T + Send + 'static,
    {
        if self.spec.retry.is_some() {
            return Err(PoolError::RunsOnce {
                task: self.display_name().to_string(),
            });
        }
        self.launch(Once(Some(work)))
    }

    /// Submits a task that may fail and can be repeated: an error or a panic is followed by
    /// the next attempt, as far as [`retries`](Self::retries) allows. The error's text ends
    /// up in [`TaskError`](super::TaskError).
    ///
    /// # Errors
    /// When the task asks for more than the whole pool has, or to come after a task
    /// of another pool.
    pub fn spawn_fallible<T, E, F>(self, work: F) -> Result<TaskRef<T>, PoolError>
    where
        T: Send + Sync + 'static,
        E: Display,
        F: Fn(&TaskContext<'_>) -> Result<T, E> + Send + 'static,
    {
        self.launch(Repeatable(move |context: &TaskContext<'_>| {
            work(context).map_err(|error| error.to_string())
        }))
    }

    fn display_name(&self) -> Arc<str> {
        self.spec.name.clone().unwrap_or_else(|| "task".into())
    }

    fn launch<B: TaskBody>(mut self, body: B) -> Result<TaskRef<B::Output>, PoolError> {
        let one_cpu = self.cpus.to_bits() == 1f64.to_bits()
            && self.gpus.to_bits() == 0
            && self.memory == 0
            && self.custom.is_empty();
        if !one_cpu {
            let name = self.display_name();
            let capacity = &self.shared.capacity;
            let demand = capacity.demand(&name, self.cpus, self.gpus, self.memory, &self.custom)?;
            self.spec.demand = Some(Box::new(demand));
        }
        if let Some(foreign) = (self.dependencies.iter()).find(|task| !task.is_of(self.shared)) {
            return Err(PoolError::ForeignDependency {
                task: self.display_name().to_string(),
                dependency: foreign.id(),
            });
        }
        Ok(launch(self.shared, self.spec, body, self.dependencies))
    }
}

/// Submits a task that needs the values of `dependencies`.
pub(super) fn launch<B: TaskBody>(
    shared: &Arc<PoolState>,
    spec: Spec,
    body: B,
    dependencies: Vec<Dependency>,
) -> TaskRef<B::Output> {
    let waits_for = if dependencies.is_empty() {
        0
    } else {
        // One more for this function, so that the task does not start before all
        // dependencies are registered.
        1 + dependencies.len() as u32
    };
    let cell = cell(shared, spec, body, (), waits_for);
    let task: Arc<dyn AnyTask> = Arc::clone(&cell) as _;
    let reference = TaskRef::new(cell, Arc::clone(shared));
    if waits_for == 0 {
        shared.submit(task);
        return reference;
    }
    shared.park(&task);
    for dependency in dependencies.into_iter().map(Dependency::into_task) {
        if dependency.header().watch(Watcher::Task(Arc::clone(&task))) {
            continue;
        }
        match dependency.error() {
            None => shared.meet_dependency(&task),
            Some(error) => {
                let name = shared.spans.name_of(task.header());
                shared.end_without_running(&task, error.for_dependent(task.header().id, name));
            }
        }
    }
    if shared.is_cancelled(task.header().id) {
        // All tasks were cancelled before this one could be found among those that wait.
        shared.end_without_running(&task, shared.cancelled(task.header()));
    }
    shared.meet_dependency(&task);
    reference
}

/// A task that is not submitted yet.
pub(super) fn cell<B: TaskBody, E: OnEnd>(
    shared: &Arc<PoolState>,
    spec: Spec,
    body: B,
    on_end: E,
    waits_for: u32,
) -> Arc<TaskCell<B, E>> {
    let header = Header::new(shared.next_id(), spec, shared.clock.now_ns(), waits_for);
    Arc::new(TaskCell::new(header, body, on_end))
}

/// Work that can be done once.
pub(super) struct Once<F>(pub Option<F>);

impl<T, F> TaskBody for Once<F>
where
    T: Send + Sync + 'static,
    F: FnOnce(&TaskContext<'_>) -> T + Send + 'static,
{
    type Output = T;

    fn run(&mut self, context: &TaskContext<'_>) -> Result<T, String> {
        match self.0.take() {
            Some(work) => Ok(work(context)),
            None => Err("the closure was already used".to_owned()),
        }
    }
}

/// Work that can be done again.
struct Repeatable<F>(F);

impl<T, F> TaskBody for Repeatable<F>
where
    T: Send + Sync + 'static,
    F: Fn(&TaskContext<'_>) -> Result<T, String> + Send + 'static,
{
    type Output = T;

    fn run(&mut self, context: &TaskContext<'_>) -> Result<T, String> {
        (self.0)(context)
    }
}
