//! Which peers can run: what they need is looked for in a Python environment.

use std::collections::BTreeMap;
use std::path::Path;

use workbench_experiment::lab::{Finding, LabDefinition, PeerPackage, RunConfig};

use crate::peer_messages;
use crate::peer_probe::{PackageState, PeerProblem, probe};
use crate::settings::Timed;

/// Which peers of a run can run, and with what.
#[derive(Debug, Clone)]
pub struct FoundPeers {
    /// Those that cannot, and why.
    problems: BTreeMap<String, PeerProblem>,
    /// Releases of the packages that are used, Python's first.
    releases: Vec<(String, String)>,
}

impl FoundPeers {
    /// The arms of a run that are peers.
    pub fn wanted(lab: &LabDefinition, config: &RunConfig) -> Vec<String> {
        let is_peer = |name: &&String| lab.arm(name).is_some_and(|arm| arm.peer.is_some());
        config.arms.iter().filter(is_peer).cloned().collect()
    }

    /// Whether an arm can run.
    pub fn can_run(&self, arm: &str) -> bool {
        !self.problems.contains_key(arm)
    }

    /// Why an arm cannot run.
    pub fn why_not(&self, arm: &str) -> Option<String> {
        let problem = self.problems.get(arm)?;
        Some(peer_messages::skipped(arm, problem))
    }

    /// The arms that cannot run, each with what a reader is told.
    pub fn skipped(&self) -> Vec<(String, Finding)> {
        let skipped = |(arm, problem): (&String, &PeerProblem)| {
            (arm.clone(), peer_messages::not_there(arm, problem))
        };
        self.problems.iter().map(skipped).collect()
    }

    /// The releases of what is used, Python's first.
    pub fn software(&self) -> Vec<(String, String)> {
        self.releases.clone()
    }

    /// Tells a reader of the releases, and what of the peers' time counts.
    pub fn releases(&self, python: Option<&Path>, timed: Timed) -> Option<Finding> {
        let python = python.unwrap_or(Path::new(""));
        let is_any = !self.releases.is_empty();
        is_any.then(|| peer_messages::releases(&self.releases, python, timed))
    }

    /// None can, all for the same reason.
    pub(crate) fn none(wanted: &[String], problem: &PeerProblem) -> Self {
        let of = |name: &String| (name.clone(), problem.clone());
        Self {
            problems: wanted.iter().map(of).collect(),
            releases: Vec::new(),
        }
    }

    /// Looks for the Python packages that these arms need.
    pub fn look(lab: &LabDefinition, wanted: &[String], python: Option<&Path>) -> Self {
        let Some(python) = python.filter(|python| python.exists()) else {
            return Self::none(wanted, &PeerProblem::NoEnvironment);
        };
        let needs = |arm: &String| {
            let peer = lab.arm(arm).and_then(|arm| arm.peer.as_ref());
            peer.map_or(&[][..], |peer| &peer.needs)
        };
        let is_needed = |package: &&PeerPackage| {
            let mut needed = wanted.iter().flat_map(needs);
            needed.any(|name| *name == package.name)
        };
        let packages = lab.peers.iter().flat_map(|peers| &peers.packages);
        let packages: Vec<&PeerPackage> = packages.filter(is_needed).collect();
        let states = probe(python, &packages);
        let stand = || packages.iter().zip(&states);
        let problem = |arm: &String| {
            let mut of_arm = stand().filter(|(package, _)| needs(arm).contains(&package.name));
            let found = of_arm.find_map(|(package, state)| PeerProblem::of(package, state));
            Some((arm.clone(), found?))
        };
        Self {
            problems: wanted.iter().filter_map(problem).collect(),
            releases: releases(stand()),
        }
    }
}

/// The releases of what can be used, Python's first.
fn releases<'a>(
    stand: impl Iterator<Item = (&'a &'a PeerPackage, &'a PackageState)>,
) -> Vec<(String, String)> {
    let mut releases = Vec::new();
    for (package, state) in stand {
        if let PackageState::Fine { version, python } = state {
            if releases.is_empty() {
                releases.push(("Python".to_owned(), python.clone()));
            }
            releases.push((package.name.clone(), version.clone()));
        }
    }
    releases
}
