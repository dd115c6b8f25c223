//! Values of parameters, and configurations: what one trial is run with.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::name;

/// The value of a parameter. Written as a plain number or text, and read back as the same kind:
/// `16` is an integer, `16.0` a float.
#[derive(Debug, Clone, PartialEq)]
pub enum ConfigValue {
    /// A finite number.
    Float(f64),
    /// A whole number.
    Integer(i64),
    /// A text, also `true` and `false`.
    Text(String),
}

impl ConfigValue {
    /// The number, where it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Float(number) => Some(*number),
            Self::Integer(number) => Some(*number as f64),
            Self::Text(_) => None,
        }
    }

    /// The whole number, where it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Float(_) | Self::Text(_) => None,
        }
    }

    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Float(_) | Self::Integer(_) => None,
        }
    }

    /// Whether both are the same number, written as float or integer, or the same text.
    pub fn same(&self, other: &Self) -> bool {
        match (self.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => one
                .partial_cmp(&other)
                .is_some_and(std::cmp::Ordering::is_eq),
            _ => self == other,
        }
    }
}

impl ConfigValue {
    /// A word as it is typed without quotes: a number where it can be one.
    pub(crate) fn of_word(word: &str) -> Self {
        if let Ok(number) = word.parse() {
            return Self::Integer(number);
        }
        // Not the words that Rust reads as numbers and nobody else does: `inf`, `nan`, `infinity`.
        let digits = word.chars().any(|letter| letter.is_ascii_digit());
        match word.parse() {
            Ok(number) if digits => Self::Float(number),
            _ => Self::Text(word.to_owned()),
        }
    }
}

/// Whether a text is read as itself without quotes.
fn is_plain(text: &str) -> bool {
    name::is_name(text) && matches!(ConfigValue::of_word(text), ConfigValue::Text(_))
}

/// Values with commas, as they are typed.
pub(crate) struct Listed<'a>(pub(crate) &'a [ConfigValue]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, value) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(out, "{comma}{value}")?;
        }
        Ok(())
    }
}

/// As it is typed: texts that are not plain words are quoted.
impl fmt::Display for ConfigValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Debug keeps the point of whole floats, and is shortest.
            Self::Float(number) => write!(out, "{number:?}"),
            Self::Integer(number) => write!(out, "{number}"),
            Self::Text(text) if is_plain(text) => out.write_str(text),
            Self::Text(text) => {
                out.write_str("\"")?;
                for letter in text.chars() {
                    if matches!(letter, '"' | '\\') {
                        out.write_str("\\")?;
                    }
                    write!(out, "{letter}")?;
                }
                out.write_str("\"")
            }
        }
    }
}

impl From<f64> for ConfigValue {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<i64> for ConfigValue {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<&str> for ConfigValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Serialize for ConfigValue {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Float(number) => to.serialize_f64(*number),
            Self::Integer(number) => to.serialize_i64(*number),
            Self::Text(text) => to.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for ConfigValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OneValue;
        impl Visitor<'_> for OneValue {
            type Value = ConfigValue;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a finite number or a text")
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<ConfigValue, E> {
                if number.is_finite() {
                    Ok(ConfigValue::Float(number))
                } else {
                    Err(E::invalid_value(de::Unexpected::Float(number), &self))
                }
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<ConfigValue, E> {
                Ok(ConfigValue::Integer(number))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<ConfigValue, E> {
                let small = i64::try_from(number);
                small.map(ConfigValue::Integer).map_err(|_| {
                    E::invalid_value(de::Unexpected::Unsigned(number), &"at most 2^63 - 1")
                })
            }

            fn visit_bool<E: de::Error>(self, word: bool) -> Result<ConfigValue, E> {
                Ok(ConfigValue::Text(word.to_string()))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ConfigValue, E> {
                Ok(ConfigValue::Text(text.to_owned()))
            }
        }
        from.deserialize_any(OneValue)
    }
}

/// One value for each active parameter of a space, in the space's order. Parameters whose condition
/// does not hold are not in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Configuration(IndexMap<String, ConfigValue>);

impl Configuration {
    /// The value of a parameter; none where it is not active.
    pub fn get(&self, name: &str) -> Option<&ConfigValue> {
        self.0.get(name)
    }

    /// The number of a parameter, where it is one.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.get(name).and_then(ConfigValue::as_f64)
    }

    /// The whole number of a parameter, where it is one.
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(ConfigValue::as_i64)
    }

    /// The text of a parameter, where it is one.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(ConfigValue::as_str)
    }

    /// Sets a parameter; one that is new comes last.
    pub fn set(&mut self, name: &str, value: ConfigValue) {
        self.0.insert(name.to_owned(), value);
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &ConfigValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// How many parameters have a value.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no parameter has a value.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, ConfigValue)> for Configuration {
    fn from_iter<I: IntoIterator<Item = (String, ConfigValue)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

/// `lr=0.01 batch=32`.
impl fmt::Display for Configuration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, value)) in self.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(out, "{space}{name}={value}")?;
        }
        Ok(())
    }
}
