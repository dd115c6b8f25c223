//! Hand-ins that are not what a run left: each is found, and named by kind.

#![allow(clippy::too_many_lines, reason = "tables of cases")]

use std::io::Write as _;

use flate2::write::DeflateEncoder;
use serde_json::{Value, json};

use crate::forge::raw::{Raw, raw, raw_claiming};
use crate::forge::{Files, LONG, SHORT, finds, reexecuted};

#[test]
fn an_honest_hand_in_holds_and_its_outputs_come_out_again() {
    for honest in [&*SHORT, &*LONG] {
        let verified = reexecuted(&honest.packed(), 3);
        assert!(verified.fits(), "{:?}", verified.findings);
        let again = verified
            .findings
            .iter()
            .find(|found| found.kind == "reexecuted");
        assert!((again.unwrap().numbers["outputs"] - 3.0).abs() < 1e-9);
        assert_eq!(
            honest.packed(),
            honest.packed(),
            "the same run gives the same bytes"
        );
    }
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

// Long because it is a table of cases.
#[test]
fn files_that_are_no_hand_in_are_refused_by_kind() {
    let one = || Raw::new("manifest.json", "{}");
    let named = |name: &[u8]| raw(&[one(), Raw::new(name, "x")]);
    let zeros = vec![0; 40 << 20];
    let bomb = Raw::new("run-1/events.jsonl", "x").with(|entry| {
        entry.packed = deflated(&zeros);
        entry.method = 8;
        entry.bytes = zeros.len() as u32;
    });
    let many: Vec<Raw> = (0..300).map(|n| Raw::new(format!("{n}"), "")).collect();
    let honest = SHORT.packed();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nothing", Vec::new(), "not_an_archive"),
        ("a text", b"dear sir or madam".repeat(9), "not_an_archive"),
        (
            "a program before an archive",
            [b"MZ".to_vec(), honest.clone()].concat(),
            "not_an_archive",
        ),
        ("half", honest[..honest.len() / 2].to_vec(), "truncated"),
        ("no end", honest[..honest.len() - 9].to_vec(), "truncated"),
        (
            "encrypted",
            raw(&[one().with(|e| e.flags = 1)]),
            "encrypted",
        ),
        (
            "an archive within",
            raw(&[one(), Raw::new("a.json", honest.clone())]),
            "nested_archive",
        ),
        ("a bomb", raw(&[one(), bomb]), "archive_bomb"),
        (
            "claims 4 GB",
            raw(&[one().with(|e| e.bytes = u32::MAX)]),
            "archive_bomb",
        ),
        ("out of the folder", named(b"../x"), "name_leads_out"),
        (
            "out of a folder within",
            named(b"run-1/../../x"),
            "name_leads_out",
        ),
        ("from the root", named(b"/etc/passwd"), "name_leads_out"),
        ("with backslashes", named(b"..\\x"), "name_leads_out"),
        ("on a drive", named(b"C:x"), "name_leads_out"),
        ("in UTF-8", named("ä".as_bytes()), "name_encoding"),
        ("in no encoding", named(b"\xff\xfe"), "name_encoding"),
        ("with an escape", named(b"\x1b[31m"), "name_encoding"),
        ("an empty name", named(b""), "name_form"),
        ("a long name", named(&[b'a'; 4000]), "name_form"),
        (
            "a link",
            raw(&[
                one(),
                Raw::new("l", "/etc/passwd").with(|e| e.mode = 0o120_777),
            ]),
            "link",
        ),
        (
            "a device",
            raw(&[one(), Raw::new("d", "").with(|e| e.mode = 0o020_666)]),
            "link",
        ),
        ("300 files", raw(&many), "too_many_files"),
        (
            "claims 65535 files",
            raw_claiming(&[one()], u16::MAX),
            "unsupported",
        ),
        (
            "claims 60000 files",
            raw_claiming(&[one()], 60_000),
            "too_many_files",
        ),
        ("claims one more", raw_claiming(&[one()], 2), "truncated"),
        ("a name twice", raw(&[one(), one()]), "duplicate_name"),
        (
            "a name in other case",
            raw(&[one(), Raw::new("MANIFEST.json", "")]),
            "duplicate_name",
        ),
        (
            "files in one place",
            raw(&[
                Raw::new("manifest.json", "{}"),
                Raw::new("manifest.jso", "{}").with(|e| {
                    e.same_place = true;
                    e.own_name = b"manifest.json".to_vec();
                    e.name = b"manifest.json".to_vec();
                    e.name[0] = b'M';
                }),
            ]),
            "contradiction",
        ),
        (
            "two names",
            raw(&[one().with(|e| e.own_name = b"other.json".to_vec())]),
            "contradiction",
        ),
        (
            "another checksum",
            raw(&[one().with(|e| e.crc ^= 1)]),
            "corrupt_file",
        ),
        (
            "another compression",
            raw(&[one().with(|e| e.method = 12)]),
            "unsupported",
        ),
        (
            "no manifest",
            raw(&[Raw::new("a.json", "{}")]),
            "no_manifest",
        ),
        ("no manifest in it", raw(&[one()]), "manifest_unreadable"),
        (
            "a newer one",
            raw(&[Raw::new("manifest.json", r#"{"format":9}"#)]),
            "newer_format",
        ),
    ];
    assert!(cases.len() >= 30);
    for (what, archive, kind) in cases {
        finds(what, &archive, kind);
    }
}

#[test]
fn documents_that_were_edited_are_found() {
    let h = &*SHORT;
    let result = |files: &mut Files, edit: fn(&mut Value)| {
        let mut document: Value = serde_json::from_slice(&files[2].1).unwrap();
        edit(&mut document);
        files[2].1 = serde_json::to_vec_pretty(&document).unwrap();
    };
    let faster: fn(&mut Value) = |document| document["arms"][1]["speedup"] = json!(7.5);
    finds(
        "a result",
        &h.with_files(|f| result(f, faster)),
        "file_changed",
    );
    finds(
        "a result, sealed anew",
        &h.resealed(|f, _| result(f, faster)),
        "result_differs",
    );
    let other: fn(&mut Value) = |document| {
        document["fingerprint"]["version"] = json!("9.9.9");
        document["arms"][1]["wall_s"][0] = json!(0.001);
    };
    finds(
        "a result of another version",
        &h.resealed(|f, _| result(f, other)),
        "result_differs",
    );
    finds(
        "no result",
        &h.resealed(|f, _| f[2].1 = b"{".to_vec()),
        "result_unreadable",
    );
    let swapped = LONG.files()[3].1.clone();
    finds(
        "a report of another run",
        &h.resealed(|f, _| f[3].1 = swapped),
        "report_differs",
    );
    let script = b"<script>fetch('//x')</script>".to_vec();
    finds(
        "a script as a report",
        &h.resealed(|f, _| f[3].1 = script),
        "report_differs",
    );
    finds(
        "a missing file",
        &h.with_files(|f| drop(f.remove(3))),
        "file_missing",
    );
    let extra = ("run-1/notes.exe".to_owned(), b"x".to_vec());
    let script = ("<script>alert(1)<".to_owned(), b"x".to_vec());
    finds(
        "a script in a name",
        &h.with_files(|f| f.push(script)),
        "file_unlisted",
    );
    finds(
        "a file more",
        &h.with_files(|f| f.push(extra)),
        "file_unlisted",
    );
    let seed = |files: &mut Files| {
        let text = String::from_utf8(files[0].1.clone()).unwrap();
        files[0].1 = text.replace("\"seed\": 42", "\"seed\": 43").into_bytes();
    };
    finds("a manifest", &h.with_files(seed), "manifest_changed");
    let manifest = |edit: fn(&mut Files, &mut workbench_submission::Manifest)| h.resealed(edit);
    finds(
        "another seed",
        &manifest(|_, m| m.runs[0].config.seed = 7),
        "manifest_differs",
    );
    finds(
        "another machine",
        &manifest(|_, m| m.runs[0].machine.cores_logical = 64),
        "manifest_differs",
    );
    finds(
        "no run",
        &manifest(|_, m| m.runs[0].folder = "../x".to_owned()),
        "manifest_unreadable",
    );
    let line = |files: &mut Files| {
        let text = String::from_utf8(files[1].1.clone()).unwrap();
        files[1].1 = text.replacen("\"cpu_ns\":", "\"cpu_ns\":1", 1).into_bytes();
    };
    finds(
        "a line of the log",
        &h.resealed(|f, _| line(f)),
        "log_chain",
    );
    finds(
        "a line of the log, as it was",
        &h.with_files(line),
        "file_changed",
    );
    finds(
        "no log",
        &h.resealed(|f, _| f[1].1 = b"hello\n".to_vec()),
        "log_unreadable",
    );
}
