//! A hand-in, read: what it claims, what its logs say, and everything that does not fit.

use std::path::Path;

use workbench_record::Finding;
use workbench_result::of_log;

use crate::check;
use crate::files::{Files, FilesProblem, read_archive};
use crate::limits::MOST_RUNS;
use crate::log::read_log;
use crate::manifest::{FileFacts, MANIFEST, Manifest, sha256};
use crate::messages;
use crate::opened_run::OpenedRun;

/// The files of a run in its folder.
pub const LOG: &str = "events.jsonl";
/// The result document.
pub const RESULT: &str = "result.json";
/// The report.
pub const REPORT: &str = "report.html";
/// The answers.
pub const ANSWERS: &str = "answers.json";

/// A hand-in.
#[derive(Debug, Default)]
pub struct Opened {
    /// What it says about itself; `None` where that cannot be read.
    pub manifest: Option<Manifest>,
    /// Its runs, as far as their logs can be read.
    pub runs: Vec<OpenedRun>,
    /// What does not fit, and what is worth knowing.
    pub findings: Vec<Finding>,
}

/// Reads a hand-in: a file, or a folder with the files of one. Never fails: what cannot be read is
/// a finding.
pub fn open(path: &Path) -> Opened {
    let opened = if path.is_dir() {
        Files::of_folder(path).map(|files| read(&files))
    } else {
        read_archive(path).and_then(|archive| Ok(read(&Files::of_archive(&archive)?)))
    };
    opened.unwrap_or_else(|problem| refused(&problem))
}

/// The same of an archive in memory.
pub fn open_archive(archive: &[u8]) -> Opened {
    let opened = Files::of_archive(archive).map(|files| read(&files));
    opened.unwrap_or_else(|problem| refused(&problem))
}

/// The files of an archive with their names, as far as they are documents.
///
/// # Errors
/// When it is no archive, or a file does not unpack.
pub fn contents(archive: &[u8]) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let refused = |_| std::io::Error::from(std::io::ErrorKind::InvalidData);
    let files = Files::of_archive(archive).map_err(refused)?;
    let names = files.listed.iter();
    names
        .map(|(name, _)| Ok((name.clone(), files.read(name)?)))
        .collect()
}

fn refused(problem: &FilesProblem) -> Opened {
    Opened {
        findings: vec![messages::archive::unreadable(problem)],
        ..Opened::default()
    }
}

fn read(files: &Files<'_>) -> Opened {
    let mut opened = Opened::default();
    if !files.has(MANIFEST) {
        opened.findings.push(messages::archive::no_manifest());
        return opened;
    }
    let Ok(bytes) = files.read(MANIFEST) else {
        opened.findings.push(messages::archive::corrupt(MANIFEST));
        return opened;
    };
    match Manifest::parse(&bytes) {
        Ok(manifest) => {
            if manifest.own_sha256() != manifest.sha256 {
                opened.findings.push(messages::archive::manifest_changed());
            }
            read_listed(files, &manifest, &mut opened);
            opened.manifest = Some(manifest);
        }
        Err(problem) => opened.findings.push(messages::archive::manifest(problem)),
    }
    opened
}

/// Reads the files that the manifest lists, and nothing else.
fn read_listed(files: &Files<'_>, manifest: &Manifest, opened: &mut Opened) {
    for (name, _) in &files.listed {
        if name != MANIFEST && !manifest.files.iter().any(|listed| listed.name == *name) {
            let unlisted = messages::archive::file_unlisted(name);
            opened.findings.push(unlisted);
        }
    }
    for listed in &manifest.files {
        if !files.has(&listed.name) {
            let missing = messages::archive::file_missing(&listed.name);
            opened.findings.push(missing);
        }
    }
    let folders: Vec<&str> = manifest.runs.iter().map(|run| &*run.folder).collect();
    let expected: Vec<String> = (1..=folders.len()).map(folder).collect();
    if folders != expected || folders.len() > MOST_RUNS {
        opened.findings.push(messages::archive::bad_folders());
        return;
    }
    for folder in folders {
        read_run(files, (manifest, folder), opened);
    }
}

/// The folder of a run, by its number from 1.
pub fn folder(number: usize) -> String {
    format!("run-{number}")
}

fn read_run(files: &Files<'_>, (manifest, folder): (&Manifest, &str), opened: &mut Opened) {
    let mut document = |name: &str| {
        let name = format!("{folder}/{name}");
        let listed = manifest.files.iter().find(|file| file.name == name)?;
        if !files.has(&name) {
            return None;
        }
        let Ok(content) = files.read(&name) else {
            opened.findings.push(messages::archive::corrupt(&name));
            return None;
        };
        if FileFacts::of(&name, &content) != *listed {
            opened.findings.push(messages::archive::file_changed(&name));
        }
        Some(content)
    };
    let (claimed, report) = (document(RESULT), document(REPORT));
    let answers = document(ANSWERS);
    let name = format!("{folder}/{LOG}");
    let Ok(source) = files.open(&name) else {
        opened.findings.push(messages::archive::file_missing(&name));
        return;
    };
    let nonce = manifest
        .assignment
        .as_ref()
        .and_then(|a| a.nonce.as_deref());
    let log = match read_log(source, &name, nonce.unwrap_or_default()) {
        Ok(log) => log,
        Err(problem) => {
            let found = messages::document::log_unreadable(folder, &problem);
            opened.findings.push(found);
            return;
        }
    };
    let listed = manifest.files.iter().find(|file| file.name == name);
    let fits = listed.is_some_and(|file| (file.bytes, &file.sha256) == (log.bytes, &log.sha256));
    if !fits {
        opened.findings.push(messages::archive::file_changed(&name));
    }
    let Some(result) = of_log(&log.snapshot, log.bytes, log.sha256.clone()) else {
        return;
    };
    let run = OpenedRun {
        folder: folder.to_owned(),
        snapshot: log.snapshot,
        result,
        chain: log.chain,
        clocks: log.clocks,
        log_sha256: log.sha256,
        claimed,
        report,
        answers,
    };
    opened.findings.extend(check::run(&run, manifest));
    opened.runs.push(run);
}

impl Opened {
    /// A hash by which hand-ins are told apart: that of the manifest.
    pub fn sha256(&self) -> String {
        match &self.manifest {
            Some(manifest) => manifest.own_sha256(),
            None => sha256(b""),
        }
    }

    /// Whether nothing was found that does not fit.
    pub fn holds(&self) -> bool {
        use workbench_record::Severity::Error;
        self.findings.iter().all(|found| found.severity != Error)
    }
}
