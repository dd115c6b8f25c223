//! Completing a path that is typed, as a shell does.

use std::fs;
use std::path::Path;

use ratatui::text::Line;
use workbench_experiment::at_home;

use crate::kit::safe;
use crate::kit::text::wrap_plain;
use crate::theme::Theme;

/// Entries of a folder that are looked at.
const MOST: usize = 20_000;

/// Paths that are named where several are possible.
const MOST_NAMED: usize = 30;

/// Where a path that is typed stands between the key that completes it and the answer.
#[derive(Debug, Default)]
pub struct PathCompletion {
    /// What it can become was asked for, and nobody looks yet.
    is_asked: bool,
    /// What it can become, where that was found out since a key was typed.
    found: Option<Vec<String>>,
}

impl PathCompletion {
    /// The key that completes was pressed.
    pub fn ask(&mut self) {
        self.is_asked = true;
    }

    /// Something was typed: what was found out holds no more.
    pub fn forget(&mut self) {
        self.found = None;
    }

    /// The path to complete, once after it was asked for.
    pub fn request(&mut self, typed: &str) -> Option<String> {
        std::mem::take(&mut self.is_asked).then(|| typed.to_owned())
    }

    /// Takes in what a path can become, unless something else is typed by now. Gives what it
    /// certainly becomes, where that is more than was typed; beyond that the person chooses.
    pub fn answer(&mut self, typed: &str, asked: &str, found: Vec<String>) -> Option<String> {
        if typed != asked {
            return None;
        }
        let certain = common(&found);
        let longer = (certain.len() > asked.len()).then(|| certain.to_owned());
        self.found = Some(found);
        longer
    }

    /// What the path can become, where several are possible or nothing is.
    pub fn lines(&self, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
        match self.found.as_deref() {
            None | Some([_]) => Vec::new(),
            Some([]) => wrap_plain("Nothing begins like this.", columns, theme.warn),
            Some(found) => {
                let names = found.iter().map(|path| last_part(path));
                let names: Vec<String> = names.take(MOST_NAMED).map(safe).collect();
                let more = match found.len().saturating_sub(MOST_NAMED) {
                    0 => String::new(),
                    n => format!("  +{n}"),
                };
                let text = format!("{}{more}", names.join("  "));
                wrap_plain(&text, columns, theme.accent)
            }
        }
    }
}

/// The name at the end of a path, with the `/` of a folder.
fn last_part(path: &str) -> &str {
    let inner = path.strip_suffix('/').unwrap_or(path);
    &path[inner.rfind('/').map_or(0, |at| at + 1)..]
}

/// What a path that is typed can become, in order; folders end in `/`. A folder that cannot be read
/// has nothing in it.
pub fn candidates(typed: &str) -> Vec<String> {
    if typed == "~" {
        return vec!["~/".to_owned()];
    }
    let (folder, begun) = typed.split_at(typed.rfind('/').map_or(0, |at| at + 1));
    let place = at_home(Path::new(if folder.is_empty() { "." } else { folder }));
    let Ok(entries) = fs::read_dir(place) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries.take(MOST).flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        // What is hidden is meant only where its dot was typed.
        let is_meant =
            name.starts_with(begun) && (begun.starts_with('.') || !name.starts_with('.'));
        if is_meant && !name.contains(char::is_control) {
            let end = if entry.path().is_dir() { "/" } else { "" };
            found.push(format!("{folder}{name}{end}"));
        }
    }
    found.sort();
    found
}

/// The longest beginning that all have.
fn common(candidates: &[String]) -> &str {
    let Some((first, rest)) = candidates.split_first() else {
        return "";
    };
    let shared = |other: &String| {
        let both = first.char_indices().zip(other.chars());
        let mut equal = both.take_while(|((_, a), b)| a == b);
        equal
            .by_ref()
            .last()
            .map_or(0, |((at, c), _)| at + c.len_utf8())
    };
    let end = rest.iter().map(shared).min().unwrap_or(first.len());
    &first[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_completed_as_far_as_they_are_certain() {
        let dir = tempfile::tempdir().unwrap();
        let root = format!("{}/", dir.path().display());
        for name in ["houses.csv", "houses_old.csv", ".hidden", "größe.csv"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        fs::create_dir(dir.path().join("images")).unwrap();
        let found = |begun: &str| {
            let found = candidates(&format!("{root}{begun}"));
            let rest = |path: &String| path[root.len()..].to_owned();
            found.iter().map(rest).collect::<Vec<_>>()
        };
        assert_eq!(found("h"), ["houses.csv", "houses_old.csv"]);
        assert_eq!(found("i"), ["images/"]);
        assert_eq!(found("."), [".hidden"]);
        assert_eq!(found("").len(), 4);
        assert!(found("x").is_empty());
        assert!(candidates("/no/such/folder/x").is_empty());
        assert_eq!(candidates("~"), ["~/"]);
    }

    #[test]
    fn the_common_beginning_ends_between_characters() {
        let of = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            common(&names).to_owned()
        };
        assert_eq!(of(&["houses.csv", "houses_old.csv"]), "houses");
        assert_eq!(of(&["größe", "grün"]), "gr");
        assert_eq!(of(&["größe", "größer"]), "größe");
        assert_eq!(of(&["a"]), "a");
        assert_eq!(of(&[]), "");
    }
}
