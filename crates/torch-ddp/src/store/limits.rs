//! How long keys and values may be.

use crate::error::{Error, ErrorKind, Result};

/// Bytes that a key may have, with the slash that libtorch puts before it and the prefixes of
/// [`PrefixStore`](super::PrefixStore)s: libtorch's server closes the connection of a client that
/// sends more.
pub const MOST_KEY_BYTES: usize = 8 * 1024;

/// Bytes that a value may have, for the same reason.
pub const MOST_VALUE_BYTES: usize = 8 * 1024 * 1024;

/// Refuses what the server would not take: it closes the connection then, and says nothing. `key`
/// is how many bytes the key has with all that is put before it.
pub(super) fn check(what: &str, key: usize, values: &[&[u8]]) -> Result<()> {
    let longest = values.iter().map(|value| value.len()).max().unwrap_or(0);
    let (part, bytes, most) = if key > MOST_KEY_BYTES {
        ("key", key, MOST_KEY_BYTES)
    } else if longest > MOST_VALUE_BYTES {
        ("value", longest, MOST_VALUE_BYTES)
    } else {
        return Ok(());
    };
    Err(Error::new(
        ErrorKind::InvalidArgument,
        what,
        format!("the {part} has {bytes} bytes; give at most {most}"),
    ))
}

/// What an error says was being done. Keys may be long.
pub(super) fn doing(operation: &str, key: &str) -> String {
    let shown: String = key.chars().take(80).collect();
    let more = if shown.len() < key.len() { "…" } else { "" };
    format!("{operation} `{shown}{more}`")
}
