//! The order of starting, against what one would find by looking at every task.

use proptest::prelude::*;

use super::*;
use crate::context::TaskContext;
use crate::error::TaskError;
use crate::task::{Attempt, Followers, Header, Spec};

struct Fake(Header);

impl AnyTask for Fake {
    fn header(&self) -> &Header {
        &self.0
    }

    fn attempt(&self, _: &TaskContext<'_>) -> Attempt {
        Attempt::Done
    }

    fn settle(&self, _: Option<TaskError>) {}

    fn error(&self) -> Option<&TaskError> {
        None
    }

    fn followers(&self) -> Followers {
        Followers::default()
    }
}

fn amounts(cpus: i64, gpus: i64) -> Amounts {
    Amounts {
        cpus,
        gpus,
        memory: 0,
        custom: Vec::new(),
    }
}

fn task(id: u64, priority: i32, demand: Amounts) -> Arc<dyn AnyTask> {
    let spec = Spec {
        priority,
        demand: Some(Box::new(demand)),
        ..Spec::default()
    };
    Arc::new(Fake(Header::new(id, spec, 0, 0)))
}

fn ids(queue: &mut ReadyQueue, bar: bool) -> Vec<u64> {
    std::iter::from_fn(|| queue.pick(bar))
        .map(|task| task.header().id)
        .collect()
}

#[test]
fn priorities_then_submission() {
    let mut queue = ReadyQueue::new(amounts(100, 0));
    for (id, priority) in (0..).zip([0, 3, -1, 3, 0]) {
        // Different demands must not change the order.
        queue.push(task(id, priority, amounts(1 + i64::from(id % 2 == 0), 0)));
    }
    assert_eq!(ids(&mut queue, true), [1, 3, 0, 4, 2]);
    assert_eq!(queue.len(), 0);
}

#[test]
fn the_bar_comes_down_and_goes_up() {
    let mut queue = ReadyQueue::new(amounts(1, 0));
    queue.push(task(0, 0, amounts(2, 0)));
    let limit = u64::from(MAX_OVERTAKES);
    for id in 1..=2 * limit {
        queue.push(task(id, 0, amounts(1, 0)));
    }
    for expected in 1..=limit {
        let next = queue.pick(true).unwrap();
        assert_eq!(next.header().id, expected);
        queue.free().give(next.header().demand());
    }
    assert!(queue.pick(true).is_none() && !queue.admits(true));
    assert!(queue.admits(false), "unless everything is blocked");
    queue.free().cpus += 1;
    assert_eq!(queue.pick(true).unwrap().header().id, 0);
    queue.free().cpus += 1;
    assert_eq!(queue.pick(true).unwrap().header().id, limit + 1);
}

#[test]
fn a_lower_priority_counts_as_overtaking() {
    let mut queue = ReadyQueue::new(amounts(1, 0));
    queue.push(task(0, 5, amounts(2, 0)));
    for id in 1..100 {
        queue.push(task(id, 0, amounts(0, 0)));
    }
    assert_eq!(ids(&mut queue, true).len(), MAX_OVERTAKES as usize);
}

#[test]
fn cancelled_and_hand_picked_tasks_leave_nothing_behind() {
    let mut queue = ReadyQueue::new(amounts(1000, 0));
    let tasks: Vec<_> = (0..100)
        .map(|id| task(id, id as i32 % 40, amounts(1, 0)))
        .collect();
    for task in &tasks {
        queue.push(Arc::clone(task));
    }
    for task in tasks.iter().step_by(2) {
        assert!(task.header().claim());
    }
    assert!(queue.pick_this(&tasks[1]));
    assert!(!queue.pick_this(&tasks[1]), "it runs already");
    assert!(!queue.pick_this(&tasks[2]), "cancelled");
    assert_eq!(ids(&mut queue, true).len(), 49);
    assert_eq!((queue.len(), queue.admits(false)), (0, false));
    assert!(queue.levels.len() <= 1 + KEPT_EMPTY);
    queue.take_released();
    assert!(tasks.iter().all(|task| Arc::strong_count(task) == 1));
}

#[test]
fn a_recursion_by_hand_picking_keeps_the_queue_short() {
    let mut queue = ReadyQueue::new(amounts(1_000_000, 0));
    for id in 0..1000 {
        let (left, right) = (
            task(2 * id, 0, amounts(1, 0)),
            task(2 * id + 1, 0, amounts(1, 0)),
        );
        queue.push(Arc::clone(&left));
        queue.push(Arc::clone(&right));
        assert!(queue.pick_this(&left) && queue.pick_this(&right));
        assert!(queue.len() <= 1, "{}", queue.len());
    }
}

#[derive(Debug, Clone)]
enum Step {
    Push { priority: i32, cpus: i64, gpus: i64 },
    Pick,
    Finish(usize),
    Cancel(usize),
    PickThis(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (-1..=1, 0..=4_i64, 0..=2_i64)
            .prop_map(|(priority, cpus, gpus)| Step::Push { priority, cpus, gpus }),
        6 => Just(Step::Pick),
        5 => any::<usize>().prop_map(Step::Finish),
        1 => any::<usize>().prop_map(Step::Cancel),
        1 => any::<usize>().prop_map(Step::PickThis),
    ];
    prop::collection::vec(step, 1..800)
}

/// A task that waits, and how often it was overtaken while it was the first of its kind.
struct Waiting {
    task: Arc<dyn AnyTask>,
    overtaken: u32,
}

/// Everything by looking at every task, in the order in which they should start.
struct Model {
    waiting: Vec<Waiting>,
    free: Amounts,
}

impl Model {
    fn push(&mut self, task: Arc<dyn AnyTask>) {
        let priority = |task: &Arc<dyn AnyTask>| task.header().spec.priority;
        let place = self
            .waiting
            .partition_point(|other| priority(&other.task) >= priority(&task));
        self.waiting.insert(place, Waiting { task, overtaken: 0 });
    }

    /// First of those that ask for the same at the same priority.
    fn is_first(&self, index: usize) -> bool {
        let key = |waiting: &Waiting| {
            let header = waiting.task.header();
            (header.spec.priority, header.demand().clone())
        };
        let own = key(&self.waiting[index]);
        self.waiting[..index].iter().all(|other| key(other) != own)
    }

    fn pick(&mut self) -> Option<u64> {
        let mut passed = Vec::new();
        for index in 0..self.waiting.len() {
            let waiting = &self.waiting[index];
            if waiting.task.header().demand().fits(&self.free) {
                for passed in passed {
                    let passed: &mut Waiting = &mut self.waiting[passed];
                    passed.overtaken += 1;
                }
                let task = self.waiting.remove(index).task;
                self.free.take(task.header().demand());
                return Some(task.header().id);
            }
            if self.is_first(index) {
                if waiting.overtaken >= MAX_OVERTAKES {
                    return None;
                }
                passed.push(index);
            }
        }
        None
    }

    fn forget(&mut self, id: u64) {
        self.waiting
            .retain(|waiting| waiting.task.header().id != id);
    }
}

proptest! {
    #[test]
    fn picks_what_a_look_at_every_task_would_find(steps in steps()) {
        let total = amounts(4, 2);
        let mut queue = ReadyQueue::new(total.clone());
        let mut model = Model { waiting: Vec::new(), free: total };
        let mut running: Vec<Arc<dyn AnyTask>> = Vec::new();
        let mut all: Vec<Arc<dyn AnyTask>> = Vec::new();
        for step in steps {
            match step {
                Step::Push { priority, cpus, gpus } => {
                    let task = task(all.len() as u64, priority, amounts(cpus, gpus));
                    queue.push(Arc::clone(&task));
                    model.push(Arc::clone(&task));
                    all.push(task);
                }
                Step::Pick => {
                    let expected = model.pick();
                    prop_assert_eq!(queue.admits(true), expected.is_some());
                    let task = queue.pick(true);
                    prop_assert_eq!(task.as_ref().map(|task| task.header().id), expected);
                    running.extend(task);
                }
                Step::Finish(which) if !running.is_empty() => {
                    let task = running.swap_remove(which % running.len());
                    queue.free().give(task.header().demand());
                    model.free.give(task.header().demand());
                }
                Step::Cancel(which) if !all.is_empty() => {
                    let task = &all[which % all.len()];
                    if task.header().claim() {
                        model.forget(task.header().id);
                    }
                }
                Step::PickThis(which) if !all.is_empty() => {
                    let task = &all[which % all.len()];
                    let fits = task.header().demand().fits(&model.free);
                    let ready = task.header().is(TaskState::Ready);
                    prop_assert_eq!(queue.pick_this(task), fits && ready);
                    if fits && ready {
                        model.forget(task.header().id);
                        model.free.take(task.header().demand());
                        running.push(Arc::clone(task));
                    }
                }
                _ => {}
            }
            prop_assert_eq!(&*queue.free(), &model.free);
        }
    }
}
