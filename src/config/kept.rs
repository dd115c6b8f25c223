//! What was chosen on the screen and holds the next time too.
//!
//! Belongs here: one small file beside the configuration, which stays as its owner wrote it. Does
//! not belong here: anything that changes what is measured.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use workbench_record::whole::{self, Draft};
use workbench_tui::ThemeName;

fn path() -> Option<PathBuf> {
    let directories = directories::ProjectDirs::from("", "", "workbench")?;
    Some(directories.config_dir().join("theme"))
}

/// The theme that was chosen last; `None` where none was, or the file says something else.
pub fn theme() -> Option<ThemeName> {
    ThemeName::from_name(fs::read_to_string(path()?).ok()?.trim())
}

/// Keeps a theme.
///
/// # Errors
/// When the file cannot be written.
pub fn keep(theme: ThemeName) -> io::Result<()> {
    let Some(path) = path() else {
        return Ok(());
    };
    let folder = whole::parent(&path);
    fs::create_dir_all(folder)?;
    let mut draft = Draft::inside(folder)?;
    writeln!(draft.file, "{}", theme.name())?;
    draft.keep(&path)
}
