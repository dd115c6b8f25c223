//! Checkpoints that do not count any more, under other names.
//!
//! Belongs here: renaming them, and saying so. Does not belong here: deleting anything.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::{list, steps_of};
use crate::reporter::Reporter;

/// Renames checkpoints in `dir` that are not of the training that now begins there after `steps`
/// steps, and says so. Of a training that goes on from the file `origin` in the same folder, the
/// earlier ones are; of any other training, none is. Left as they are, they would be taken for its
/// own: a later resumption would go on from the latest of them.
pub(super) fn others(dir: &Path, origin: Option<&Path>, steps: u64, report: &Reporter) {
    let is_here = origin.is_some_and(|origin| same(folder(origin), dir));
    let foreign = list(dir)
        .into_iter()
        .filter(|path| !is_here || steps_of(path) > Some(steps))
        .collect::<Vec<_>>();
    let (Some(latest), Some(earliest)) = (foreign.first(), foreign.last()) else {
        return;
    };
    let which = match foreign.len() {
        1 => format!("the checkpoint {}", name(latest)),
        count => format!(
            "{count} checkpoints ({} to {})",
            name(earliest),
            name(latest)
        ),
    };
    let begins = match steps {
        0 => "begins from the beginning".to_owned(),
        steps => format!("goes on from the one after {steps} steps"),
    };
    // All are tried, whatever becomes of one.
    let failed: Vec<io::Error> = foreign
        .iter()
        .filter_map(|path| rename(path, "abandoned").err())
        .collect();
    let outcome = match failed.first() {
        None => "set aside, with the extension `abandoned`".to_owned(),
        Some(error) => {
            format!("to be set aside, but cannot be renamed ({error}); move what is left")
        }
    };
    let dir = dir.display();
    report.warn(format!(
        "{which} in {dir} are of another training than this, which {begins}: {outcome}"
    ));
}

/// Gives a file another extension, without overwriting any other.
pub(super) fn rename(path: &Path, extension: &str) -> io::Result<()> {
    let mut free = path.with_extension(extension);
    let mut number = 1;
    while free.exists() {
        number += 1;
        free = path.with_extension(format!("{extension}-{number}"));
    }
    fs::rename(path, free)
}

/// The folder that a file is in.
pub(super) fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
    real(one) == real(other)
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
