//! What is wrong with a configuration.

/// Why there is no configuration. Every message says what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file says what cannot be.
    #[error("{path}, line {line}: {reason}")]
    InFile {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// The file cannot be read.
    #[error(
        "cannot read the configuration in {path}: {reason}; `workbench config --default` prints one"
    )]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// An environment variable says what cannot be.
    #[error("`{variable}` {reason}")]
    InEnvironment {
        /// The variable.
        variable: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The account has no place for configurations.
    #[error("this account has no directory for configurations; name a file with --config FILE")]
    NoPlace,
}
