//! Finds the libtorch that torch-sys found, checks it, compiles the C++ shim against it and links both.
//!
//! Programs that depend on this crate read where the libraries are from `DEP_TORCH_DDP_LIBTORCH_LIB` in their own build script,
//! to set their run path: cargo does not pass linker arguments on to dependents.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The version whose C++ interface the shim is written against.
const VERSION: &str = "2.11.0";

const SOURCES: [&str; 4] = [
    "csrc/error.cpp",
    "csrc/store.cpp",
    "csrc/group.cpp",
    "csrc/reducer.cpp",
];

fn main() -> ExitCode {
    if env::var_os("CARGO_FEATURE_DOC_ONLY").is_some() {
        return ExitCode::SUCCESS;
    }
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // What a build script writes to standard error is what cargo shows.
            eprintln!("torch-ddp: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), String> {
    for variable in [
        "LIBTORCH",
        "LIBTORCH_INCLUDE",
        "LIBTORCH_LIB",
        "LIBTORCH_CXX11_ABI",
        "LIBTORCH_BYPASS_VERSION_CHECK",
    ] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    println!("cargo::rerun-if-changed=csrc");

    let lib = library_folder()?;
    let include = include_folder(&lib)?;
    check_version(&include)?;
    check_headers(&include)?;

    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .pic(true)
        .define("USE_C10D_GLOO", None)
        .define(
            "_GLIBCXX_USE_CXX11_ABI",
            env::var("LIBTORCH_CXX11_ABI").as_deref().unwrap_or("1"),
        )
        .include("csrc")
        // As system headers, so that warnings in libtorch's headers stay silent.
        .flag(format!("-isystem{}", include.display()))
        .flag(format!(
            "-isystem{}",
            include.join("torch/csrc/api/include").display()
        ))
        .files(SOURCES)
        .try_compile("torch_ddp_shim")
        .map_err(|error| {
            format!(
                "the C++ shim does not compile against {}: {error}",
                include.display()
            )
        })?;

    println!("cargo::rustc-link-search=native={}", lib.display());
    println!("cargo::rustc-link-lib=torch_cpu");
    println!("cargo::rustc-link-lib=c10");
    // For this package's own tests and examples; dependents use the metadata below.
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", lib.display());
    println!("cargo::metadata=libtorch_lib={}", lib.display());
    println!("cargo::metadata=libtorch_include={}", include.display());
    Ok(())
}

/// Where libtorch's libraries are: what torch-sys decided (`DEP_TCH_LIBTORCH_LIB`), so that the two cannot differ.
fn library_folder() -> Result<PathBuf, String> {
    let lib = env::var_os("DEP_TCH_LIBTORCH_LIB")
        .map(PathBuf::from)
        .ok_or("torch-sys did not say where libtorch is; set LIBTORCH to the folder that holds its include and lib folders")?;
    for name in ["libtorch_cpu.so", "libc10.so"] {
        if !lib.join(name).exists() {
            return Err(format!(
                "{} has no {name}; set LIBTORCH to the folder that holds libtorch's include and lib folders",
                lib.display()
            ));
        }
    }
    fs::canonicalize(&lib).map_err(|error| format!("{}: {error}", lib.display()))
}

/// Where libtorch's headers are: under `LIBTORCH_INCLUDE` as torch-sys reads it, else beside the libraries.
fn include_folder(lib: &Path) -> Result<PathBuf, String> {
    let root = env::var_os("LIBTORCH_INCLUDE")
        .or_else(|| {
            env::var_os("LIBTORCH").filter(|_| env::var_os("LIBTORCH_USE_PYTORCH").is_none())
        })
        .map(PathBuf::from)
        .or_else(|| lib.parent().map(Path::to_path_buf))
        .ok_or_else(|| {
            format!(
                "{} has no parent folder to look for headers in",
                lib.display()
            )
        })?;
    let include = root.join("include");
    if include.is_dir() {
        Ok(include)
    } else {
        Err(format!(
            "{} does not exist; set LIBTORCH_INCLUDE to the folder that holds libtorch's include folder",
            include.display()
        ))
    }
}

/// c10d has no stable C++ interface: the reducer's constructor changes from release to release.
fn check_version(include: &Path) -> Result<(), String> {
    if env::var_os("LIBTORCH_BYPASS_VERSION_CHECK").is_some() {
        return Ok(());
    }
    let header = include.join("torch/headeronly/version.h");
    let text = fs::read_to_string(&header).map_err(|error| {
        format!(
            "{}: {error}; this crate needs libtorch {VERSION} with its headers",
            header.display()
        )
    })?;
    let part = |name: &str| {
        let define = format!("#define TORCH_VERSION_{name} ");
        text.lines()
            .find_map(|line| line.strip_prefix(&define))
            .map(|value| value.trim().to_owned())
    };
    let (Some(major), Some(minor), Some(patch)) = (part("MAJOR"), part("MINOR"), part("PATCH"))
    else {
        return Err(format!(
            "{} names no version; this crate needs libtorch {VERSION}",
            header.display()
        ));
    };
    let found = format!("{major}.{minor}.{patch}");
    if found == VERSION {
        Ok(())
    } else {
        Err(format!(
            "{} is libtorch {found}; this crate needs {VERSION} (LIBTORCH_BYPASS_VERSION_CHECK=1 tries it anyway)",
            include.display()
        ))
    }
}

fn check_headers(include: &Path) -> Result<(), String> {
    let missing = [
        "ProcessGroupGloo.hpp",
        "ProcessGroupWrapper.hpp",
        "TCPStore.hpp",
        "reducer.hpp",
        "logger.hpp",
    ]
    .map(|name| include.join("torch/csrc/distributed/c10d").join(name))
    .into_iter()
    .find(|path| !path.exists());
    match missing {
        None => Ok(()),
        Some(path) => Err(format!(
            "{} is missing: this libtorch was packed without c10d's headers; the Linux packages of PyTorch {VERSION} have them",
            path.display()
        )),
    }
}
