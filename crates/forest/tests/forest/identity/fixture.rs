//! Fixtures: data, parameters, and scikit-learn's trees.

use std::io::Read as _;

use serde::Deserialize;
use workbench_dataset::{Supervised, california_housing, train_test_split};
use workbench_forest::{
    Bootstrap, Criterion, Features, GrowParams, MaxFeatures, Splitter, TrainingData,
};

const PACKED: &[u8] = include_bytes!("../../fixtures/scikit.jsonl.zst");

pub struct Fixture {
    pub name: String,
    pub data: TrainingData,
    pub features: Features,
    /// Targets, or classes as numbers.
    pub y: Vec<f64>,
    pub weights: Option<Vec<f64>>,
    pub params: GrowParams,
    pub states: Vec<u32>,
    pub counts: Option<Vec<Vec<u32>>>,
    pub random_state: Option<u32>,
    pub trees: Vec<Theirs>,
    pub judged: Option<Judged>,
}

/// What scikit-learn says about a forest.
#[derive(Deserialize)]
pub struct Judged {
    pub trees: usize,
    pub importances: Vec<f64>,
    pub oob_score: f64,
    pub oob: Vec<f64>,
    pub predictions: Vec<f64>,
}

/// A tree as scikit-learn keeps it.
#[derive(Deserialize)]
pub struct Theirs {
    pub feature: Vec<i64>,
    pub threshold: Vec<Number>,
    pub left: Vec<i64>,
    pub right: Vec<i64>,
    pub samples: Vec<u32>,
    pub weight: Vec<f64>,
    pub value: Vec<Value>,
    pub impurity: Vec<f64>,
    pub missing_left: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub enum Number {
    Finite(f64),
    Infinite(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
pub enum Value {
    One(f64),
    Classes(Vec<f64>),
}

#[derive(Deserialize)]
struct Written {
    name: String,
    rows: usize,
    classes: bool,
    x: Option<Vec<Option<f64>>>,
    y: Option<Vec<f64>>,
    weights: Option<Vec<f64>>,
    extra: bool,
    parameters: Parameters,
    states: Vec<u32>,
    counts: Option<Vec<Vec<u32>>>,
    random_state: Option<u32>,
    trees: Vec<Theirs>,
    judged: Option<Judged>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    criterion: Option<String>,
    max_depth: Option<u32>,
    min_samples_split: Option<usize>,
    min_samples_leaf: Option<usize>,
    min_weight_fraction_leaf: Option<f64>,
    max_features: Option<serde_json::Value>,
    max_leaf_nodes: Option<usize>,
    min_impurity_decrease: Option<f64>,
}

impl Number {
    pub fn get(&self) -> f64 {
        match self {
            Self::Finite(number) => *number,
            Self::Infinite(word) => {
                assert_eq!(word, "inf");
                f64::INFINITY
            }
        }
    }
}

impl Fixture {
    /// Whether every sum is exact, in 64-bit floats too.
    pub fn is_exact(&self) -> bool {
        let whole = |values: &[f64]| values.iter().all(|value| value.fract() == 0.0);
        whole(&self.y) && self.weights.as_deref().is_none_or(whole)
    }
}

/// All fixtures.
pub fn fixtures() -> impl Iterator<Item = Fixture> {
    let mut text = String::new();
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(PACKED).unwrap();
    decoder.read_to_string(&mut text).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.into_iter().map(|line| read(&line))
}

fn read(line: &str) -> Fixture {
    let written: Written = serde_json::from_str(line).unwrap();
    let (features, y) = match (&written.x, &written.y) {
        (Some(x), Some(y)) => {
            let values = x
                .iter()
                .map(|value| value.map_or(f32::NAN, |value| value as f32));
            let features = Features::from_columns(values.collect(), written.rows).unwrap();
            (features, y.clone())
        }
        _ => california(&written.name),
    };
    let data = if written.classes {
        let classes = y.iter().map(|class| *class as u32).collect();
        TrainingData::classification(&features, classes).unwrap()
    } else {
        TrainingData::regression(&features, y.clone()).unwrap()
    };
    let data = match &written.weights {
        Some(weights) => data.with_weights(weights.clone()).unwrap(),
        None => data,
    };
    Fixture {
        params: params(&written),
        name: written.name,
        data,
        features,
        y,
        weights: written.weights,
        states: written.states,
        counts: written.counts,
        random_state: written.random_state,
        trees: written.trees,
        judged: written.judged,
    }
}

fn params(written: &Written) -> GrowParams {
    let given = &written.parameters;
    let default = if written.classes {
        GrowParams::classification()
    } else {
        GrowParams::regression()
    };
    GrowParams {
        criterion: match given.criterion.as_deref() {
            None => default.criterion,
            Some("entropy") => Criterion::Entropy,
            Some(other) => panic!("criterion {other}"),
        },
        splitter: if written.extra {
            Splitter::Random
        } else {
            Splitter::Best
        },
        max_depth: given.max_depth,
        min_samples_split: given.min_samples_split.unwrap_or(2),
        min_samples_leaf: given.min_samples_leaf.unwrap_or(1),
        min_weight_fraction_leaf: given.min_weight_fraction_leaf.unwrap_or(0.0),
        max_features: match &given.max_features {
            None => MaxFeatures::All,
            Some(word) if word == "sqrt" => MaxFeatures::Sqrt,
            Some(count) => MaxFeatures::Count(count.as_u64().unwrap() as usize),
        },
        max_leaf_nodes: given.max_leaf_nodes,
        min_impurity_decrease: given.min_impurity_decrease.unwrap_or(0.0),
        bootstrap: if written.counts.is_some() {
            Bootstrap::Rows
        } else {
            Bootstrap::Off
        },
    }
}

/// The rows of the California Housing table that train, with the targets that the fixture has.
fn california(name: &str) -> (Features, Vec<f64>) {
    let housing = Supervised::from_table(&california_housing().unwrap(), "MedHouseVal").unwrap();
    let train = train_test_split(housing.rows, 0.2, 42).unwrap().train;
    let columns = housing.x.chunks_exact(housing.rows);
    let values = columns.flat_map(|column| train.iter().map(|row| column[*row as usize] as f32));
    let features = Features::from_columns(values.collect(), train.len()).unwrap();
    let y = train.iter().map(|row| housing.y[*row as usize]);
    let y = match name {
        "california" => y.collect(),
        "california classes" => y.map(|y| y.min(4.99).trunc()).collect(),
        _ => y.map(|y| (y * 1e5).round_ties_even()).collect(),
    };
    (features, y)
}
