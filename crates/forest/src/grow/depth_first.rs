//! Splits nodes depth first, left before right, as scikit-learn numbers them.

use super::Engine;
use super::builder::{Builder, NodeKind, NodeStart};

impl<E: Engine> Builder<'_, E> {
    /// Grows the tree, the whole of it or up to the most leaves.
    pub fn grow(&mut self) {
        let root = self.root();
        match self.limits.max_leaves {
            Some(leaves) => self.best_first(root, leaves),
            None => self.depth_first(root),
        }
        self.engine.finish(self.nodes);
    }

    fn depth_first(&mut self, root: NodeStart<E::Sums>) {
        let mut later = Vec::new();
        let mut next = Some(root);
        while let Some(start) = next {
            let number = self.push(&start);
            let Some(divided) = self.divide(&start, number) else {
                next = later.pop();
                continue;
            };
            let [left, right] = divided.children;
            let keep = divided.children.map(|child| child.kind == NodeKind::Open);
            if keep != [false, false] {
                self.engine.partition(start.block, &divided.split, keep);
            }
            self.split(number, &divided.split);
            if left.kind == NodeKind::Leaf {
                self.push(&left);
                next = Some(right);
            } else {
                later.push(right);
                next = Some(left);
            }
        }
    }
}
