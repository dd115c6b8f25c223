//! Finds the libtorch that torch-sys found, checks it, compiles the C++ shim against it and links
//! both. Where the headers of CUDA and NCCL are, also makes the part for NCCL: a shared object that
//! the library carries as bytes (csrc/nccl.cpp says why).
//!
//! Programs that depend on this crate read where the libraries are from
//! `DEP_TORCH_DDP_LIBTORCH_LIB` in their own build script, to set their run path: cargo does not
//! pass linker arguments on to dependents.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The version whose C++ interface the shim is written against.
const VERSION: &str = "2.11.0";

/// Sources of the shim, in the folder `csrc`.
const SOURCES: [&str; 9] = [
    "adam.cpp",
    "autocast.cpp",
    "error.cpp",
    "store.cpp",
    "group.cpp",
    "collectives.cpp",
    "gradient.cpp",
    "reducer.cpp",
    "cuda.cpp",
];

/// Sources of the part for NCCL, in the same folder.
const NCCL_SOURCES: [&str; 2] = ["nccl.cpp", "error.cpp"];

/// A header of each package that the part for NCCL needs.
const NCCL_HEADERS: [&str; 4] = [
    "nccl.h",
    "cuda_runtime_api.h",
    "crt/host_defines.h",
    "nv/target",
];

fn main() -> ExitCode {
    println!("cargo::rustc-check-cfg=cfg(torch_ddp_nccl)");
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

    compiler(&include)
        .define("USE_C10D_GLOO", None)
        .file(as_one("shim.cpp", SOURCES)?)
        .try_compile("torch_ddp_shim")
        .map_err(|error| {
            format!(
                "the C++ shim does not compile against {}: {error}",
                include.display()
            )
        })?;
    nccl(&lib, &include)?;

    println!("cargo::rustc-link-search=native={}", lib.display());
    println!("cargo::rustc-link-lib=torch_cpu");
    println!("cargo::rustc-link-lib=c10");
    // For this package's own tests and examples; dependents use the metadata below.
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", lib.display());
    println!("cargo::metadata=libtorch_lib={}", lib.display());
    println!("cargo::metadata=libtorch_include={}", include.display());
    Ok(())
}

/// A file in the build's own folder that includes all of `sources`. Reading libtorch's headers
/// takes about 6 s of processor time, most of what one of these files takes to compile. As one file
/// the shim takes 19 s instead of 78 s; torch's own bindings, compiled beside it, take longer. No
/// two of the files may give the same name to different things, also in anonymous namespaces.
fn as_one<const N: usize>(name: &str, sources: [&str; N]) -> Result<PathBuf, String> {
    let path = out_folder()?.join(name);
    let includes = sources.map(|source| format!("#include \"{source}\"\n"));
    fs::write(&path, includes.concat()).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

fn out_folder() -> Result<PathBuf, String> {
    env::var_os("OUT_DIR")
        .map(PathBuf::from)
        .ok_or_else(|| "cargo did not say where to build".to_owned())
}

/// How C++ is compiled against libtorch.
fn compiler(include: &Path) -> cc::Build {
    let mut build = cc::Build::new();
    build
        .cpp(true)
        .std("c++17")
        .pic(true)
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
        ));
    build
}

/// Makes the part for NCCL, where its headers are. `TORCH_DDP_NCCL=off` leaves it out,
/// `TORCH_DDP_NCCL=require` insists on it.
fn nccl(lib: &Path, include: &Path) -> Result<(), String> {
    for variable in ["TORCH_DDP_NCCL", "TORCH_DDP_CUDA_INCLUDE", "CUDA_HOME"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    let wanted = env::var("TORCH_DDP_NCCL").unwrap_or_default();
    if !["", "auto", "off", "require"].contains(&wanted.as_str()) {
        return Err(format!(
            "TORCH_DDP_NCCL={wanted}: there is no such choice; give auto, off or require"
        ));
    }
    if wanted == "off" {
        return Ok(());
    }
    let folders = cuda_folders(lib);
    let missing = NCCL_HEADERS
        .iter()
        .find(|header| !folders.iter().any(|folder| folder.join(header).exists()));
    if let Some(header) = missing {
        return if wanted == "require" {
            Err(format!(
                "the NCCL part needs {header}, which is in none of {folders:?}; set TORCH_DDP_CUDA_INCLUDE to the folders of CUDA's and NCCL's headers"
            ))
        } else {
            Ok(())
        };
    }
    make_part(include, &folders)?;
    println!("cargo::rustc-cfg=torch_ddp_nccl");
    Ok(())
}

/// Where the headers of CUDA and NCCL may be: in the folders of `TORCH_DDP_CUDA_INCLUDE`, beside a
/// libtorch of Python's packages, in `CUDA_HOME`, where CUDA's own installer puts them.
fn cuda_folders(lib: &Path) -> Vec<PathBuf> {
    let named = env::var_os("TORCH_DDP_CUDA_INCLUDE").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&named)
        .filter(|folder| !folder.as_os_str().is_empty())
        .collect();
    if let Some(packages) = lib.parent().and_then(Path::parent) {
        let nvidia = packages.join("nvidia");
        folders.extend([nvidia.join("cu13/include"), nvidia.join("nccl/include")]);
    }
    let home = env::var_os("CUDA_HOME").unwrap_or_else(|| "/usr/local/cuda".into());
    folders.push(Path::new(&home).join("include"));
    folders.push("/usr/include".into());
    let cccl: Vec<PathBuf> = folders.iter().map(|folder| folder.join("cccl")).collect();
    folders.extend(cccl);
    folders.retain(|folder| folder.is_dir());
    folders
}

fn make_part(include: &Path, folders: &[PathBuf]) -> Result<(), String> {
    let mut build = compiler(include);
    build.define("USE_C10D_NCCL", None).cargo_metadata(false);
    // Those that the compiler searches anyway would come too early with -isystem, before the C++
    // library's own.
    for folder in folders
        .iter()
        .filter(|folder| !folder.starts_with("/usr/include"))
    {
        build.flag(format!("-isystem{}", folder.display()));
    }
    let objects = build
        .file(as_one("nccl_part.cpp", NCCL_SOURCES)?)
        .try_compile_intermediates()
        .map_err(|error| {
            format!("the NCCL part does not compile: {error}; TORCH_DDP_NCCL=off leaves it out")
        })?;
    // No library is named: what is undefined is found in the process that loads this.
    let mut link = build.get_compiler().to_command();
    link.args(["-shared", "-Wl,-s", "-o"])
        .arg(out_folder()?.join("libtorch_ddp_nccl.so"))
        .args(objects);
    match link.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the NCCL part cannot be linked: {status}")),
        Err(error) => Err(format!("the NCCL part cannot be linked: {error}")),
    }
}

/// Where libtorch's libraries are: what torch-sys decided (`DEP_TCH_LIBTORCH_LIB`), so that the two
/// cannot differ.
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

/// Where libtorch's headers are: under `LIBTORCH_INCLUDE` as torch-sys reads it, else beside the
/// libraries.
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
