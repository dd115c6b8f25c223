//! Splits the node first whose split decreases impurity most, up to a number of leaves.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::Engine;
use super::builder::{Builder, Divided, NodeStart};

/// A node that may be split.
struct Candidate<S> {
    number: u32,
    start: NodeStart<S>,
    divided: Option<Divided<S>>,
}

impl<S> Candidate<S> {
    fn decrease(&self) -> f64 {
        self.divided
            .as_ref()
            .map_or(0.0, |divided| divided.decrease)
    }
}

// The order in which equals leave a heap depends on the heap; this one moves as that of libstdc++.
impl<S> Ord for Candidate<S> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.decrease().total_cmp(&other.decrease())
    }
}

impl<S> PartialOrd for Candidate<S> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<S> PartialEq for Candidate<S> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<S> Eq for Candidate<S> {}

impl<E: Engine> Builder<'_, E> {
    /// Grows a tree of at most so many leaves.
    pub fn best_first(&mut self, root: NodeStart<E::Sums>, leaves: u32) {
        let mut heap = BinaryHeap::new();
        heap.push(self.candidate(root));
        let mut splits = leaves.saturating_sub(1);
        while let Some(candidate) = heap.pop() {
            let Some(divided) = candidate.divided.filter(|_| splits > 0) else {
                continue;
            };
            splits -= 1;
            let start = &candidate.start;
            self.engine
                .partition(start.block, &divided.split, [true; 2]);
            self.split(candidate.number, &divided.split);
            // Both are looked at before either can be split: their numbers are neighbours.
            let [left, right] = divided.children.map(|child| self.candidate(child));
            heap.push(left);
            heap.push(right);
        }
    }

    fn candidate(&mut self, mut start: NodeStart<E::Sums>) -> Candidate<E::Sums> {
        // Constants are known along a path only while nodes are looked at along paths.
        start.constant = 0;
        let number = self.push(&start);
        let divided = self.divide(&start, number);
        Candidate {
            number,
            start,
            divided,
        }
    }
}
