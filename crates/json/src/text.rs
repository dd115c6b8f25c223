//! Texts where a number may stand as well.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::floats::WORDS;

/// For `#[serde(with = "Text")]` on the text of an untagged enum that has a number before it. A
/// text that is one of the words for numbers is written as `{"text": "NaN"}`.
#[derive(Debug)]
pub struct Text;

/// How a text is written.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written<'a> {
    Plain(Cow<'a, str>),
    Marked { text: Cow<'a, str> },
}

impl Text {
    /// Writes a text.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        let is_word = WORDS.contains(&text);
        let text = Cow::Borrowed(text);
        let written = if is_word {
            Written::Marked { text }
        } else {
            Written::Plain(text)
        };
        written.serialize(serializer)
    }

    /// Reads a text.
    ///
    /// # Errors
    /// Those of the deserializer, and what is no text.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Plain(text) | Written::Marked { text } => Ok(text.into_owned()),
        }
    }
}

impl JsonSchema for Text {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let marked = json_schema!({
            "type": "object",
            "properties": {"text": {"type": "string"}},
            "required": ["text"]
        });
        json_schema!({"anyOf": [{"type": "string"}, marked]})
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

    use proptest::prelude::*;

    use super::*;
    use crate::Floats;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(#[serde(with = "Floats::<f64>")] f64),
        Text(#[serde(with = "Text")] String),
    }

    proptest! {
        #[test]
        fn numbers_and_texts_stay_apart(number in any::<f64>(), text in "NaN|-?Infinity|null|.*") {
            for value in [Either::Number(number), Either::Text(text)] {
                let written = serde_json::to_string(&value).unwrap();
                let back: Either = serde_json::from_str(&written).unwrap();
                prop_assert_eq!(format!("{back:?}"), format!("{value:?}"), "{}", written);
            }
        }
    }
}
