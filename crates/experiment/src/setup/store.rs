//! The folder of saved set-ups: a file each, under its name.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use workbench_record::whole::Draft;

use super::problem::{SavedSetupError, SetupProblem};
use super::saved::SavedSetup;
use crate::lab::suggest;

/// The extension of a set-up's file.
const EXTENSION: &str = "toml";
/// The longest name, in characters.
const LONGEST_NAME: usize = 60;
/// Larger files are refused.
const LARGEST: u64 = 1 << 20;

/// A saved set-up with its name.
#[derive(Debug)]
pub struct NamedSetup {
    /// Its name.
    pub name: String,
    /// What it holds and what of it was left out, or why it cannot be read.
    pub setup: Result<(SavedSetup, Vec<SetupProblem>), SavedSetupError>,
}

/// A folder of saved set-ups.
#[derive(Debug, Clone)]
pub struct SetupStore {
    folder: PathBuf,
}

impl SetupStore {
    /// The set-ups in a folder, which need not exist.
    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All of them, by name.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> io::Result<Vec<NamedSetup>> {
        let named = self.names()?.into_iter().map(|name| NamedSetup {
            setup: self.read(&name),
            name,
        });
        Ok(named.collect())
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let name = path.file_stem().and_then(|name| name.to_str());
            let is_setup = path.extension().is_some_and(|found| found == EXTENSION);
            names.extend(
                name.filter(|name| is_setup && is_name(name))
                    .map(str::to_owned),
            );
        }
        names.sort();
        Ok(names)
    }

    /// A set-up, and what of it was left out.
    ///
    /// # Errors
    /// When there is none of that name, or its file cannot be read.
    pub fn read(&self, name: &str) -> Result<(SavedSetup, Vec<SetupProblem>), SavedSetupError> {
        let io = |source| io_error(name, source);
        let file = match File::open(self.path(name)?) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(self.missing(name)),
            Err(error) => return Err(io(error)),
        };
        let broken = |reason: String| SavedSetupError::Broken {
            name: name.to_owned(),
            reason,
        };
        let mut text = String::new();
        file.take(LARGEST + 1)
            .read_to_string(&mut text)
            .map_err(io)?;
        if text.len() as u64 > LARGEST {
            return Err(broken("the file is too large".to_owned()));
        }
        SavedSetup::parse(&text).map_err(|error| broken(place(&error, &text)))
    }

    /// Keeps a set-up under a name.
    ///
    /// # Errors
    /// When it cannot be written, or there is one and it is not to be replaced.
    pub fn keep(
        &self,
        name: &str,
        setup: &SavedSetup,
        replace: bool,
    ) -> Result<(), SavedSetupError> {
        let path = self.path(name)?;
        if !replace && path.exists() {
            return Err(SavedSetupError::Exists(name.to_owned()));
        }
        let write = || {
            let text = setup.file_text().map_err(io::Error::other)?;
            fs::create_dir_all(&self.folder)?;
            let mut draft = Draft::inside(&self.folder)?;
            draft.file.write_all(text.as_bytes())?;
            draft.keep(&path)
        };
        write().map_err(|source| io_error(name, source))
    }

    /// Deletes a set-up.
    ///
    /// # Errors
    /// When there is none, or its file cannot be removed.
    pub fn delete(&self, name: &str) -> Result<(), SavedSetupError> {
        match fs::remove_file(self.path(name)?) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(self.missing(name)),
            Err(source) => Err(io_error(name, source)),
        }
    }

    fn path(&self, name: &str) -> Result<PathBuf, SavedSetupError> {
        if !is_name(name) {
            return Err(SavedSetupError::Name(name.to_owned()));
        }
        Ok(self.folder.join(format!("{name}.{EXTENSION}")))
    }

    fn missing(&self, name: &str) -> SavedSetupError {
        let names = self.names().unwrap_or_default();
        let hint = if names.is_empty() {
            "none was saved yet".to_owned()
        } else {
            suggest(name, names.iter().map(String::as_str))
        };
        let name = name.to_owned();
        SavedSetupError::Missing { name, hint }
    }
}

/// Whether a set-up can have this name, which is also that of its file.
fn is_name(name: &str) -> bool {
    let allowed = |c: char| !c.is_control() && !std::path::is_separator(c) && c != '\\';
    (1..=LONGEST_NAME).contains(&name.chars().count())
        && name.chars().all(allowed)
        && !name.starts_with('.')
        && name.trim() == name
}

fn io_error(name: &str, source: io::Error) -> SavedSetupError {
    let name = name.to_owned();
    SavedSetupError::Io { name, source }
}

/// What is wrong with a text, and in which line.
fn place(error: &toml::de::Error, text: &str) -> String {
    let at = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = text.as_bytes()[..at].split(|byte| *byte == b'\n').count();
    let told: Vec<&str> = error.message().split_whitespace().collect();
    format!("line {line}: {}", told.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_lab(lab: &str) -> SavedSetup {
        SavedSetup {
            lab: lab.to_owned(),
            ..SavedSetup::default()
        }
    }

    #[test]
    fn set_ups_are_kept_listed_replaced_and_deleted() {
        let dir = tempfile::tempdir().unwrap();
        let store = SetupStore::at(dir.path().join("setups"));
        assert!(store.list().unwrap().is_empty());
        store.keep("b", &of_lab("rf"), false).unwrap();
        store.keep("a b", &of_lab("ddp"), false).unwrap();
        let again = store.keep("b", &of_lab("ddp"), false);
        assert!(matches!(again, Err(SavedSetupError::Exists(_))));
        assert_eq!(store.read("b").unwrap().0, of_lab("rf"));
        store.keep("b", &of_lab("ddp"), true).unwrap();
        assert_eq!(store.read("b").unwrap().0, of_lab("ddp"));
        // A file that is no set-up loses none of the others.
        fs::write(store.folder().join("c.toml"), "lab = \n").unwrap();
        let list = store.list().unwrap();
        let names: Vec<&str> = list.iter().map(|named| named.name.as_str()).collect();
        assert_eq!(names, ["a b", "b", "c"]);
        let broken = list[2].setup.as_ref().unwrap_err().to_string();
        assert!(broken.contains("`c` cannot be used: line 1:"), "{broken}");
        store.delete("b").unwrap();
        let gone = store.delete("b").unwrap_err().to_string();
        assert!(gone.contains("there is no set-up `b`"), "{gone}");
    }

    #[test]
    fn names_stay_in_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let store = SetupStore::at(dir.path().to_owned());
        let long = "x".repeat(61);
        for name in [
            "",
            "..",
            ".a",
            "a/b",
            "../a",
            "a\\b",
            " a",
            "a\n",
            long.as_str(),
        ] {
            let kept = store.keep(name, &of_lab("rf"), true);
            assert!(matches!(kept, Err(SavedSetupError::Name(_))), "{name:?}");
        }
        store.keep("größer (2)", &of_lab("rf"), false).unwrap();
    }
}
