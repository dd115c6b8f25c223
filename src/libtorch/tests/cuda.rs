//! Additions for GPUs: another list of wheels, headers for a libtorch without them, and the
//! messages about them.

use workbench_report::format;

use super::*;
use crate::libtorch::wheels::{CUDA_UNPACKED_BYTES, HEADER_BYTES};

/// Makes tiny wheels. Arguments: the folder, a shared library, and for each wheel its file and the
/// names wanted of it, separated by bars. Where a folder is wanted, it gets the headers that are
/// looked for.
const MAKE: &str = r"
import pathlib, sys, zipfile
target, library, *wheels = sys.argv[1:]
library = pathlib.Path(library).read_bytes()
version = b'#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 11\n#define TORCH_VERSION_PATCH 0\n'
headers = {
    'nvidia_cuda_crt': 'crt/host_defines.h', 'nvidia_cuda_cccl': 'nv/target', 'nvidia_nccl_cu13': 'nccl.h',
    'nvidia_cuda_runtime': 'cuda_runtime_api.h', 'torch': 'torch/headeronly/version.h', 'nvidia_cudnn_cu13': 'libcudnn.so.9',
}
for wheel in wheels:
    file, *wanted = wheel.split('|')
    package = file.split('-')[0]
    with zipfile.ZipFile(pathlib.Path(target) / file, 'w') as archive:
        for name in wanted:
            if name.endswith('/'):
                name += headers.get(package, package + '.h')
            archive.writestr(name, version if name.endswith('.h') else library)
        archive.writestr(package + '/not/wanted', b'')
";

/// The wheels, tiny, where pip would have put them.
fn fetched(wheels: &[Wheel]) -> Bench {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.place.wheels()).unwrap();
    let made = Command::new("python3")
        .args(["-c", MAKE])
        .args([&bench.place.wheels(), &bench.path("library.so")])
        .args(wheels.iter().map(|wheel| {
            let wanted = wheel.wanted.join("|");
            format!("{}|{wanted}", wheel.file)
        }))
        .status();
    assert!(made.unwrap().success());
    bench
}

fn run(bench: &Bench, wheels: &[Wheel], found: Option<Libtorch>) -> Result<Installed, SetupError> {
    let mut plan = plan(bench, found.as_ref());
    // What the real ones need is not to be had on every machine.
    plan.space = 1;
    plan.steps.retain(|step| !matches!(step, Step::Download(_)));
    let setup = Setup {
        place: &bench.place,
        tools: &bench.tools,
        wheels,
        source: &bench.source,
        keep: false,
    };
    setup.run(&plan, found, &mut |_, _, _| {})
}

fn plan(bench: &Bench, found: Option<&Libtorch>) -> InstallPlan {
    let wheels = (&CUDA_WHEELS[..], &HEADER_WHEELS[..]);
    InstallPlan::with_cuda(&bench.place, found, wheels, bench.source.exists())
}

const CARGO: &str = r#"while [ "$1" != --target-dir ]; do shift; done
mkdir -p "$2/release" && echo "$LIBTORCH $TORCH_DDP_CUDA_INCLUDE" > "$2/release/workbench-worker""#;

#[test]
fn the_set_up_for_gpus_lies_beside_the_lean_one_and_is_taken_before_it() {
    let bench = fetched(&CUDA_WHEELS);
    let outcome = run(&bench, &CUDA_WHEELS, None).unwrap();
    let whole = bench.path("cache/libtorch-2.11.0-cuda");
    assert_eq!(outcome.libtorch.path, whole.join("torch"));
    assert_eq!(outcome.libtorch.device, Compute::Cuda);
    for name in [
        "torch/lib/libtorch_cuda.so",
        "torch/lib/libc10_cuda.so",
        "nvidia/cu13/lib/libcublasLt.so.13",
        "nvidia/cudnn/lib/libcudnn.so.9",
        "nvidia/nccl/lib/libnccl.so.2",
    ] {
        assert!(whole.join(name).is_file(), "{name}");
    }
    // Nothing of what nobody asked for, and nothing left lying about.
    assert!(
        !files(bench.place.root())
            .iter()
            .any(|name| name.contains("not/wanted"))
    );
    assert!(!bench.place.wheels().exists());
    // All headers are there: only the worker is left, and its build needs no folders.
    assert_eq!(plan(&bench, Some(&outcome.libtorch)).steps, []);
    let link = std::fs::read_link(whole.join("torch/lib/libtorch.so")).unwrap();
    assert_eq!(link, Path::new("libtorch_cpu.so"));

    // The lean set-up does not get in its way, nor the other way round.
    let lean = Bench::new().fetched();
    lean.run().unwrap();
    std::fs::rename(lean.installed(), bench.installed()).unwrap();
    let found = Libtorch::find(&bench.place, None).unwrap().unwrap();
    assert_eq!(found, outcome.libtorch);
    assert_eq!(
        InstallPlan::new(&bench.place, Some(&found), &WHEELS, false).steps,
        []
    );
}

#[test]
fn a_libtorch_of_a_python_environment_gets_the_headers_that_it_lacks() {
    let mut bench = fetched(&HEADER_WHEELS).with_cargo(CARGO);
    let packages = bench.path("site-packages");
    let libraries = ["torch", "torch_cpu", "c10", "torch_cuda"];
    let own = libtorch_in(&packages, HEADER, [2, 11, 0], &libraries);
    let found = Libtorch::find(&bench.place, Some(&own)).unwrap();
    // Without any headers beside it there is nothing that could be completed.
    assert_eq!(plan(&bench, found.as_ref()).steps, [Step::Build]);

    for header in ["cu13/include/cuda_runtime_api.h", "nccl/include/nccl.h"] {
        let path = packages.join("nvidia").join(header);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    let wanted = plan(&bench, found.as_ref());
    let titles: Vec<String> = wanted.steps.iter().map(Step::title).collect();
    assert_eq!(
        titles,
        [
            "download nvidia-cuda-crt 13.0.88",
            "download nvidia-cuda-cccl 13.0.85",
            "unpack the headers of CUDA",
            "build the worker (minutes, the first time)",
        ]
    );
    assert_eq!(wanted.unpacked, HEADER_BYTES);
    let outcome = run(&bench, &HEADER_WHEELS, found.clone()).unwrap();
    let told = std::fs::read_to_string(outcome.worker.unwrap()).unwrap();
    let headers = bench.path("cache/cuda-headers-13.0/nvidia/cu13/include");
    assert_eq!(
        told.trim_end(),
        format!("{} {}", own.display(), headers.display())
    );
    assert!(headers.join("nv/target").is_file());
    // The environment itself is left as it was, and nothing is fetched twice.
    assert!(!packages.join("nvidia/cu13/include/nv").exists());
    assert_eq!(plan(&bench, found.as_ref()).steps, [Step::Build]);

    // A libtorch for the CPU is built with none of it.
    bench.fetched = true;
    let lean = Libtorch {
        device: Compute::Cpu,
        ..found.unwrap()
    };
    let worker = bench
        .source
        .build(&bench.tools, &bench.place, &lean)
        .unwrap();
    let told = std::fs::read_to_string(worker).unwrap();
    assert_eq!(told.trim_end(), own.display().to_string());
}

#[test]
fn a_set_up_for_gpus_that_does_not_load_is_not_installed() {
    let bench = fetched(&CUDA_WHEELS);
    let torch = CUDA_WHEELS.last().unwrap();
    let broken = Command::new("python3")
        .args(["-c", MAKE])
        .arg(bench.place.wheels())
        .arg("/dev/null")
        .arg(format!("{}|{}", torch.file, torch.wanted.join("|")))
        .status();
    assert!(broken.unwrap().success());
    let error = run(&bench, &CUDA_WHEELS, None).unwrap_err().to_string();
    assert!(
        error.contains("loading ") && error.contains("libtorch_cuda.so"),
        "{error}"
    );
    assert_eq!(Libtorch::find(&bench.place, None).unwrap(), None);
}

#[test]
fn what_training_on_gpus_lacks_is_one_line_with_what_to_do() {
    let all = GpuSetup {
        names: vec!["NVIDIA H100".to_owned(); 2],
        driver: true,
        libtorch: true,
        nccl: Some(true),
    };
    let line = |gpus: GpuSetup| gpus.line();
    assert_eq!(
        line(all.clone()),
        (
            "ok",
            "training on GPUs: NVIDIA H100, NVIDIA H100".to_owned()
        )
    );
    assert_eq!(all.lacks(), None);
    for (gpus, expected) in [
        (
            GpuSetup {
                libtorch: false,
                ..all.clone()
            },
            "libtorch with CUDA is not there; `workbench setup --cuda` installs it",
        ),
        (
            GpuSetup {
                nccl: Some(false),
                ..all.clone()
            },
            "the worker was built without NCCL; `workbench setup --cuda` builds it anew",
        ),
        (
            GpuSetup {
                nccl: None,
                ..all.clone()
            },
            "the worker is not built; `workbench setup --cuda` builds it",
        ),
        (
            GpuSetup {
                names: Vec::new(),
                ..all.clone()
            },
            "NVIDIA's driver reports no GPU; the set-up for them is there",
        ),
        // Where there is no GPU, nothing is advised that would be of no use.
        (
            GpuSetup {
                names: Vec::new(),
                driver: false,
                libtorch: false,
                nccl: None,
            },
            "NVIDIA's driver is not there",
        ),
    ] {
        let (mark, text) = line(gpus);
        assert_eq!(
            (mark, text),
            ("missing", format!("training on GPUs: {expected}"))
        );
    }
}

#[test]
fn a_worker_says_itself_how_it_was_built() {
    let bench = Bench::new().with_cargo("exit 1");
    let worker = bench.place.worker();
    std::fs::create_dir_all(worker.parent().unwrap()).unwrap();
    for (script, expected) in [
        ("echo 'built for libtorch 2.11.0, with NCCL'", Some(true)),
        (
            "echo 'built for libtorch 2.11.0, without NCCL'",
            Some(false),
        ),
        ("exit 1", None),
    ] {
        std::fs::write(&worker, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&worker, PermissionsExt::from_mode(0o755)).unwrap();
        let report = Inventory::of(&bench.place, None, &bench.source);
        assert_eq!(GpuSetup::look(&report).nccl, expected, "{script}");
    }
}

#[test]
fn the_sizes_that_are_announced_are_those_of_the_wheels() {
    let bytes: u64 = CUDA_WHEELS.iter().map(|wheel| wheel.bytes).sum();
    // As the help of the flag says.
    assert_eq!(format::bytes(bytes), "2.34 GiB");
    assert_eq!(format::bytes(CUDA_UNPACKED_BYTES), "3.35 GiB");
    for wheel in CUDA_WHEELS {
        assert_eq!(wheel.sha256.len(), 64);
        assert!(wheel.file.starts_with(&wheel.package.replace('-', "_")));
        assert!(wheel.file.contains(wheel.version));
        assert!(!wheel.wanted.is_empty(), "{}", wheel.package);
        let same = |other: &&Wheel| other.package == wheel.package;
        assert_eq!(CUDA_WHEELS.iter().filter(same).count(), 1);
    }
    let place = CacheFolder::new(Some("/nowhere/cache".into())).unwrap();
    let plan = InstallPlan::with_cuda(&place, None, (&CUDA_WHEELS, &HEADER_WHEELS), true);
    assert_eq!(plan.download, bytes);
    assert!(plan.space >= plan.download + CUDA_UNPACKED_BYTES);
    assert_eq!(plan.steps.len(), CUDA_WHEELS.len() + 3);
}

#[test]
fn the_plan_for_a_bare_machine_is_complete_and_asks_for_enough_space() {
    let place = CacheFolder::new(Some("/nowhere/cache".into())).unwrap();
    let plan = InstallPlan::new(&place, None, &WHEELS, true);
    let titles: Vec<String> = plan.steps.iter().map(Step::title).collect();
    assert_eq!(
        titles,
        [
            "download nvidia-cuda-runtime 13.0.96",
            "download nvidia-cuda-cupti 13.0.85",
            "download torch 2.11.0",
            "unpack headers and libraries",
            "load libtorch once, to see that it works",
            "build the worker (minutes, the first time)",
        ]
    );
    assert_eq!(plan.download, 543_563_777);
    assert!(plan.space >= plan.download + UNPACKED_BYTES);
    for wheel in WHEELS {
        assert_eq!(wheel.sha256.len(), 64);
        assert!(wheel.file.starts_with(&wheel.package.replace('-', "_")));
        assert!(wheel.file.contains(wheel.version));
    }
}
