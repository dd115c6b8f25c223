//! Generates the lists of labs from this package's manifest, so that a new lab is one line there: every
//! dependency called `workbench-lab-*` is a lab, and its crate has a function called `lab`. Labs that
//! exist only in tests are development dependencies.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=Cargo.toml");
    let manifest = fs::read_to_string("Cargo.toml")?;
    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    for (file, section) in [
        ("labs.rs", "[dependencies]"),
        ("test_labs.rs", "[dev-dependencies]"),
    ] {
        fs::write(Path::new(&out).join(file), list(&manifest, section))?;
    }
    Ok(())
}

/// The functions that make the labs of a section, as a slice, in the order of the manifest.
fn list(manifest: &str, section: &str) -> String {
    let lines = manifest.lines().map(str::trim);
    let lines = lines.skip_while(|line| *line != section).skip(1);
    let makers: String = lines
        .take_while(|line| !line.starts_with('['))
        .filter(|line| line.starts_with("workbench-lab-"))
        .filter_map(|line| line.split(['=', '.', ' ']).next())
        .map(|name| format!("{}::lab, ", name.replace('-', "_")))
        .collect();
    format!("&[{}]\n", makers.trim_end_matches(", "))
}
