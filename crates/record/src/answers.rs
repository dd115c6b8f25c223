//! Documents of answers: that of a run, and the draft before a run begins. Both are replaced whole.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use workbench_questions::{ANSWERS, AnswerSheet, AnswersUnreadable, draft_name};

use super::error::RecordError;
use super::store::{RunDir, RunStore, write_json};

/// The folder of drafts.
const DRAFTS: &str = ".answers";
/// The longest document that is read, in bytes.
const LONGEST: u64 = 1 << 24;

impl RunDir {
    /// The document of answers.
    pub fn answers(&self) -> PathBuf {
        self.path().join(ANSWERS)
    }

    /// What was answered about the run; `None` where nothing was.
    ///
    /// # Errors
    /// When the document cannot be read.
    pub fn read_answers(&self) -> Result<Option<AnswerSheet>, RecordError> {
        read(&self.answers())
    }

    /// Keeps what was answered about the run.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_answers(&self, sheet: &AnswerSheet) -> Result<(), RecordError> {
        write_json(&self.answers(), sheet)
    }
}

impl RunStore {
    /// The draft of answers to what is asked about the next run of a lab, or of an assignment.
    pub fn draft(&self, lab: &str, assignment_sha256: Option<&str>) -> PathBuf {
        self.root()
            .join(DRAFTS)
            .join(draft_name(lab, assignment_sha256))
    }

    /// What was answered about the next run; no answers where nothing was.
    ///
    /// # Errors
    /// When the document cannot be read.
    pub fn read_draft(
        &self,
        lab: &str,
        assignment_sha256: Option<&str>,
    ) -> Result<AnswerSheet, RecordError> {
        let sheet = read(&self.draft(lab, assignment_sha256))?;
        Ok(sheet.unwrap_or_else(|| AnswerSheet::empty(lab, assignment_sha256)))
    }

    /// Keeps what was answered about the next run.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_draft(&self, sheet: &AnswerSheet) -> Result<(), RecordError> {
        let path = self.draft(&sheet.lab, sheet.assignment_sha256.as_deref());
        let folder = self.root().join(DRAFTS);
        fs::create_dir_all(&folder).map_err(|source| RecordError::io("make", &folder, source))?;
        write_json(&path, sheet)
    }
}

fn read(path: &Path) -> Result<Option<AnswerSheet>, RecordError> {
    let mut text = Vec::new();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(RecordError::io("read", path, source)),
    };
    file.take(LONGEST + 1)
        .read_to_end(&mut text)
        .map_err(|source| RecordError::io("read", path, source))?;
    let unreadable = |reason| RecordError::Answers {
        path: path.to_owned(),
        reason,
    };
    if text.len() as u64 > LONGEST {
        let reason = AnswersUnreadable::Damaged(format!("it has more than {LONGEST} bytes"));
        return Err(unreadable(reason));
    }
    AnswerSheet::parse(&text).map(Some).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_kept_whole_and_damaged_ones_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let store = RunStore::open(Some(dir.path().join("runs"))).unwrap();
        let hash = "0123456789abcdef".repeat(4);
        let mut sheet = store.read_draft("rf", Some(&hash)).unwrap();
        assert!(sheet.set("q", "1.9\nor so", 7));
        assert!(!sheet.set("q", "1.9\nor so", 8), "nothing has changed");
        store.write_draft(&sheet).unwrap();
        assert_eq!(store.read_draft("rf", Some(&hash)).unwrap(), sheet);
        assert!(store.read_draft("rf", None).unwrap().answers.is_empty());
        let path = store.draft("rf", Some(&hash));
        assert!(path.ends_with(".answers/rf-0123456789ab.json"));
        for (text, newer) in [("{", false), (r#"{"schema":9,"lab":"rf"}"#, true)] {
            fs::write(&path, text).unwrap();
            let error = store.read_draft("rf", Some(&hash)).unwrap_err();
            let RecordError::Answers { reason, .. } = &error else {
                panic!("{error}");
            };
            assert_eq!(matches!(reason, AnswersUnreadable::Newer(9)), newer);
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}
