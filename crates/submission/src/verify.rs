//! Verifying hand-ins: what a file alone shows, what the labs know of their data, what is the same
//! in several hand-ins, and what making outputs again shows.

use std::path::Path;

use workbench_experiment::lab::Lab;
use workbench_questions::{QuestionSet, RecordedAssignment};
use workbench_record::{Finding, Severity};

use crate::again::{Again, LabCache};
use crate::assigned::{AssignedRun, check_answers, check_assignment, lacking};
use crate::manifest::Manifest;
use crate::messages;
use crate::messages::missing::INCOMPLETE;
use crate::opened::{Opened, open};
use crate::verified_run::VerifiedRun;

/// A hand-in that was verified. It keeps what grading needs, and no log.
#[derive(Debug)]
pub struct Verified {
    /// The name of the file or folder.
    pub name: String,
    /// What it says about itself.
    pub manifest: Option<Manifest>,
    /// Its runs, as far as their logs can be read.
    pub runs: Vec<VerifiedRun>,
    /// What does not fit, and what is worth knowing.
    pub findings: Vec<Finding>,
}

impl Verified {
    /// A hand-in whose verification failed.
    pub fn failed(path: &Path) -> Self {
        let name = path.file_name().unwrap_or(path.as_os_str());
        Self {
            name: name.to_string_lossy().into_owned(),
            manifest: None,
            runs: Vec::new(),
            findings: vec![messages::archive::verification_failed()],
        }
    }

    /// Whether nothing was found that does not fit.
    pub fn holds(&self) -> bool {
        self.findings
            .iter()
            .all(|found| found.severity != Severity::Error)
    }

    /// Whether what is there fits, although something may be missing.
    pub fn fits(&self) -> bool {
        let mut severe = self
            .findings
            .iter()
            .filter(|f| f.severity == Severity::Error);
        severe.all(|found| found.kind == INCOMPLETE)
    }

    /// The ids of its runs.
    pub fn runs(&self) -> impl Iterator<Item = &str> {
        self.runs.iter().map(|run| &*run.result.run_id)
    }

    /// Whether it was handed in as a draft.
    pub fn is_draft(&self) -> bool {
        self.manifest
            .as_ref()
            .is_some_and(|manifest| manifest.draft)
    }

    fn nonce(&self) -> &str {
        let assignment = self.manifest.as_ref().and_then(|m| m.assignment.as_ref());
        assignment
            .and_then(|a| a.nonce.as_deref())
            .unwrap_or_default()
    }
}

/// Verifies hand-ins against the labs of this program.
pub struct Verifier<'a> {
    labs: LabCache<'a>,
    assignment: Option<RecordedAssignment>,
    now_unix_ms: u64,
}

impl<'a> Verifier<'a> {
    /// A verifier that knows these labs, and the assignment where it is given.
    pub fn new(labs: &'a [Box<dyn Lab>], assignment: Option<RecordedAssignment>) -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self {
            labs: LabCache::new(labs),
            assignment,
            now_unix_ms: now.map_or(0, |now| now.as_millis() as u64),
        }
    }

    /// Verifies one hand-in. Never fails: what cannot be read is a finding.
    pub fn verify(&self, path: &Path) -> Verified {
        let name = path.file_name().unwrap_or(path.as_os_str());
        self.verify_opened(&name.to_string_lossy(), open(path))
    }

    /// The same of one that was read.
    pub fn verify_opened(&self, name: &str, opened: Opened) -> Verified {
        let mut findings = opened.findings;
        let mut runs = Vec::new();
        for run in opened.runs {
            let answers = run.answers.clone();
            if let Some(run) = VerifiedRun::of(run) {
                findings.extend(check_answers(
                    &run.folder,
                    run.assigned(),
                    answers.as_deref(),
                ));
                runs.push(run);
            }
        }
        for run in &runs {
            if self.labs.knows_other_data(&run.started) {
                findings.push(messages::document::data_differs(&run.folder));
            }
            let ahead_ms = run.ended_unix_ms.saturating_sub(self.now_unix_ms);
            if ahead_ms > 15 * 60_000 {
                findings.push(messages::times::future(ahead_ms as f64 / 3.6e6));
            }
        }
        if let Some(manifest) = opened.manifest.as_ref().filter(|manifest| manifest.draft) {
            findings.push(messages::missing::draft(manifest.missing.len()));
        }
        findings.extend(self.of_assignment(opened.manifest.as_ref(), &runs));
        findings.sort_by_key(|found| std::cmp::Reverse(found.severity));
        Verified {
            name: name.to_owned(),
            manifest: opened.manifest,
            runs,
            findings,
        }
    }

    /// What the assignment asks for: the given one, or, where none is given, the recorded one.
    fn of_assignment(&self, manifest: Option<&Manifest>, runs: &[VerifiedRun]) -> Vec<Finding> {
        let Some(manifest) = manifest.filter(|_| !runs.is_empty()) else {
            return Vec::new();
        };
        let mut made_for = runs.iter().map(|run| &run.started.config.assignment);
        let recorded = made_for.find_map(|assignment| assignment.as_deref());
        let set = self.assignment.as_ref().or(recorded);
        let mut found = Vec::new();
        if let Some(set) = set {
            let last = runs.iter().map(VerifiedRun::last_unix_ms).max();
            let stated = manifest.assignment.as_ref();
            found.extend(check_assignment(set, stated, last.unwrap_or(0)));
        }
        let assigned: Vec<AssignedRun<'_>> = runs.iter().map(VerifiedRun::assigned).collect();
        let open = lacking(set, &assigned);
        let stated = manifest.missing.iter().filter(|one| !open.contains(one));
        found.extend(open.iter().chain(stated).map(messages::missing::finding));
        found
    }

    /// What counts for a run: what its lab asks, as the assignment has it. What a run locked counts
    /// only where the lab is not known.
    pub fn asked(&self, run: &VerifiedRun) -> QuestionSet {
        let own = self.labs.questions(&run.started.config.lab);
        let locked = run.locked.as_ref().map(|locked| &locked.questions);
        let of_lab = own.or(locked).cloned().unwrap_or_default();
        let recorded = run.started.config.assignment.as_deref();
        match self.assignment.as_ref().or(recorded) {
            Some(set) => set.assignment.asked(&of_lab),
            None => of_lab,
        }
    }

    /// What making `outputs` outputs again will cost, in words.
    pub fn announce(&self, verified: &Verified, outputs: u32) -> String {
        let drawn = self.drawn(verified, outputs);
        let seconds: f64 = drawn.iter().map(Again::cpu_s).sum();
        messages::again::announce(&verified.name, drawn.len(), seconds)
    }

    /// Makes outputs again that the nonce draws, and adds what is found.
    pub fn reexecute(&self, verified: &mut Verified, outputs: u32) {
        let drawn = self.drawn(verified, outputs);
        let mut found = self.labs.make_again(&drawn);
        if drawn.is_empty() && outputs > 0 {
            let folders = verified.runs.iter().map(|run| &*run.folder);
            found.extend(folders.map(messages::again::not_offered));
        }
        verified.findings.extend(found);
        verified
            .findings
            .sort_by_key(|found| std::cmp::Reverse(found.severity));
    }

    fn drawn<'r>(&self, verified: &'r Verified, outputs: u32) -> Vec<Again<'r>> {
        self.labs
            .draw(&verified.runs, verified.nonce(), outputs as usize)
    }
}
