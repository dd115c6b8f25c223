//! Floating-point numbers on the wire. JSON has no infinity and no NaN, but a loss can become
//! either, and its reader has to know. They are sent as the words `inf`, `-inf` and `nan`.

use serde::{Deserialize, Deserializer, Serializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum Wire {
    Number(f64),
    Word(String),
}

/// For `#[serde(with)]` on an `f64`.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() {
        serializer.serialize_f64(*value)
    } else {
        // Rust writes infinity with its sign and NaN without one, and parses the same words.
        serializer.collect_str(&value.to_string().to_lowercase())
    }
}

/// For `#[serde(with)]` on an `f64`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    match Wire::deserialize(deserializer)? {
        Wire::Number(value) => Ok(value),
        Wire::Word(word) => match word.as_str() {
            "inf" => Ok(f64::INFINITY),
            "-inf" => Ok(f64::NEG_INFINITY),
            "nan" => Ok(f64::NAN),
            _ => Err(serde::de::Error::custom(
                "a number, `inf`, `-inf` or `nan` is expected",
            )),
        },
    }
}
