//! Verifying hand-ins: what a file alone shows, what the labs know of their data, what is the same
//! in several hand-ins, and what making outputs again shows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use workbench_experiment::lab::Lab;
use workbench_questions::{AnswerSheet, LockedPredictions, QuestionKind, RecordedAssignment};
use workbench_record::{Finding, RunStarted, Severity};
use workbench_result::RunResult;

use crate::again::{Again, Prepared};
use crate::assigned::{AssignedRun, check_answers, check_assignment, missing};
use crate::manifest::Manifest;
use crate::messages;
use crate::opened::{Opened, OpenedRun, open};

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

/// A run of a hand-in.
#[derive(Debug)]
pub struct VerifiedRun {
    /// Its folder in the hand-in.
    pub folder: String,
    /// What was known at its start.
    pub started: Box<RunStarted>,
    /// What follows from its log.
    pub result: RunResult,
    /// Its answers, where they can be read.
    pub sheet: Option<AnswerSheet>,
    /// What was locked before it.
    pub locked: Option<Box<LockedPredictions>>,
    /// SHA-256 of its log, in hexadecimal.
    pub log_sha256: String,
    /// When it was last recorded, in milliseconds since the Unix epoch.
    pub ended_unix_ms: u64,
    /// Wall and CPU times of its repeats, in nanoseconds.
    times: Vec<(u64, u64)>,
}

impl VerifiedRun {
    fn of(run: OpenedRun) -> Option<Self> {
        let (t_ns, unix_ms) = run.clocks.starts.last().copied()?;
        let since_ns = run.clocks.last_ns.saturating_sub(t_ns);
        let finished = run.clocks.finished.iter();
        Some(Self {
            started: run.snapshot.started?,
            times: finished.map(|(_, f)| (f.wall_ns, f.cpu_ns)).collect(),
            ended_unix_ms: unix_ms.saturating_add(since_ns / 1_000_000),
            folder: run.folder,
            result: run.result,
            sheet: run
                .answers
                .as_deref()
                .and_then(|bytes| AnswerSheet::parse(bytes).ok()),
            locked: run.snapshot.locked,
            log_sha256: run.log_sha256,
        })
    }

    /// The run as an assignment looks at it.
    pub fn assigned(&self) -> AssignedRun<'_> {
        AssignedRun {
            started: &self.started,
            result: &self.result,
            locked: self.locked.as_deref(),
            sheet: self.sheet.as_ref(),
        }
    }

    /// The last thing that is known to have happened, in milliseconds since the Unix epoch: the end
    /// of the run, or an answer.
    fn last_unix_ms(&self) -> u64 {
        let answers = self.sheet.iter().flat_map(|sheet| sheet.answers.values());
        let saved = answers.map(|answer| answer.saved_unix_ms).max();
        self.ended_unix_ms.max(saved.unwrap_or(0))
    }
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

    /// What making `outputs` outputs again will cost, in words.
    pub fn announce(&self, outputs: u32) -> String {
        let seconds: f64 = self.drawn(outputs).iter().map(|again| again.cpu_s).sum();
        messages::again::announce(&self.name, self.drawn(outputs).len(), seconds)
    }

    fn drawn(&self, outputs: u32) -> Vec<Again<'_>> {
        Again::draw(&self.runs, self.nonce(), outputs as usize)
    }
}

/// Verifies hand-ins against the labs of this program.
pub struct Verifier<'a> {
    labs: Prepared<'a>,
    assignment: Option<RecordedAssignment>,
    now_unix_ms: u64,
}

impl<'a> Verifier<'a> {
    /// A verifier that knows these labs, and the assignment where it is given.
    pub fn new(labs: &'a [Box<dyn Lab>], assignment: Option<RecordedAssignment>) -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self {
            labs: Prepared::new(labs),
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
        let lacking = missing(set, &assigned);
        let stated = manifest.missing.iter().filter(|one| !lacking.contains(one));
        found.extend(lacking.iter().chain(stated).map(messages::missing::finding));
        found
    }

    /// Makes outputs again that the nonce draws, and adds what is found.
    pub fn reexecute(&self, verified: &mut Verified, outputs: u32) {
        let drawn = verified.drawn(outputs);
        let found = self.labs.make_again(&drawn);
        verified.findings.extend(found);
        verified
            .findings
            .sort_by_key(|found| std::cmp::Reverse(found.severity));
    }
}

/// What hand-ins of a class have in common and should not.
#[derive(Debug, Default)]
pub struct Class {
    /// The hand-ins that have a repeat with these times.
    times: BTreeMap<(u64, u64), Vec<usize>>,
    /// The hand-ins that have a run with this log.
    logs: BTreeMap<String, Vec<usize>>,
    /// The hand-ins that have this answer to a question, both as they are compared.
    answers: BTreeMap<(String, String), Vec<usize>>,
    hand_ins: usize,
}

impl Class {
    /// Adds a hand-in.
    pub fn add(&mut self, verified: &Verified) {
        let number = self.hand_ins;
        self.hand_ins += 1;
        for run in &verified.runs {
            self.logs
                .entry(run.log_sha256.clone())
                .or_default()
                .push(number);
            for (id, text) in long_answers(run) {
                self.answers.entry((id, text)).or_default().push(number);
            }
            for times in &run.times {
                self.times.entry(*times).or_default().push(number);
            }
        }
    }

    /// Compares the hand-ins, which have to be those that were added, in their order, and adds to
    /// each what it has in common with others.
    pub fn compare(&self, hand_ins: &mut [Verified]) {
        let mut common: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (_, numbers) in self
            .times
            .iter()
            .filter(|((wall_ns, _), _)| *wall_ns > 100_000)
        {
            pairs(numbers, |pair| *common.entry(pair).or_default() += 1);
        }
        let mut same_logs = Vec::new();
        for numbers in self.logs.values() {
            pairs(numbers, |pair| same_logs.push(pair));
        }
        let mut same_answers = Vec::new();
        for ((id, _), numbers) in &self.answers {
            pairs(numbers, |(one, other)| same_answers.push((one, other, id)));
        }
        let names: Vec<String> = hand_ins.iter().map(|one| one.name.clone()).collect();
        let mut tell = |number: usize, found: Finding| {
            if let Some(hand_in) = hand_ins.get_mut(number) {
                hand_in.findings.insert(0, found);
            }
        };
        for (one, other, id) in same_answers {
            tell(one, messages::assigned::same_answer(&names[other], id));
            tell(other, messages::assigned::same_answer(&names[one], id));
        }
        for &(one, other) in &same_logs {
            tell(one, messages::again::same_log(&names[other]));
            tell(other, messages::again::same_log(&names[one]));
        }
        for ((one, other), repeats) in common {
            if !same_logs.contains(&(one, other)) {
                tell(one, messages::again::same_times(&names[other], repeats));
                tell(other, messages::again::same_times(&names[one], repeats));
            }
        }
    }
}

/// Shorter answers may be the same by chance, in characters.
const LONG_ANSWER: usize = 40;

/// The free texts of a run with their questions, without what differs when they are typed again.
fn long_answers(run: &VerifiedRun) -> Vec<(String, String)> {
    let (Some(sheet), Some(locked)) = (&run.sheet, &run.locked) else {
        return Vec::new();
    };
    let texts = locked.questions.questions.iter();
    let texts = texts.filter(|question| matches!(question.kind, QuestionKind::Text { .. }));
    let answers = texts.filter_map(|question| {
        let answer = sheet.find(&question.id)?;
        let words: Vec<&str> = answer.text.split_whitespace().collect();
        Some((question.id.clone(), words.join(" ").to_lowercase()))
    });
    answers
        .filter(|(_, text)| text.chars().count() >= LONG_ANSWER)
        .collect()
}

/// More hand-ins than this with the same repeat are told in pairs with the first one only.
const MOST_PAIRS: usize = 20;

fn pairs(numbers: &[usize], mut take: impl FnMut((usize, usize))) {
    let mut numbers = numbers.to_vec();
    numbers.dedup();
    for (at, one) in numbers.iter().enumerate() {
        let others = numbers[at + 1..].iter();
        let most = if at == 0 { usize::MAX } else { MOST_PAIRS };
        others.take(most).for_each(|other| take((*one, *other)));
    }
}

/// The hand-ins that paths stand for: a folder without a manifest stands for the archives in it and
/// the folders in it that have one, in the order of their names.
///
/// # Errors
/// What is wrong with a path, in one line.
pub fn hand_ins(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for path in paths {
        if !path.exists() {
            return Err(messages::again::no_such_file(path));
        }
        if !path.is_dir() || is_hand_in(path) {
            found.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path);
        let entries = entries.map_err(|error| messages::again::unlisted(path, &error))?;
        let mut inside: Vec<PathBuf> = Vec::new();
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if is_archive(&path) || is_hand_in(&path) {
                inside.push(path);
            } else if path.is_dir() {
                // A folder for each student, as Moodle makes them.
                let own = std::fs::read_dir(&path).into_iter().flatten().flatten();
                inside.extend(
                    own.map(|entry| entry.path())
                        .filter(|path| is_archive(path)),
                );
            }
        }
        inside.sort();
        found.extend(inside);
    }
    if found.is_empty() {
        return Err(messages::again::none(paths));
    }
    Ok(found)
}

/// The student of a hand-in: its path below the folder that was given, without the ending, as course
/// systems name files and folders after students.
pub fn student(path: &Path, given: &[PathBuf]) -> String {
    let below = given
        .iter()
        .find_map(|folder| path.strip_prefix(folder).ok());
    let below = below.filter(|below| below.components().next().is_some());
    let below = below.map_or_else(|| Path::new(path.file_name().unwrap_or_default()), |b| b);
    let first = below
        .components()
        .next()
        .map(|first| first.as_os_str().to_string_lossy());
    let first = first.unwrap_or_default();
    let name = Path::new(&*first)
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    if below.components().count() > 1 {
        first.into_owned()
    } else {
        name.unwrap_or_default()
    }
}

fn is_archive(path: &Path) -> bool {
    let extension = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("zip"));
    extension && !path.is_dir()
}

/// Whether a folder has the files of a hand-in, in itself or in one folder around them.
fn is_hand_in(path: &Path) -> bool {
    let has = |folder: &Path| folder.join(crate::manifest::MANIFEST).is_file();
    let inner = || {
        let mut entries = std::fs::read_dir(path).ok()?.filter_map(Result::ok);
        let first = entries.next()?.path();
        Some(entries.next().is_none() && has(&first))
    };
    path.is_dir() && (has(path) || inner().unwrap_or(false))
}
