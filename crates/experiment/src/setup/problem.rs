//! What of a saved set-up cannot be used, and why one cannot be read or kept.

use std::io;

/// Something in a saved set-up that was left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupProblem {
    /// No set-up has such a field.
    #[error("`{name}` is no field of a set-up; {hint}")]
    Field {
        /// Its name.
        name: String,
        /// What there is instead.
        hint: String,
    },
    /// A field holds something else than it should.
    #[error("`{name}` takes {expects}")]
    Kind {
        /// The field.
        name: String,
        /// What it takes, in words.
        expects: &'static str,
    },
    /// The lab has no such preset.
    #[error("there is no preset `{name}`; {hint}")]
    Preset {
        /// Its name.
        name: String,
        /// What there is instead.
        hint: String,
    },
    /// The lab has no such arm.
    #[error("there is no arm `{name}`; {hint}")]
    Arm {
        /// Its name.
        name: String,
        /// What there is instead.
        hint: String,
    },
    /// The lab has no such parameter.
    #[error("there is no parameter `{name}`; {hint}")]
    Param {
        /// Its name.
        name: String,
        /// What there is instead.
        hint: String,
    },
    /// The lab takes no data.
    #[error("the lab takes no data, so {path} is not used")]
    Data {
        /// The file or folder.
        path: String,
    },
}

/// Why a saved set-up cannot be read, kept or deleted.
#[derive(Debug, thiserror::Error)]
pub enum SavedSetupError {
    /// It cannot have such a name.
    #[error(
        "`{0}`: a set-up is named with 1 to 60 characters, without / and \\ and without a dot at the beginning"
    )]
    Name(String),
    /// There is none of that name.
    #[error("there is no set-up `{name}`; {hint}")]
    Missing {
        /// The name.
        name: String,
        /// What there is instead.
        hint: String,
    },
    /// There is one of that name already.
    #[error("there is a set-up `{0}` already")]
    Exists(String),
    /// Its file is no set-up.
    #[error("the set-up `{name}` cannot be used: {reason}")]
    Broken {
        /// The name.
        name: String,
        /// What is wrong with the file, in one line.
        reason: String,
    },
    /// The disk says no.
    #[error("the set-up `{name}`: {source}")]
    Io {
        /// The name.
        name: String,
        /// Why.
        source: io::Error,
    },
}
