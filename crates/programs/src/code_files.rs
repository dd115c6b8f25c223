//! The files of a lab's folder that its commands run: who agreed to the lab agreed to them as they
//! were.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use workbench_digest::Hasher;

use crate::hashed::hash_file;

/// Names of programs' files end so.
const CODE: [&str; 16] = [
    "py", "sh", "bash", "R", "r", "jl", "pl", "rb", "js", "mjs", "lua", "awk", "sed", "mk", "toml",
    "so",
];
/// Programs that run the file that they are given.
const INTERPRETERS: [&str; 14] = [
    "sh", "bash", "dash", "zsh", "ksh", "python", "pypy", "perl", "ruby", "node", "lua", "julia",
    "Rscript", "source",
];
/// How deep folders are looked into.
const DEEPEST: usize = 5;
/// The most files that are looked at.
const MOST: usize = 5000;
/// The largest file that is read; of larger ones size and time of change count.
const LARGEST: u64 = 1 << 24;

/// Adds the files to a hash: programs by their names or permissions, and those that commands give
/// to an interpreter.
/// What programs write beside them (tables, logs, caches) is not among them.
pub(crate) fn hash_code(folder: &Path, named: &BTreeSet<PathBuf>, hasher: &mut Hasher) {
    let mut files = BTreeSet::new();
    collect(folder, DEEPEST, &mut files);
    for path in files {
        let Ok(facts) = fs::metadata(&path) else {
            continue;
        };
        let inside = path.strip_prefix(folder).unwrap_or(&path);
        if facts.is_file() && (named.contains(inside) || is_code(&path, &facts)) {
            hasher.update(inside.as_os_str().as_encoded_bytes());
            hasher.update([0]);
            hasher.update(content(&path, &facts).as_bytes());
        }
    }
}

/// The hash of a file, or what stands for it.
fn content(path: &Path, facts: &Metadata) -> String {
    if facts.len() <= LARGEST
        && let Ok(sha256) = hash_file(path)
    {
        return sha256;
    }
    let changed = facts.modified().ok();
    let changed = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let changed_ns = changed.map_or(0, |since| since.as_nanos());
    format!("{} {changed_ns}", facts.len())
}

fn is_code(path: &Path, facts: &Metadata) -> bool {
    let end = path.extension().and_then(|end| end.to_str());
    let is_program = facts.permissions().mode() & 0o111 != 0;
    is_program
        || end.is_some_and(|end| CODE.contains(&end))
        || path.file_name() == Some("Makefile".as_ref())
}

/// All files below a folder but hidden ones and Python's caches. Links are followed to files only.
fn collect(folder: &Path, depth: usize, files: &mut BTreeSet<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut inner = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(b".") || name == b"__pycache__" || files.len() >= MOST {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => inner.push(entry.path()),
            Ok(_) => drop(files.insert(entry.path())),
            Err(_) => {}
        }
    }
    if depth > 0 {
        for folder in inner {
            collect(&folder, depth - 1, files);
        }
    }
}

/// The files that commands give to an interpreter, whatever they are called.
pub(crate) fn scripts<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeSet<PathBuf> {
    let is_end = |c: char| c.is_whitespace() || "\"'=;|&()<>".contains(c);
    let mut found = BTreeSet::new();
    for line in lines {
        let mut is_next = false;
        for word in line.split(is_end).filter(|word| !word.is_empty()) {
            let path = Path::new(word.trim_start_matches("./"));
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
            if is_next && !word.starts_with('-') {
                found.insert(path.to_owned());
                is_next = false;
            }
            is_next |= INTERPRETERS.contains(&name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn hash(folder: &Path, lines: &[&str]) -> String {
        let mut hasher = Hasher::default();
        let named = scripts(lines.iter().copied());
        hash_code(folder, &named, &mut hasher);
        hasher.finish()
    }

    #[test]
    fn what_runs_counts_and_what_is_written_does_not() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let lines = [
            "python3 run.py --in 'tables/in.csv'; sh -e ./steps.txt",
            "touch out.txt",
        ];
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(path, text)
        };
        write("run.py", "import helper")?;
        write("lib/helper.py", "1")?;
        write("tables/in.csv", "1")?;
        let mut before = hash(dir.path(), &lines);
        for name in [
            "out.txt",
            "tables/out.csv",
            "__pycache__/run.py",
            ".hidden/x.py",
        ] {
            write(name, "new")?;
            assert_eq!(hash(dir.path(), &lines), before, "{name}");
        }
        for name in ["run.py", "lib/helper.py", "steps.txt", "other.sh"] {
            write(name, "new")?;
            let after = hash(dir.path(), &lines);
            assert_ne!(after, before, "{name}");
            before = after;
        }
        let tool = dir.path().join("out.txt");
        fs::set_permissions(tool, fs::Permissions::from_mode(0o755))?;
        assert_ne!(hash(dir.path(), &lines), before);
        Ok(())
    }
}
