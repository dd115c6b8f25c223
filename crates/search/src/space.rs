//! Spaces: which parameters there are, which values each may take, and when it is active.

mod condition;
mod dimension;
mod document;
mod domain;
mod error;
mod parameters;
mod parse;

pub use condition::{Condition, ConditionTest};
pub use dimension::Dimension;
pub use domain::Domain;
pub use error::{SpaceError, SpaceProblem, TextPlace};
pub use parameters::Space;
