//! CUDA's headers: what the worker's NCCL part needs to be built.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::found::Libtorch;
use super::place::CacheFolder;

/// The variable that passes folders of headers to the build of the worker.
pub const INCLUDE_VARIABLE: &str = "TORCH_DDP_CUDA_INCLUDE";

/// A header of each package that the NCCL part needs: those that come with PyTorch, and those that
/// do not.
const COMMON_HEADERS: [&str; 2] = ["cu13/include/cuda_runtime_api.h", "nccl/include/nccl.h"];
const RARE_HEADERS: [&str; 2] = ["cu13/include/crt/host_defines.h", "cu13/include/nv/target"];

/// Where Python's packages put CUDA: beside the folder of libtorch.
fn packages(libtorch: &Libtorch) -> Option<PathBuf> {
    // The folder may be reached by a link from another place.
    let folder = std::fs::canonicalize(&libtorch.path).ok()?;
    Some(folder.parent()?.join("nvidia"))
}

fn has_all(folder: &Path, headers: &[&str]) -> bool {
    headers.iter().all(|header| folder.join(header).is_file())
}

/// Whether a libtorch with CUDA has all headers beside it but those that can be fetched.
pub fn lacks_headers(libtorch: &Libtorch, place: &CacheFolder) -> bool {
    packages(libtorch).is_some_and(|folder| {
        has_all(&folder, &COMMON_HEADERS)
            && !has_all(&folder, &RARE_HEADERS)
            && !has_all(&place.headers().join("nvidia"), &RARE_HEADERS)
    })
}

/// The folders of headers for the build of the worker: the user's own, and downloaded ones. `None`
/// when there are none.
pub fn added_headers(place: &CacheFolder) -> Option<OsString> {
    let fetched = place.headers().join("nvidia/cu13/include");
    let named = std::env::var_os(INCLUDE_VARIABLE).filter(|value| !value.is_empty());
    if !fetched.is_dir() {
        return named;
    }
    let mut folders: Vec<PathBuf> = named.iter().flat_map(std::env::split_paths).collect();
    folders.push(fetched);
    std::env::join_paths(folders).ok()
}
