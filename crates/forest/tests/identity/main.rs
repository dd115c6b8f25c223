//! Trees are those of scikit-learn 1.9.1, node for node; `tests/fixtures/make.py` made the
//! fixtures.
//!
//! Where the targets are integers and so are the weights, sums are exact here and there, and the
//! trees must be equal without exception, ties included: the features are drawn alike, and the
//! first of equals wins. With fractions, scikit-learn's rounding decides between splits that are
//! equally good; such places are counted, and both splits are proven to be equally good.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]
#![allow(clippy::float_cmp, reason = "equal means equal")]

mod compare;
mod fixture;

use compare::{Compared, compare};
use fixture::{Fixture, fixtures};
use workbench_forest::{DecisionTree, RowWeights, Workspace, scikit};

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
        let Some(random_state) = fixture.random_state else {
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
