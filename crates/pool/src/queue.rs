//! The tasks that are ready and the resources that are free: who starts next.
//!
//! A pure data structure without threads or clocks. The rules: the highest priority first; within a
//! priority in the order of submission; a task that does not fit is overtaken by later ones that
//! do, but at most [`MAX_OVERTAKES`] times, after which nothing behind it starts until it fits.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::resources::Amounts;
use super::task::{AnyTask, TaskState};

/// How many tasks may start before one that is ahead of them but does not fit. Bounds its wait:
/// from then on the pool drains until it fits. Of several tasks that ask for the same, the count is
/// the first one's, and starts anew for the next when that one has started. A task that a running
/// task waits for in `get` may still start, because the draining needs it.
pub const MAX_OVERTAKES: u32 = 64;

/// Empty levels and classes are kept up to this number, so that a steady stream of
/// tasks allocates nothing.
const KEPT_EMPTY: usize = 16;

pub struct ReadyQueue {
    levels: BTreeMap<Reverse<i32>, Level>,
    free: Amounts,
    len: usize,
    submitted: u64,
    /// References that may be the last ones: the owner of the queue's lock drops them after
    /// unlocking, because a value's destructor may use the pool.
    released: Vec<Arc<dyn AnyTask>>,
}

/// The tasks of one priority.
#[derive(Default)]
struct Level {
    classes: Vec<Class>,
}

/// Tasks that ask for the same: they fit together or not at all, so only the first one
/// needs a look.
struct Class {
    demand: Amounts,
    entries: VecDeque<Entry>,
    /// How often the first entry was overtaken.
    overtaken: u32,
}

struct Entry {
    order: u64,
    task: Arc<dyn AnyTask>,
}

/// What a look at one level found.
enum Found {
    /// This class's first task may start.
    Class(usize),
    /// A task has been overtaken too often: nothing behind it may start.
    Barred,
    /// Nothing here fits.
    Nothing,
}

impl ReadyQueue {
    pub fn new(free: Amounts) -> Self {
        Self {
            levels: BTreeMap::new(),
            free,
            len: 0,
            submitted: 0,
            released: Vec::new(),
        }
    }

    /// Entries, those included whose task was cancelled or started in another way.
    pub fn len(&self) -> usize {
        self.len
    }

    /// What is free.
    pub fn free(&mut self) -> &mut Amounts {
        &mut self.free
    }

    pub fn take_released(&mut self) -> Vec<Arc<dyn AnyTask>> {
        std::mem::take(&mut self.released)
    }

    /// Appends a task in state `Ready`.
    pub fn push(&mut self, task: Arc<dyn AnyTask>) {
        let entry = Entry {
            order: self.submitted,
            task,
        };
        self.submitted += 1;
        self.len += 1;
        let header = entry.task.header();
        let level = self
            .levels
            .entry(Reverse(header.spec.priority))
            .or_default();
        let demand = header.demand();
        if let Some(class) = level
            .classes
            .iter_mut()
            .find(|class| class.demand == *demand)
        {
            class.entries.push_back(entry);
            return;
        }
        level.classes.push(Class {
            demand: demand.clone(),
            entries: VecDeque::from([entry]),
            overtaken: 0,
        });
    }

    /// Starts the next task: marks it as running and takes its resources. Without the bar, tasks
    /// start past one that was overtaken too often.
    pub fn pick(&mut self, bar: bool) -> Option<Arc<dyn AnyTask>> {
        loop {
            let (key, class) = self.find(bar)?;
            let task = self.pop(key, class)?;
            if task
                .header()
                .transition(TaskState::Ready, TaskState::Running)
            {
                self.free.take(task.header().demand());
                return Some(task);
            }
            // Cancelled since `find` looked.
            self.released.push(task);
        }
    }

    /// Starts this task out of order, if it is ready and fits.
    pub fn pick_this(&mut self, task: &Arc<dyn AnyTask>) -> bool {
        let header = task.header();
        let demand = header.demand();
        if !demand.fits(&self.free) || !header.transition(TaskState::Ready, TaskState::Running) {
            return false;
        }
        self.free.take(demand);
        self.tidy(Reverse(header.spec.priority), demand);
        true
    }

    /// Whether [`pick`](Self::pick) would start something.
    pub fn admits(&mut self, bar: bool) -> bool {
        self.find(bar).is_some()
    }

    /// Empties the queue.
    pub fn drain(&mut self) -> Vec<Arc<dyn AnyTask>> {
        self.len = 0;
        std::mem::take(&mut self.levels)
            .into_values()
            .flat_map(|level| level.classes)
            .flat_map(|class| class.entries)
            .map(|entry| entry.task)
            .collect()
    }

    fn find(&mut self, bar: bool) -> Option<(Reverse<i32>, usize)> {
        if self.len == 0 {
            return None;
        }
        let crowded = self.levels.len() > KEPT_EMPTY;
        let mut empty = None;
        let mut result = None;
        for (key, level) in &mut self.levels {
            self.len -= level.drop_not_ready(&mut self.released);
            match level.find(&self.free, bar) {
                Found::Class(index) => {
                    result = Some((*key, index));
                    break;
                }
                Found::Barred => break,
                Found::Nothing if crowded && level.is_empty() => empty = Some(*key),
                Found::Nothing => {}
            }
        }
        if let Some(key) = empty {
            self.levels.remove(&key);
        }
        result
    }

    fn pop(&mut self, key: Reverse<i32>, index: usize) -> Option<Arc<dyn AnyTask>> {
        if self.levels.len() > 1 {
            for (_, level) in self.levels.range_mut(..key) {
                level.count_overtaking(u64::MAX);
            }
        }
        let crowded = self.levels.len() > KEPT_EMPTY;
        let level = self.levels.get_mut(&key)?;
        let class = level.classes.get_mut(index)?;
        let entry = class.entries.pop_front()?;
        class.overtaken = 0;
        let emptied = class.entries.is_empty();
        if level.classes.len() > 1 {
            level.count_overtaking(entry.order);
            if emptied && level.classes.len() > KEPT_EMPTY {
                level.classes.swap_remove(index);
            }
        }
        if emptied && crowded && level.is_empty() {
            self.levels.remove(&key);
        }
        self.len -= 1;
        Some(entry.task)
    }

    /// Drops the entries at both ends of a class whose task does not wait in the queue any more, so
    /// that a deep recursion of tasks that are started out of order leaves nothing behind.
    fn tidy(&mut self, key: Reverse<i32>, demand: &Amounts) {
        let Some(level) = self.levels.get_mut(&key) else {
            return;
        };
        let Some(class) = level
            .classes
            .iter_mut()
            .find(|class| class.demand == *demand)
        else {
            return;
        };
        while class.entries.back().is_some_and(Entry::is_not_ready) {
            self.len -= 1;
            self.released
                .extend(class.entries.pop_back().map(|entry| entry.task));
        }
        self.len -= class.drop_not_ready(&mut self.released);
    }
}

impl Level {
    fn is_empty(&self) -> bool {
        self.classes.iter().all(|class| class.entries.is_empty())
    }

    fn drop_not_ready(&mut self, released: &mut Vec<Arc<dyn AnyTask>>) -> usize {
        let dropped = self
            .classes
            .iter_mut()
            .map(|class| class.drop_not_ready(released))
            .sum();
        if dropped > 0 && self.classes.len() > KEPT_EMPTY {
            self.classes.retain(|class| !class.entries.is_empty());
        }
        dropped
    }

    fn find(&self, free: &Amounts, bar: bool) -> Found {
        let mut barred_from = u64::MAX;
        let mut best: Option<(u64, usize)> = None;
        for (index, class) in self.classes.iter().enumerate() {
            let Some(first) = class.entries.front() else {
                continue;
            };
            if class.demand.fits(free) {
                if best.is_none_or(|(order, _)| first.order < order) {
                    best = Some((first.order, index));
                }
            } else if bar && class.overtaken >= MAX_OVERTAKES {
                barred_from = barred_from.min(first.order);
            }
        }
        match best {
            Some((order, index)) if order < barred_from => Found::Class(index),
            _ if barred_from < u64::MAX => Found::Barred,
            _ => Found::Nothing,
        }
    }

    /// Everything that stands before `order` has been overtaken by it.
    fn count_overtaking(&mut self, order: u64) {
        for class in &mut self.classes {
            if class
                .entries
                .front()
                .is_some_and(|first| first.order < order)
            {
                class.overtaken = class.overtaken.saturating_add(1);
            }
        }
    }
}

impl Class {
    fn drop_not_ready(&mut self, released: &mut Vec<Arc<dyn AnyTask>>) -> usize {
        let mut dropped = 0;
        while self.entries.front().is_some_and(Entry::is_not_ready) {
            self.overtaken = 0;
            dropped += 1;
            released.extend(self.entries.pop_front().map(|entry| entry.task));
        }
        dropped
    }
}

impl Entry {
    fn is_not_ready(&self) -> bool {
        !self.task.header().is(TaskState::Ready)
    }
}

#[cfg(test)]
mod tests;
