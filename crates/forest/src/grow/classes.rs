//! Gini impurity and entropy: weights by class.

use super::Impurity;

/// Weights of the rows by class, and what a criterion makes of them.
#[derive(Debug, Clone, Default)]
pub struct ClassWeights<C> {
    count: usize,
    rows: Vec<ClassRow>,
    total_weight: f64,
    /// Weights by class of every node that was summed, one after another.
    sums: Vec<f64>,
    node: ClassSums,
    left: Vec<f64>,
    right: Vec<f64>,
    left_weight: f64,
    /// Σ weight² by class of both sides, kept while rows move: for the Gini impurity where weights
    /// are integers and so the squares exact.
    squares: Option<[f64; 2]>,
    /// Whether `squares` are exact.
    exact: bool,
    criterion: std::marker::PhantomData<C>,
}

#[derive(Debug, Clone, Copy)]
struct ClassRow {
    weight: f64,
    class: u32,
}

/// A node's weight, and where its weights by class are.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClassSums {
    weight: f64,
    at: usize,
}

/// Impurity from weights by class.
pub trait ClassCriterion {
    fn of(weights: &[f64], total: f64) -> f64;
    /// The same from Σ weight², where that is enough.
    fn of_squares(squares: f64, total: f64) -> Option<f64>;
}

/// 1 − Σ share².
#[derive(Debug, Clone, Default)]
pub struct GiniShares;

/// −Σ share·log₂ share.
#[derive(Debug, Clone, Default)]
pub struct EntropyShares;

pub type Gini = ClassWeights<GiniShares>;
pub type Entropy = ClassWeights<EntropyShares>;

impl ClassCriterion for GiniShares {
    fn of(weights: &[f64], total: f64) -> f64 {
        let squares: f64 = weights.iter().map(|weight| weight * weight).sum();
        1.0 - squares / (total * total)
    }

    fn of_squares(squares: f64, total: f64) -> Option<f64> {
        Some(1.0 - squares / (total * total))
    }
}

impl ClassCriterion for EntropyShares {
    fn of(weights: &[f64], total: f64) -> f64 {
        let mut entropy = 0.0;
        for weight in weights.iter().filter(|weight| **weight > 0.0) {
            let share = weight / total;
            // Not `log2`, so that the last bit is that of scikit-learn.
            entropy -= share * (share.ln() / std::f64::consts::LN_2);
        }
        entropy
    }

    fn of_squares(_: f64, _: f64) -> Option<f64> {
        None
    }
}

impl<C> ClassWeights<C> {
    /// Reads classes and weights.
    pub fn load(&mut self, class: &[u32], classes: u32, weight: impl Fn(usize) -> f64) {
        self.count = classes as usize;
        self.total_weight = (0..class.len()).map(&weight).sum();
        self.rows.clear();
        self.rows
            .extend(class.iter().enumerate().map(|(row, class)| ClassRow {
                weight: weight(row),
                class: *class,
            }));
        self.sums.clear();
        let whole = self.rows.iter().all(|row| row.weight.fract() == 0.0);
        self.exact = whole && self.total_weight * self.total_weight < 2_f64.powi(53);
    }

    fn by_class(&self, sums: &ClassSums) -> &[f64] {
        &self.sums[sums.at..][..self.count]
    }
}

impl<C: ClassCriterion> Impurity for ClassWeights<C> {
    type Sums = ClassSums;

    fn sum(&mut self, rows: impl Iterator<Item = u32>) -> ClassSums {
        let at = self.sums.len();
        self.sums.resize(at + self.count, 0.0);
        let mut total = 0.0;
        for row in rows {
            let ClassRow { weight, class } = self.rows[row as usize];
            self.sums[at + class as usize] += weight;
            total += weight;
        }
        ClassSums { weight: total, at }
    }

    fn total_weight(&self) -> f64 {
        self.total_weight
    }

    fn counts(&self, row: u32) -> bool {
        self.rows[row as usize].weight > 0.0
    }

    fn weight(&self, sums: &ClassSums) -> f64 {
        sums.weight
    }

    fn impurity(&self, sums: &ClassSums) -> f64 {
        C::of(self.by_class(sums), sums.weight).max(0.0)
    }

    fn push_value(&self, sums: &ClassSums, values: &mut Vec<f64>) {
        values.extend(
            self.by_class(sums)
                .iter()
                .map(|weight| weight / sums.weight),
        );
    }

    fn start(&mut self, node: &ClassSums) {
        self.node = *node;
        self.left.clear();
        self.left.resize(self.count, 0.0);
        let node = &self.sums[node.at..][..self.count];
        self.right.clear();
        self.right.extend_from_slice(node);
        self.left_weight = 0.0;
        let keeps = self.exact && C::of_squares(1.0, 1.0).is_some();
        self.squares = keeps.then(|| [0.0, self.right.iter().map(|weight| weight * weight).sum()]);
    }

    fn add(&mut self, row: u32) {
        let ClassRow { weight, class } = self.rows[row as usize];
        let class = class as usize;
        if let Some([left, right]) = &mut self.squares {
            *left += weight * (2.0 * self.left[class] + weight);
            *right -= weight * (2.0 * self.right[class] - weight);
        }
        self.left[class] += weight;
        self.right[class] = self.sums[self.node.at + class] - self.left[class];
        self.left_weight += weight;
    }

    fn sides(&self) -> [f64; 2] {
        [self.left_weight, self.node.weight - self.left_weight]
    }

    fn proxy(&self) -> f64 {
        let [left, right] = self.sides();
        let kept = self.squares.and_then(|squares| {
            Some([
                C::of_squares(squares[0], left)?,
                C::of_squares(squares[1], right)?,
            ])
        });
        let [impurity_left, impurity_right] =
            kept.unwrap_or_else(|| [C::of(&self.left, left), C::of(&self.right, right)]);
        -right * impurity_right - left * impurity_left
    }
}
