//! Putting a finished report into its place: all of it or nothing.
//!
//! Whatever fails on the way, an older report stays as it was and no part of a new one is left.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use workbench_machine::limits::with_limit;
use workbench_record::whole::{Draft, parent};

use super::error::ReportError;

/// Checks what can be checked before there is anything to write: the directory exists and takes a
/// file, and the path is not something else than a file. Leaves nothing behind.
pub(super) fn probe(path: &Path) -> Result<(), ReportError> {
    let target = resolve(path)?;
    Draft::inside(parent(&target))
        .map(drop)
        .map_err(|e| refused(path, &e))
}

/// Writes `bytes` to `path`, replacing a file of that name only when everything is on the disk.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    replace_with(path, |file| file.write_all(bytes))
}

fn replace_with(
    path: &Path,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), ReportError> {
    let target = resolve(path)?;
    let write = || -> io::Result<()> {
        let mut draft = Draft::inside(parent(&target))?;
        fill(&mut draft.file)?;
        draft.keep(&target)
    };
    write().map_err(|e| refused(path, &e))
}

/// The file to replace: `path` itself, or what it links to.
fn resolve(path: &Path) -> Result<PathBuf, ReportError> {
    let target = if path.is_symlink() {
        fs::canonicalize(path).map_err(|e| refused(path, &e))?
    } else {
        path.to_owned()
    };
    let directory = parent(&target);
    let missing = |cause| ReportError::Directory {
        path: path.to_owned(),
        directory: directory.to_owned(),
        cause,
    };
    match fs::metadata(directory) {
        Ok(found) if !found.is_dir() => return Err(missing("its directory is a file")),
        Err(e) if e.kind() == ErrorKind::NotFound => {
            return Err(missing("its directory does not exist"));
        }
        Err(e) if e.kind() == ErrorKind::NotADirectory => {
            return Err(missing("its directory lies under a file"));
        }
        Ok(_) | Err(_) => {}
    }
    match fs::metadata(&target) {
        Ok(found) if found.is_dir() => Err(not_a_file(path, "a directory")),
        Ok(found) if !found.is_file() => Err(not_a_file(path, "a device, pipe or socket")),
        Ok(found) if found.permissions().readonly() => Err(ReportError::ReadOnly {
            path: path.to_owned(),
        }),
        Err(e) if e.kind() != ErrorKind::NotFound => Err(refused(path, &e)),
        Ok(_) | Err(_) => Ok(target),
    }
}

fn not_a_file(path: &Path, what: &'static str) -> ReportError {
    let example = match what {
        "a directory" => path.join("report.html"),
        _ => PathBuf::from("report.html"),
    };
    ReportError::NotAFile {
        path: path.to_owned(),
        what,
        example: format!("`{}`", example.display()),
    }
}

/// The system's refusal with what helps against it.
fn refused(path: &Path, error: &io::Error) -> ReportError {
    let (cause, remedy) = match error.kind() {
        ErrorKind::PermissionDenied => (
            "its directory does not let you write".to_owned(),
            "change its permissions or choose another place",
        ),
        ErrorKind::ReadOnlyFilesystem => (
            "the file system is read-only".to_owned(),
            "choose a place on another one",
        ),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => (
            "no space is left for it".to_owned(),
            "free some space or choose another place",
        ),
        ErrorKind::FileTooLarge => (
            format!("it would be too large ({})", with_limit(error)),
            "raise the limit or choose another kind of report",
        ),
        ErrorKind::InvalidFilename => (
            "the name is not one that the file system takes".to_owned(),
            "choose a shorter name",
        ),
        _ => (with_limit(error), "choose another place"),
    };
    ReportError::Write {
        path: path.to_owned(),
        cause,
        remedy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_full_disk_leaves_the_old_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("r.html");
        fs::write(&path, "old").unwrap();
        let full = |file: &mut File| -> io::Result<()> {
            file.write_all(b"half of a rep")?;
            fs::OpenOptions::new()
                .write(true)
                .open("/dev/full")?
                .write_all(b"ort")
        };
        let error = replace_with(&path, full).unwrap_err().to_string();
        assert!(
            error.contains("no space is left") && error.contains("r.html"),
            "{error}"
        );
        assert!(error.contains("free some space"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(directory.path()), ["r.html"]);
    }

    #[test]
    fn a_probe_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        probe(&directory.path().join("r.html")).unwrap();
        assert!(names(directory.path()).is_empty());
    }

    #[test]
    fn a_refusal_names_its_remedy() {
        for (kind, expected) in [
            (ErrorKind::PermissionDenied, "permissions"),
            (ErrorKind::ReadOnlyFilesystem, "another one"),
            (ErrorKind::InvalidFilename, "shorter"),
            (ErrorKind::Other, "another place"),
        ] {
            let text = refused(Path::new("a/b.md"), &kind.into()).to_string();
            assert!(
                text.starts_with("`a/b.md`: ") && text.contains(expected),
                "{text}"
            );
        }
    }
}
