//! What a worker prints with `--version`: one fact per line.

use std::fmt;
use std::path::PathBuf;

/// What a worker says of itself with `--version`. [`Display`](fmt::Display) writes it, and
/// [`read`](Self::read) reads it back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerVersion {
    /// The version of the program.
    pub program: Option<String>,
    /// The version of the protocol and the state of the sources, as [`worker_sources`] says them.
    pub protocol: Option<String>,
    /// The version of libtorch that the program was built for.
    pub built_for: Option<String>,
    /// Whether the program was built with NCCL.
    pub nccl: Option<bool>,
    /// The library of libtorch that the dynamic linker found.
    pub loaded: Option<PathBuf>,
    /// The version that lies beside that library.
    pub loaded_version: Option<String>,
}

const PROGRAM: &str = "workbench-worker ";
const PROTOCOL: &str = "protocol ";
const BUILT_FOR: &str = "built for libtorch ";
const WITH_NCCL: &str = "with NCCL";
const WITHOUT_NCCL: &str = "without NCCL";
const LOADED: &str = "loaded ";

/// The [version](workbench_protocol::VERSION) of the protocol, and the state of the sources of
/// worker and protocol at the time when this program was built. A worker that says another does not
/// belong to it.
pub fn worker_sources() -> String {
    let version = workbench_protocol::VERSION;
    format!("{version} {}", env!("WORKBENCH_WORKER_SOURCES"))
}

/// The line of the output that says [`worker_sources`].
pub fn version_line() -> String {
    format!("{PROTOCOL}{}", worker_sources())
}

impl WorkerVersion {
    /// Reads the output of `--version`; what it does not say stays unknown.
    pub fn read(said: &str) -> Self {
        let line = |start: &str| said.lines().find_map(|line| line.strip_prefix(start));
        let built = line(BUILT_FOR).map(|rest| rest.split_once(", ").unwrap_or((rest, "")));
        // A path may have parentheses of its own.
        let loaded = line(LOADED).map(|rest| {
            let with_version = rest
                .strip_suffix(')')
                .and_then(|rest| rest.rsplit_once(" ("));
            with_version.map_or((rest, None), |(path, version)| (path, Some(version)))
        });
        Self {
            program: line(PROGRAM).map(str::to_owned),
            protocol: line(PROTOCOL).map(str::to_owned),
            built_for: built.map(|(version, _)| version.to_owned()),
            nccl: built.and_then(|(_, nccl)| match nccl {
                WITH_NCCL => Some(true),
                WITHOUT_NCCL => Some(false),
                _ => None,
            }),
            loaded: loaded.map(|(path, _)| path.into()),
            loaded_version: loaded.and_then(|(_, version)| version).map(str::to_owned),
        }
    }
}

impl fmt::Display for WorkerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(version) = &self.program {
            writeln!(f, "{PROGRAM}{version}")?;
        }
        if let Some(version) = &self.built_for {
            let nccl = match self.nccl {
                Some(true) => format!(", {WITH_NCCL}"),
                Some(false) => format!(", {WITHOUT_NCCL}"),
                None => String::new(),
            };
            writeln!(f, "{BUILT_FOR}{version}{nccl}")?;
        }
        if let Some(library) = &self.loaded {
            let version = self.loaded_version.as_ref();
            let version = version.map_or_else(String::new, |version| format!(" ({version})"));
            writeln!(f, "{LOADED}{}{version}", library.display())?;
        }
        if let Some(sources) = &self.protocol {
            writeln!(f, "{PROTOCOL}{sources}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let full = WorkerVersion {
            program: Some("0.1.0".to_owned()),
            protocol: Some(worker_sources()),
            built_for: Some("2.11.0".to_owned()),
            nccl: Some(false),
            loaded: Some("/l (old)/libtorch_cpu.so".into()),
            loaded_version: Some("2.11.0+cpu".to_owned()),
        };
        let without_version = WorkerVersion {
            nccl: Some(true),
            loaded_version: None,
            ..full.clone()
        };
        for version in [full, without_version, WorkerVersion::default()] {
            assert_eq!(WorkerVersion::read(&version.to_string()), version);
        }
    }
}
