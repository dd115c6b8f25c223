//! Archives made by tar, packed or not: gone through once, from front to back, without unpacking
//! them anywhere.

use std::io::{Error, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::error::{ImageError, ImageProblem};
use crate::file::{ImageFile, failed, one_line};

/// Five times what any archive of CIFAR unpacks to.
const MOST_BYTES: u64 = 1 << 30;

/// A member of an archive. Only the end of its path counts, so that archives that were made again
/// in another place can be read too.
pub(crate) struct Member<'a> {
    path: PathBuf,
    bytes: u64,
    is_file: bool,
    reader: &'a mut dyn Read,
}

impl<'a> Member<'a> {
    /// Whether it is, or lies in, a folder of this name.
    pub fn is_in(&self, folder: &str) -> bool {
        self.path
            .components()
            .any(|part| part.as_os_str() == folder)
    }

    /// Whether it is a file of this name in a folder of that name.
    pub fn is_file_in(&self, folder: &str, name: &str) -> bool {
        let parent = self.path.parent().and_then(Path::file_name);
        self.is_file
            && self.path.file_name().is_some_and(|own| own == name)
            && parent.is_some_and(|parent| parent == folder)
    }

    /// Its content, with a name that says in which archive it is.
    pub fn into_file(self, archive: &Path) -> ImageFile<&'a mut dyn Read> {
        ImageFile {
            name: format!("{}: {}", archive.display(), self.path.display()),
            reader: self.reader,
            bytes: Some(self.bytes),
        }
    }
}

/// Calls `look` for every member, until it says that it has seen enough with `false`.
pub(crate) fn visit<R: Read>(
    file: ImageFile<R>,
    mut look: impl FnMut(Member<'_>) -> Result<bool, ImageError>,
) -> Result<(), ImageError> {
    let name = file.name;
    let wrong = |cause: Error| match cause.kind() {
        // What tar says of damage has no kind of its own.
        ErrorKind::Other => ImageError::Damaged {
            file: name.clone(),
            problem: ImageProblem::Packed {
                cause: one_line(&cause.to_string()),
            },
        },
        _ => failed(&name, cause),
    };
    let mut archive = tar::Archive::new(file.reader.take(MOST_BYTES));
    for entry in archive.entries().map_err(wrong)? {
        let mut entry = entry.map_err(wrong)?;
        let member = Member {
            path: entry.path().map_err(wrong)?.into_owned(),
            bytes: entry.size(),
            is_file: entry.header().entry_type().is_file(),
            reader: &mut entry,
        };
        if !look(member)? {
            break;
        }
    }
    Ok(())
}
