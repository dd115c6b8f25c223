//! Numbers and texts in JSON that come back as they were.
//!
//! JSON has no NaN and no infinities, and serde_json writes `null` for them, which nothing reads
//! back as a number. [`Floats`] writes the words `"NaN"`, `"Infinity"` and `"-Infinity"`, as
//! Protocol Buffers do. [`Text`] keeps a text that looks like such a word apart from a number,
//! where a field may hold either.
//!
//! - **Belongs here:** how a value is written in JSON, for every crate that writes some.
//! - **May use:** no crate of this tree.
//! - **Does not belong here:** what the values mean.

mod floats;
mod text;

pub use floats::{AnyNumber, Floats, Numbers};
pub use text::Text;
