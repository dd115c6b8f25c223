//! In which order processes are shown, which of them, and how deep in their tree.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use workbench_machine::state::SeenProcess;

/// What processes are sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ProcessOrder {
    /// CPU time, the most first.
    #[default]
    Cpu,
    /// Resident memory, the most first.
    Memory,
    /// Memory on GPUs, the most first.
    GpuMemory,
    /// CPU time so far, the most first.
    Time,
    /// Number, the lowest first.
    Pid,
    /// Name.
    Name,
}

impl ProcessOrder {
    /// All orders, in the order in which one turns through them.
    pub const ALL: [Self; 6] = [
        Self::Cpu,
        Self::Memory,
        Self::GpuMemory,
        Self::Time,
        Self::Pid,
        Self::Name,
    ];

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|order| *order == self);
        Self::ALL[(at.unwrap_or(0) + 1) % Self::ALL.len()]
    }

    fn compare(self, a: &SeenProcess, b: &SeenProcess) -> Ordering {
        let by = match self {
            Self::Cpu => b.cores.total_cmp(&a.cores),
            Self::Memory => b.memory_bytes.cmp(&a.memory_bytes),
            Self::GpuMemory => b.gpu_memory_bytes.cmp(&a.gpu_memory_bytes),
            Self::Time => b.cpu_s.total_cmp(&a.cpu_s),
            Self::Pid => Ordering::Equal,
            Self::Name => a.name.cmp(&b.name),
        };
        by.then_with(|| a.pid.cmp(&b.pid))
    }
}

/// Which processes are wanted, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProcessWish {
    /// What they are sorted by.
    pub order: ProcessOrder,
    /// The other way round.
    pub reversed: bool,
    /// Below the process that started them.
    pub tree: bool,
    /// Threads of the kernel too.
    pub kernel: bool,
    /// Words in small letters that all have to occur in name, command line, account or number.
    pub words: Vec<String>,
}

/// A process to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessRow {
    /// Its place in the list that was given.
    pub place: usize,
    /// How deep it is in the tree; 0 without one.
    pub depth: usize,
}

/// The processes that are wanted, in their order. In a tree, what leads to a process that matches
/// is shown too.
pub fn arranged(all: &[SeenProcess], wish: &ProcessWish) -> Vec<ProcessRow> {
    let mut places: Vec<usize> = (0..all.len())
        .filter(|place| wish.kernel || !all[*place].is_kernel())
        .collect();
    places.sort_by(|a, b| {
        let order = wish.order.compare(&all[*a], &all[*b]);
        if wish.reversed {
            order.reverse()
        } else {
            order
        }
    });
    if wish.tree {
        return tree(all, &places, wish);
    }
    let wanted = places
        .into_iter()
        .filter(|place| matches(&all[*place], &wish.words));
    wanted.map(|place| ProcessRow { place, depth: 0 }).collect()
}

fn matches(process: &SeenProcess, words: &[String]) -> bool {
    words.is_empty() || {
        let of = [&process.name, &process.command, &process.user].map(|part| part.to_lowercase());
        let pid = process.pid.to_string();
        let has = |word: &String| *word == pid || of.iter().any(|part| part.contains(&**word));
        words.iter().all(has)
    }
}

/// Depth first, siblings in their order. A process whose parent is not in the list is a root.
fn tree(all: &[SeenProcess], places: &[usize], wish: &ProcessWish) -> Vec<ProcessRow> {
    let listed: HashSet<u32> = places.iter().map(|place| all[*place].pid).collect();
    let mut children: HashMap<u32, Vec<usize>> = HashMap::new();
    let mut roots = Vec::new();
    for place in places {
        let process = &all[*place];
        if listed.contains(&process.parent) && process.parent != process.pid {
            children.entry(process.parent).or_default().push(*place);
        } else {
            roots.push(*place);
        }
    }
    let mut rows = Vec::new();
    let mut seen = HashSet::new();
    // Numbers pass on while the list is read, so parents may form a circle without a root.
    for root in roots.iter().chain(places) {
        let mut open = vec![row(*root, 0)];
        while let Some(next) = open.pop() {
            if !seen.insert(next.place) {
                continue;
            }
            rows.push(next);
            let below = children
                .get(&all[next.place].pid)
                .into_iter()
                .flatten()
                .rev();
            open.extend(below.map(|place| row(*place, next.depth + 1)));
        }
    }
    if wish.words.is_empty() {
        return rows;
    }
    leading_to_matches(all, rows, &wish.words)
}

fn row(place: usize, depth: usize) -> ProcessRow {
    ProcessRow { place, depth }
}

/// Rows that match, and those above them in the tree.
fn leading_to_matches(
    all: &[SeenProcess],
    rows: Vec<ProcessRow>,
    words: &[String],
) -> Vec<ProcessRow> {
    let mut kept = Vec::new();
    // From the end, a row leads to a match where one that is deeper was kept just before.
    let mut wanted: Option<usize> = None;
    for row in rows.into_iter().rev() {
        let leads = wanted.is_some_and(|depth| row.depth < depth);
        if leads || matches(&all[row.place], words) {
            wanted = Some(row.depth);
            kept.push(row);
        }
    }
    kept.reverse();
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn process(pid: u32, parent: u32, name: &str, cores: f32) -> SeenProcess {
        SeenProcess {
            pid,
            parent,
            name: name.to_owned(),
            cores,
            memory_bytes: u64::from(pid),
            ..SeenProcess::default()
        }
    }

    fn some() -> Vec<SeenProcess> {
        vec![
            process(1, 0, "init", 0.0),
            process(2, 0, "kthreadd", 0.0),
            process(9, 2, "kworker", 0.0),
            process(10, 1, "shell", 0.1),
            process(11, 10, "train", 3.5),
            process(12, 10, "editor", 0.2),
            process(13, 1, "train-helper", 0.0),
        ]
    }

    fn pids(wish: &ProcessWish) -> Vec<(u32, usize)> {
        let all = some();
        let rows = arranged(&all, wish);
        rows.iter()
            .map(|row| (all[row.place].pid, row.depth))
            .collect()
    }

    #[test]
    fn the_busiest_come_first_and_the_kernel_only_on_request() {
        let wish = ProcessWish::default();
        let order: Vec<u32> = pids(&wish).iter().map(|(pid, _)| *pid).collect();
        assert_eq!(order, [11, 12, 10, 1, 13]);
        let wish = ProcessWish {
            order: ProcessOrder::Pid,
            reversed: true,
            kernel: true,
            ..wish
        };
        let order: Vec<u32> = pids(&wish).iter().map(|(pid, _)| *pid).collect();
        assert_eq!(order, [13, 12, 11, 10, 9, 2, 1]);
    }

    #[test]
    fn a_tree_shows_what_leads_to_a_match() {
        let mut wish = ProcessWish {
            tree: true,
            ..ProcessWish::default()
        };
        assert_eq!(pids(&wish), [(1, 0), (10, 1), (11, 2), (12, 2), (13, 1)]);
        wish.words = vec!["editor".to_owned()];
        assert_eq!(pids(&wish), [(1, 0), (10, 1), (12, 2)]);
        wish.words = vec!["13".to_owned()];
        assert_eq!(pids(&wish), [(1, 0), (13, 1)]);
        wish.tree = false;
        wish.words = vec!["train".to_owned()];
        assert_eq!(pids(&wish), [(11, 0), (13, 0)]);
    }

    proptest! {
        #[test]
        fn every_process_is_in_the_tree_once(parents in prop::collection::vec(0_u32..12, 0..12)) {
            // Also parents that are their own children, in a circle or not.
            let all: Vec<SeenProcess> = (3..)
                .zip(&parents)
                .map(|(pid, parent)| process(pid, parent + 3, "x", 0.0))
                .collect();
            let wish = ProcessWish { tree: true, kernel: true, ..ProcessWish::default() };
            let rows = arranged(&all, &wish);
            let places: HashSet<usize> = rows.iter().map(|row| row.place).collect();
            prop_assert_eq!(places.len(), rows.len());
            prop_assert_eq!(places.len(), all.len());
        }
    }
}
