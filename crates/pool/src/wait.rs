//! Waiting for several tasks.

use std::time::{Duration, Instant};

use super::blocking::wait_for;
use super::error::TaskError;
use super::object::Object;
use super::task::AnyTask;
use super::task_ref::sealed::Node;
use super::task_ref::{Awaitable, TaskRef};

/// Waits until one of the tasks has ended, in any way. Returns its index, the lowest when several
/// have; `None` when there are no tasks.
pub fn wait_any<R: Awaitable>(tasks: &[R]) -> Option<usize> {
    let nodes: Vec<&dyn AnyTask> = tasks.iter().map(Node::node).collect();
    wait_for(&nodes, 1, None, None);
    nodes.iter().position(|node| node.header().has_ended())
}

/// Waits until all tasks have ended, in any way.
pub fn wait_all<R: Awaitable>(tasks: &[R]) {
    // Backwards: the last one submitted mostly ends last, so that the others need not be waited for
    // one by one.
    for task in tasks.iter().rev() {
        if !task.node().header().has_ended() {
            let task = task.dependency().into_task();
            wait_for(&[&*task], 1, None, Some(&task));
        }
    }
}

/// Waits for all tasks and returns their values in the same order.
///
/// # Errors
/// The error of the first task in the list that has no value, after all have ended.
pub fn get_all<T: Send + Sync + 'static>(
    tasks: &[TaskRef<T>],
) -> Result<Vec<Object<T>>, TaskError> {
    wait_all(tasks);
    tasks.iter().map(TaskRef::get).collect()
}

/// Waits until `num_ready` of the tasks have ended, in any way, or `timeout` has passed. Returns
/// the indices of those that have ended, which may be more, and of those that have not, both
/// rising. A `num_ready` beyond the number of tasks stands for all of them; no timeout waits as
/// long as it takes.
///
/// ```
/// # use std::time::Duration;
/// # use workbench_pool::{Pool, wait};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = Pool::builder().workers(2).build()?;
/// let tasks: Vec<_> = (0..5).map(|n| pool.spawn(move || n)).collect();
/// let (ready, rest) = wait(&tasks, 3, Some(Duration::from_secs(10)));
/// assert!(ready.len() >= 3 && ready.len() + rest.len() == 5);
/// # Ok(())
/// # }
/// ```
pub fn wait<R: Awaitable>(
    tasks: &[R],
    num_ready: usize,
    timeout: Option<Duration>,
) -> (Vec<usize>, Vec<usize>) {
    let nodes: Vec<&dyn AnyTask> = tasks.iter().map(Node::node).collect();
    // A time too far away to be expressed is no limit.
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    wait_for(&nodes, num_ready, deadline, None);
    (0..nodes.len()).partition(|&index| nodes[index].header().has_ended())
}
