//! Typed access to the parameters of a run.

use workbench_experiment::lab::{LabError, ParamValue, Params};

/// Typed access to the parameters.
pub(crate) struct Reader<'a>(pub &'a Params);

impl<'a> Reader<'a> {
    pub(crate) fn text(&self, name: &str) -> Result<&'a str, LabError> {
        match self.0.get(name) {
            Some(ParamValue::Text(text)) => Ok(text),
            _ => Err(missing(name)),
        }
    }

    pub(crate) fn count(&self, name: &str) -> Result<u64, LabError> {
        match self.0.get(name) {
            Some(ParamValue::Integer(value)) => u64::try_from(*value).map_err(|_| missing(name)),
            _ => Err(missing(name)),
        }
    }

    pub(crate) fn number(&self, name: &str) -> Result<f64, LabError> {
        match self.0.get(name) {
            Some(ParamValue::Float(value)) => Ok(*value),
            Some(ParamValue::Integer(value)) => Ok(*value as f64),
            _ => Err(missing(name)),
        }
    }
}

fn missing(name: &str) -> LabError {
    LabError::Config(format!("the parameter `{name}` is missing"))
}
