//! Caches the versions that a worker reports, so that the next query takes no time.
//!
//! A query loads libtorch, which takes a fifth of a second. The answer can change only with the
//! files and variables that it depends on, so it is valid while they stay the same. It is stored
//! beside the worker and valid until the machine reboots, because a query also loads libtorch's
//! files into the page cache, and the first repeat must not have to.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use workbench_ddp_protocol::{WorkerVersion, version_line};

/// Variables that decide which libraries a program loads.
const VARIABLES: [&str; 2] = ["LD_LIBRARY_PATH", "LD_PRELOAD"];

/// The cached versions of a worker, if they are still valid.
pub fn recall(program: &Path) -> Option<String> {
    let kept = fs::read_to_string(place(program)?).ok()?;
    let (state, said) = kept.split_once("\n\n")?;
    (state == self::state(program, said)?).then(|| said.to_owned())
}

/// Stores the versions of a worker. If they cannot be stored, the worker is queried again.
pub fn remember(program: &Path, said: &str) {
    let kept = place(program).zip(state(program, said));
    if let Some((place, state)) = kept {
        let beside = place.with_extension(format!("{}.part", std::process::id()));
        let written = fs::write(&beside, format!("{state}\n\n{said}"));
        if written.and_then(|()| fs::rename(&beside, &place)).is_err() {
            let _ = fs::remove_file(beside);
        }
    }
}

fn place(program: &Path) -> Option<PathBuf> {
    let mut name = program.file_name()?.to_owned();
    name.push(".said");
    Some(program.with_file_name(name))
}

/// Everything that the answer depends on; `None` if that is unknown, as for a worker that does not
/// report what it loads.
fn state(program: &Path, said: &str) -> Option<String> {
    let loaded = WorkerVersion::read(said).loaded?;
    let mut state = version_line();
    for path in [program, &loaded] {
        let file = fs::metadata(path).ok()?;
        let changed = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let _ = write!(
            state,
            "\n{} {} {}",
            path.display(),
            file.len(),
            changed.as_nanos()
        );
    }
    for name in VARIABLES {
        let value = std::env::var_os(name).unwrap_or_default();
        let _ = write!(state, "\n{name}={}", value.display());
    }
    let start = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let _ = write!(state, "\n{}", start.trim());
    Some(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_holds_until_a_file_changes() {
        let dir = tempfile::tempdir().unwrap();
        let (program, library) = (
            dir.path().join("worker"),
            dir.path().join("libtorch_cpu.so"),
        );
        fs::write(&program, "1").unwrap();
        fs::write(&library, "1").unwrap();
        let said = format!(
            "workbench-worker 1\nloaded {} (2.11.0)\n",
            library.display()
        );
        assert_eq!(recall(&program), None);
        remember(&program, &said);
        assert_eq!(recall(&program), Some(said.clone()));
        for file in [&program, &library] {
            fs::write(file, "another").unwrap();
            assert_eq!(recall(&program), None, "{}", file.display());
            remember(&program, &said);
            assert_eq!(recall(&program), Some(said.clone()));
        }
        fs::remove_file(&library).unwrap();
        assert_eq!(recall(&program), None);
        // Truncated, as by a full disk.
        fs::write(&library, "1").unwrap();
        remember(&program, &said);
        fs::write(dir.path().join("worker.said"), "protocol").unwrap();
        assert_eq!(recall(&program), None);
    }

    #[test]
    fn a_worker_that_does_not_say_what_it_loads_is_asked_each_time() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("worker");
        fs::write(&program, "1").unwrap();
        remember(&program, "workbench-worker 1\n");
        assert_eq!(recall(&program), None);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
