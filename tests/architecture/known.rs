//! What a check finds, and the lists of what is known already.
//!
//! A check's list is `tests/architecture/known/CHECK.txt`, one finding a line: its key, then ` # `
//! and a reason. A key that ends in ` *` stands for all that begin with what is before it, such as
//! every function of a file. Under `[exceptions]` stands what is right as it is, each with its
//! reason; under `[to mend]` what is still to be mended. A check fails for a finding that is not
//! listed, and for a line that no finding needs any more, so a list can only get shorter.
//! `ARCHITECTURE_TRIM=1 cargo test -p workbench-architecture` takes such lines out.

use std::fmt::Write as _;
use std::path::Path;

use crate::house::House;

/// One breach of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// What it is listed by: a file, `FILE FUNCTION`, a name. Without line numbers, so that it
    /// stays the same.
    pub key: String,
    /// `FILE:LINE`.
    pub place: String,
    /// What is there.
    pub what: String,
}

struct List {
    /// The lines of the file with the key that each one lists.
    lines: Vec<(String, Option<String>)>,
}

impl List {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let mut in_exceptions = false;
        let mut lines = Vec::new();
        for line in text.lines() {
            let (key, reason) = match line.split_once(" # ") {
                Some((key, reason)) => (key.trim(), reason.trim()),
                None => (line.trim(), ""),
            };
            if key.starts_with('[') {
                in_exceptions = key == "[exceptions]";
            }
            let is_key = !key.is_empty() && !key.starts_with(['[', '#']);
            assert!(
                !(is_key && in_exceptions && reason.is_empty()),
                "{}: the exception `{key}` has no reason; write ` # ` and why it is right",
                path.display()
            );
            lines.push((line.to_owned(), is_key.then(|| key.to_owned())));
        }
        Self { lines }
    }

    fn keys(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(|(_, key)| key.as_deref())
    }
}

/// Whether a key of a list stands for a finding.
fn stands_for(key: &str, finding: &Violation) -> bool {
    match key.strip_suffix(" *") {
        Some(all) => finding
            .key
            .split_once(' ')
            .is_some_and(|(first, _)| first == all),
        None => key == finding.key,
    }
}

/// Holds the findings of a check against its list.
///
/// # Panics
/// When a finding is not listed or a line is not needed.
pub fn settle(house: &House, check: &str, to_do: &str, mut findings: Vec<Violation>) {
    findings.sort();
    let path = house
        .root
        .join(format!("tests/architecture/known/{check}.txt"));
    let list = List::read(&path);
    let mut report = String::new();
    for finding in &findings {
        if !list.keys().any(|key| stands_for(key, finding)) {
            let Violation { key, place, what } = finding;
            let _ = writeln!(report, "{place}: {what}\n    [{key}]");
        }
    }
    assert!(
        report.is_empty(),
        "\n{report}\nWhat to do: {to_do}.\nIf it is right as it is, add the key in brackets to {} with a reason.\n",
        path.display()
    );
    let needed = |key: &str| findings.iter().any(|finding| stands_for(key, finding));
    let stale: Vec<&str> = list.keys().filter(|key| !needed(key)).collect();
    if stale.is_empty() {
        return;
    }
    if std::env::var_os("ARCHITECTURE_TRIM").is_some() {
        let lines = list.lines.iter();
        let kept = lines.filter(|(_, key)| key.as_deref().is_none_or(needed));
        let text: String = kept.fold(String::new(), |text, (line, _)| text + line + "\n");
        std::fs::write(&path, text).unwrap();
        return;
    }
    panic!(
        "\n{}: no longer needed; take the lines out, or have it done with ARCHITECTURE_TRIM=1:\n{stale:#?}\n",
        path.display()
    );
}
