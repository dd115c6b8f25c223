//! Folders of hand-ins, as course systems make them.

use std::path::{Path, PathBuf};

use crate::messages;

/// The hand-ins that paths stand for: a folder without a manifest stands for the archives in it and
/// the folders in it that have one, in the order of their names.
///
/// # Errors
/// What is wrong with a path, in one line.
pub fn hand_ins(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for path in paths {
        if !path.exists() {
            return Err(messages::again::no_such_file(path));
        }
        if !path.is_dir() || is_hand_in(path) {
            found.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path);
        let entries = entries.map_err(|error| messages::again::unlisted(path, &error))?;
        let mut inside: Vec<PathBuf> = Vec::new();
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if is_archive(&path) || is_hand_in(&path) {
                inside.push(path);
            } else if path.is_dir() {
                // A folder for each student, as Moodle makes them.
                let own = std::fs::read_dir(&path).into_iter().flatten().flatten();
                inside.extend(
                    own.map(|entry| entry.path())
                        .filter(|path| is_archive(path)),
                );
            }
        }
        inside.sort();
        found.extend(inside);
    }
    if found.is_empty() {
        return Err(messages::again::none(paths));
    }
    Ok(found)
}

/// The student of a hand-in: its path below the folder that was given, without the ending, as
/// course systems name files and folders after students.
pub fn student(path: &Path, given: &[PathBuf]) -> String {
    let below = given
        .iter()
        .find_map(|folder| path.strip_prefix(folder).ok());
    let below = below.filter(|below| below.components().next().is_some());
    let below = below.unwrap_or_else(|| Path::new(path.file_name().unwrap_or_default()));
    let first = below
        .components()
        .next()
        .map(|first| first.as_os_str().to_string_lossy());
    let first = first.unwrap_or_default();
    let name = Path::new(&*first)
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    if below.components().count() > 1 {
        first.into_owned()
    } else {
        name.unwrap_or_default()
    }
}

fn is_archive(path: &Path) -> bool {
    let extension = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("zip"));
    extension && !path.is_dir()
}

/// Whether a folder has the files of a hand-in, in itself or in one folder around them.
fn is_hand_in(path: &Path) -> bool {
    let has = |folder: &Path| folder.join(crate::manifest::MANIFEST).is_file();
    let inner = || {
        let mut entries = std::fs::read_dir(path).ok()?.filter_map(Result::ok);
        let first = entries.next()?.path();
        Some(entries.next().is_none() && has(&first))
    };
    path.is_dir() && (has(path) || inner().unwrap_or(false))
}
