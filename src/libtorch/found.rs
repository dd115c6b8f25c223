//! Finding a libtorch that the worker can be linked with.

use std::path::{Path, PathBuf};

use super::error::SetupError;
use super::place::{CacheFolder, Compute, LIBTORCH_VARIABLE, VERSION};

/// The headers with the version of libtorch: the first one since 2.9, the other one before.
const VERSION_HEADERS: [&str; 2] = [
    "include/torch/headeronly/version.h",
    "include/torch/csrc/api/include/torch/version.h",
];
/// The libraries that the worker is linked with.
const LIBRARIES: [&str; 3] = ["torch", "torch_cpu", "c10"];

/// Who put a libtorch there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The user: it is named by `LIBTORCH`.
    Variable,
    /// This program.
    Installed,
}

/// A libtorch that the worker can be linked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Libtorch {
    /// The folder of `include` and `lib`.
    pub path: PathBuf,
    /// Who put it there.
    pub origin: Origin,
    /// What its headers say.
    pub version: String,
    /// What it can compute on.
    pub device: Compute,
}

impl Libtorch {
    /// Looks for the libtorch to use: the one that `variable` (the value of `LIBTORCH`) names, else
    /// our own; the one for GPUs serves the CPU as well. `None` when there is none.
    ///
    /// # Errors
    /// [`SetupError::Unusable`] when there is one that the worker cannot be linked with.
    pub fn find(place: &CacheFolder, variable: Option<&Path>) -> Result<Option<Self>, SetupError> {
        if let Some(path) = variable {
            return Self::at(path, Origin::Variable).map(Some);
        }
        [Compute::Cuda, Compute::Cpu]
            .map(|device| place.installed_for(device))
            .into_iter()
            .find(|installed| installed.exists())
            .map(|installed| Self::at(&installed.join("torch"), Origin::Installed))
            .transpose()
    }

    /// Checks a folder: headers, libraries and the version.
    ///
    /// # Errors
    /// [`SetupError::Unusable`].
    pub fn at(path: &Path, origin: Origin) -> Result<Self, SetupError> {
        let unusable = |what: String| SetupError::Unusable {
            origin: match origin {
                Origin::Variable => "LIBTORCH=",
                Origin::Installed => "",
            },
            path: path.to_owned(),
            problem: format!("{what}; {}", remedy(origin)),
        };
        for name in LIBRARIES {
            let file = library(name);
            if !path.join("lib").join(&file).is_file() {
                return Err(unusable(format!("there is no lib/{file}")));
            }
        }
        let version = version(path)
            .ok_or_else(|| unusable(format!("there is no version in {}", VERSION_HEADERS[0])))?;
        if version != VERSION {
            return Err(unusable(format!(
                "this is libtorch {version}, and {VERSION} is needed"
            )));
        }
        let cuda = path.join("lib").join(library("torch_cuda")).exists();
        Ok(Self {
            path: path.to_owned(),
            origin,
            version,
            device: if cuda { Compute::Cuda } else { Compute::Cpu },
        })
    }

    /// One line: version, device and place.
    pub fn describe(&self) -> String {
        let origin = match self.origin {
            Origin::Variable => " (from LIBTORCH)",
            Origin::Installed => "",
        };
        format!(
            "libtorch {} ({}) in {}{origin}",
            self.version,
            self.device.name(),
            self.path.display()
        )
    }
}

fn remedy(origin: Origin) -> String {
    match origin {
        Origin::Variable => format!(
            "set it to the folder of `include` and `lib` of a libtorch {VERSION}, or \
             unset it and run `workbench setup`"
        ),
        Origin::Installed => "delete the folder and run `workbench setup`".to_owned(),
    }
}

fn library(name: &str) -> String {
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    format!("{prefix}{name}{suffix}")
}

/// The version in the first header that states one.
fn version(path: &Path) -> Option<String> {
    VERSION_HEADERS.iter().find_map(|header| {
        let text = std::fs::read_to_string(path.join(header)).ok()?;
        let part = |name: &str| {
            let define = format!("#define TORCH_VERSION_{name} ");
            let value = text.lines().find_map(|line| line.strip_prefix(&define))?;
            value.trim().parse::<u32>().ok()
        };
        Some(format!(
            "{}.{}.{}",
            part("MAJOR")?,
            part("MINOR")?,
            part("PATCH")?
        ))
    })
}

/// The value of `LIBTORCH`; an empty one is none.
pub fn variable() -> Option<PathBuf> {
    std::env::var_os(LIBTORCH_VARIABLE)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
