//! A lab's parameters: defined once in its `lab.toml`, and from there the source of `--set`, of
//! validation, of the help texts and of the set-up form.

use serde::Deserialize;
use workbench_record::ParamValue;

use super::option::Opt;

/// What a parameter may be.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ParamSpec {
    /// A whole number in a range.
    Integer {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
        /// Value when nothing is set.
        default: i64,
        /// What a form calls it; its name where nothing is said.
        #[serde(default)]
        label: Option<String>,
        /// One line for people.
        help: String,
    },
    /// A number in a range.
    Float {
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
        /// Value when nothing is set.
        default: f64,
        /// What a form calls it; its name where nothing is said.
        #[serde(default)]
        label: Option<String>,
        /// One line for people.
        help: String,
    },
    /// `true` or `false`.
    Boolean {
        /// Value when nothing is set.
        default: bool,
        /// What a form calls it; its name where nothing is said.
        #[serde(default)]
        label: Option<String>,
        /// One line for people.
        help: String,
    },
    /// One of several words.
    Choice {
        /// The words.
        choices: Vec<String>,
        /// Value when nothing is set.
        default: String,
        /// What a form calls it; its name where nothing is said.
        #[serde(default)]
        label: Option<String>,
        /// One line for people.
        help: String,
    },
    /// A text whose form is the lab's own business; it is checked when the lab is prepared.
    Text {
        /// What is expected, in words: `a fault such as kill:rank=1,step=40, or nothing`.
        form: String,
        /// Value when nothing is set.
        #[serde(default)]
        default: String,
        /// What a form calls it; its name where nothing is said.
        #[serde(default)]
        label: Option<String>,
        /// One line for people.
        help: String,
    },
}

/// Longest value of a text, in bytes.
const LONGEST_TEXT: usize = 4096;

/// Why a value was not taken. The message says what may be given instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// Not of the form `key=value`.
    #[error("`--set {0}`: write it as key=value, for example --set {1}")]
    Form(String, String),
    /// No such parameter.
    #[error("`--set {key}`: the {lab} lab has no parameter `{key}`; {hint}")]
    Unknown {
        /// The lab's name.
        lab: String,
        /// What was given.
        key: String,
        /// The nearest name, or the list of names.
        hint: String,
    },
    /// Wrong type or out of range.
    #[error("`--set {key}={value}`: {reason}")]
    Value {
        /// The parameter.
        key: String,
        /// What was given.
        value: String,
        /// What is expected.
        reason: String,
    },
}

/// As much of a given text as an error shows, on one line.
fn shown(text: &str) -> String {
    const LONGEST: usize = 100;
    let whole = text.chars().count() <= LONGEST;
    let start = text.chars().take(LONGEST);
    let start = start.map(|c| if c.is_control() { ' ' } else { c });
    start.chain((!whole).then_some('…')).collect()
}

impl ParamError {
    /// The option whose value is refused, where it is one.
    pub fn option(&self) -> Option<Opt> {
        match self {
            Self::Form(..) => None,
            Self::Unknown { key, .. } | Self::Value { key, .. } => Some(Opt::Set(key.clone())),
        }
    }
}

impl ParamSpec {
    /// One line for people.
    pub fn help(&self) -> &str {
        match self {
            Self::Integer { help, .. }
            | Self::Float { help, .. }
            | Self::Boolean { help, .. }
            | Self::Choice { help, .. }
            | Self::Text { help, .. } => help,
        }
    }

    /// What a form calls it: `Learning rate`. Where `lab.toml` does not say, its name, as words.
    pub fn label(&self, name: &str) -> String {
        let label = match self {
            Self::Integer { label, .. }
            | Self::Float { label, .. }
            | Self::Boolean { label, .. }
            | Self::Choice { label, .. }
            | Self::Text { label, .. } => label,
        };
        label.clone().unwrap_or_else(|| {
            let words = name.replace('_', " ");
            let mut rest = words.chars();
            let first = rest.next().map(char::to_uppercase);
            first.into_iter().flatten().chain(rest).collect()
        })
    }

    /// The value when nothing is set.
    pub fn default_value(&self) -> ParamValue {
        match self {
            Self::Integer { default, .. } => ParamValue::Integer(*default),
            Self::Float { default, .. } => ParamValue::Float(*default),
            Self::Boolean { default, .. } => ParamValue::Boolean(*default),
            Self::Choice { default, .. } | Self::Text { default, .. } => {
                ParamValue::Text(default.clone())
            }
        }
    }

    /// What may be given, in words: `a whole number from 1 to 64`.
    pub fn expects(&self) -> String {
        match self {
            Self::Integer { min, max, .. } => format!("a whole number from {min} to {max}"),
            Self::Float { min, max, .. } => format!("a number from {min} to {max}"),
            Self::Boolean { .. } => "true or false".to_owned(),
            Self::Choice { choices, .. } => format!("one of {}", choices.join(", ")),
            Self::Text { form, .. } => form.clone(),
        }
    }

    /// Reads a value from text.
    ///
    /// # Errors
    /// [`ParamError::Value`] when the text is of another type or outside the range.
    pub fn parse(&self, key: &str, text: &str) -> Result<ParamValue, ParamError> {
        let text = text.trim();
        let value = match self {
            Self::Integer { .. } => text.parse().ok().map(ParamValue::Integer),
            Self::Float { .. } => text.parse().ok().map(ParamValue::Float),
            Self::Boolean { .. } => text.parse().ok().map(ParamValue::Boolean),
            Self::Choice { .. } | Self::Text { .. } => Some(ParamValue::Text(text.to_owned())),
        };
        match value {
            Some(value) if self.accepts(&value) => Ok(value),
            _ => Err(ParamError::Value {
                key: key.to_owned(),
                value: shown(text),
                reason: self.why_not(key, text),
            }),
        }
    }

    /// Why a text is no value of this parameter.
    fn why_not(&self, key: &str, text: &str) -> String {
        let is_text = matches!(self, Self::Text { .. });
        let control = text.chars().find(|c| c.is_control());
        match control.filter(|_| is_text) {
            Some('\n' | '\r') => format!(
                "{key} has a line break in it, which a value cannot have: put several lines into a file"
            ),
            Some(other) => format!(
                "{key} has the control character U+{:04X} in it, which a value cannot have",
                u32::from(other)
            ),
            None if is_text => format!(
                "{key} is {} bytes long, and a value at most {LONGEST_TEXT}: put more into a file",
                text.len()
            ),
            None => format!("{key} takes {}", self.expects()),
        }
    }

    /// Whether a value is of the right type and in range.
    pub fn accepts(&self, value: &ParamValue) -> bool {
        match (self, value) {
            (Self::Integer { min, max, .. }, ParamValue::Integer(v)) => (min..=max).contains(&v),
            (Self::Float { min, max, .. }, ParamValue::Float(v)) => (min..=max).contains(&v),
            (Self::Float { min, max, .. }, ParamValue::Integer(v)) => {
                (*min..=*max).contains(&(*v as f64))
            }
            (Self::Boolean { .. }, ParamValue::Boolean(_)) => true,
            (Self::Choice { choices, .. }, ParamValue::Text(v)) => choices.contains(v),
            (Self::Text { .. }, ParamValue::Text(v)) => {
                v.len() <= LONGEST_TEXT && !v.contains(char::is_control)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_cannot_be_taken_says_why() {
        let spec = ParamSpec::Text {
            form: "NAME=COMMAND".to_owned(),
            default: String::new(),
            label: None,
            help: String::new(),
        };
        let why = |text: &str| spec.parse("arms", text).unwrap_err().to_string();
        assert_eq!(
            why("a=cd x\nmake"),
            "`--set arms=a=cd x make`: arms has a line break in it, which a value cannot have: \
             put several lines into a file"
        );
        assert!(why("a=\u{1b}[2J").ends_with("U+001B in it, which a value cannot have"));
        let long = why(&"x".repeat(5000));
        assert!(long.contains("x…`: arms is 5000 bytes long, and a value at most 4096"));
        assert!(long.len() < 300, "{long}");
        assert!(spec.parse("arms", " a=true ").is_ok());
    }
}
