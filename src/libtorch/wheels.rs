//! What is downloaded, pinned to the byte: the wheels that hold libtorch for Linux on x86-64.
//!
//! Those of CPython 3.11 are taken whatever Python is here: nothing of Python in them is used, libtorch is the same in all
//! of them, and one file with one hash can be checked on every machine.

/// A wheel and what is taken out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wheel {
    /// The package.
    pub package: &'static str,
    /// Its release.
    pub version: &'static str,
    /// The file as the index names it.
    pub file: &'static str,
    /// Of the file.
    pub sha256: &'static str,
    /// Of the file.
    pub bytes: u64,
    /// The files in it that are needed; a name that ends in `/` stands for everything under it.
    pub wanted: &'static [&'static str],
}

/// The wheels, small ones first: an index that cannot serve them is found out soon.
///
/// `libtorch_cpu.so` needs the two CUDA libraries even where there is no GPU. `libtorch_cuda.so` is left out, and with it
/// every other library of CUDA.
pub const WHEELS: [Wheel; 3] = [
    Wheel {
        package: "nvidia-cuda-runtime",
        version: "13.0.96",
        file: "nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
        sha256: "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
        bytes: 2_243_632,
        wanted: &["nvidia/cu13/lib/libcudart.so.13"],
    },
    Wheel {
        package: "nvidia-cuda-cupti",
        version: "13.0.85",
        file: "nvidia_cuda_cupti-13.0.85-py3-none-manylinux_2_25_x86_64.whl",
        sha256: "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
        bytes: 10_715_597,
        wanted: &["nvidia/cu13/lib/libcupti.so.13"],
    },
    Wheel {
        package: "torch",
        version: super::VERSION,
        file: "torch-2.11.0-cp311-cp311-manylinux_2_28_x86_64.whl",
        sha256: "7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a",
        bytes: 530_604_548,
        wanted: &[
            "torch/include/",
            "torch/lib/libtorch_cpu.so",
            "torch/lib/libc10.so",
            "torch/lib/libgomp.so.1",
        ],
    },
];

/// What the unpacked files take on disk, with room for blocks that are not full.
pub const UNPACKED_BYTES: u64 = 530_000_000;
