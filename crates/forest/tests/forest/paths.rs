//! Trees do not depend on instructions, engines, threads or workspaces.

use proptest::prelude::*;
use workbench_forest::{
    DecisionTree, Features, Forest, GrowParams, GrowSeed, MaxFeatures, TrainingData, VectorPath,
    Workspace,
};

/// Where the processor lacks one, the best one below it.
const PATHS: [VectorPath; 4] = [
    VectorPath::Portable,
    VectorPath::Neon,
    VectorPath::Avx2,
    VectorPath::Avx512,
];

/// Rows, columns and targets.
#[derive(Debug, Clone)]
struct Table {
    features: Features,
    targets: Vec<f64>,
}

fn table() -> impl Strategy<Value = Table> {
    let size = (
        1_usize..200,
        1_usize..20,
        1_u32..400,
        0_usize..4,
        any::<bool>(),
    );
    size.prop_flat_map(|(rows, columns, levels, scale, missing)| {
        let value = (0..levels, 0_u8..if missing { 10 } else { 1 });
        let values = prop::collection::vec(value, rows * columns);
        let targets = prop::collection::vec(-20_i32..200, rows);
        let scale = [1.0, 1e-3, 0.25, 1e-5][scale];
        (values, targets).prop_map(move |(values, targets)| {
            let values = values
                .into_iter()
                .map(|(value, missing)| match missing {
                    9 => f32::NAN,
                    _ => value as f32 * 3e-8,
                })
                .collect();
            Table {
                features: Features::from_columns(values, rows).unwrap(),
                targets: targets.iter().map(|y| f64::from(*y) * scale).collect(),
            }
        })
    })
}

fn params() -> impl Strategy<Value = GrowParams> {
    let limits = (1_u32..30, 2_usize..12, 1_usize..6, 1_usize..25);
    limits.prop_map(|(depth, split, leaf, features)| GrowParams {
        max_depth: Some(depth),
        min_samples_split: split,
        min_samples_leaf: leaf,
        max_features: MaxFeatures::Count(features),
        ..GrowParams::forest_regression()
    })
}

proptest! {
    #[test]
    fn every_path_grows_the_same_tree(table in table(), params in params(), run: u64) {
        let data = TrainingData::regression(&table.features, table.targets).unwrap();
        let seed = GrowSeed::new(run, 1, 2);
        let first = DecisionTree::grow(&data, &params, seed).unwrap();
        for path in PATHS {
            let mut workspace = Workspace::with_path(path);
            for _ in 0..2 {
                let tree = DecisionTree::grow_in(&mut workspace, &data, &params, seed).unwrap();
                prop_assert_eq!(&first, &tree, "{:?}", path);
            }
        }
    }

    #[test]
    fn both_engines_grow_the_same_tree(table in table(), params in params(), run: u64) {
        // Integers, so that both engines compute the same scores.
        let targets = table.targets.iter().map(|y| y.round()).collect();
        let data = TrainingData::regression(&table.features, targets).unwrap();
        let seed = GrowSeed::new(run, 0, 0);
        let packed = DecisionTree::grow(&data, &params, seed).unwrap();
        // Any limit on weights is for the other engine.
        let wide = GrowParams { min_weight_fraction_leaf: 1e-9, ..params };
        let wide = DecisionTree::grow(&data, &wide, seed).unwrap();
        prop_assert_eq!(packed, wide);
    }
}

/// Large nodes are not taken as small ones are, and trees have both.
#[test]
fn every_path_grows_the_same_tree_of_many_rows() {
    let (rows, columns) = (if cfg!(miri) { 60 } else { 3_000 }, 11);
    let value = |place: usize| match place * 7919 % 1009 {
        0..20 if place.is_multiple_of(3) => f32::NAN,
        value => value as f32 + (place % 7) as f32 / 8.0,
    };
    let values = (0..rows * columns).map(value).collect();
    let features = Features::from_columns(values, rows).unwrap();
    let numbers = (0..rows).map(|row| ((row * row + 31 * row) % 541) as f64 / 4.0);
    let numbers = TrainingData::regression(&features, numbers.collect()).unwrap();
    let classes = (0..rows as u32).map(|row| row * row % 7).collect();
    let classes = TrainingData::classification(&features, classes).unwrap();
    for (data, params) in [
        (&numbers, GrowParams::forest_regression()),
        (&classes, GrowParams::forest_classification()),
    ] {
        for (max_features, max_leaf_nodes) in [
            (MaxFeatures::All, None),
            (MaxFeatures::Count(4), None),
            (MaxFeatures::All, Some(400)),
        ] {
            let params = GrowParams {
                max_features,
                max_leaf_nodes,
                ..params
            };
            let grow = |path| {
                let mut workspace = Workspace::with_path(path);
                DecisionTree::grow_in(&mut workspace, data, &params, GrowSeed::new(3, 1, 4))
            };
            let portable = grow(VectorPath::Portable).unwrap();
            for path in PATHS {
                assert_eq!(portable, grow(path).unwrap(), "{path:?}, {params:?}");
            }
        }
    }
}

#[test]
fn a_forest_is_the_same_for_any_number_of_threads() {
    let rows = 300_usize;
    let value = |place: usize| ((place * 7919) % 613) as f32;
    let values = (0..rows * 4).map(value).collect();
    let features = Features::from_columns(values, rows).unwrap();
    let targets = (0..rows).map(|row| f64::from(value(row) + value(row + 2 * rows)) / 10.0);
    let data = TrainingData::regression(&features, targets.collect()).unwrap();
    let params = GrowParams {
        max_features: MaxFeatures::Count(2),
        ..GrowParams::forest_regression()
    };
    let grow = |threads| Forest::grow(&data, &params, 12, GrowSeed::new(1, 2, 3), threads);
    let one = grow(1).unwrap();
    for threads in [2, 3, 20] {
        assert_eq!(one, grow(threads).unwrap(), "{threads} threads");
    }
    let other = Forest::grow(&data, &params, 12, GrowSeed::new(1, 3, 3), 1).unwrap();
    assert_ne!(one, other);
}
