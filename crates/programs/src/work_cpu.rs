//! The CPU time of a program's work alone, without its start-up and its end.

use workbench_machine::monitor::ProcessUse;

use crate::told::ToldResult;
use crate::tree;

/// Looks at what a tree of processes has used when its work begins and when it ends.
pub(crate) struct WorkCpu {
    root: u32,
    begun_ns: Option<u64>,
    ended_ns: Option<u64>,
}

impl WorkCpu {
    /// Nothing seen yet of the tree below a process.
    pub(crate) fn new(root: u32) -> Self {
        Self {
            root,
            begun_ns: None,
            ended_ns: None,
        }
    }

    /// Looks, where the program has just told that its work began or ended.
    pub(crate) fn look(&mut self, told: &ToldResult) {
        let now = || Some(tree::look(self.root).cpu_ns);
        if told.ready_ns.is_some() && self.begun_ns.is_none() {
            self.begun_ns = now();
        }
        if told.done_ns.is_some() && self.ended_ns.is_none() {
            self.ended_ns = now();
        }
    }

    /// CPU time from the beginning to the end of the work, in nanoseconds.
    pub(crate) fn between(&self) -> Option<u64> {
        Some(self.ended_ns?.saturating_sub(self.begun_ns?))
    }
}

/// What processes used for their work: their CPU time is cut to it, in the proportion that all of
/// it has between user and system.
pub(crate) fn of_work(all: ProcessUse, work_ns: Option<u64>) -> ProcessUse {
    let Some(work_ns) = work_ns.filter(|_| all.cpu_ns() > 0) else {
        return all;
    };
    let share = u128::from(all.system_ns) * u128::from(work_ns) / u128::from(all.cpu_ns());
    let system_ns = u64::try_from(share).unwrap_or(work_ns).min(work_ns);
    ProcessUse {
        user_ns: work_ns - system_ns,
        system_ns,
        ..all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_the_work_are_the_work() {
        let all = ProcessUse {
            user_ns: 300,
            system_ns: 100,
            ..ProcessUse::default()
        };
        let work = of_work(all, Some(201));
        assert_eq!((work.user_ns, work.system_ns), (151, 50));
        assert_eq!(of_work(all, None), all);
        assert_eq!(of_work(ProcessUse::default(), Some(5)).cpu_ns(), 0);
    }
}
