//! What is wrong with a configuration.

/// Why the configuration is invalid. Every message says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file holds an invalid setting.
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
    /// An environment variable holds an invalid setting.
    #[error("`{variable}` {reason}")]
    InEnvironment {
        /// The variable.
        variable: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The account has no configuration directory.
    #[error("this account has no directory for configurations; name a file with --config FILE")]
    NoPlace,
}
