//! The parameters of a search, checked.

use std::collections::HashSet;
use std::fmt;

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::dimension::Dimension;
use super::error::{SpaceError, SpaceProblem};
use crate::name;
use crate::value::{ConfigValue, Configuration};

/// The parameters of a search. Checked when it is made: names are unique, every domain has values,
/// and conditions name parameters that are there, not in a circle. Parameters are in the order
/// given, except that one with a condition comes after the parameter that it depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Space {
    dimensions: Vec<Dimension>,
    /// For each parameter the index of the one that its condition is about.
    parents: Vec<Option<usize>>,
}

impl Space {
    /// A space of these parameters.
    ///
    /// # Errors
    ///
    /// There is none, a name is there twice, a domain has no values, or a condition is about a
    /// parameter that is not there, depends on itself, or can never hold.
    pub fn new(dimensions: Vec<Dimension>) -> Result<Self, SpaceError> {
        if dimensions.is_empty() {
            return Err(SpaceError::of_space(SpaceProblem::Empty));
        }
        let mut places = IndexMap::new();
        for dimension in &dimensions {
            let refused = |problem| Err(SpaceError::of_parameter(&dimension.name, problem));
            if !name::is_name(&dimension.name) {
                return refused(SpaceProblem::Name);
            }
            if places
                .insert(dimension.name.clone(), places.len())
                .is_some()
            {
                return refused(SpaceProblem::Twice);
            }
            if let Err(problem) = dimension.domain.check() {
                return refused(problem);
            }
        }
        let dimensions = parents_first(dimensions, &places)?;
        let index = |name: &str| dimensions.iter().position(|other| other.name == name);
        let parent = |dimension: &Dimension| index(&dimension.condition.as_ref()?.parameter);
        let parents = dimensions.iter().map(parent).collect();
        Ok(Self {
            dimensions,
            parents,
        })
    }

    /// The space with a parameter put in, or put in the place of the one with its name.
    ///
    /// # Errors
    ///
    /// As [`Space::new`].
    pub fn with(&self, dimension: Dimension) -> Result<Self, SpaceError> {
        let mut dimensions = self.dimensions.clone();
        let known = dimensions
            .iter_mut()
            .find(|known| known.name == dimension.name);
        match known {
            Some(known) => *known = dimension,
            None => dimensions.push(dimension),
        }
        Self::new(dimensions)
    }

    /// The parameters; one with a condition comes after the one that it depends on.
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// A parameter by its name.
    pub fn dimension(&self, name: &str) -> Option<&Dimension> {
        self.dimensions
            .iter()
            .find(|dimension| dimension.name == name)
    }

    /// The index of the parameter that the condition of a parameter is about.
    pub(crate) fn parent(&self, index: usize) -> Option<usize> {
        self.parents[index]
    }

    /// The configuration that has for every active parameter the value that `pick` gives.
    pub(crate) fn fill(
        &self,
        mut pick: impl FnMut(usize, &Dimension) -> ConfigValue,
    ) -> Configuration {
        let mut configuration = Configuration::default();
        for (index, dimension) in self.dimensions.iter().enumerate() {
            if is_active(dimension, &configuration) {
                configuration.set(&dimension.name, pick(index, dimension));
            }
        }
        configuration
    }

    /// Whether a configuration has a value of the domain for every active parameter, and no other.
    ///
    /// # Errors
    ///
    /// The first parameter for which that is not so.
    pub fn check(&self, configuration: &Configuration) -> Result<(), SpaceError> {
        for dimension in &self.dimensions {
            let value = configuration.get(&dimension.name);
            let problem = match (value, is_active(dimension, configuration)) {
                (Some(value), true) if !dimension.domain.has(value) => {
                    SpaceProblem::Outside(value.clone())
                }
                (None, true) => SpaceProblem::Missing,
                (Some(_), false) => SpaceProblem::Inactive,
                (Some(_), true) | (None, false) => continue,
            };
            return Err(SpaceError::of_parameter(&dimension.name, problem));
        }
        let unknown = |(name, _): &(&str, &ConfigValue)| self.dimension(name).is_none();
        match configuration.iter().find(unknown) {
            Some((name, _)) => Err(SpaceError::of_parameter(name, SpaceProblem::Unknown)),
            None => Ok(()),
        }
    }
}

fn is_active(dimension: &Dimension, configuration: &Configuration) -> bool {
    let Some(condition) = &dimension.condition else {
        return true;
    };
    let value = configuration.get(&condition.parameter);
    value.is_some_and(|value| condition.test.holds(value))
}

/// Puts parameters with conditions after those that they depend on, and leaves the rest in order.
fn parents_first(
    dimensions: Vec<Dimension>,
    places: &IndexMap<String, usize>,
) -> Result<Vec<Dimension>, SpaceError> {
    for dimension in &dimensions {
        let Some(condition) = &dimension.condition else {
            continue;
        };
        let refused = |problem| Err(SpaceError::of_parameter(&dimension.name, problem));
        let Some(&parent) = places.get(&condition.parameter) else {
            return refused(SpaceProblem::no_parent(&condition.parameter, places.keys()));
        };
        if !dimensions[parent].domain.can(&condition.test) {
            return refused(SpaceProblem::NeverActive(condition.to_string()));
        }
    }
    let mut waiting = dimensions;
    let mut ordered: Vec<Dimension> = Vec::with_capacity(waiting.len());
    let mut known = HashSet::new();
    while !waiting.is_empty() {
        let before = ordered.len();
        let mut later = Vec::new();
        for dimension in waiting {
            let condition = dimension.condition.as_ref();
            if condition.is_none_or(|condition| known.contains(&condition.parameter)) {
                known.insert(dimension.name.clone());
                ordered.push(dimension);
            } else {
                later.push(dimension);
            }
        }
        if ordered.len() == before {
            let name = &later[0].name;
            return Err(SpaceError::of_parameter(name, SpaceProblem::Circle));
        }
        waiting = later;
    }
    Ok(ordered)
}

/// One parameter a line, as [`Dimension::parse`] reads them.
impl fmt::Display for Space {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for dimension in &self.dimensions {
            writeln!(out, "{dimension}")?;
        }
        Ok(())
    }
}

/// Written as a list of parameters in their short text.
impl Serialize for Space {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.dimensions.iter().map(Dimension::to_string))
    }
}

impl<'de> Deserialize<'de> for Space {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        let dimensions = texts.iter().map(|text| Dimension::parse(text));
        let dimensions = dimensions.collect::<Result<_, _>>();
        dimensions.and_then(Self::new).map_err(de::Error::custom)
    }
}
