//! The problems of tests/fixtures/tpe.py.

use std::f64::consts::PI;

use workbench_search::{Configuration, Space};

pub struct Problem {
    pub name: &'static str,
    pub space: &'static str,
    pub loss: fn(&Configuration) -> f64,
}

impl Problem {
    pub fn space(&self) -> Space {
        Space::from_toml(self.space).unwrap()
    }
}

pub const PROBLEMS: [Problem; 4] = [
    Problem {
        name: "branin",
        space: "x = 'uniform(-5, 10)'\ny = 'uniform(0, 15)'",
        loss: branin,
    },
    Problem {
        name: "hartmann6",
        space: "x0 = 'uniform(0, 1)'\nx1 = 'uniform(0, 1)'\nx2 = 'uniform(0, 1)'\n\
                x3 = 'uniform(0, 1)'\nx4 = 'uniform(0, 1)'\nx5 = 'uniform(0, 1)'",
        loss: hartmann6,
    },
    Problem {
        name: "rosenbrock",
        space: "x0 = 'uniform(-2, 2)'\nx1 = 'uniform(-2, 2)'\nx2 = 'uniform(-2, 2)'\n\
                x3 = 'uniform(-2, 2)'",
        loss: rosenbrock,
    },
    Problem {
        name: "mixed",
        space: "optimizer = ['sgd', 'adam', 'rmsprop']\nlr = 'loguniform(1e-5, 1)'\n\
                units = 'loginteger(8, 512)'\ndropout = 'quniform(0, 0.5, 0.05)'\n\
                activation = ['relu', 'tanh']\ndepth = 'integer(1, 8)'\n\
                momentum = 'uniform(0, 1) if optimizer = sgd'",
        loss: mixed,
    },
];

fn xs(of: &Configuration, count: usize) -> Vec<f64> {
    let x = |at| of.number(&format!("x{at}")).unwrap();
    (0..count).map(x).collect()
}

/// Least: 0.397887.
fn branin(of: &Configuration) -> f64 {
    let (x, y) = (of.number("x").unwrap(), of.number("y").unwrap());
    let bent = y - 5.1 / (4.0 * PI * PI) * x * x + 5.0 / PI * x - 6.0;
    bent * bent + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x.cos() + 10.0
}

/// Least: -3.32237.
fn hartmann6(of: &Configuration) -> f64 {
    let alpha = [1.0, 1.2, 3.0, 3.2];
    let a = [
        [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
        [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
        [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
        [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
    ];
    let p = [
        [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
        [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
        [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
    ];
    let x = xs(of, 6);
    let term = |row: usize| {
        let square = |at: usize| a[row][at] * (x[at] - p[row][at]).powi(2);
        alpha[row] * (-(0..6).map(square).sum::<f64>()).exp()
    };
    -(0..4).map(term).sum::<f64>()
}

/// Least: 0.
fn rosenbrock(of: &Configuration) -> f64 {
    let term =
        |pair: &[f64]| 100.0 * (pair[1] - pair[0] * pair[0]).powi(2) + (1.0 - pair[0]).powi(2);
    xs(of, 4).windows(2).map(term).sum()
}

/// Least: about -0.2.
fn mixed(of: &Configuration) -> f64 {
    let optimizer = of.text("optimizer").unwrap();
    let best_lr = match optimizer {
        "sgd" => -1.5,
        "adam" => -3.0,
        _ => -3.5,
    };
    let mut loss = (of.number("lr").unwrap().log10() - best_lr).powi(2);
    loss += (of.number("units").unwrap().log2() - 7.0).powi(2) / 8.0;
    loss += 4.0 * (of.number("dropout").unwrap() - 0.2).powi(2);
    loss += (of.number("depth").unwrap() - 3.0).powi(2) / 20.0;
    if of.text("activation") == Some("tanh") {
        loss += 0.3;
    }
    if let Some(momentum) = of.number("momentum") {
        loss += 2.0 * (momentum - 0.9).powi(2) - 0.2;
    }
    loss
}
