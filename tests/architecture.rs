//! The rules of the house that a machine can check: arrows between the engine's modules point down, and the engine knows
//! no terminal.

#![allow(clippy::unwrap_used, reason = "a test may end on the spot")]

use std::path::{Path, PathBuf};

/// The modules, lowest first. A module may use those before it.
const ORDER: [&str; 14] = [
    "clock",
    "digest",
    "stats",
    "dataset",
    "pool",
    "machine",
    "monitor",
    "workers",
    "lab",
    "record",
    "result",
    "report",
    "experiment",
    "simulate",
];

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn rank(module: &str) -> Option<usize> {
    ORDER.iter().position(|known| *known == module)
}

#[test]
fn arrows_between_modules_point_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut arrows = 0;
    for file in sources(&root) {
        let place = file.strip_prefix(&root).unwrap();
        let first = place
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_string_lossy();
        let module = first.trim_end_matches(".rs").to_owned();
        if module == "lib" {
            continue;
        }
        let own = rank(&module).unwrap_or_else(|| panic!("{module} has no place in the order"));
        let text = std::fs::read_to_string(&file).unwrap();
        for line in text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            for (at, _) in line.match_indices("crate::") {
                let used: String = line[at + 7..]
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect();
                let Some(used_rank) = rank(&used) else {
                    continue;
                };
                arrows += 1;
                assert!(
                    used_rank <= own,
                    "{}: {module} uses {used}",
                    place.display()
                );
            }
        }
    }
    assert!(
        arrows > 50,
        "only {arrows} arrows were seen: the test looks in the wrong place"
    );
}

#[test]
fn the_engine_and_the_labs_know_no_terminal() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for manifest in [
        "crates/engine/Cargo.toml",
        "labs/ddp/Cargo.toml",
        "labs/rf/Cargo.toml",
    ] {
        let text = std::fs::read_to_string(root.join(manifest)).unwrap();
        for name in [
            "ratatui",
            "crossterm",
            "indicatif",
            "clap",
            "comfy-table",
            "tch",
            "torch-sys",
        ] {
            let used = text
                .lines()
                .any(|line| line.starts_with(&format!("{name} ")));
            assert!(!used, "{manifest} depends on {name}");
        }
    }
}
