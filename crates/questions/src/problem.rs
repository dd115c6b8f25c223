//! What is wrong with a file of questions or an assignment, and where.

/// The longest file that is read, in bytes.
pub const LONGEST_FILE: u64 = 1 << 18;

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{text}", .line.map_or_else(String::new, |line| format!("line {line}: ")))]
pub struct PaperProblem {
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong, and what to write instead.
    pub text: String,
}

/// The problems of one file, with the text that lines are counted in.
pub(crate) struct Problems<'a> {
    text: &'a str,
    found: Vec<PaperProblem>,
}

impl<'a> Problems<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self {
            text,
            found: Vec::new(),
        }
    }

    /// Notes what is wrong at a place of the text, in bytes.
    pub(crate) fn at(&mut self, place: usize, text: impl Into<String>) {
        self.found.push(PaperProblem {
            line: Some(line_of(self.text, place)),
            text: text.into(),
        });
    }

    /// What TOML itself, or its shape, refuses.
    pub(crate) fn toml(text: &str, error: &toml::de::Error) -> Vec<PaperProblem> {
        let said = error.message().replace(|c: char| c.is_control(), " ");
        vec![PaperProblem {
            line: error.span().map(|span| line_of(text, span.start)),
            text: said,
        }]
    }

    /// The value, where nothing is wrong.
    pub(crate) fn or<T>(self, value: T) -> Result<T, Vec<PaperProblem>> {
        if self.found.is_empty() {
            Ok(value)
        } else {
            Err(self.found)
        }
    }
}

/// The line of a place in a text, from 1.
fn line_of(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[..at.min(text.len())];
    before.split(|byte| *byte == b'\n').count()
}
