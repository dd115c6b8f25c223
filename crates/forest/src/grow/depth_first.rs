//! Splits nodes depth first, left before right, as scikit-learn numbers them.

use super::builder::{Builder, NodeStart};
use super::{Engine, NodeRows};

impl<E: Engine> Builder<'_, E> {
    /// Grows the tree, the whole of it or up to the most leaves.
    pub fn grow(&mut self, stack: &mut Vec<NodeStart<E::Sums>>) {
        let (len, sums) = self.engine.root();
        let block = NodeRows::all(len);
        let root = self.start(block, sums, 0, None, 0);
        match self.limits.max_leaves {
            Some(leaves) => self.best_first(root, leaves),
            None => self.depth_first(root, stack),
        }
        self.engine.finish(self.nodes);
    }

    fn depth_first(&mut self, root: NodeStart<E::Sums>, stack: &mut Vec<NodeStart<E::Sums>>) {
        stack.clear();
        stack.push(root);
        while let Some(start) = stack.pop() {
            let number = self.push(&start);
            let Some(divided) = self.divide(&start, number) else {
                continue;
            };
            let keep = divided.children.map(|child| !child.leaf);
            if keep != [false, false] {
                self.engine.partition(start.block, &divided.split, keep);
            }
            self.split(number, &divided.split);
            let [left, right] = divided.children;
            stack.push(right);
            stack.push(left);
        }
    }
}
