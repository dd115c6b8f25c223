//! Walks through two trees together.

use workbench_forest::{DecisionTree, NodeSplit};

use crate::identity::fixture::{Fixture, Theirs, Value};

/// How many nodes were equal, and where rounding decided.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Nodes that are equal in everything.
    pub equal: usize,
    /// Nodes split elsewhere, equally well: scikit-learn's rounding chose among equals.
    pub ties: usize,
    /// Nodes whose targets are all the same, which scikit-learn splits because of its rounding.
    pub pure: usize,
}

/// Compares two trees; panics where they differ and neither split is as good as the other.
pub fn compare(
    name: &str,
    fixture: &Fixture,
    number: usize,
    ours: &DecisionTree,
    theirs: &Theirs,
) -> Compared {
    let counts = fixture.counts.as_ref().map(|counts| &counts[number]);
    let weight = |row: usize| match (counts, &fixture.weights) {
        (Some(counts), _) => f64::from(counts[row]),
        (None, Some(weights)) => weights[row],
        (None, None) => 1.0,
    };
    let weights: Vec<f64> = (0..fixture.y.len()).map(weight).collect();
    let rows: Vec<usize> = (0..fixture.y.len())
        .filter(|row| weights[*row] > 0.0)
        .collect();
    let mut walk = Walk {
        name,
        fixture,
        weights,
        ours,
        theirs,
        compared: Compared::default(),
    };
    walk.nodes(0, 0, &rows);
    walk.compared
}

struct Walk<'a> {
    name: &'a str,
    fixture: &'a Fixture,
    weights: Vec<f64>,
    ours: &'a DecisionTree,
    theirs: &'a Theirs,
    compared: Compared,
}

impl Walk<'_> {
    fn nodes(&mut self, our: usize, their: usize, rows: &[usize]) {
        let node = self.ours.node(our);
        let place = format!("{}, node {our} and {their}", self.name);
        assert_eq!(node.samples, self.theirs.samples[their], "{place}");
        assert_eq!(node.samples as usize, rows.len(), "{place}");
        near(node.weight, self.theirs.weight[their], &place);
        match &self.theirs.value[their] {
            Value::One(value) => near(node.value[0], *value, &place),
            Value::Classes(values) => {
                assert_eq!(node.value, values.as_slice(), "{place}");
            }
        }
        let scale = self.ours.node(0).impurity.max(1e-9);
        let impurity = self.theirs.impurity[their];
        let off = (node.impurity - impurity).abs() / scale;
        assert!(
            off < 1e-9,
            "{place}: impurity {} and {impurity}",
            node.impurity
        );
        let split = self.their_split(their);
        match (node.split, split) {
            (None, None) => self.compared.equal += 1,
            (None, Some(_)) if !self.fixture.is_exact() && self.is_pure(rows) => {
                self.compared.pure += 1;
            }
            (Some(ours), Some(theirs)) => self.splits(ours, theirs, rows, &place),
            (ours, theirs) => panic!("{place}: {ours:?} and {theirs:?}"),
        }
    }

    fn splits(&mut self, ours: NodeSplit, theirs: NodeSplit, rows: &[usize], place: &str) {
        let ours_left = self.left(ours, rows);
        let theirs_left = self.left(theirs, rows);
        let same = (ours.feature, ours.missing_left) == (theirs.feature, theirs.missing_left)
            && ours.threshold.to_bits() == theirs.threshold.to_bits();
        if same {
            self.compared.equal += 1;
        } else {
            assert!(!self.fixture.is_exact(), "{place}: {ours:?} and {theirs:?}");
            let (a, b) = (self.gain(rows, &ours_left), self.gain(rows, &theirs_left));
            let whole: f64 = rows.iter().map(|row| self.fixture.y[*row].powi(2)).sum();
            let equal = (a - b).abs() <= 1e-12 * whole;
            assert!(equal, "{place}: {ours:?} gains {a}, {theirs:?} gains {b}");
            self.compared.ties += 1;
        }
        let is_in = |left: &[usize], row: &usize| left.binary_search(row).is_ok();
        let split = |left: &[usize]| rows.iter().copied().partition(|row| is_in(left, row));
        let (left, right): (Vec<usize>, Vec<usize>) = split(&ours_left);
        if ours_left == theirs_left {
            self.nodes(ours.left, theirs.left, &left);
            self.nodes(ours.right, theirs.right, &right);
        } else if right == theirs_left {
            self.nodes(ours.left, theirs.right, &left);
            self.nodes(ours.right, theirs.left, &right);
        }
    }

    fn their_split(&self, node: usize) -> Option<NodeSplit> {
        let theirs = self.theirs;
        (theirs.left[node] >= 0).then(|| NodeSplit {
            feature: theirs.feature[node] as usize,
            threshold: theirs.threshold[node].get(),
            missing_left: theirs.missing_left[node] == 1,
            left: theirs.left[node] as usize,
            right: theirs.right[node] as usize,
        })
    }

    fn left(&self, split: NodeSplit, rows: &[usize]) -> Vec<usize> {
        let column = self.fixture.features.column(split.feature);
        let left = |row: &&usize| {
            let value = column[**row];
            if value.is_nan() {
                split.missing_left
            } else {
                f64::from(value) <= split.threshold
            }
        };
        rows.iter().filter(left).copied().collect()
    }

    /// Weight times the decrease of the mean squared error.
    fn gain(&self, rows: &[usize], left: &[usize]) -> f64 {
        let sums = |rows: &[usize]| {
            let weighted = rows
                .iter()
                .map(|row| self.weights[*row] * self.fixture.y[*row]);
            let weight: f64 = rows.iter().map(|row| self.weights[*row]).sum();
            (weight, weighted.sum::<f64>())
        };
        let ((weight, sum), (left, left_sum)) = (sums(rows), sums(left));
        let above = left_sum - sum * left / weight;
        above * above * weight / (left * (weight - left))
    }

    fn is_pure(&self, rows: &[usize]) -> bool {
        let first = self.fixture.y[rows[0]];
        rows.iter().all(|row| self.fixture.y[*row] == first)
    }
}

fn near(ours: f64, theirs: f64, place: &str) {
    let off = (ours - theirs).abs();
    assert!(
        off <= 1e-11 * theirs.abs().max(1e-3),
        "{place}: {ours} and {theirs}"
    );
}
