//! The files of a hand-in: in an archive, or in the folder that a course system has unpacked it
//! into. Nothing is written, and links are not followed.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::limits::{MOST_BYTES, MOST_DOCUMENT, MOST_FILE_BYTES, MOST_FILES, MOST_PACKED};
use crate::zip::{ArchiveProblem, NameProblem, ZipEntry, ZipIndex};

/// Why a hand-in is not read.
#[derive(Debug)]
pub enum FilesProblem {
    /// The system refuses.
    Io(io::Error),
    /// What it is, or has.
    Archive(ArchiveProblem),
}

impl From<io::Error> for FilesProblem {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ArchiveProblem> for FilesProblem {
    fn from(problem: ArchiveProblem) -> Self {
        Self::Archive(problem)
    }
}

/// Reads an archive as it lies on the disk.
///
/// # Errors
/// When it is no regular file, or too large.
pub fn read_archive(path: &Path) -> Result<Vec<u8>, FilesProblem> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(ArchiveProblem::NotAFile(shown(path)).into());
    }
    let mut bytes = Vec::new();
    file.take(MOST_PACKED + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_PACKED {
        return Err(ArchiveProblem::TooLarge(MOST_PACKED).into());
    }
    Ok(bytes)
}

fn shown(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Where the files are.
enum Place<'a> {
    Archive(ZipIndex<'a>),
    Folder(PathBuf),
}

/// The files of a hand-in by name, without what operating systems leave in archives.
pub struct Files<'a> {
    place: Place<'a>,
    /// The folder that holds everything, with its `/`; empty as a rule.
    top: String,
    /// Name and size in bytes of every file.
    pub listed: Vec<(String, u64)>,
}

impl<'a> Files<'a> {
    /// The files of an archive.
    ///
    /// # Errors
    /// What a hand-in may not have.
    pub fn of_archive(archive: &'a [u8]) -> Result<Self, FilesProblem> {
        let index = ZipIndex::read(archive)?;
        let listed = index.entries.iter();
        let listed = listed
            .map(|entry| (entry.name.clone(), entry.bytes))
            .collect();
        Self::new(Place::Archive(index), listed)
    }

    /// The files of a folder.
    ///
    /// # Errors
    /// When it cannot be read, and for what a hand-in may not have.
    pub fn of_folder(folder: &Path) -> Result<Files<'static>, FilesProblem> {
        let mut listed = Vec::new();
        list(folder, "", &mut listed)?;
        listed.sort();
        let sum: u64 = listed.iter().map(|(_, bytes)| bytes).sum();
        if sum > MOST_BYTES || listed.iter().any(|(_, bytes)| *bytes > MOST_FILE_BYTES) {
            return Err(ArchiveProblem::TooLarge(MOST_BYTES).into());
        }
        Files::new(Place::Folder(folder.to_owned()), listed)
    }

    fn new(place: Place<'a>, mut listed: Vec<(String, u64)>) -> Result<Self, FilesProblem> {
        listed.retain(|(name, _)| !is_left_behind(name));
        let first = listed.first().and_then(|(name, _)| name.split_once('/'));
        let top = first
            .map(|(folder, _)| format!("{folder}/"))
            .unwrap_or_default();
        // Only a folder that was put around the whole hand-in is one.
        let around = format!("{top}{}", crate::manifest::MANIFEST);
        let is_around = listed.iter().all(|(name, _)| name.starts_with(&top))
            && listed.iter().any(|(name, _)| *name == around);
        let top = if is_around { top } else { String::new() };
        for (name, _) in &mut listed {
            *name = name[top.len()..].to_owned();
        }
        let files = Self { place, top, listed };
        files.check_nesting()?;
        Ok(files)
    }

    /// Refuses archives within, by their first bytes, whatever they are called.
    fn check_nesting(&self) -> Result<(), FilesProblem> {
        for (name, _) in &self.listed {
            let mut start = Vec::new();
            // What cannot be unpacked is found when it is read.
            let _ = self.open(name)?.take(6).read_to_end(&mut start);
            let is_archive = [b"PK\x03\x04".as_slice(), b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c"]
                .iter()
                .any(|magic| start.starts_with(magic));
            if is_archive {
                return Err(ArchiveProblem::Nested(name.clone()).into());
            }
        }
        Ok(())
    }

    /// Whether there is a file of this name.
    pub fn has(&self, name: &str) -> bool {
        self.listed.iter().any(|(known, _)| known == name)
    }

    /// Opens a file; reading it fails where it is not what the archive says.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub fn open(&self, name: &str) -> io::Result<Box<dyn Read + '_>> {
        let full = format!("{}{name}", self.top);
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        match &self.place {
            Place::Archive(index) => {
                let named = |entry: &&ZipEntry| entry.name == full;
                let entry = index.entries.iter().find(named).ok_or_else(missing)?;
                Ok(Box::new(index.open(entry)))
            }
            Place::Folder(folder) if self.has(name) => {
                let path = folder.join(full);
                if !fs::symlink_metadata(&path)?.is_file() {
                    return Err(missing());
                }
                Ok(Box::new(File::open(path)?.take(MOST_FILE_BYTES)))
            }
            Place::Folder(_) => Err(missing()),
        }
    }

    /// The content of a file that is not a log.
    ///
    /// # Errors
    /// When it is too large, or not what the archive says.
    pub fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        self.open(name)?
            .take(MOST_DOCUMENT + 1)
            .read_to_end(&mut content)?;
        if content.len() as u64 > MOST_DOCUMENT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(content)
    }
}

/// What macOS and Windows put into archives and folders.
fn is_left_behind(name: &str) -> bool {
    let is_own = |part: &str| matches!(part, "__MACOSX" | ".DS_Store" | "Thumbs.db");
    name.split('/').any(is_own)
}

/// Lists the files below a folder, two folders deep.
fn list(folder: &Path, before: &str, listed: &mut Vec<(String, u64)>) -> Result<(), FilesProblem> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            let name = name.to_string_lossy().escape_default().to_string();
            return Err(ArchiveProblem::Name(name, NameProblem::Encoding).into());
        };
        let name = format!("{before}{name}");
        let metadata = fs::symlink_metadata(entry.path())?;
        if listed.len() as u64 >= MOST_FILES {
            return Err(ArchiveProblem::TooManyFiles(MOST_FILES).into());
        }
        if metadata.is_file() {
            listed.push((name, metadata.len()));
        } else if metadata.is_dir() && before.split('/').count() <= 2 {
            list(&entry.path(), &format!("{name}/"), listed)?;
        } else {
            return Err(ArchiveProblem::NotAFile(name).into());
        }
    }
    Ok(())
}
