//! What `--version` says.

use std::fs;
use std::path::PathBuf;

use workbench_ddp_protocol::{WorkerVersion, worker_sources};

/// Versions, and which libtorch the dynamic linker found.
pub(super) fn version() -> WorkerVersion {
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let loaded = maps
        .lines()
        .filter_map(|line| line.find('/').map(|start| PathBuf::from(&line[start..])))
        .find(|path| path.ends_with("libtorch_cpu.so"));
    let root = loaded.as_deref().and_then(|path| path.parent()?.parent());
    let beside = root.and_then(|root| fs::read_to_string(root.join("build-version")).ok());
    WorkerVersion {
        program: Some(env!("CARGO_PKG_VERSION").to_owned()),
        protocol: Some(worker_sources()),
        built_for: Some(env!("WORKBENCH_LIBTORCH").to_owned()),
        nccl: Some(torch_ddp::cuda::has_nccl()),
        loaded_version: beside.map(|version| version.trim().to_owned()),
        loaded,
    }
}
