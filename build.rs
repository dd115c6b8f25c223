//! Notes in the program what it was built with and from (the compiler, the profile and the commit)
//! and which labs it has.
//!
//! A new lab is one line of this package's manifest: every dependency called `workbench-lab-*` is a
//! lab, and its crate has a function called `lab`. Labs that exist only in tests are development
//! dependencies.
//!
//! The stamp belongs to the program and to no library below it, so that a new commit rebuilds the
//! program alone. It cannot fail the build: without git or in a source archive, facts are left out.

use std::env;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

fn main() -> io::Result<()> {
    stamp();
    labs()
}

/// Writes the lists of the program's own labs and of those of its tests.
fn labs() -> io::Result<()> {
    println!("cargo::rerun-if-changed=Cargo.toml");
    let manifest = fs::read_to_string("Cargo.toml")?;
    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    for (file, section) in [
        ("labs.rs", "[dependencies]"),
        ("test_labs.rs", "[dev-dependencies]"),
    ] {
        fs::write(Path::new(&out).join(file), lab_list(&manifest, section))?;
    }
    Ok(())
}

/// The functions that make the labs of a section, as a slice, in the order of the manifest.
fn lab_list(manifest: &str, section: &str) -> String {
    let lines = manifest.lines().map(str::trim);
    let lines = lines.skip_while(|line| *line != section).skip(1);
    let makers: Vec<String> = lines
        .take_while(|line| !line.starts_with('['))
        .filter(|line| line.starts_with("workbench-lab-"))
        .filter_map(|line| line.split(['=', '.', ' ']).next())
        .map(|name| format!("{}::lab", name.replace('-', "_")))
        .collect();
    format!("&[{}]\n", makers.join(", "))
}

fn stamp() {
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let compiler = env::var("RUSTC")
        .ok()
        .and_then(|rustc| output(&rustc, &["--version"]));
    println!(
        "cargo::rustc-env=WORKBENCH_COMPILER={}",
        compiler.unwrap_or_default()
    );
    println!(
        "cargo::rustc-env=WORKBENCH_PROFILE={}",
        if release { "release" } else { "debug" }
    );
    println!("cargo::rerun-if-changed=build.rs");
    if let Some(commit) = commit() {
        println!("cargo::rustc-env=WORKBENCH_COMMIT={commit}");
        watch(release);
    }
}

/// The commit in twelve digits, with `+` when tracked files differ from it.
fn commit() -> Option<String> {
    // A tarball unpacked inside somebody else's repository must not claim that repository's commit.
    git(&["ls-files", "--error-unmatch", "build.rs"])?;
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changes = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(if changes.is_empty() {
        commit
    } else {
        format!("{commit}+")
    })
}

/// Makes cargo look again when the commit, or whether the tree differs from it, may have changed.
fn watch(release: bool) {
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    let inside_git = ["HEAD", "logs/HEAD", "packed-refs"]
        .into_iter()
        .map(str::to_owned)
        .chain(branch)
        .filter_map(|name| git(&["rev-parse", "--git-path", &name]));
    // Numbers are made with release builds, so there the mark for a changed tree must be right and
    // every source is watched. A debug build would pay for that with a new program after an edit to
    // any library's tests.
    let sources = if release {
        ["src", "labs", "crates", "Cargo.toml", "Cargo.lock"].as_slice()
    } else {
        ["src"].as_slice()
    };
    for path in inside_git.chain(sources.iter().map(|&path| path.to_owned())) {
        // A path that does not exist would make cargo run this script on every build.
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
}

fn git(args: &[&str]) -> Option<String> {
    // Looking must not take the repository's lock away from a git command that runs beside the
    // build.
    output("git", &[&["--no-optional-locks"], args].concat())
}

fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
