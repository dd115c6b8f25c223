//! Which crate may use which: the floors of the house, and what only some crates may know.

use crate::house::{Crate, House};
use crate::known::Violation;

/// The floors, lowest first. A crate may use what stands on the floors below its own.
const FLOORS: [&[&str]; 12] = [
    &[
        "crates/clock",
        "crates/digest",
        "crates/images",
        "crates/json",
        "crates/nvml-sim",
        "crates/protocol",
        "crates/search",
        "crates/torch-ddp",
        "crates/words",
    ],
    &[
        "crates/stats",
        "crates/dataset",
        "crates/pool",
        "crates/machine",
        "crates/questions",
        "crates/workers",
        "labs/ddp/protocol",
    ],
    &["crates/forest", "crates/record", "crates/worker"],
    &["crates/result"],
    &["crates/marks"],
    &["crates/experiment"],
    &["crates/report", "crates/programs"],
    &["crates/training"],
    &[
        "crates/submission",
        "crates/history",
        "crates/monitor",
        "labs/*",
        "tests/labs/*",
    ],
    &["crates/classroom", "crates/simulate"],
    &["crates/tui"],
    &["src", "tests/*", "fuzz"],
];

/// Packages that only some crates may use, and which.
const RESERVED: [(&[&str], &[&str], &str); 3] = [
    (
        &["tch", "torch-sys", "torch-ddp"],
        &["crates/worker", "crates/torch-ddp"],
        "links libtorch",
    ),
    (
        &["ratatui", "crossterm", "indicatif", "comfy-table"],
        &["crates/tui", "src"],
        "knows a terminal",
    ),
    (
        &["clap", "clap_complete", "clap_mangen"],
        &["crates/worker", "crates/tui", "src"],
        "knows a command line",
    ),
];

/// Who may use a lab's crates besides labs: the program, by its registry, and the worker of the ddp
/// lab and those who start it, who share the lab's messages.
const KNOW_LABS: [&str; 3] = ["src", "crates/training", "crates/worker"];

/// What to do about a finding here.
pub const TO_DO: &str = "turn the arrow round: move what is needed down, or hand it in from above; give a new crate its \
    place in FLOORS (tests/architecture/floors.rs)";

/// Every arrow that does not point down, and every crate that uses what it may not.
pub fn find(house: &House) -> Vec<Violation> {
    let mut findings = Vec::new();
    for each in &house.crates {
        match floor(each) {
            None => findings.push(finding(each, &each.dir, "has no place in FLOORS")),
            Some(floor) => arrows(house, each, floor, &mut findings),
        }
        for (packages, allowed, what) in RESERVED {
            for package in packages {
                let used = each.depends.contains(*package);
                if used && !allowed.contains(&&*each.dir) {
                    let key = format!("{} {package}", each.dir);
                    let what =
                        format!("depends on `{package}`, which {what}; only {allowed:?} may");
                    findings.push(finding(each, &key, &what));
                }
            }
        }
    }
    findings
}

fn arrows(house: &House, each: &Crate, own: usize, findings: &mut Vec<Violation>) {
    for used in &house.crates {
        let Some(below) = floor(used) else { continue };
        let key = format!("{} {}", each.dir, used.dir);
        if each.depends.contains(&used.name) {
            if below >= own {
                let what = format!("uses {}, which does not stand below it", used.dir);
                findings.push(finding(each, &key, &what));
            }
            if used.is_lab() && !each.is_lab() && !KNOW_LABS.contains(&&*each.dir) {
                let what = format!("uses {}, which is a lab's", used.dir);
                findings.push(finding(each, &key, &what));
            }
            if used.is_for_tests() && !each.is_for_tests() {
                let what = format!("uses {}, which is there for tests only", used.dir);
                findings.push(finding(each, &key, &what));
            }
        } else if each.dev_depends.contains(&used.name)
            // Itself, with a feature.
            && each.name != used.name
            && below >= own
            && !used.is_for_tests()
        {
            let what = format!("its tests use {}, which does not stand below it", used.dir);
            findings.push(finding(each, &key, &what));
        }
    }
}

fn finding(each: &Crate, key: &str, what: &str) -> Violation {
    let dir = if each.dir == "src" { "." } else { &each.dir };
    Violation {
        key: key.to_owned(),
        place: format!("{dir}/Cargo.toml"),
        what: format!("{} {what}", each.dir),
    }
}

fn floor(each: &Crate) -> Option<usize> {
    FLOORS.iter().position(|dirs| {
        dirs.iter().any(|dir| match dir.strip_suffix('*') {
            Some(above) => each.dir.starts_with(above),
            None => *dir == each.dir,
        })
    })
}
