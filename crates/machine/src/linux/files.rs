//! Reading the operating system's small text files under a root directory, which tests replace by
//! a made-up tree.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Most of the files are smaller.
const USUAL_BYTES: usize = 2048;

/// The place of `path` (absolute or not) in the tree at `root`.
pub(crate) fn place(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

/// The file's text without surrounding white space; bytes that are no UTF-8 are
/// replaced, not refused.
pub(crate) fn text(root: &Path, path: &str) -> Option<String> {
    text_at(&place(root, path))
}

/// Like [`text`], for a path that is already in place.
pub(crate) fn text_at(path: &Path) -> Option<String> {
    // The kernel's files state no size, and `fs::read` would begin with the smallest pieces. With
    // `take` the file is not asked for its size.
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    let file = File::open(path).ok()?;
    file.take(u64::MAX).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).trim().to_owned())
}

/// The file as it is.
pub(crate) fn bytes(root: &Path, path: &str) -> Option<Vec<u8>> {
    fs::read(place(root, path)).ok()
}

/// Counts the processors in a list such as `0-3,8,10-11`. `None` when it is malformed, empty
/// or counts backwards.
pub(crate) fn count_cpu_list(list: &str) -> Option<u32> {
    let mut count = 0_u32;
    for part in list.trim().split(',') {
        let (first, last) = range(part)?;
        count = count.checked_add(last.checked_sub(first)?.checked_add(1)?)?;
    }
    Some(count)
}

/// The processors in such a list; `None` also where there are more than any kernel has.
pub(crate) fn cpu_list(list: &str) -> Option<Vec<u32>> {
    const MOST: u32 = 1 << 16;
    count_cpu_list(list).filter(|count| *count <= MOST)?;
    let ranges = list.trim().split(',').filter_map(range);
    Some(ranges.flat_map(|(first, last)| first..=last).collect())
}

fn range(part: &str) -> Option<(u32, u32)> {
    let (first, last) = part.split_once('-').unwrap_or((part, part));
    Some((first.parse().ok()?, last.parse().ok()?))
}
