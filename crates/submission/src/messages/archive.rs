//! Findings on the file itself.

use workbench_record::Finding;

use crate::files::FilesProblem;
use crate::manifest::ManifestProblem;
use crate::zip::{ArchiveProblem, NameProblem};

/// Why a hand-in is not read.
pub(crate) fn unreadable(problem: &FilesProblem) -> Finding {
    match problem {
        FilesProblem::Io(error) => {
            Finding::error("unreadable", format!("The file cannot be read: {error}."))
        }
        FilesProblem::Archive(problem) => archive(problem),
    }
}

fn archive(problem: &ArchiveProblem) -> Finding {
    use ArchiveProblem as P;
    let (kind, text) = match problem {
        P::NotAnArchive => (
            "not_an_archive",
            "This is no ZIP file; `workbench submit` makes what is to be handed in.".to_owned(),
        ),
        P::Truncated => (
            "truncated",
            "The archive is not whole: its end, or a part that it names, is missing.".to_owned(),
        ),
        P::Unsupported(what) => (
            "unsupported",
            format!("The archive uses a part of the ZIP format that hand-ins do not have: {what}."),
        ),
        P::TooManyFiles(most) => (
            "too_many_files",
            format!("There are more than {most} files, which no hand-in has."),
        ),
        P::TooLarge(most) => (
            "too_large",
            format!("It is larger than {} MiB, which no hand-in is.", most >> 20),
        ),
        P::Bomb(name) => (
            "archive_bomb",
            format!(
                "`{name}` unpacks to a multiple of its size that no text comes to; it was not unpacked."
            ),
        ),
        P::Encrypted(name) => ("encrypted", format!("`{name}` is encrypted.")),
        P::NotAFile(name) => (
            "link",
            format!(
                "`{name}` is a link, a device or a folder, not a regular file; it was not followed."
            ),
        ),
        P::Name(name, problem) => return bad_name(name, *problem),
        P::Duplicate(name) => (
            "duplicate_name",
            format!("There are two files called `{name}`, so what they say is not definite."),
        ),
        P::Overlap(name) => (
            "overlap",
            format!("`{name}` shares bytes of the archive with another file."),
        ),
        P::Contradiction(name) => (
            "contradiction",
            format!("The archive describes `{name}` twice, and differently."),
        ),
        P::Corrupt(name) => (
            "corrupt_file",
            format!("`{name}` does not unpack to the size and checksum that the archive states."),
        ),
        P::Nested(name) => (
            "nested_archive",
            format!("`{name}` is an archive itself; hand in what `workbench submit` wrote."),
        ),
    };
    Finding::error(kind, text)
}

fn bad_name(name: &str, problem: NameProblem) -> Finding {
    match problem {
        NameProblem::LeadsOut => Finding::error(
            "name_leads_out",
            format!("The name `{name}` leads out of the archive's folder; nothing was written."),
        ),
        NameProblem::Encoding => Finding::error(
            "name_encoding",
            format!("The name `{name}` has characters that no file of a hand-in has."),
        ),
        NameProblem::Form => Finding::error(
            "name_form",
            format!("The name `{name}` is empty, too long, or has an empty part."),
        ),
    }
}

/// A file does not unpack, or has grown too large.
pub(crate) fn corrupt(name: &str) -> Finding {
    archive(&ArchiveProblem::Corrupt(name.to_owned()))
}

/// Verifying it failed.
pub(crate) fn verification_failed() -> Finding {
    Finding::error(
        "verification_failed",
        "The hand-in could not be verified: the program failed on it, and went on with the others.",
    )
}

/// There is no manifest.
pub(crate) fn no_manifest() -> Finding {
    Finding::error(
        "no_manifest",
        "There is no manifest.json, so this is no hand-in; `workbench submit` makes one.",
    )
}

/// The manifest is not read.
pub(crate) fn manifest(problem: ManifestProblem) -> Finding {
    match problem {
        ManifestProblem::Newer(format) => Finding::error(
            "newer_format",
            format!(
                "The hand-in has format {format}, which a newer workbench made; verify it with that one."
            ),
        ),
        ManifestProblem::Unreadable { line, column } => Finding::error(
            "manifest_unreadable",
            format!("manifest.json is no manifest: line {line}, column {column}."),
        ),
    }
}

/// The manifest is not the one that was sealed.
pub(crate) fn manifest_changed() -> Finding {
    Finding::error(
        "manifest_changed",
        "manifest.json is not as it was written: its own hash does not fit.",
    )
}

/// Names of runs' folders that no hand-in has.
pub(crate) fn bad_folders() -> Finding {
    Finding::error(
        "manifest_unreadable",
        "manifest.json lists folders of runs that no hand-in has.",
    )
}

/// A listed file is not there.
pub(crate) fn file_missing(name: &str) -> Finding {
    Finding::error(
        "file_missing",
        format!("`{name}` is in the manifest's list, but not in the archive."),
    )
}

/// A file is not the listed one.
pub(crate) fn file_changed(name: &str) -> Finding {
    Finding::error(
        "file_changed",
        format!("`{name}` is not the file of the manifest's list: size or SHA-256 differ."),
    )
}

/// A file is not in the list.
pub(crate) fn file_unlisted(name: &str) -> Finding {
    Finding::error(
        "file_unlisted",
        format!("`{name}` is not in the manifest's list; it was not looked at."),
    )
}
