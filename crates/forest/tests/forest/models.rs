//! Models that are written and read are the same, and what is no model is refused.

use workbench_forest::{
    DecisionTree, Features, Forest, GrowParams, GrowSeed, QueryRows, TrainingData,
};

fn forest() -> (Forest, Features) {
    let rows = 60;
    let value = |place: usize| match (place * 37) % 101 {
        0..20 => f32::NAN,
        other => other as f32 / 7.0,
    };
    let features = Features::from_columns((0..rows * 3).map(value).collect(), rows).unwrap();
    let y = (0..rows)
        .map(|row| ((row * 13) % 17) as f64 / 3.0)
        .collect();
    let data = TrainingData::regression(&features, y).unwrap();
    let params = GrowParams::forest_regression();
    let forest = Forest::grow(&data, &params, 5, GrowSeed::new(1, 0, 0), 1).unwrap();
    (forest, features)
}

#[test]
fn a_forest_comes_back_as_it_was() {
    let (forest, features) = forest();
    let text = serde_json::to_string(&forest).unwrap();
    let back: Forest = serde_json::from_str(&text).unwrap();
    assert_eq!(forest, back);
    let rows = QueryRows::from(&features);
    assert_eq!(forest.predict(&rows), back.predict(&rows));
    let infinite = forest.trees().iter().flat_map(DecisionTree::nodes);
    let infinite = infinite
        .filter_map(|node| node.split)
        .any(|split| split.threshold.is_infinite());
    assert!(infinite, "a threshold that JSON has no number for");
}

#[test]
fn what_is_no_tree_is_refused() {
    let leaf = r#"{"value":[1.0],"impurity":0.0,"samples":1,"weight":1.0}"#;
    let split = |feature: u32, left: u32, right: u32| {
        format!(
            r#"{{"split":{{"feature":{feature},"threshold":0.5,"missing_left":false,
            "children":[{left},{right}]}},"value":[1.0],"impurity":0.0,"samples":1,"weight":1.0}}"#
        )
    };
    let tree = |nodes: &[&str]| {
        let text = format!(
            r#"{{"columns":2,"outputs":1,"nodes":[{}]}}"#,
            nodes.join(",")
        );
        serde_json::from_str::<DecisionTree>(&text).map_err(|error| error.to_string())
    };
    assert!(tree(&[leaf]).is_ok());
    assert!(tree(&[&split(1, 1, 2), leaf, leaf]).is_ok());
    let refused = [
        (tree(&[]), "a node"),
        (tree(&[&split(2, 1, 2), leaf, leaf]), "feature 2"),
        (tree(&[&split(0, 0, 1), leaf]), "the child 0"),
        (tree(&[&split(0, 1, 3), leaf, leaf]), "the child 3"),
        (tree(&[&split(0, 1, 1), leaf]), "2 parents"),
        (tree(&[leaf, leaf]), "0 parents"),
        (tree(&[&leaf.replace("[1.0]", "[1.0,2.0]")]), "2 values"),
        (tree(&[&leaf.replace("[1.0]", "[null]")]), "null"),
    ];
    for (result, says) in refused {
        let error = result.unwrap_err();
        assert!(error.contains(says), "{error}");
    }
    assert!(serde_json::from_str::<Forest>("[]").is_err());
}
