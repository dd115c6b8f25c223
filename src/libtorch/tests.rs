//! The whole set-up from an index that is a folder of tiny wheels, and all that can go wrong on the
//! way.

mod cuda;
mod unfit;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::found::Origin;

use super::install::{Installed, check_space};
use super::wheels::{UNPACKED_BYTES, Wheel};
use super::*;

/// Makes a folder of wheels as pip wants them. Arguments: the folder, a shared library to put in,
/// `name=content` pairs that replace files of torch's wheel (or leave them out when empty). Prints
/// one line per wheel: file, hash, bytes.
const MAKE_WHEELS: &str = r"
import hashlib, pathlib, sys, zipfile
target, library, *changes = sys.argv[1:]
library = pathlib.Path(library).read_bytes()
header = b'#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 11\n#define TORCH_VERSION_PATCH 0\n'
torch = {f'torch/lib/{n}': library for n in ('libtorch.so', 'libtorch_cpu.so', 'libc10.so', 'libgomp.so.1', 'libtorch_cuda.so')}
torch |= {'torch/include/torch/headeronly/version.h': header, 'torch/__init__.py': b'raise'}
for change in changes:
    name, content = change.split('=')
    torch[name] = content.encode()
    if not content:
        del torch[name]
wheels = [
    ('nvidia_cuda_runtime', '13.0.96', 'py3-none-manylinux2014_x86_64', {'nvidia/cu13/lib/libcudart.so.13': library}),
    ('nvidia_cuda_cupti', '13.0.85', 'py3-none-manylinux_2_25_x86_64', {'nvidia/cu13/lib/libcupti.so.13': library}),
    ('torch', '2.11.0', 'cp311-cp311-manylinux_2_28_x86_64', torch),
]
for name, version, tag, files in wheels:
    path = pathlib.Path(target) / f'{name}-{version}-{tag}.whl'
    info = f'{name}-{version}.dist-info'
    files[f'{info}/METADATA'] = f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n'.encode()
    files[f'{info}/WHEEL'] = f'Wheel-Version: 1.0\nTag: {tag}\n'.encode()
    files[f'{info}/RECORD'] = b''
    with zipfile.ZipFile(path, 'w') as archive:
        for file, content in files.items():
            archive.writestr(file, content)
    data = path.read_bytes()
    print(path.name, hashlib.sha256(data).hexdigest(), len(data))
";

/// An index in a folder, a cache folder, and a home that must stay empty.
struct Bench {
    dir: TempDir,
    place: CacheFolder,
    tools: Tools,
    wheels: Vec<Wheel>,
    source: WorkerSource,
    /// Whether the wheels lie where pip would put them, and pip, which is slow, is not asked.
    fetched: bool,
}

impl Bench {
    fn new() -> Self {
        Self::with_torch(&[])
    }

    fn with_torch(changes: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["index", "home", "tree"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        let index = dir.path().join("index");
        let library = dir.path().join("library.so");
        let compiled = Command::new("cc")
            .args(["-shared", "-x", "c", "/dev/null", "-o"])
            .arg(&library)
            .status();
        assert!(compiled.unwrap().success());
        let made = Command::new("python3")
            .args(["-c", MAKE_WHEELS])
            .args([&index, &library])
            .args(changes)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let wheels = WHEELS
            .iter()
            .zip(String::from_utf8(made.stdout).unwrap().lines())
            .map(|(wheel, line)| {
                let mut words = line.split(' ').map(|word| &*word.to_owned().leak());
                Wheel {
                    file: words.next().unwrap(),
                    sha256: words.next().unwrap(),
                    bytes: words.next().unwrap().parse().unwrap(),
                    ..*wheel
                }
            })
            .collect();
        let environment = [
            ("PIP_NO_INDEX", Path::new("1")),
            ("PIP_QUIET", Path::new("1")),
            ("PIP_FIND_LINKS", &index),
            ("PIP_CONFIG_FILE", Path::new("/dev/null")),
            ("HOME", &dir.path().join("home")),
        ]
        .map(|(key, value)| (key.into(), value.into()))
        .to_vec();
        Self {
            place: CacheFolder::new(Some(dir.path().join("cache"))).unwrap(),
            tools: Tools {
                environment,
                ..Tools::default()
            },
            wheels,
            source: WorkerSource::in_tree(&dir.path().join("tree")),
            fetched: false,
            dir,
        }
    }

    fn fetched(mut self) -> Self {
        let wheels = self.place.wheels();
        std::fs::create_dir_all(&wheels).unwrap();
        for wheel in &self.wheels {
            std::fs::copy(self.path("index").join(wheel.file), wheels.join(wheel.file)).unwrap();
        }
        self.fetched = true;
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn installed(&self) -> PathBuf {
        self.place.installed_for(Compute::Cpu)
    }

    fn plan(&self) -> InstallPlan {
        let found = Libtorch::find(&self.place, None).unwrap();
        InstallPlan::new(
            &self.place,
            found.as_ref(),
            &self.wheels,
            self.source.exists(),
        )
    }

    fn run(&self) -> Result<Installed, SetupError> {
        self.run_with(false)
    }

    fn run_with(&self, keep: bool) -> Result<Installed, SetupError> {
        let setup = Setup {
            place: &self.place,
            tools: &self.tools,
            wheels: &self.wheels,
            source: &self.source,
            keep,
        };
        // The wheels are tiny, and so is what they need.
        let mut plan = InstallPlan {
            space: 1,
            ..self.plan()
        };
        if self.fetched {
            plan.steps.retain(|step| !matches!(step, Step::Download(_)));
        }
        let found = Libtorch::find(&self.place, None)?;
        setup.run(&plan, found, &mut |_, _, _| {})
    }

    /// A tree with a worker, and a cargo that does what the script says.
    fn with_cargo(mut self, script: &str) -> Self {
        std::fs::create_dir_all(self.path("tree/crates/worker")).unwrap();
        std::fs::write(self.path("tree/crates/worker/Cargo.toml"), "").unwrap();
        let cargo = self.path("cargo");
        std::fs::write(&cargo, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&cargo, PermissionsExt::from_mode(0o755)).unwrap();
        self.tools.cargo = cargo;
        self
    }
}

/// The files under a folder, relative to it.
fn files(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap();
                found.push(name.display().to_string());
            }
        }
    }
    found.sort();
    found
}

const INSTALLED: [&str; 8] = [
    "libtorch-2.11.0-cpu/nvidia/cu13/lib/libcudart.so.13",
    "libtorch-2.11.0-cpu/nvidia/cu13/lib/libcupti.so.13",
    "libtorch-2.11.0-cpu/torch/include/torch/headeronly/version.h",
    "libtorch-2.11.0-cpu/torch/lib/libc10.so",
    "libtorch-2.11.0-cpu/torch/lib/libgomp.so.1",
    "libtorch-2.11.0-cpu/torch/lib/libtorch.so",
    "libtorch-2.11.0-cpu/torch/lib/libtorch_cpu.so",
    "setup.lock",
];

#[test]
fn only_what_is_needed_is_installed_and_nothing_lies_elsewhere() {
    let bench = Bench::new();
    let outcome = bench.run().unwrap();
    assert_eq!(
        outcome.libtorch,
        Libtorch {
            path: bench.installed().join("torch"),
            origin: Origin::Installed,
            version: "2.11.0".to_owned(),
            device: Compute::Cpu,
        }
    );
    assert_eq!(outcome.worker, None);
    assert_eq!(files(bench.place.root()), INSTALLED);
    assert_eq!(files(&bench.path("home")), [""; 0]);
    let link = std::fs::read_link(bench.installed().join("torch").join("lib/libtorch.so")).unwrap();
    assert_eq!(link, Path::new("libtorch_cpu.so"));
    // Again: there is nothing left to do.
    assert_eq!(bench.plan().steps, []);
    assert_eq!(bench.run().unwrap(), outcome);
}

#[test]
fn an_interrupted_installation_goes_on_with_what_it_has() {
    let bench = Bench::new();
    let torch = bench.wheels[2];
    let (kept, away) = (bench.path("index").join(torch.file), bench.path("away"));
    let whole: u64 = bench.wheels.iter().map(|wheel| wheel.bytes).sum();
    assert_eq!(bench.plan().download, whole);

    std::fs::rename(&kept, &away).unwrap();
    let error = bench.run().unwrap_err().to_string();
    assert!(
        error.starts_with("the download of torch 2.11.0 failed: pip ended"),
        "{error}"
    );
    assert_eq!(bench.plan().download, torch.bytes);
    assert!(!bench.installed().exists());

    // The other two are not asked for again, and what lies half unpacked is not taken for anything.
    std::fs::rename(&away, &kept).unwrap();
    for wheel in &bench.wheels[..2] {
        let name = bench.path("index").join(wheel.file);
        std::fs::rename(name, bench.path(wheel.package)).unwrap();
    }
    let debris = CacheFolder::half(&bench.installed()).join("torch/lib");
    std::fs::create_dir_all(&debris).unwrap();
    std::fs::write(debris.join("libtorch_cuda.so"), "half").unwrap();
    let index = bench.path("index").into_os_string();
    let mut links = index.clone();
    links.push(" ");
    links.push(bench.place.wheels());
    let mut bench = bench;
    for (key, value) in &mut bench.tools.environment {
        if key == "PIP_FIND_LINKS" {
            value.clone_from(&links);
        }
    }
    bench.run().unwrap();
    assert_eq!(files(bench.place.root()), INSTALLED);
}

#[test]
fn a_wheel_with_another_hash_is_refused_also_when_it_lies_there_already() {
    let mut bench = Bench::new();
    let right = bench.wheels[0].sha256;
    bench.wheels[0].sha256 = &"0123456789abcdef".repeat(4).leak()[..];
    let error = bench.run().unwrap_err().to_string();
    assert!(
        error.contains("nvidia-cuda-runtime 13.0.96 failed"),
        "{error}"
    );
    assert!(!bench.place.wheels().join(bench.wheels[0].file).exists());
    assert!(!bench.installed().exists());

    // Right size, wrong content: fetched again.
    bench.wheels[0].sha256 = right;
    let damaged = vec![0; bench.wheels[0].bytes as usize];
    std::fs::write(bench.place.wheels().join(bench.wheels[0].file), damaged).unwrap();
    bench.run().unwrap();
    assert_eq!(files(bench.place.root()), INSTALLED);
}

#[test]
fn what_lacks_a_file_or_does_not_load_is_not_installed() {
    for (change, words) in [
        (
            "torch/lib/libc10.so=",
            "there is no torch/lib/libc10.so in it",
        ),
        ("torch/lib/libtorch_cpu.so=text", "libtorch_cpu.so"),
        (
            "torch/include/torch/headeronly/version.h=nothing",
            "there is no version in",
        ),
    ] {
        let bench = Bench::with_torch(&[change]).fetched();
        let error = bench.run().unwrap_err().to_string();
        assert!(error.contains(words) && !error.contains('\n'), "{error}");
        assert!(!bench.installed().exists(), "{change}");
        assert_eq!(bench.plan().download, 0, "the wheels stay");
    }
}

#[test]
fn wheels_can_be_kept() {
    let bench = Bench::new().fetched();
    bench.run_with(true).unwrap();
    for wheel in &bench.wheels {
        assert!(bench.place.wheels().join(wheel.file).is_file());
    }
}

#[test]
fn only_one_set_up_works_in_a_folder() {
    let bench = Bench::new().fetched();
    std::fs::create_dir_all(bench.place.root()).unwrap();
    let lock = std::fs::File::create(bench.place.root().join("setup.lock")).unwrap();
    lock.lock().unwrap();
    assert!(matches!(bench.run(), Err(SetupError::Busy { .. })));
    lock.unlock().unwrap();
    bench.run().unwrap();
}

#[test]
fn a_full_disk_is_found_out_before_anything_is_done() {
    let dir = tempfile::tempdir().unwrap();
    check_space(dir.path(), 0).unwrap();
    let error = check_space(dir.path(), u64::MAX).unwrap_err().to_string();
    assert!(
        error.contains("are missing; make room or give another folder"),
        "{error}"
    );
    assert!(matches!(
        check_space(&dir.path().join("nowhere"), 0),
        Err(SetupError::Io { .. })
    ));
}

#[test]
fn missing_programs_are_named_with_what_to_install() {
    let mut bench = Bench::new();
    bench.tools.python = "/nowhere/python3".into();
    let error = bench.run().unwrap_err().to_string();
    assert!(
        error.starts_with("/nowhere/python3 cannot be started"),
        "{error}"
    );
    assert!(
        error
            .ends_with("install Python 3, or set LIBTORCH to the folder of a libtorch of your own")
    );
    // A Python without pip.
    bench.tools.python = "false".into();
    let error = bench.run().unwrap_err().to_string();
    assert!(error.contains("Python has no pip"), "{error}");
}

#[test]
fn the_worker_is_built_against_what_was_installed() {
    let bench = Bench::new().fetched().with_cargo(
        r#"while [ "$1" != --target-dir ]; do shift; done
        mkdir -p "$2/release" && worker="$2/release/workbench-worker"
        printf '#!/bin/sh\necho %s %s\n' "$LIBTORCH" "$PWD" > "$worker" && chmod +x "$worker""#,
    );
    assert_eq!(bench.plan().steps.last(), Some(&Step::Build));
    let outcome = bench.run().unwrap();
    let worker = outcome.worker.unwrap();
    let told = std::fs::read_to_string(&worker).unwrap();
    let expected =
        [bench.installed().join("torch"), bench.path("tree")].map(|p| p.display().to_string());
    assert!(told.trim_end().ends_with(&expected.join(" ")), "{told}");
    // It is of no sources that this program knows.
    let report = Inventory::of(&bench.place, None, &bench.source);
    assert!(matches!(report.worker, WorkerState::Unfit { .. }));
}

#[test]
fn a_worker_that_cannot_be_built_leaves_libtorch_in_place() {
    let mut bench = Bench::new().fetched().with_cargo("exit 101");
    let error = bench.run().unwrap_err().to_string();
    assert!(
        error.starts_with("building workbench-worker in "),
        "{error}"
    );
    let report = Inventory::of(&bench.place, None, &bench.source);
    assert!(matches!(report.libtorch, Ok(Some(_))) && !report.is_ready());
    assert_eq!(bench.plan().steps, [Step::Build]);
    bench.tools.cargo = "/nowhere/cargo".into();
    let error = bench.run().unwrap_err().to_string();
    assert!(error.contains("install Rust"), "{error}");
    let gone = WorkerSource::in_tree(&bench.path("gone"));
    assert!(!gone.exists());
    assert!(matches!(gone.check(), Err(SetupError::NoSources { .. })));
}

/// A folder with the files of a libtorch of a version.
fn libtorch_in(dir: &Path, header: &str, version: [u32; 3], libraries: &[&str]) -> PathBuf {
    let root = dir.join("own");
    let header = root.join(header);
    std::fs::create_dir_all(header.parent().unwrap()).unwrap();
    let [major, minor, patch] = version;
    let text = format!(
        "#pragma once\n#define TORCH_VERSION_MAJOR {major}\n#define TORCH_VERSION_MINOR {minor}\n#define TORCH_VERSION_PATCH {patch}\n"
    );
    std::fs::write(header, text).unwrap();
    std::fs::create_dir_all(root.join("lib")).unwrap();
    for library in libraries {
        std::fs::write(root.join("lib").join(format!("lib{library}.so")), "").unwrap();
    }
    root
}

const HEADER: &str = "include/torch/headeronly/version.h";
const OLD_HEADER: &str = "include/torch/csrc/api/include/torch/version.h";

#[test]
fn a_libtorch_of_ones_own_is_taken_when_it_fits() {
    let dir = tempfile::tempdir().unwrap();
    let place = CacheFolder::new(Some(dir.path().join("cache"))).unwrap();
    assert_eq!(Libtorch::find(&place, None).unwrap(), None);
    for (libraries, device) in [
        (&["torch", "torch_cpu", "c10"][..], Compute::Cpu),
        (&["torch_cuda"], Compute::Cuda),
    ] {
        let own = libtorch_in(dir.path(), HEADER, [2, 11, 0], libraries);
        let found = Libtorch::find(&place, Some(&own)).unwrap().unwrap();
        assert_eq!((found.origin, found.device), (Origin::Variable, device));
        assert_eq!(
            found.describe(),
            format!(
                "libtorch 2.11.0 ({}) in {} (from LIBTORCH)",
                device.name(),
                own.display()
            )
        );
        assert_eq!(
            InstallPlan::new(&place, Some(&found), &WHEELS, false).steps,
            []
        );
        assert_eq!(
            InstallPlan::new(&place, Some(&found), &WHEELS, true).steps,
            [Step::Build]
        );
    }
}

#[test]
fn one_that_does_not_fit_is_refused_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let message = |path: &Path| {
        Libtorch::at(path, Origin::Variable)
            .unwrap_err()
            .to_string()
    };
    let own = libtorch_in(dir.path(), OLD_HEADER, [2, 5, 1], &["torch", "torch_cpu"]);
    let remedy = "set it to the folder of `include` and `lib` of a libtorch 2.11.0, or unset it and run `workbench setup`";
    let start = format!("LIBTORCH={}", own.display());
    assert_eq!(
        message(&own),
        format!("{start}: there is no lib/libc10.so; {remedy}")
    );
    libtorch_in(dir.path(), OLD_HEADER, [2, 5, 1], &["c10"]);
    assert_eq!(
        message(&own),
        format!("{start}: this is libtorch 2.5.1, and 2.11.0 is needed; {remedy}")
    );
    std::fs::write(own.join(OLD_HEADER), "nothing").unwrap();
    assert!(message(&own).contains("there is no version in include/torch/headeronly/version.h"));
}
