//! Command lines with placeholders: `python train.py --jobs {workers}`.
//!
//! A placeholder is a name in braces. Other braces stand for themselves, as in `{}` of `find` and
//! `{print $1}` of `awk`, and so does `${NAME}` of a shell; `{{` is a brace before a name.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Values of placeholders, by name.
pub type PlaceValues = BTreeMap<String, String>;

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(String),
}

impl Template {
    /// Reads a text.
    pub fn new(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            let in_shell = before.ends_with('$');
            if let Some(after) = from.strip_prefix("{{") {
                plain.push('{');
                // `{{name}}` is `{name}`.
                let name = name_in_braces(&from[1..]);
                let name = name.and_then(|(name, after)| Some((name, after.strip_prefix('}')?)));
                rest = name.map_or(after, |(name, after)| {
                    plain.push_str(name);
                    plain.push('}');
                    after
                });
            } else if let (false, Some((name, after))) = (in_shell, name_in_braces(from)) {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Place(name.to_owned()));
                rest = after;
            } else {
                plain.push('{');
                rest = &from[1..];
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Self(pieces)
    }

    /// A text without any.
    pub fn plain(text: &str) -> Self {
        Self(vec![Piece::Text(text.to_owned())])
    }

    /// The names of its placeholders.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Place(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The text with these values; a placeholder without a value stays what it is.
    pub fn fill(&self, values: &PlaceValues) -> String {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Place(name) => match values.get(name) {
                    Some(value) => out.push_str(value),
                    None => {
                        // Writing to a String cannot fail.
                        let _ = write!(out, "{{{name}}}");
                    }
                },
            }
        }
        out
    }
}

/// A name in braces at the beginning of a text, and what comes after it.
fn name_in_braces(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.strip_prefix('{')?.split_once('}')?;
    let mut letters = name.chars();
    let first = letters.next()?;
    let is_name = (first.is_ascii_alphabetic() || first == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some((name, after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(text: &str) -> String {
        let values = [("workers", "4"), ("seed", "7")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        Template::new(text).fill(&values.into())
    }

    #[test]
    fn names_in_braces_are_places_and_other_braces_are_not() {
        for (text, expected) in [
            ("-j{workers} {seed}{seed}", "-j4 77"),
            ("find . -exec wc {} +", "find . -exec wc {} +"),
            ("awk '{print $1}'", "awk '{print $1}'"),
            ("echo ${workers} {1..3} {", "echo ${workers} {1..3} {"),
            ("{{workers}} {{ {{}", "{workers} { {}"),
            ("{unknown}", "{unknown}"),
            ("ä{workers}ß", "ä4ß"),
        ] {
            assert_eq!(filled(text), expected, "{text}");
        }
        let template = Template::new("{a} {{b}} ${c} {d_1}{a}");
        assert_eq!(template.names().collect::<Vec<_>>(), ["a", "d_1", "a"]);
    }

    proptest! {
        #[test]
        fn a_text_without_braces_is_itself(text in "[^{]{0,40}") {
            prop_assert_eq!(filled(&text), text);
        }

        #[test]
        fn any_text_is_read(text in "[{}$a-c ]{0,30}") {
            let _ = Template::new(&text).fill(&PlaceValues::new());
        }
    }
}
