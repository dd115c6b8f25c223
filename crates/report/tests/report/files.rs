//! Putting reports into files: formats by extension, replacing, and refusals that say what to do.

use std::path::Path;

use crate::fixture::{Shape, run};
use workbench_report::{Format, check_writable, render, write};

#[test]
fn extensions_name_formats() {
    for format in Format::ALL {
        let name = format!("a.b/Report.{}", format.extension().to_uppercase());
        assert_eq!(Format::from_path(Path::new(&name)).unwrap(), format);
    }
    for (name, found) in [
        ("r.pdf", "`.pdf`"),
        ("report", "no extension"),
        (".html", "no extension"),
    ] {
        let error = Format::from_path(Path::new(name)).unwrap_err().to_string();
        assert!(
            error.contains(found) && error.contains(".html, .json, .csv, .md, .svg or .png"),
            "{error}"
        );
    }
}

#[test]
fn a_report_replaces_an_older_one() {
    let (result, snapshot) = run(&Shape::small());
    let directory = tempfile::tempdir().unwrap();
    for format in Format::ALL {
        let path = directory.path().join(format!("r.{}", format.extension()));
        std::fs::write(&path, "old").unwrap();
        check_writable(&path).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "old",
            "a check changes nothing"
        );
        write(&path, &result, &snapshot, None).unwrap();
        assert_eq!(
            std::fs::read(&path).unwrap(),
            render(format, &result, &snapshot, None).unwrap()
        );
    }
    assert_eq!(
        std::fs::read_dir(directory.path()).unwrap().count(),
        Format::ALL.len()
    );
}

#[test]
fn a_link_is_followed_not_replaced() {
    let (result, snapshot) = run(&Shape::small());
    let directory = tempfile::tempdir().unwrap();
    let (real, link) = (
        directory.path().join("real.md"),
        directory.path().join("link.md"),
    );
    std::fs::write(&real, "old").unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    write(&link, &result, &snapshot, None).unwrap();
    assert!(link.is_symlink());
    assert!(std::fs::read_to_string(&real).unwrap().starts_with("# "));
}

#[test]
fn refusals_say_what_where_and_what_to_do() {
    let (result, snapshot) = run(&Shape::small());
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    std::fs::create_dir(root.join("folder.html")).unwrap();
    std::fs::write(root.join("file"), "").unwrap();
    std::fs::write(root.join("kept.md"), "kept").unwrap();
    let mut fixed = std::fs::metadata(root.join("kept.md"))
        .unwrap()
        .permissions();
    fixed.set_readonly(true);
    std::fs::set_permissions(root.join("kept.md"), fixed).unwrap();
    std::os::unix::fs::symlink("/dev/full", root.join("device.md")).unwrap();
    let long = format!("{}.html", "x".repeat(300));
    let cases = [
        ("folder.html", "is a directory", "give the name of a file"),
        ("missing/r.html", "does not exist", "create the directory"),
        ("file/r.html", "directory", "create the directory"),
        ("kept.md", "read-only", "make it writable"),
        ("device.md", "a device", "give the name of a file"),
        ("r.doc", "no report is written as `.doc`", ".html, .json"),
        (&long, "name", "choose a shorter name"),
    ];
    let before = std::fs::read_dir(root).unwrap().count();
    for (name, what, remedy) in cases {
        let path = root.join(name);
        for error in [
            check_writable(&path).unwrap_err(),
            write(&path, &result, &snapshot, None).unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(text.contains(what) && text.contains(remedy), "{text}");
            assert!(
                text.contains(&*path.to_string_lossy()) && !text.contains('\n'),
                "{text}"
            );
        }
    }
    assert_eq!(
        std::fs::read_to_string(root.join("kept.md")).unwrap(),
        "kept"
    );
    assert_eq!(
        std::fs::read_dir(root).unwrap().count(),
        before,
        "nothing is left behind"
    );
}

#[test]
fn a_directory_that_takes_no_files_is_refused() {
    // Permissions do not bind the superuser; the process file system takes files from nobody.
    let path = Path::new("/proc/workbench-report.html");
    let error = check_writable(path).unwrap_err().to_string();
    assert!(
        error.starts_with("`/proc/workbench-report.html`: ") && error.contains("; "),
        "{error}"
    );
    let (result, snapshot) = run(&Shape::small());
    assert!(write(path, &result, &snapshot, None).is_err());
}
