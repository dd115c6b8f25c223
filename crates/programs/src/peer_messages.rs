//! What people are told about peers.

use std::path::Path;

use workbench_experiment::lab::Finding;

use crate::peer_probe::{PackageState, PeerProblem};
use crate::settings::Timed;

/// Why an arm does not run, in one sentence.
pub(crate) fn skipped(arm: &str, problem: &PeerProblem) -> String {
    const REMEDY: &str = "`workbench setup peers` installs what it needs";
    let why = match problem {
        PeerProblem::Unfit(why) => return format!("Arm {arm} does not run: {why}."),
        PeerProblem::NoEnvironment => "there is no Python environment for the peers".to_owned(),
        PeerProblem::Package { name, least, state } => match state {
            PackageState::Missing => format!("{name} is not installed"),
            PackageState::TooOld { version } => {
                format!("{name} {version} is too old ({least} or later is needed)")
            }
            PackageState::Broken { why } => {
                format!(
                    "{name} is installed and cannot be imported ({})",
                    one_line(why)
                )
            }
            PackageState::NoAnswer { why } => {
                format!(
                    "Python does not say whether {name} is there ({})",
                    one_line(why)
                )
            }
            PackageState::Fine { .. } => format!("{name} can be used"),
        },
    };
    format!("Arm {arm} does not run: {why}; {REMEDY}.")
}

/// A text of a program, in one line that is not too long.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(200).collect()
}

/// An arm that was asked for and does not run.
pub(crate) fn not_there(arm: &str, problem: &PeerProblem) -> Finding {
    Finding::warning("peer_skipped", skipped(arm, problem)).arm(arm)
}

/// With which releases the peers run.
pub(crate) fn releases(releases: &[(String, String)], python: &Path, timed: Timed) -> Finding {
    let list: Vec<String> = releases
        .iter()
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    let start = match timed {
        Timed::Work => "on no clock; it is told apart",
        Timed::Whole | Timed::UntilDone => "on the clock, as that of the other arms",
    };
    let text = format!(
        "The peers run with {} ({}). Their start-up is {start}.",
        list.join(", "),
        python.display()
    );
    Finding::note("peer_releases", text)
}

#[cfg(test)]
mod tests {
    use workbench_experiment::lab::PeerPackage;

    use super::*;

    #[test]
    fn every_reason_is_one_sentence() {
        let package = PeerPackage {
            name: "tool".to_owned(),
            module: "tool".to_owned(),
            version: "2.0".to_owned(),
            least: "1.5".to_owned(),
            extras: String::new(),
        };
        let states = [
            (PackageState::Missing, "tool is not installed"),
            (
                PackageState::TooOld {
                    version: "1.4".to_owned(),
                },
                "tool 1.4 is too old (1.5 or later is needed)",
            ),
            (
                PackageState::Broken {
                    why: "ImportError:\n no lib".to_owned(),
                },
                "cannot be imported (ImportError: no lib)",
            ),
        ];
        for (state, expected) in states {
            let problem = PeerProblem::of(&package, &state);
            let text = problem
                .map(|problem| skipped("x", &problem))
                .unwrap_or_default();
            assert!(text.contains(expected), "{text}");
            assert_eq!((text.lines().count(), text.matches(". ").count()), (1, 0));
        }
        let fine = PackageState::Fine {
            version: "2.0".to_owned(),
            python: "3.12".to_owned(),
        };
        assert_eq!(PeerProblem::of(&package, &fine), None);
    }
}
