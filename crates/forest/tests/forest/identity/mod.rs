//! Trees are those of scikit-learn 1.9.1, node for node; `tests/fixtures/make.py` made the
//! fixtures.
//!
//! Where the targets are integers and so are the weights, sums are exact here and there, and the
//! trees must be equal without exception, ties included: the features are drawn alike, and the
//! first of equals wins. With fractions, scikit-learn's rounding decides between splits that are
//! equally good; such places are counted, and both splits are proven to be equally good.

#![allow(clippy::float_cmp, reason = "equal means equal")]

mod compare;
mod fixture;

use compare::{Compared, compare};
use fixture::{Fixture, fixtures};
use workbench_forest::{
    DecisionTree, OutOfBag, QueryRows, RowWeights, Workspace, permutation_importance, scikit,
};

fn grow(fixture: &Fixture, number: usize) -> DecisionTree {
    let weights = match &fixture.counts {
        Some(counts) => RowWeights::Counts(&counts[number]),
        None => RowWeights::Data,
    };
    let mut workspace = Workspace::new();
    let state = fixture.states[number];
    DecisionTree::grow_weighted(
        &mut workspace,
        &fixture.data,
        &fixture.params,
        weights,
        state,
    )
    .unwrap()
}

#[test]
fn trees_are_those_of_scikit_learn() {
    let mut lines = Vec::new();
    for fixture in fixtures() {
        for (number, theirs) in fixture.trees.iter().enumerate() {
            let ours = grow(&fixture, number);
            let name = format!("{} {number}", fixture.name);
            let compared = compare(&name, &fixture, number, &ours, theirs);
            if fixture.is_exact() {
                let all = Compared {
                    equal: theirs.feature.len(),
                    ..Compared::default()
                };
                assert_eq!(compared, all, "{name}");
                assert_eq!(ours.len(), theirs.feature.len(), "{name}");
            }
            lines.push(format!("{name}: {compared:?}"));
        }
    }
    println!("{}", lines.join("\n"));
    assert!(lines.len() >= 33, "only {} trees", lines.len());
}

#[test]
fn forests_are_drawn_as_scikit_learn_draws_them() {
    let mut forests = 0;
    for fixture in fixtures() {
        let Some(random_state) = fixture.random_state.filter(|_| !fixture.trees.is_empty()) else {
            continue;
        };
        let trees = fixture.trees.len();
        let forest = scikit::forest(&fixture.data, &fixture.params, trees, random_state).unwrap();
        for (number, tree) in forest.trees().iter().enumerate() {
            assert_eq!(tree, &grow(&fixture, number), "{} {number}", fixture.name);
        }
        forests += 1;
    }
    assert!(forests >= 4, "only {forests} forests");
}

#[test]
fn forests_are_judged_as_scikit_learn_judges_them() {
    let near = |name: &str, ours: &[f64], theirs: &[f64]| {
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(theirs) {
            assert!(
                (ours - theirs).abs() < 1e-9 * theirs.abs().max(1.0),
                "{name}: {ours} {theirs}"
            );
        }
    };
    let mut forests = 0;
    for fixture in fixtures() {
        let (Some(judged), Some(random_state)) = (&fixture.judged, fixture.random_state) else {
            continue;
        };
        let forest =
            scikit::forest(&fixture.data, &fixture.params, judged.trees, random_state).unwrap();
        near("importances", &forest.importances(), &judged.importances);
        let rows = QueryRows::from(&fixture.features);
        let predictions = forest.predict(&rows).unwrap();
        near(
            "predictions",
            &predictions[..judged.predictions.len()],
            &judged.predictions,
        );
        let mut out = OutOfBag::new(&fixture.data);
        let count = fixture.data.rows();
        for (seed, tree) in scikit::tree_seeds(random_state, judged.trees)
            .iter()
            .zip(forest.trees())
        {
            let counts = scikit::bootstrap_counts(*seed, count as u32, count);
            out.add(tree, &rows, &counts).unwrap();
        }
        assert_eq!(out.rows(), count);
        near(
            "score",
            &[out.score(&fixture.data).unwrap()],
            &[judged.oob_score],
        );
        let first: Vec<f64> = (0..20)
            .flat_map(|row| out.prediction(row).unwrap())
            .collect();
        near("out of bag", &first, &judged.oob);
        forests += 1;
    }
    assert_eq!(forests, 2);
}

#[test]
fn shuffling_what_a_model_uses_costs_it() {
    let fixture = fixtures()
        .find(|fixture| fixture.name == "judged numbers")
        .unwrap();
    let forest = scikit::forest(&fixture.data, &fixture.params, 20, 1).unwrap();
    let score = |rows: &QueryRows| {
        let predictions = forest.predict(rows)?;
        let pairs = predictions.iter().zip(&fixture.y);
        Ok::<_, workbench_forest::ForestError>(-pairs.map(|(a, b)| (a - b).powi(2)).sum::<f64>())
    };
    let importances = permutation_importance(&fixture.features, 3, 7, score).unwrap();
    let greatest = |values: &[f64]| {
        let order = |a: &usize, b: &usize| values[*a].total_cmp(&values[*b]);
        (0..values.len()).max_by(order).unwrap()
    };
    let used = greatest(&forest.importances());
    assert!([2, 8].contains(&greatest(&importances)), "{importances:?}");
    assert!(importances[used] > 0.0);
}
