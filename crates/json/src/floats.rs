//! Floating-point numbers, also those that are not finite.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The words for what JSON has no number for.
pub(crate) const WORDS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];
/// What each of them stands for.
const VALUES: [f64; 3] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

/// For `#[serde(with = "Floats::<T>")]` on a field of type `T`: a number, or an option, list, array
/// or map of numbers. A field that may be missing needs `#[serde(default)]` as well.
///
/// `null` is read as NaN: versions before this one wrote it for every number that is not finite.
#[derive(Debug)]
pub struct Floats<T>(PhantomData<T>);

impl<T: Numbers> Floats<T> {
    /// Writes the numbers.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        value.write(serializer)
    }

    /// Reads the numbers.
    ///
    /// # Errors
    /// Those of the deserializer, and what is neither a number nor one of the words.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        T::read(deserializer)
    }
}

impl<T: Numbers> JsonSchema for Floats<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Floats".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::schema(generator)
    }
}

/// What [`Floats`] can write and read.
pub trait Numbers: Sized {
    /// Writes the numbers.
    ///
    /// # Errors
    /// Those of the serializer.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads the numbers.
    ///
    /// # Errors
    /// Those of the deserializer.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// What the written form looks like.
    fn schema(generator: &mut SchemaGenerator) -> Schema;
}

/// A number as a document has it: a JSON number, or one of three words.
#[derive(Debug, Clone, Copy)]
pub struct AnyNumber(f64);

impl JsonSchema for AnyNumber {
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number; a word where it is not finite.",
            "anyOf": [{"type": "number", "format": "double"}, {"enum": WORDS}]
        })
    }
}

impl<'de> Deserialize<'de> for AnyNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor).map(Self)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, `NaN`, `Infinity` or `-Infinity`")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_unit<E: Error>(self) -> Result<f64, E> {
        Ok(f64::NAN)
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<f64, E> {
        let mut known = WORDS.into_iter().zip(VALUES);
        known
            .find_map(|(known, value)| (known == word).then_some(value))
            .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(word), &self))
    }
}

/// The word for a number that is not finite.
fn word(value: f64) -> &'static str {
    let [nan, infinity, minus_infinity] = WORDS;
    if value.is_nan() {
        nan
    } else if value > 0.0 {
        infinity
    } else {
        minus_infinity
    }
}

impl Numbers for f64 {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_finite() {
            serializer.serialize_f64(*self)
        } else {
            serializer.serialize_str(word(*self))
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        AnyNumber::deserialize(deserializer).map(|number| number.0)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<AnyNumber>()
    }
}

impl Numbers for f32 {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_finite() {
            serializer.serialize_f32(*self)
        } else {
            serializer.serialize_str(word(f64::from(*self)))
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::read(deserializer).map(|value| value as f32)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        f64::schema(generator)
    }
}

/// One element of a collection, to write.
struct ToWrite<'a, T>(&'a T);

impl<T: Numbers> Serialize for ToWrite<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// One element of a collection, as it was read.
struct Read<T>(T);

impl<'de, T: Numbers> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

impl<T: Numbers> Numbers for Option<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().map(ToWrite).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Option::<Read<T>>::deserialize(deserializer)?;
        Ok(read.map(|value| value.0))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let some = T::schema(generator);
        json_schema!({"anyOf": [some, {"type": "null"}]})
    }
}

impl<T: Numbers> Numbers for Vec<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(ToWrite))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Vec::<Read<T>>::deserialize(deserializer)?;
        Ok(read.into_iter().map(|value| value.0).collect())
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let items = T::schema(generator);
        json_schema!({"type": "array", "items": items})
    }
}

impl<T: Numbers> Numbers for [T; 2] {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.each_ref().map(ToWrite).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = <[Read<T>; 2]>::deserialize(deserializer)?;
        Ok(read.map(|value| value.0))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let items = T::schema(generator);
        json_schema!({"type": "array", "items": items, "minItems": 2, "maxItems": 2})
    }
}

impl<T: Numbers> Numbers for BTreeMap<String, T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(name, value)| (name, ToWrite(value))))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = BTreeMap::<String, Read<T>>::deserialize(deserializer)?;
        let each = read.into_iter();
        Ok(each.map(|(name, value)| (name, value.0)).collect())
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let values = T::schema(generator);
        json_schema!({"type": "object", "additionalProperties": values})
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct All {
        #[serde(with = "Floats::<f64>")]
        one: f64,
        #[serde(with = "Floats::<f32>")]
        small: f32,
        #[serde(default, with = "Floats::<Option<f64>>")]
        maybe: Option<f64>,
        #[serde(with = "Floats::<Vec<f32>>")]
        list: Vec<f32>,
        #[serde(with = "Floats::<Option<[f64; 2]>>")]
        pair: Option<[f64; 2]>,
        #[serde(with = "Floats::<BTreeMap<String, f64>>")]
        named: BTreeMap<String, f64>,
    }

    proptest! {
        /// Compared as text, because NaN is not equal to itself.
        #[test]
        fn any_number_comes_back(
            one in any::<f64>(),
            small in any::<f32>(),
            maybe in any::<Option<f64>>(),
            list in prop::collection::vec(any::<f32>(), 0..4),
            pair in any::<Option<[f64; 2]>>(),
            named in prop::collection::btree_map(".*", any::<f64>(), 0..4),
        ) {
            let all = All { one, small, maybe, list, pair, named };
            let text = serde_json::to_string(&all).unwrap();
            let back: All = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(format!("{back:?}"), format!("{all:?}"));
        }
    }

    #[test]
    fn what_is_not_finite_is_a_word_and_nothing_else_is_taken_for_one() {
        let read = |text: &str| {
            let mut source = serde_json::Deserializer::from_str(text);
            Floats::<f64>::deserialize(&mut source).ok()
        };
        assert_eq!(read("\"-Infinity\""), Some(f64::NEG_INFINITY));
        assert_eq!(read("3"), Some(3.0));
        assert!(read("null").is_some_and(f64::is_nan));
        for other in ["\"3\"", "\"inf\"", "true", "[]"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
