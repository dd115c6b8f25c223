//! A lab to begin with.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::folder::{HANDOUT, LAB_FILE};
use crate::settings::is_name;

/// The files of a new lab. `NAME` in them is its name.
const FILES: [(&str, &str); 3] = [
    (LAB_FILE, include_str!("../scaffold/lab.toml")),
    (HANDOUT, include_str!("../scaffold/handout.md")),
    ("work.sh", include_str!("../scaffold/work.sh")),
];

/// Writes a lab that runs at once into a new folder of its name. Returns the folder.
///
/// # Errors
/// When the name cannot be a lab's, or the folder exists or cannot be made.
pub fn new_lab(name: &str, inside: &Path) -> io::Result<PathBuf> {
    if !is_name(name) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            crate::messages::BAD_NAME,
        ));
    }
    let folder = inside.join(name);
    fs::create_dir_all(inside)?;
    fs::create_dir(&folder)?;
    for (file, text) in FILES {
        let mut file = fs::File::create_new(folder.join(file))?;
        file.write_all(text.replace("NAME", name).as_bytes())?;
    }
    Ok(folder)
}
