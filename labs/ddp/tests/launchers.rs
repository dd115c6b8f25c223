//! The lines that `docs/launchers.md` counts.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Lines that are neither blank nor comments, before the tests of a file.
fn lines_of(text: &str) -> usize {
    let (code, _) = text.split_once("#[cfg(test)]").unwrap_or((text, ""));
    let counts = |line: &&str| !line.is_empty() && !line.starts_with("//");
    code.lines().map(str::trim).filter(counts).count()
}

fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let is_test = |path: &PathBuf| {
        path.file_stem()
            .unwrap()
            .to_string_lossy()
            .ends_with("tests")
    };
    let entries = entries.filter(|path| !is_test(path));
    entries.flat_map(|path| files(&path)).collect()
}

fn count(paths: &[&str]) -> usize {
    let all = paths.iter().flat_map(|path| files(&root().join(path)));
    all.map(|path| lines_of(&fs::read_to_string(path).unwrap()))
        .sum()
}

#[test]
fn the_page_states_the_lines_that_there_are() {
    let page = fs::read_to_string(root().join("docs/launchers.md")).unwrap();
    let worker = "crates/worker/src/";
    let own = |name: &str| format!("{worker}{name}");
    let programs =
        ["single", "by_hand", "launched"].map(|name| own(&format!("programs/{name}.rs")));
    let controller = [
        "controller",
        "drive",
        "run",
        "failures",
        "incident",
        "root_cause",
        "attempt",
        "ledger",
    ]
    .map(|name| format!("labs/ddp/src/{name}.rs"));
    let controller: Vec<&str> = controller.iter().map(String::as_str).collect();
    for (part, paths) in [
        ("`programs/single.rs`", &[programs[0].as_str()][..]),
        ("`programs/by_hand.rs`", &[&programs[1]]),
        ("`programs/launched.rs`", &[&programs[2]]),
        ("`trainer/`", &[&own("trainer")]),
        ("`checkpoint/`", &[&own("checkpoint")]),
        ("the lab's controller", &controller),
        ("`crates/workers`", &["crates/workers/src"]),
    ] {
        let lines = count(paths);
        let row = format!("| {part} | {lines} |");
        assert!(page.contains(&row), "docs/launchers.md lacks `{row}`");
    }
    let (by_hand, launched) = (count(&[&programs[1]]), count(&[&programs[2]]));
    let claim = format!("has {launched} lines where the one by hand has {by_hand}");
    assert!(
        page.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .contains(&claim),
        "{claim}"
    );
}
