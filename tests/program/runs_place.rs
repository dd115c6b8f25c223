//! Removing runs from the command line: what is said, what asks, what stays.

use crate::common::{Bench, stderr, stdout};

/// Copies of one finished run, with numbers from 1 on.
fn with_runs(count: usize) -> (Bench, Vec<String>) {
    let bench = Bench::new();
    bench.tiny(&["--repeats", "1"]);
    let run = bench.only_run();
    let id = run.file_name().unwrap().to_str().unwrap().to_owned();
    let start = id.strip_suffix("00001").unwrap();
    let ids: Vec<String> = (1..=count).map(|n| format!("{start}{n:05}")).collect();
    for id in &ids[1..] {
        let copy = bench.runs().join(id);
        std::fs::create_dir(&copy).unwrap();
        for file in ["events.jsonl", "result.json"] {
            std::fs::copy(run.join(file), copy.join(file)).unwrap();
        }
    }
    (bench, ids)
}

fn left(bench: &Bench) -> Vec<String> {
    let mut names = bench.run_names();
    names.sort();
    names
}

#[test]
fn runs_are_removed_by_name_and_only_when_that_was_agreed_to() {
    let (bench, ids) = with_runs(3);
    let refused = bench.run(["runs", "delete", &ids[1]]);
    assert_eq!(refused.status.code(), Some(2));
    let told = stderr(&refused);
    assert!(told.contains(&ids[1]) && told.contains("--yes"), "{told}");
    assert_eq!(left(&bench).len(), 3);
    let removed = bench.run(["runs", "delete", &ids[1], &ids[1], "--yes"]);
    assert_eq!(removed.status.code(), Some(0), "{}", stderr(&removed));
    assert!(stdout(&removed).contains("Removed 1 run"));
    assert_eq!(left(&bench), [ids[0].clone(), ids[2].clone()]);
    let unknown = bench.run(["runs", "delete", &ids[1], "--yes"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert_eq!(left(&bench).len(), 2);
}

#[test]
fn pruning_keeps_the_latest_and_those_with_a_star() {
    let (bench, ids) = with_runs(5);
    let label = bench.runs().join(&ids[0]).join("label.json");
    std::fs::write(label, r#"{"starred":true}"#).unwrap();
    let pruned = bench.run(["runs", "prune", "--keep", "2", "--yes"]);
    assert_eq!(pruned.status.code(), Some(0), "{}", stderr(&pruned));
    assert_eq!(
        left(&bench),
        [ids[0].clone(), ids[3].clone(), ids[4].clone()]
    );
    let nothing = bench.run(["runs", "prune", "--keep", "2", "--yes"]);
    assert!(stdout(&nothing).contains("nothing to remove"));
    let other = bench.run(["runs", "prune", "--keep", "0", "--lab", "ddp", "--yes"]);
    assert!(stdout(&other).contains("nothing to remove"));
    // Filters of the list are as they were.
    let listed = bench.run(["runs", "lab:rf"]);
    assert!(stdout(&listed).contains(&ids[4]), "{}", stdout(&listed));
}
