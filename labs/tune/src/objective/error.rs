//! What can go wrong with a trial.

/// Why a trial has no value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TrialError {
    /// A configuration that the objective does not take.
    #[error("{name} = {value}: the objective takes {expects}")]
    Value {
        /// The parameter.
        name: String,
        /// What was chosen.
        value: String,
        /// What it takes.
        expects: String,
    },
    /// The engine could not train.
    #[error("{0}")]
    Engine(String),
    /// A checkpoint is not one of this objective.
    #[error("its checkpoint cannot be read")]
    Checkpoint,
}
