//! Any rows, targets, weights and parameters: a tree of finite numbers, or an error. Any text as a
//! model: a tree that predicts, or an error.

#![no_main]

use libfuzzer_sys::fuzz_target;
use workbench_forest::{
    Bootstrap, Criterion, DecisionTree, Features, GrowParams, GrowSeed, MaxFeatures, QueryRows,
    Splitter, TrainingData,
};

/// Reads values from the front of the input; zeros behind its end.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        let (head, rest) = self.0.split_at(N.min(self.0.len()));
        bytes[..head.len()].copy_from_slice(head);
        self.0 = rest;
        bytes
    }

    fn byte(&mut self) -> u8 {
        u8::from_le_bytes(self.bytes())
    }

    fn share(&mut self) -> f64 {
        match self.byte() {
            0..200 => 0.0,
            200..250 => f64::from(self.byte()) / 255.0,
            _ => f64::from_le_bytes(self.bytes()),
        }
    }

    fn target(&mut self) -> f64 {
        match self.byte() {
            0..100 => f64::from(self.byte()),
            100..200 => f64::from(i16::from_le_bytes(self.bytes())) / 100.0,
            _ => f64::from_le_bytes(self.bytes()),
        }
    }

    fn feature(&mut self) -> f32 {
        match self.byte() {
            0..150 => f32::from(self.byte() % 8),
            150..170 => f32::NAN,
            _ => f32::from_le_bytes(self.bytes()),
        }
    }

    fn params(&mut self) -> GrowParams {
        let kinds = self.byte();
        GrowParams {
            criterion: [Criterion::SquaredError, Criterion::Gini, Criterion::Entropy]
                [usize::from(kinds % 3)],
            splitter: if kinds & 4 == 0 {
                Splitter::Best
            } else {
                Splitter::Random
            },
            max_depth: (kinds & 8 == 0).then(|| u32::from(self.byte())),
            min_samples_split: usize::from(self.byte() % 8),
            min_samples_leaf: usize::from(self.byte() % 5),
            min_weight_fraction_leaf: self.share(),
            max_features: match kinds >> 4 & 3 {
                0 => MaxFeatures::All,
                1 => MaxFeatures::Sqrt,
                2 => MaxFeatures::Count(usize::from(self.byte() % 6)),
                _ => MaxFeatures::Share(self.share()),
            },
            max_leaf_nodes: (kinds & 64 != 0).then(|| usize::from(self.byte())),
            min_impurity_decrease: self.share(),
            bootstrap: if kinds & 128 == 0 {
                Bootstrap::Off
            } else {
                Bootstrap::Rows
            },
        }
    }
}

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = std::str::from_utf8(input)
        && let Ok(tree) = serde_json::from_str::<DecisionTree>(text)
    {
        judge(&tree);
    }
    let mut reader = Reader(input);
    let params = reader.params();
    let (rows, columns) = (
        usize::from(reader.byte() % 40),
        usize::from(reader.byte() % 5),
    );
    let values = (0..rows * columns).map(|_| reader.feature()).collect();
    let Ok(features) = Features::from_columns(values, rows) else {
        return;
    };
    let targets: Vec<f64> = (0..rows).map(|_| reader.target()).collect();
    let data = if params.criterion == Criterion::SquaredError {
        TrainingData::regression(&features, targets)
    } else {
        let classes = targets.iter().map(|target| target.abs().min(5.0) as u32);
        TrainingData::classification(&features, classes.collect())
    };
    let Ok(mut data) = data else { return };
    if reader.byte() > 128 {
        let weights = (0..rows).map(|_| reader.target()).collect();
        if let Ok(weighted) = data.clone().with_weights(weights) {
            data = weighted;
        }
    }
    let seed = GrowSeed::new(u64::from(reader.byte()), 0, 0);
    if let Ok(tree) = DecisionTree::grow(&data, &params, seed) {
        judge(&tree);
        let predictions = tree
            .predict(&QueryRows::from(&features))
            .expect("as many columns");
        assert!(predictions.iter().all(|value| value.is_finite()));
    }
});

fn judge(tree: &DecisionTree) {
    for node in tree.nodes() {
        assert!(node.impurity.is_finite() && node.weight.is_finite());
        assert!(node.value.iter().all(|value| value.is_finite()));
    }
    assert!(tree.importances().iter().all(|share| share.is_finite()));
    let text = serde_json::to_string(tree).expect("a tree can be written");
    let again: DecisionTree = serde_json::from_str(&text).expect("what was written can be read");
    assert_eq!(*tree, again);
}
