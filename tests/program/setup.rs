//! `workbench setup` and what `doctor` says about it, with the real binary and without a network.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use portable_pty::CommandBuilder;
use tempfile::TempDir;

use crate::common::screen::Screen;
use crate::common::{Bench, stderr, stdout};

/// Runs the binary with a cache folder of its own and an index that is an empty folder.
fn run(bench: &Bench, args: &[&str], libtorch: Option<&Path>) -> Output {
    let index = bench.path("index");
    std::fs::create_dir_all(&index).unwrap();
    let mut command = bench.command();
    command
        .args(args)
        .env("WORKBENCH_CACHE_DIR", bench.path("cache"))
        .env("PIP_NO_INDEX", "1")
        .env("PIP_FIND_LINKS", &index)
        .env_remove("LIBTORCH");
    if let Some(path) = libtorch {
        command.env("LIBTORCH", path);
    }
    command.output().unwrap()
}

/// A folder that looks like a libtorch of some release.
fn fake_libtorch(bench: &Bench, minor: u32) -> PathBuf {
    let root = bench.path("own");
    let include = root.join("include/torch/headeronly");
    std::fs::create_dir_all(&include).unwrap();
    std::fs::create_dir_all(root.join("lib")).unwrap();
    let header = format!(
        "#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR {minor}\n#define TORCH_VERSION_PATCH 0\n"
    );
    std::fs::write(include.join("version.h"), header).unwrap();
    for name in ["libtorch.so", "libtorch_cpu.so", "libc10.so"] {
        std::fs::write(root.join("lib").join(name), "").unwrap();
    }
    root
}

#[test]
fn without_a_terminal_it_says_what_to_type_and_touches_nothing() {
    let bench = Bench::new();
    let output = run(&bench, &["setup"], None);
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    for part in ["518 MiB to download", "workbench setup --yes", "LIBTORCH"] {
        assert!(said.contains(part), "{said}");
    }
    assert!(stdout(&output).is_empty());
    assert!(!bench.path("cache").exists());
}

#[test]
fn check_says_what_is_missing_and_what_is_there() {
    let bench = Bench::new();
    let output = run(&bench, &["setup", "--check"], None);
    assert_eq!(output.status.code(), Some(3));
    let missing = "missing  libtorch 2.11.0: `workbench setup` installs it\n";
    assert!(stdout(&output).starts_with(missing), "{}", stdout(&output));
    // The doctor says the same, and finds the machine fit for the labs that need none of it.
    let doctor = run(&bench, &["doctor"], None);
    assert_eq!(doctor.status.code(), Some(0));
    assert!(stdout(&doctor).contains(missing), "{}", stdout(&doctor));

    let own = fake_libtorch(&bench, 11);
    let found = format!(
        "ok       libtorch 2.11.0 (CPU) in {} (from LIBTORCH)\n",
        own.display()
    );
    for args in [&["setup", "--check"][..], &["doctor"]] {
        let output = run(&bench, args, Some(&own));
        assert!(stdout(&output).contains(&found), "{}", stdout(&output));
    }
    assert!(!bench.path("cache").exists());
}

#[test]
fn a_libtorch_of_another_release_is_refused() {
    let bench = Bench::new();
    let own = fake_libtorch(&bench, 9);
    let output = run(&bench, &["setup", "--yes"], Some(&own));
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    assert!(
        said.contains("this is libtorch 2.9.0, and 2.11.0 is needed"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_wheel_that_is_not_the_pinned_one_is_refused() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path("index")).unwrap();
    let name =
        "nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl";
    bench.write(&format!("index/{name}"), "something else");
    let output = run(&bench, &["setup", "--yes"], None);
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    assert!(said.contains("DO NOT MATCH THE HASHES"), "{said}");
    assert!(
        said.contains("the download of nvidia-cuda-runtime 13.0.96 failed"),
        "{said}"
    );
    assert!(!bench.path("cache/wheels").join(name).exists());
    assert!(!bench.path("cache/libtorch-2.11.0-cpu").exists());
}

/// A worker that knows its version and nothing else, so every arm fails.
fn idle_worker() -> String {
    let dialect = workbench_ddp_protocol::version_line();
    format!("#!/bin/sh\necho workbench-worker 0.0.0\necho {dialect}\n")
}

fn program(path: &Path, script: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, script).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A machine with a libtorch, with the binary where no worker lies beside it, and with a cargo
/// that builds [`idle_worker`].
struct Machine {
    bench: Bench,
    own: PathBuf,
    binary: PathBuf,
    _bin: TempDir,
}

impl Machine {
    fn new() -> Self {
        let bench = Bench::new();
        let own = fake_libtorch(&bench, 11);
        // In cargo's own folder, where a link to the binary can be made.
        let bin = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let binary = bin.path().join("workbench");
        std::fs::hard_link(env!("CARGO_BIN_EXE_workbench"), &binary).unwrap();
        let worker = bench.path("worker");
        program(&worker, &idle_worker());
        let release = bench.path("cache/worker/release");
        let build = format!(
            "#!/bin/sh\necho \"cargo $1\" >&2\nmkdir -p '{0}' && cp -p '{1}' '{0}/workbench-worker'\n",
            release.display(),
            worker.display()
        );
        program(&bench.path("tools/cargo"), &build);
        Self {
            bench,
            own,
            binary,
            _bin: bin,
        }
    }

    fn variables(&self) -> [(&'static str, OsString); 4] {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = [self.bench.path("tools")]
            .into_iter()
            .chain(std::env::split_paths(&path));
        [
            ("PATH", std::env::join_paths(folders).unwrap()),
            ("LIBTORCH", self.own.clone().into()),
            ("WORKBENCH_CACHE_DIR", self.bench.path("cache").into()),
            ("WORKBENCH_WORKER", OsString::new()),
        ]
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(&self.binary);
        command
            .current_dir(self.bench.path("."))
            .args(args)
            .stdin(Stdio::null())
            .env("WORKBENCH_RUN_DIR", self.bench.runs())
            .env("XDG_CONFIG_HOME", self.bench.path("config"))
            .envs(self.variables());
        command.output().unwrap()
    }

    fn runs(&self) -> usize {
        self.bench.run_names().len()
    }

    fn on_terminal(&self, args: &[&str]) -> Screen {
        let mut command = CommandBuilder::new(&self.binary);
        command.args(args);
        command.env("WORKBENCH_RUN_DIR", self.bench.runs());
        for (name, value) in self.variables() {
            command.env(name, value);
        }
        Screen::spawn(&self.bench, command)
    }
}

/// A training that is over as soon as the first worker fails.
const SHORT: [&str; 10] = [
    "--lab",
    "ddp",
    "--preset",
    "quick",
    "--arms",
    "single",
    "--set",
    "train_rows=128",
    "--workers",
    "1",
];

#[test]
fn a_lab_that_lacks_its_worker_says_what_to_run_and_does_nothing() {
    let machine = Machine::new();
    let output = machine.run(&SHORT);
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    assert_eq!(said.lines().count(), 1, "{said}");
    for part in [
        "workbench-worker, is not there",
        "`workbench setup`",
        "--yes",
    ] {
        assert!(said.contains(part), "`{part}` is missing in {said}");
    }
    assert_eq!(machine.runs(), 0);
    assert!(!machine.bench.path("cache").exists());
    // What is wrong with the request is told before that.
    let output = machine.run(&[&SHORT[..], &["--data", "nowhere"]].concat());
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn with_yes_the_worker_is_built_and_the_run_goes_on() {
    let machine = Machine::new();
    let output = machine.run(&[&SHORT[..], &["--yes", "--json"]].concat());
    let said = stderr(&output);
    // The run was made, and failed since this worker cannot train.
    assert_eq!(output.status.code(), Some(1), "{said}");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["status"], "failed");
    for part in [
        "is not there.",
        "1/1  build the worker",
        "cargo build",
        "libtorch 2.11.0 (CPU) in ",
    ] {
        assert!(said.contains(part), "`{part}` is missing in {said}");
    }
    assert_eq!(machine.runs(), 1);
    // A run that is gone on with does the same, and only where something is missing.
    let worker = machine.bench.path("cache/worker/release/workbench-worker");
    let again = |built: bool| {
        let output = machine.run(&["resume", "latest", "--yes"]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert_eq!(stderr(&output).contains("cargo build"), built);
    };
    again(false);
    std::fs::remove_file(&worker).unwrap();
    again(true);
    assert_eq!(machine.runs(), 1);
}

#[test]
fn a_worker_of_other_sources_or_without_its_libtorch_is_built_anew() {
    let machine = Machine::new();
    let worker = machine.bench.path("cache/worker/release/workbench-worker");
    let idle = idle_worker();
    for (script, told) in [
        (
            "#!/bin/sh\necho protocol 99\n",
            "another state of the sources",
        ),
        (
            "#!/bin/sh\necho 'w: error while loading shared libraries: libtorch_cpu.so: cannot open' >&2; exit 127\n",
            "cannot start without libtorch_cpu.so",
        ),
        (
            &format!("{idle}echo built for libtorch 2.9.0\n"),
            "was built for libtorch 2.9.0, and libtorch 2.11.0 is needed",
        ),
    ] {
        program(&worker, script);
        let output = machine.run(&SHORT);
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        for part in [told, "run `workbench setup`"] {
            assert!(stderr(&output).contains(part), "{}", stderr(&output));
        }
        assert_eq!(machine.runs(), 0);
    }
    let output = machine.run(&[&SHORT[..], &["--yes"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(machine.runs(), 1);
}

#[test]
fn on_a_terminal_it_asks_and_a_no_changes_nothing() {
    let machine = Machine::new();
    let mut screen = machine.on_terminal(&SHORT);
    screen.wait_for("[y/N]");
    screen.press("n\r");
    let (code, shown) = screen.end();
    assert_eq!(code, 3, "{shown}");
    assert!(shown.contains("nothing was set up"), "{shown}");
    assert!(!machine.bench.path("cache").exists());
    assert_eq!(machine.runs(), 0);

    // Ctrl-C at the question is a no that does not wait for an answer.
    let mut screen = machine.on_terminal(&SHORT);
    screen.wait_for("[y/N]");
    screen.press("\u{3}");
    assert_eq!(screen.end().0, 130);
    assert_eq!(machine.runs(), 0);

    let mut screen = machine.on_terminal(&SHORT);
    screen.wait_for("[y/N]");
    screen.press("y\r");
    let (code, shown) = screen.end();
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("Record "), "{shown}");
    assert_eq!(machine.runs(), 1);
}

#[test]
fn the_screen_offers_it_is_left_for_it_and_comes_back_with_the_run() {
    let machine = Machine::new();
    let mut screen = machine.on_terminal(&[]);
    screen.wait_for("Recent runs");
    screen.press("j\r");
    screen.wait_for("Data-parallel training");
    screen.press("l");
    screen.wait_for("--preset quick");
    screen.press("s");
    screen.wait_for("Something is missing");
    screen.press("n");
    screen.wait("the form", |s| {
        !s.contents().contains("Something is missing")
    });
    screen.press("s");
    screen.wait_for("Something is missing");
    screen.press("y");
    screen.wait("the plain terminal", |s| !s.alternate_screen());
    screen.wait("the screen", vt100::Screen::alternate_screen);
    // This worker cannot train, so the run ends with its first arm.
    screen.wait_for("export");
    screen.press("q");
    let (code, shown) = screen.end();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("1/1  build the worker"), "{shown}");
    assert!(shown.contains("Record "), "{shown}");
    assert_eq!(machine.runs(), 1);
}
