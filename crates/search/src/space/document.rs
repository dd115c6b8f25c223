//! Reads a space from TOML, and says line and column of a mistake.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::condition::Condition;
use super::dimension::Dimension;
use super::domain::Domain;
use super::error::{SpaceError, SpaceProblem, TextPlace};
use super::parameters::Space;
use super::parse;
use crate::value::ConfigValue;

impl Space {
    /// A space from TOML: a table with the short text of each parameter's values, a number (one
    /// fixed value), or a list (a choice).
    ///
    /// ```toml
    /// lr = "loguniform(1e-4, 1e-1)"
    /// batch = [16, 32, 64]
    /// optimizer = "choice(sgd, adam)"
    /// momentum = "uniform(0, 1) if optimizer = sgd"
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Space::new`], or the text is not TOML of that form. The error has line and column.
    pub fn from_toml(text: &str) -> Result<Self, SpaceError> {
        space(text)
    }
}

fn space(text: &str) -> Result<Space, SpaceError> {
    let table = DeTable::parse(text).map_err(|error| {
        let byte = error.span().map_or(0, |span| span.start);
        let said = error.message().escape_debug().to_string();
        placed(text, byte, None, SpaceProblem::Toml(said))
    })?;
    let mut entries: Vec<_> = table.get_ref().iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    let mut dimensions = Vec::with_capacity(entries.len());
    for (name, value) in &entries {
        let refused = |(byte, problem)| placed(text, byte, Some(name.get_ref()), problem);
        let (domain, condition) = values(text, value).map_err(refused)?;
        dimensions.push(Dimension {
            name: name.get_ref().to_string(),
            domain,
            condition,
        });
    }
    Space::new(dimensions).map_err(|mut error| {
        let about = |name: &str| Some(name) == error.parameter.as_deref();
        let entry = entries.iter().find(|(name, _)| about(name.get_ref()));
        error.place = Some(match entry {
            Some((name, _)) => TextPlace::of(text, name.span().start),
            None => TextPlace { line: 1, column: 1 },
        });
        error
    })
}

fn placed(text: &str, byte: usize, name: Option<&str>, problem: SpaceProblem) -> SpaceError {
    SpaceError {
        parameter: name.map(str::to_owned),
        place: Some(TextPlace::of(text, byte)),
        problem,
    }
}

type Entry = (Domain, Option<Condition>);

fn values(text: &str, value: &Spanned<DeValue<'_>>) -> Result<Entry, (usize, SpaceProblem)> {
    let start = value.span().start;
    if let DeValue::String(short) = value.get_ref() {
        return parse::values(short).map_err(|(byte, problem)| {
            // A place inside a string is known where it stands in the text as it is.
            let inside = text.get(start + 1..).unwrap_or_default();
            let plain = inside.get(..short.len()) == Some(&**short);
            (if plain { start + 1 + byte } else { start }, problem)
        });
    }
    let domain = match value.get_ref() {
        DeValue::Array(list) => {
            let values = list.iter().map(one);
            Domain::Choice(values.collect::<Result<_, _>>()?)
        }
        _ => Domain::Fixed(one(value)?),
    };
    domain.check().map_err(|problem| (start, problem))?;
    Ok((domain, None))
}

fn one(value: &Spanned<DeValue<'_>>) -> Result<ConfigValue, (usize, SpaceProblem)> {
    let start = value.span().start;
    let refused = |found: &str| {
        let expected = "a number, a text or a list of them";
        let found = found.to_owned();
        (start, SpaceProblem::Unexpected { expected, found })
    };
    match value.get_ref() {
        DeValue::String(text) => Ok(ConfigValue::Text(text.to_string())),
        DeValue::Boolean(word) => Ok(ConfigValue::Text(word.to_string())),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map(ConfigValue::Integer)
            .map_err(|_| refused("a number beyond 64 bits")),
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(ConfigValue::Float(number)),
            _ => Err((start, SpaceProblem::Unwritable)),
        },
        DeValue::Datetime(_) => Err(refused("a date")),
        DeValue::Array(_) => Err(refused("a list in a list")),
        DeValue::Table(_) => Err(refused("a table")),
    }
}
