//! Trees against brute force: every split of every node of small random data is tried, in exact
//! arithmetic, and none may be better than the one that was taken.

use proptest::prelude::*;
use workbench_forest::{
    Criterion, DecisionTree, Features, GrowParams, NodeSplit, QueryRows, RowWeights, TrainingData,
    Workspace,
};

#[derive(Debug, Clone)]
struct Table {
    columns: Vec<Vec<f32>>,
    y: Vec<i64>,
    weights: Vec<u32>,
    classes: bool,
}

#[derive(Debug, Clone, Copy)]
struct Few {
    depth: u32,
    split: usize,
    leaf: usize,
    state: u32,
}

fn table() -> impl Strategy<Value = Table> {
    let size = (1_usize..40, 1_usize..5, 1_u8..12, any::<bool>());
    size.prop_flat_map(|(rows, columns, levels, classes)| {
        let value = prop_oneof![
            8 => (0..levels).prop_map(f32::from),
            1 => Just(f32::NAN),
        ];
        let column = prop::collection::vec(value, rows);
        let columns = prop::collection::vec(column, columns);
        let y = prop::collection::vec(0_i64..if classes { 4 } else { 9 }, rows);
        (columns, y, prop::collection::vec(0_u32..4, rows)).prop_map(
            move |(columns, y, mut weights)| {
                weights[0] = 1;
                Table {
                    columns,
                    y,
                    weights,
                    classes,
                }
            },
        )
    })
}

fn few() -> impl Strategy<Value = Few> {
    (0_u32..9, 2_usize..7, 1_usize..4, any::<u32>()).prop_map(|(depth, split, leaf, state)| Few {
        depth,
        split,
        leaf,
        state,
    })
}

impl Table {
    fn data(&self) -> TrainingData {
        let features = Features::from_columns(self.columns.concat(), self.y.len()).unwrap();
        if self.classes {
            let classes = self.y.iter().map(|y| u32::try_from(*y).unwrap()).collect();
            TrainingData::classification(&features, classes).unwrap()
        } else {
            let y = self.y.iter().map(|y| *y as f64).collect();
            TrainingData::regression(&features, y).unwrap()
        }
    }

    fn weight(&self, rows: &[usize]) -> i64 {
        rows.iter().map(|row| i64::from(self.weights[*row])).sum()
    }

    /// Sum of weight × target, for each class where there are classes.
    fn sums(&self, rows: &[usize]) -> Vec<i64> {
        let mut sums = vec![0; if self.classes { 4 } else { 1 }];
        for row in rows {
            let weight = i64::from(self.weights[*row]);
            if self.classes {
                sums[self.y[*row] as usize] += weight;
            } else {
                sums[0] += weight * self.y[*row];
            }
        }
        sums
    }

    /// Σ sums² / weight of both sides as a fraction: what every criterion of squares maximises.
    fn worth(&self, left: &[usize], right: &[usize]) -> (i64, i64) {
        let part = |rows: &[usize]| {
            let squares: i64 = self.sums(rows).iter().map(|sum| sum * sum).sum();
            (squares, self.weight(rows))
        };
        let ((a, b), (c, d)) = (part(left), part(right));
        (a * d + c * b, b * d)
    }

    fn goes_left(&self, row: usize, split: &NodeSplit) -> bool {
        let value = self.columns[split.feature][row];
        if value.is_nan() {
            split.missing_left
        } else {
            f64::from(value) <= split.threshold
        }
    }

    /// All partitions of the rows that a split can make, by the least rows of a side.
    fn partitions(&self, rows: &[usize], leaf: usize) -> Vec<(Vec<usize>, Vec<usize>)> {
        let mut found = Vec::new();
        for (feature, column) in self.columns.iter().enumerate() {
            let present = rows
                .iter()
                .map(|row| column[*row])
                .filter(|value| !value.is_nan());
            for threshold in present {
                for missing_left in [false, true] {
                    let split = NodeSplit {
                        feature,
                        threshold: f64::from(threshold),
                        missing_left,
                        left: 0,
                        right: 0,
                    };
                    let sides: (Vec<usize>, Vec<usize>) =
                        rows.iter().partition(|row| self.goes_left(**row, &split));
                    if sides.0.len() >= leaf && sides.1.len() >= leaf {
                        found.push(sides);
                    }
                }
            }
        }
        found
    }
}

struct Check<'a> {
    table: &'a Table,
    tree: &'a DecisionTree,
    few: Few,
}

impl Check<'_> {
    fn node(&self, number: usize, rows: &[usize], depth: u32) {
        let node = self.tree.node(number);
        assert_eq!(node.samples as usize, rows.len());
        assert!((node.weight - self.table.weight(rows) as f64).abs() < 1e-9);
        let weight = self.table.weight(rows) as f64;
        for (value, sum) in node.value.iter().zip(self.table.sums(rows)) {
            assert!((value - sum as f64 / weight).abs() < 1e-9);
        }
        assert!(node.impurity.is_finite() && node.impurity >= 0.0);
        let first = self.table.y[rows[0]];
        let pure = rows.iter().all(|row| self.table.y[*row] == first);
        assert_eq!(pure, node.impurity < 1e-12);
        let least = self.few.split.max(2 * self.few.leaf);
        let partitions = if pure || depth >= self.few.depth || rows.len() < least {
            Vec::new()
        } else {
            self.table.partitions(rows, self.few.leaf)
        };
        let Some(split) = node.split else {
            // A split that gains nothing may be refused, as scikit-learn refuses it: the rounded
            // decrease can be below 0.
            let squares: i64 = self.table.sums(rows).iter().map(|sum| sum * sum).sum();
            let whole = i128::from(self.table.weight(rows));
            for (a, b) in &partitions {
                let (worth, under) = self.table.worth(a, b);
                let gains = i128::from(worth) * whole > i128::from(squares) * i128::from(under);
                assert!(!gains, "node {number}: a leaf that {a:?} could split");
            }
            return;
        };
        let (left, right): (Vec<usize>, Vec<usize>) = rows
            .iter()
            .partition(|row| self.table.goes_left(**row, &split));
        let (taken, below) = self.table.worth(&left, &right);
        for (a, b) in &partitions {
            let (worth, under) = self.table.worth(a, b);
            assert!(
                i128::from(taken) * i128::from(under) >= i128::from(worth) * i128::from(below),
                "node {number}: {a:?} is better than {left:?}"
            );
        }
        assert!(!partitions.is_empty());
        self.node(split.left, &left, depth + 1);
        self.node(split.right, &right, depth + 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn no_split_is_better_than_the_one_taken(table in table(), few in few()) {
        let params = GrowParams {
            max_depth: Some(few.depth),
            min_samples_split: few.split,
            min_samples_leaf: few.leaf,
            criterion: if table.classes { Criterion::Gini } else { Criterion::SquaredError },
            ..GrowParams::regression()
        };
        let data = table.data();
        let weights = RowWeights::Counts(&table.weights);
        let mut workspace = Workspace::new();
        let grow = |workspace: &mut Workspace, weights| {
            DecisionTree::grow_weighted(workspace, &data, &params, weights, few.state).unwrap()
        };
        let tree = grow(&mut workspace, weights);
        let rows: Vec<usize> =
            (0..table.y.len()).filter(|row| table.weights[*row] > 0).collect();
        Check { table: &table, tree: &tree, few }.node(0, &rows, 0);
        let real: Vec<f64> = table.weights.iter().map(|weight| f64::from(*weight)).collect();
        prop_assert_eq!(&tree, &grow(&mut workspace, RowWeights::Weights(&real)));
    }

    #[test]
    fn predictions_are_those_of_a_walk(table in table(), few in few()) {
        let params = GrowParams {
            criterion: if table.classes { Criterion::Entropy } else { Criterion::SquaredError },
            ..GrowParams::regression()
        };
        let tree = DecisionTree::grow_weighted(
            &mut Workspace::new(),
            &table.data(),
            &params,
            RowWeights::Counts(&table.weights),
            few.state,
        )
        .unwrap();
        let features = Features::from_columns(table.columns.concat(), table.y.len()).unwrap();
        let leaves = tree.apply(&QueryRows::from(&features)).unwrap();
        for (row, leaf) in leaves.into_iter().enumerate() {
            let mut at = 0;
            while let Some(split) = tree.node(at).split {
                at = if table.goes_left(row, &split) { split.left } else { split.right };
            }
            prop_assert_eq!(leaf as usize, at);
        }
    }
}
