//! What a trial trains, one unit of budget at a time, and how good it is.

pub mod bytes;
mod data;
mod error;
mod forest;
mod mlp;
mod program;
mod running;
mod seed;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use workbench_experiment::lab::{ParamValue, Params};

use bytes::{StateReader, StateWriter};
pub use data::{SearchData, SplitShares};
pub use error::TrialError;
use forest::{Growing, TreeParams, Trees};
use mlp::{Mlp, MlpConfig, Optimizer};
pub use program::{PLACES, ProgramTrial, TrialPlace, TrialProgram, checkpoint_dir};
pub use running::wait_for_earlier;
pub use seed::TrialSeed;

/// Which network or ensemble is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectiveKind {
    /// A network with one hidden layer; a unit of budget is an epoch.
    Mlp,
    /// A random forest; a unit of budget is a tree.
    Forest,
    /// A network on images, which the worker's program trains; a unit of budget is an epoch.
    Cnn,
    /// A program of somebody else; it says what a unit is.
    Program,
}

/// A parameter that an objective takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Knob {
    /// Its name.
    pub name: &'static str,
    /// Whether it may change while a trial is trained.
    pub tunable: bool,
    /// Whether only whole numbers are taken.
    pub whole: bool,
    /// The least and the greatest value.
    pub range: (f64, f64),
    /// The value where the space does not have it.
    pub default: f64,
    /// The words that it takes instead of numbers, the first where the space does not have it.
    pub words: &'static [&'static str],
}

const fn knob(
    name: &'static str,
    (tunable, whole): (bool, bool),
    range: (f64, f64),
    default: f64,
) -> Knob {
    Knob {
        name,
        tunable,
        whole,
        range,
        default,
        words: &[],
    }
}

const OPTIMIZER: Knob = Knob {
    words: &["adam", "sgd"],
    ..knob("optimizer", (false, false), (0.0, 0.0), 0.0)
};

const MLP: [Knob; 5] = [
    knob("lr", (true, false), (1e-8, 1e3), 1e-3),
    knob("batch", (true, true), (1.0, 65_536.0), 64.0),
    knob("hidden", (false, true), (1.0, 16_384.0), 128.0),
    OPTIMIZER,
    knob("momentum", (true, false), (0.0, 0.9999), 0.9),
];

const FOREST: [Knob; 3] = [
    knob("max_depth", (false, true), (1.0, 64.0), 20.0),
    knob("min_samples_leaf", (false, true), (1.0, 100_000.0), 1.0),
    knob("max_features", (false, false), (0.01, 1.0), 1.0),
];

const CNN: [Knob; 4] = [
    knob("lr", (true, false), (1e-8, 1e3), 1e-3),
    knob("batch", (true, true), (2.0, 65_536.0), 64.0),
    knob("weight_decay", (true, false), (0.0, 1.0), 0.0),
    MODEL,
];

const MODEL: Knob = Knob {
    words: &["cnn", "resnet18"],
    ..knob("model", (false, false), (0.0, 0.0), 0.0)
};

impl ObjectiveKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Mlp, Self::Forest, Self::Cnn, Self::Program];

    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mlp => "mlp",
            Self::Forest => "forest",
            Self::Cnn => "cnn",
            Self::Program => "program",
        }
    }

    /// The objective with a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The parameters that a space for it may have; of a program, which takes any, none.
    pub fn knobs(self) -> &'static [Knob] {
        match self {
            Self::Mlp => &MLP,
            Self::Forest => &FOREST,
            Self::Cnn => &CNN,
            Self::Program => &[],
        }
    }

    /// The parameter with a name that a space for it may have.
    pub fn knob(self, name: &str) -> Option<&'static Knob> {
        self.knobs().iter().find(|knob| knob.name == name)
    }

    /// What it is judged by.
    pub fn figure(self) -> &'static str {
        match self {
            Self::Mlp | Self::Forest => "Mean squared error",
            Self::Cnn => "Mean cross entropy",
            Self::Program => "What the program told",
        }
    }

    /// Whether a trial is a process, which has limits and may have GPUs, and whose state is its
    /// own.
    pub fn is_process(self) -> bool {
        matches!(self, Self::Cnn | Self::Program)
    }
}

/// What is trained, with what it needs for that.
pub enum Objective {
    /// A network, with the rows.
    Mlp(Arc<SearchData>),
    /// A forest, with the rows, also sorted.
    Forest(Arc<SearchData>, Box<Trees>),
    /// A program: somebody's, or the worker's.
    Program(Arc<TrialProgram>),
}

/// A trial's model between two units of budget.
#[derive(Debug)]
pub enum TrialModel {
    /// A network with its optimiser.
    Mlp(Box<Mlp>),
    /// A forest that still grows.
    Forest(Box<Growing>),
    /// What a program trains.
    Program(Box<ProgramTrial>),
}

impl TrialModel {
    /// Units of budget trained.
    pub fn epoch(&self) -> u64 {
        match self {
            Self::Mlp(mlp) => mlp.epoch(),
            Self::Forest(forest) => forest.trees(),
            Self::Program(trial) => trial.units(),
        }
    }

    /// Everything that training goes on with.
    pub fn save(&self) -> Vec<u8> {
        let mut bytes = StateWriter::default();
        match self {
            Self::Mlp(mlp) => mlp.save(&mut bytes),
            Self::Forest(forest) => forest.save(&mut bytes),
            // The rest is in its folder.
            Self::Program(trial) => bytes.count(trial.units()),
        }
        bytes.finish()
    }
}

impl Objective {
    /// A network or a forest on rows.
    ///
    /// # Errors
    /// When the engine does not take them.
    pub fn on_rows(kind: ObjectiveKind, data: Arc<SearchData>) -> Result<Self, TrialError> {
        Ok(match kind {
            ObjectiveKind::Forest => {
                let trees = Box::new(Trees::new(&data)?);
                Self::Forest(data, trees)
            }
            _ => Self::Mlp(data),
        })
    }

    /// CPU time of processes that have trained for it, in nanoseconds.
    pub fn processes_cpu_ns(&self) -> u64 {
        match self {
            Self::Mlp(_) | Self::Forest(..) => 0,
            Self::Program(program) => program.cpu_ns.load(Ordering::Relaxed),
        }
    }

    /// An untrained model. `place` is for trials that are processes.
    ///
    /// # Errors
    /// When the configuration is none.
    pub fn begin(
        &self,
        config: &Params,
        seed: TrialSeed,
        place: &TrialPlace,
    ) -> Result<TrialModel, TrialError> {
        Ok(match self {
            Self::Mlp(data) => {
                let columns = data.train.columns;
                TrialModel::Mlp(Box::new(Mlp::new(mlp(config)?, columns, seed)))
            }
            Self::Forest(data, _) => {
                TrialModel::Forest(Box::new(Growing::new(trees(config)?, data, seed)))
            }
            Self::Program(program) => {
                TrialModel::Program(Box::new(program.begin(config, seed, place)?))
            }
        })
    }

    /// The model of a checkpoint; it goes on with `config` and `seed`, which may be those of
    /// another trial.
    ///
    /// # Errors
    /// When the checkpoint or the configuration is none.
    pub fn load(
        &self,
        bytes: &[u8],
        (config, seed): (&Params, TrialSeed),
        place: &TrialPlace,
    ) -> Result<TrialModel, TrialError> {
        let mut bytes = StateReader::new(bytes);
        let model = match self {
            Self::Mlp(_) => {
                Mlp::load(&mut bytes, mlp(config)?, seed).map(|mlp| TrialModel::Mlp(Box::new(mlp)))
            }
            Self::Forest(..) => Growing::load(&mut bytes, trees(config)?, seed)
                .map(|forest| TrialModel::Forest(Box::new(forest))),
            Self::Program(program) => {
                let units = bytes.count().ok_or(TrialError::Checkpoint)?;
                let trial = program.load(units, (config, seed), place)?;
                Some(TrialModel::Program(Box::new(trial)))
            }
        };
        model.ok_or(TrialError::Checkpoint)
    }

    /// Trains one unit of budget; the mean squared error on the validation rows, or what a program
    /// tells.
    ///
    /// # Errors
    /// When the engine or the program fails.
    pub fn train(&self, model: &mut TrialModel) -> Result<f64, TrialError> {
        match (self, model) {
            (Self::Mlp(data), TrialModel::Mlp(mlp)) => {
                mlp.train(&data.train);
                Ok(mlp.error(&data.validation) * data.unscale())
            }
            (Self::Forest(data, trees), TrialModel::Forest(forest)) => {
                forest.grow(trees)?;
                Ok(forest.validation_error(&data.validation) * data.unscale())
            }
            (Self::Program(_), TrialModel::Program(trial)) => trial.train(),
            _ => Err(TrialError::Checkpoint),
        }
    }

    /// A trained model as a document: what it needs to predict elsewhere. What a program trains is
    /// its own.
    pub fn export(&self, model: &TrialModel, features: &[String]) -> Value {
        let (data, weights) = match (self, model) {
            (Self::Mlp(data), TrialModel::Mlp(mlp)) => (data, mlp.export()),
            (Self::Forest(data, trees), TrialModel::Forest(forest)) => (data, forest.export(trees)),
            _ => return Value::Null,
        };
        let scaling = &data.scaling;
        let moments = |of: &[(f64, f64)]| -> (Vec<f64>, Vec<f64>) { of.iter().copied().unzip() };
        let (means, deviations) = moments(&scaling.features);
        json!({
            "features": features,
            "feature_means": means,
            "feature_deviations": deviations,
            "target_mean": scaling.target.0,
            "target_deviation": scaling.target.1,
            "weights": weights,
        })
    }

    /// The mean squared error on the test rows; of a program what it told, if it did.
    pub fn test(&self, model: &TrialModel) -> Option<f64> {
        match (self, model) {
            (Self::Mlp(data), TrialModel::Mlp(mlp)) => Some(mlp.error(&data.test) * data.unscale()),
            (Self::Forest(data, _), TrialModel::Forest(forest)) => {
                Some(forest.test_error(&data.test) * data.unscale())
            }
            (_, TrialModel::Program(trial)) => trial.test(),
            _ => None,
        }
    }
}

fn mlp(config: &Params) -> Result<MlpConfig, TrialError> {
    let [lr, batch, hidden, optimizer, momentum] = &MLP;
    Ok(MlpConfig {
        lr: number(config, lr)? as f32,
        batch: number(config, batch)? as usize,
        hidden: number(config, hidden)? as usize,
        optimizer: match word(config, optimizer)? {
            "sgd" => Optimizer::Sgd {
                momentum: number(config, momentum)? as f32,
            },
            _ => Optimizer::Adam,
        },
    })
}

fn trees(config: &Params) -> Result<TreeParams, TrialError> {
    let [depth, leaf, features] = &FOREST;
    Ok(TreeParams {
        max_depth: number(config, depth)? as u32,
        min_samples_leaf: number(config, leaf)? as usize,
        max_features: number(config, features)?,
    })
}

/// The number of a knob in a configuration.
fn number(config: &Params, knob: &Knob) -> Result<f64, TrialError> {
    match config.get(knob.name) {
        None => Ok(knob.default),
        Some(value) => knob.number(value).ok_or_else(|| knob.refuses(value)),
    }
}

/// The word of a knob in a configuration.
fn word(config: &Params, knob: &Knob) -> Result<&'static str, TrialError> {
    match config.get(knob.name) {
        None => Ok(knob.words[0]),
        Some(value) => knob.word(value).ok_or_else(|| knob.refuses(value)),
    }
}

impl Knob {
    /// Whether it takes a value.
    pub fn takes(&self, value: &ParamValue) -> bool {
        self.number(value).is_some() || self.word(value).is_some()
    }

    /// Whether a number is in its range.
    pub fn within(&self, number: f64) -> bool {
        let (least, most) = self.range;
        (least..=most).contains(&number)
    }

    fn number(&self, value: &ParamValue) -> Option<f64> {
        let number = match value {
            ParamValue::Integer(value) => *value as f64,
            ParamValue::Float(value) => *value,
            ParamValue::Text(_) | ParamValue::Boolean(_) => return None,
        };
        let fits = self.within(number) && !(self.whole && number.fract() != 0.0);
        (fits && self.words.is_empty()).then_some(number)
    }

    fn word(&self, value: &ParamValue) -> Option<&'static str> {
        let given = match value {
            ParamValue::Text(given) => given.as_str(),
            ParamValue::Integer(_) | ParamValue::Float(_) | ParamValue::Boolean(_) => return None,
        };
        self.words.iter().find(|word| **word == given).copied()
    }

    fn refuses(&self, value: &ParamValue) -> TrialError {
        TrialError::Value {
            name: self.name.to_owned(),
            value: value.to_string(),
            expects: self.expects(),
        }
    }

    /// What it takes, in words.
    pub fn expects(&self) -> String {
        if !self.words.is_empty() {
            return format!("one of {}", self.words.join(", "));
        }
        let kind = if self.whole {
            "a whole number"
        } else {
            "a number"
        };
        format!("{kind} from {} to {}", self.range.0, self.range.1)
    }
}
