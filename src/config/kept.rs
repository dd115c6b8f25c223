//! What was chosen on the screen and holds the next time too.
//!
//! Belongs here: small files beside the configuration, which stays as its owner wrote it. Does not
//! belong here: anything that changes what is measured without being asked for.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use workbench_record::whole::{self, Draft};
use workbench_tui::{PanelLayout, ThemeName};

/// The file of how panels are laid out.
const LAYOUT: &str = "panels.toml";

fn beside_settings(name: &str) -> Option<PathBuf> {
    let directories = directories::ProjectDirs::from("", "", "workbench")?;
    Some(directories.config_dir().join(name))
}

fn path() -> Option<PathBuf> {
    beside_settings("theme")
}

/// The folder of the set-ups that are kept; `None` for an account without a home directory.
pub fn setups() -> Option<PathBuf> {
    beside_settings("setups")
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
    put(path(), &format!("{}\n", theme.name()))
}

/// How panels were laid out last; as they come where the file says something else.
pub fn layout() -> PanelLayout {
    let text = beside_settings(LAYOUT).and_then(|path| fs::read_to_string(path).ok());
    let kept = text.and_then(|text| toml::from_str(&text).ok());
    kept.unwrap_or_default()
}

/// Keeps how panels are laid out.
///
/// # Errors
/// When the file cannot be written.
pub fn keep_layout(layout: &PanelLayout) -> io::Result<()> {
    let text = toml::to_string(layout).map_err(io::Error::other)?;
    put(beside_settings(LAYOUT), &text)
}

fn put(path: Option<PathBuf>, text: &str) -> io::Result<()> {
    let Some(path) = path else {
        return Ok(());
    };
    let folder = whole::parent(&path);
    fs::create_dir_all(folder)?;
    let mut draft = Draft::inside(folder)?;
    draft.file.write_all(text.as_bytes())?;
    draft.keep(&path)
}
