//! Data and parameters that nobody should give: an error, or a model of finite numbers; never a
//! panic.

#![allow(clippy::float_cmp, reason = "equal means equal")]

use proptest::prelude::*;
use workbench_forest::{
    Bootstrap, Criterion, DecisionTree, Features, Forest, ForestError, GrowParams, GrowSeed,
    MaxFeatures, QueryRows, RowWeights, Splitter, TrainingData, Workspace,
};

fn feature() -> impl Strategy<Value = f32> {
    prop_oneof![
        any::<f32>(),
        prop::sample::select(vec![
            0.0,
            -0.0,
            f32::NAN,
            f32::MAX,
            f32::MIN,
            f32::MIN_POSITIVE,
            1e-45,
            -1e-45,
            1e38,
            1.0,
            1.0 + f32::EPSILON,
        ]),
        prop::sample::select(vec![f32::INFINITY, f32::NEG_INFINITY, 1.0, 2.0, 3.0, 4.0]),
        (0_u8..4).prop_map(f32::from),
    ]
}

fn target() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        prop::sample::select(vec![
            0.0,
            -0.0,
            1e200,
            -1e200,
            5e-324,
            1e149,
            f64::NAN,
            1e-200
        ]),
        (-5_i8..5).prop_map(f64::from),
        (-500_i32..500).prop_map(|y| f64::from(y) / 100.0),
    ]
}

fn params() -> impl Strategy<Value = GrowParams> {
    let sizes = (
        prop::option::of(0_u32..40),
        prop_oneof![0_usize..6, Just(usize::MAX)],
        prop_oneof![0_usize..4, Just(usize::MAX)],
        prop::option::of(prop_oneof![0_usize..9, Just(usize::MAX)]),
    );
    let share = || prop_oneof![any::<f64>(), 0.0..1.0_f64, Just(0.0)];
    let features = prop_oneof![
        Just(MaxFeatures::All),
        Just(MaxFeatures::Sqrt),
        Just(MaxFeatures::Log2),
        (0_usize..5).prop_map(MaxFeatures::Count),
        share().prop_map(MaxFeatures::Share),
    ];
    let bootstrap = prop_oneof![
        Just(Bootstrap::Off),
        Just(Bootstrap::Rows),
        (0_usize..50).prop_map(Bootstrap::Count),
        share().prop_map(Bootstrap::Share),
    ];
    let kinds = prop::sample::select(vec![
        (Criterion::SquaredError, Splitter::Best),
        (Criterion::SquaredError, Splitter::Random),
        (Criterion::Gini, Splitter::Best),
        (Criterion::Entropy, Splitter::Random),
    ]);
    (sizes, features, bootstrap, kinds, share(), share()).prop_map(
        |(sizes, max_features, bootstrap, (criterion, splitter), fraction, decrease)| GrowParams {
            criterion,
            splitter,
            max_depth: sizes.0,
            min_samples_split: sizes.1,
            min_samples_leaf: sizes.2,
            min_weight_fraction_leaf: fraction,
            max_features,
            max_leaf_nodes: sizes.3,
            min_impurity_decrease: decrease,
            bootstrap,
        },
    )
}

/// Everything that a tree says is finite, except a threshold that sends only missing values right.
fn check(tree: &DecisionTree) {
    for node in tree.nodes() {
        assert!(node.value.iter().all(|value| value.is_finite()));
        assert!(node.impurity.is_finite() && node.weight.is_finite());
        if let Some(split) = node.split {
            assert!(split.threshold.is_finite() || split.threshold == f64::INFINITY);
            assert!(node.samples >= 2);
        }
    }
    assert!(tree.importances().iter().all(|share| share.is_finite()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn nothing_panics_and_all_is_finite(
        (rows, values) in (0_usize..30, 0_usize..4).prop_flat_map(|(rows, columns)| {
            (Just(rows), prop::collection::vec(feature(), rows * columns))
        }),
        y in prop::collection::vec(target(), 30),
        weights in prop::option::of(prop::collection::vec(target(), 30)),
        params in params(),
        run: u64,
    ) {
        let Ok(features) = Features::from_columns(values, rows) else { return Ok(()) };
        let classes = y.iter().map(|y| y.abs().min(3.0) as u32).take(rows).collect();
        let y: Vec<f64> = y.into_iter().take(rows).collect();
        let data = if params.criterion == Criterion::SquaredError {
            TrainingData::regression(&features, y)
        } else {
            TrainingData::classification(&features, classes)
        };
        let Ok(data) = data else { return Ok(()) };
        let weighted = weights.map(|weights| weights.into_iter().take(rows).collect());
        let data = match weighted.map(|weights| data.clone().with_weights(weights)) {
            Some(Ok(weighted)) => weighted,
            _ => data,
        };
        if let Ok(tree) = DecisionTree::grow(&data, &params, GrowSeed::new(run, 0, 0)) {
            check(&tree);
            let predictions = tree.predict(&QueryRows::from(&features)).unwrap();
            prop_assert!(predictions.iter().all(|value| value.is_finite()));
        }
    }
}

#[test]
fn what_cannot_be_used_is_named() {
    let features = Features::from_columns(vec![1.0, 2.0, 3.0], 3).unwrap();
    let refused = |y: Vec<f64>| TrainingData::regression(&features, y).unwrap_err();
    assert!(matches!(
        refused(vec![1.0]),
        ForestError::Length { given: 1, .. }
    ));
    assert!(matches!(
        refused(vec![1.0, f64::NAN, 1.0]),
        ForestError::Value { row: 1, .. }
    ));
    assert!(matches!(
        refused(vec![1e200; 3]),
        ForestError::Overflow { .. }
    ));
    let infinite = Features::from_columns(vec![1.0, f32::INFINITY], 2).unwrap_err();
    assert_eq!(infinite, ForestError::InfiniteFeature { row: 1, column: 0 });
    assert!(Features::from_columns(Vec::new(), 0).is_err());
    assert!(Features::from_columns(vec![1.0; 3], 2).is_err());

    let data = TrainingData::regression(&features, vec![1.0, 2.0, 3.0]).unwrap();
    let grow = |params: GrowParams| DecisionTree::grow(&data, &params, GrowSeed::default());
    let params = GrowParams::regression();
    assert!(
        grow(GrowParams {
            min_samples_split: 1,
            ..params
        })
        .is_err()
    );
    assert!(
        grow(GrowParams {
            min_samples_leaf: 0,
            ..params
        })
        .is_err()
    );
    assert!(
        grow(GrowParams {
            max_leaf_nodes: Some(1),
            ..params
        })
        .is_err()
    );
    assert!(
        grow(GrowParams {
            min_impurity_decrease: f64::NAN,
            ..params
        })
        .is_err()
    );
    assert!(grow(GrowParams::classification()).is_err());
    let none = RowWeights::Counts(&[0, 0, 0]);
    let tree = DecisionTree::grow_weighted(&mut Workspace::new(), &data, &params, none, 1);
    assert_eq!(tree, Err(ForestError::NoWeight));
    assert!(Forest::grow(&data, &params, 0, GrowSeed::default(), 1).is_err());

    let tree = grow(params).unwrap();
    let two = QueryRows::from(&Features::from_columns(vec![1.0; 2], 1).unwrap());
    assert_eq!(
        tree.predict(&two),
        Err(ForestError::Columns {
            given: 2,
            trained: 1
        })
    );
}

#[test]
fn large_counts_and_many_rows_are_for_the_other_engine() {
    let rows = 70_000_usize;
    let value = |row: usize| ((row * 7919) % 100_003) as f32;
    let features = Features::from_columns((0..rows).map(value).collect(), rows).unwrap();
    let y = (0..rows)
        .map(|row| f64::from((value(row) / 1000.0).floor()))
        .collect();
    let data = TrainingData::regression(&features, y).unwrap();
    let params = GrowParams::forest_regression();
    let tree = DecisionTree::grow(&data, &params, GrowSeed::new(5, 0, 0)).unwrap();
    check(&tree);
    assert!(tree.leaves() > 90, "{} leaves", tree.leaves());

    let features = Features::from_columns(vec![1.0, 2.0, 3.0], 3).unwrap();
    let data = TrainingData::regression(&features, vec![0.5, 0.75, 9.0]).unwrap();
    for counts in [
        [1_u32, 1, 1],
        [255, 255, 255],
        [256, 256, 256],
        [1 << 20; 3],
    ] {
        let weights = RowWeights::Counts(&counts);
        let params = GrowParams::regression();
        let tree = DecisionTree::grow_weighted(&mut Workspace::new(), &data, &params, weights, 1);
        let tree = tree.unwrap();
        assert_eq!(tree.leaves(), 3);
        assert_eq!(tree.node(0).split.unwrap().threshold, 2.5);
        assert_eq!(tree.node(2).value, [0.5]);
    }
}
